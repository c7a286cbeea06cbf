from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle.mail_window import MailHours, NoOpening, next_opening, open_at
from cycle.postbox import MANY_OPEN_ACTIONS, SETTLING, Box, Compose, Wait, Waiting, sort
from cycle.workdays import Span, WorkWeek, usual_week

Travels = Literal["alone", "expires", "may_wait"]

# Berlin in February is an hour ahead of UTC: the mail window of 09:30-16:00 is 08:30-15:00 here.
MONDAY = datetime(2030, 2, 4, 8, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SETTLED = MONDAY + SETTLING


def box(
    *sent: datetime,
    week: WorkWeek | None = None,
    away: tuple[Span, ...] = (),
    open_actions: int = 0,
    a_day: int = 1,
    a_week: int = 3,
) -> Box:
    return Box(week or usual_week("Europe/Berlin"), MailHours(), away, sent, open_actions, a_day, a_week)


def item(key: str, travels: Travels = "may_wait", due_at: datetime = MONDAY, soft: bool = False) -> Waiting:
    return Waiting(key, travels, due_at, soft)


def test_an_empty_box_asks_for_nothing() -> None:
    assert sort([], box(), MONDAY) is None


def test_everything_due_at_an_opening_leaves_in_one_message_in_the_order_in_which_it_fell_due() -> None:
    items = [item("b"), item("a", "expires"), item("c", due_at=MONDAY - DAY)]
    assert sort(items, box(), SETTLED) == Compose(("c", "a", "b"), counted=True)


def test_a_message_waits_a_moment_at_the_opening_for_what_falls_due_with_it() -> None:
    assert sort([item("a")], box(), MONDAY) == Wait(SETTLED)
    assert sort([item("a", due_at=MONDAY - 3 * DAY)], box(), MONDAY) == Wait(SETTLED)


def test_what_is_not_due_yet_is_not_taken_along() -> None:
    later = item("later", due_at=MONDAY + timedelta(hours=2))
    assert sort([item("now"), later], box(), SETTLED) == Compose(("now",), counted=True)


def test_nothing_leaves_outside_the_mail_window() -> None:
    evening = MONDAY + timedelta(hours=10)
    for travels in ("alone", "expires", "may_wait"):
        decided = sort([item("a", travels)], box(), evening)
        assert isinstance(decided, Wait)
        assert decided.until - MONDAY in (DAY, DAY + SETTLING)


def test_nobody_is_written_to_while_away() -> None:
    leave = (Span(MONDAY - DAY, MONDAY + 2 * DAY),)
    assert sort([item("a", "alone")], box(away=leave), MONDAY) == Wait(MONDAY + 2 * DAY)


def test_somebody_away_without_end_is_said_to_have_no_opening() -> None:
    with pytest.raises(NoOpening):
        sort([item("a")], box(away=(Span(MONDAY, MONDAY + 500 * DAY),)), MONDAY)


def test_what_travels_alone_goes_first_by_itself_uncounted_and_on_a_day_that_had_its_message() -> None:
    items = [item("merged", "expires", MONDAY - DAY), item("form", "alone"), item("pre-read", "alone")]
    had = box(MONDAY, MONDAY - DAY, MONDAY - 2 * DAY)
    assert sort(items, had, SETTLED) == Compose(("form",), counted=False)


def test_a_second_message_waits_for_the_next_day_even_if_it_expires() -> None:
    tuesday = MONDAY + DAY
    assert sort([item("a", "expires")], box(MONDAY), SETTLED) == Wait(tuesday + SETTLING)
    assert sort([item("a", "expires")], box(MONDAY, a_day=2), SETTLED) == Compose(("a",), counted=True)


def test_friday_evenings_message_does_not_count_on_monday_or_across_the_weekend() -> None:
    friday = box(MONDAY - 3 * DAY)
    assert sort([item("a")], friday, SETTLED) == Compose(("a",), counted=True)


def test_in_a_full_week_what_expires_still_joins_and_the_rest_waits_for_the_next_first_day() -> None:
    thursday = MONDAY + 3 * DAY
    full = box(MONDAY, MONDAY + DAY, MONDAY + 2 * DAY)
    items = [item("expires", "expires", thursday), item("waits", "may_wait", thursday)]
    assert sort(items, full, thursday + SETTLING) == Compose(("expires",), counted=True)
    assert sort(items[1:], full, thursday + SETTLING) == Wait(MONDAY + 7 * DAY + SETTLING)


def test_the_digest_is_on_the_first_day_that_the_recipient_works_in_the_week(
    make_week: Callable[..., WorkWeek],
) -> None:
    # This person starts the week on Wednesday, and is off on the first one of them.
    week = make_week(weekdays=frozenset({2, 3, 4}), days_off=frozenset({date(2030, 2, 13)}))
    friday = MONDAY + 4 * DAY
    full = box(friday - DAY, friday - 2 * DAY, week=week, a_week=2)
    assert sort([item("a", due_at=friday)], full, friday) == Wait(MONDAY + 10 * DAY + SETTLING)


def test_soft_mentions_wait_for_the_digest_once_much_is_open() -> None:
    tuesday = MONDAY + DAY
    soft, firm = item("soft", due_at=tuesday, soft=True), item("firm", due_at=tuesday)
    few, many = box(open_actions=MANY_OPEN_ACTIONS), box(open_actions=MANY_OPEN_ACTIONS + 1)
    assert sort([soft, firm], few, tuesday + SETTLING) == Compose(("firm", "soft"), counted=True)
    assert sort([soft, firm], many, tuesday + SETTLING) == Compose(("firm",), counted=True)
    assert sort([soft], many, tuesday + SETTLING) == Wait(MONDAY + 7 * DAY + SETTLING)


def test_the_digest_is_that_days_message_with_all_that_waited() -> None:
    many = box(open_actions=9)
    items = [item("soft", due_at=MONDAY - 5 * DAY, soft=True), item("expires", "expires")]
    assert sort(items, many, SETTLED) == Compose(("soft", "expires"), counted=True)


def test_a_first_day_whose_week_is_full_already_takes_no_second_digest() -> None:
    assert sort([item("a")], box(MONDAY, a_day=2, a_week=1), SETTLED) == Wait(MONDAY + 7 * DAY + SETTLING)


def test_a_window_shorter_than_the_settling_is_used_as_it_is(make_week: Callable[..., WorkWeek]) -> None:
    week = make_week(opens=time(9), closes=time(10, 32))
    assert sort([item("a")], box(week=week), MONDAY) == Compose(("a",), counted=True)
    assert sort([item("a")], box(MONDAY, week=week), MONDAY) == Wait(MONDAY + DAY)
    assert sort([item("a")], box(MONDAY, week=week, a_week=1), MONDAY) == Wait(MONDAY + 7 * DAY)


def test_a_night_shift_that_opens_at_the_end_of_the_day_gets_its_digest(make_week: Callable[..., WorkWeek]) -> None:
    week = make_week(opens=time(23, 26), closes=time(7))
    opens = datetime(2030, 2, 4, 22, 56, tzinfo=UTC)
    assert sort([item("a", due_at=opens)], box(opens, week=week, a_week=1), opens) == Wait(opens + 7 * DAY)


# A whole life of a box: a person, what falls due to them, and each moment at which somebody looks.


@dataclass(frozen=True)
class Left:
    at: datetime
    keys: tuple[str, ...]
    counted: bool
    room: bool
    """Whether the week still had room before this one."""


def live(items: Sequence[Waiting], empty: Box, now: datetime, looks: int) -> list[Left]:
    """Looks when told to, and at once again after a message, until nothing waits."""
    waiting, sent, left = {each.key: each for each in items}, list(empty.sent), list[Left]()
    for _ in range(looks):
        decided = sort(list(waiting.values()), replace(empty, sent=tuple(sent)), now)
        match decided:
            case None:
                assert not waiting
                return left
            case Wait(until):
                assert until > now
                now = until
            case Compose(keys, counted):
                week = empty.week.week_of(empty.week.local_day(now))
                in_week = sum(empty.week.week_of(empty.week.local_day(one)) == week for one in sent)
                left.append(Left(now, keys, counted, in_week < empty.a_week))
                for key in keys:
                    del waiting[key]
                if counted:
                    sent.append(now)
    raise AssertionError(f"{sorted(waiting)} never left")


WEEKS = st.builds(
    lambda zone, days, opens, length, off: WorkWeek(
        zone, days, opens, (datetime.combine(date(2030, 1, 1), opens) + timedelta(minutes=length)).time(), off
    ),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Singapore", "Australia/Lord_Howe"]),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    st.integers(92, 900),
    st.frozensets(st.dates(date(2030, 3, 1), date(2030, 4, 30)), max_size=8),
)
# Over both changes of the clocks in spring.
INSTANTS = st.integers(0, 50 * 24 * 60).map(lambda n: datetime(2030, 3, 1, tzinfo=UTC) + timedelta(minutes=n))
AWAY = st.lists(
    st.builds(lambda start, hours: Span(start, start + timedelta(hours=hours)), INSTANTS, st.integers(0, 200)),
    max_size=3,
).map(tuple)
BOXES = st.builds(
    lambda week, away, open_actions, a_day, a_week: Box(week, MailHours(), away, (), open_actions, a_day, a_week),
    WEEKS,
    AWAY,
    st.integers(0, 6),
    st.integers(1, 2),
    st.integers(1, 5),
)
TRAVELS: tuple[Travels, ...] = ("alone", "expires", "may_wait")
ITEMS = st.lists(
    st.builds(
        Waiting,
        key=st.integers(0, 99).map(lambda n: f"key/{n}"),
        travels=st.sampled_from(TRAVELS),
        due_at=INSTANTS,
        soft=st.booleans(),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda each: each.key,
)


@settings(deadline=None, max_examples=80)
@given(ITEMS, BOXES, INSTANTS)
def test_every_item_leaves_once_when_due_in_the_window_and_within_the_caps(
    items: list[Waiting], empty: Box, now: datetime
) -> None:
    by_key = {one.key: one for one in items}
    left = live(items, empty, now, looks=200)

    assert Counter(key for message in left for key in message.keys) == Counter(by_key.keys())
    for message in left:
        assert open_at(empty.week, empty.hours, empty.away, message.at)
        assert all(by_key[key].due_at <= message.at for key in message.keys)
        kinds = {by_key[key].travels for key in message.keys}
        if "alone" in kinds:
            assert len(message.keys) == 1
            assert not message.counted
        else:
            assert message.counted
            assert message.room or kinds == {"expires"}

    a_day = Counter(empty.week.local_day(message.at) for message in left if message.counted)
    assert max(a_day.values(), default=0) <= empty.a_day


@settings(deadline=None, max_examples=80)
@given(ITEMS, BOXES, INSTANTS)
def test_nothing_soft_leaves_on_another_day_than_the_first_of_a_week_while_much_is_open(
    items: list[Waiting], empty: Box, now: datetime
) -> None:
    by_key = {one.key: one for one in items}
    for message in live(items, replace(empty, open_actions=MANY_OPEN_ACTIONS + 1), now, looks=200):
        if any(by_key[key].soft and by_key[key].travels != "alone" for key in message.keys):
            day = empty.week.local_day(message.at)
            begins = empty.week.instant(empty.week.week_of(day), empty.week.opens)
            first = next_opening(empty.week, empty.hours, empty.away, begins)
            assert empty.week.local_day(first) == day


@settings(deadline=None, max_examples=60)
@given(ITEMS, BOXES, INSTANTS)
def test_what_expires_or_travels_alone_never_waits_longer_than_the_days_cap_makes_it(
    items: list[Waiting], empty: Box, now: datetime
) -> None:
    for one in items:
        decided = sort([replace(one, soft=False)], empty, now)
        opening = next_opening(empty.week, empty.hours, empty.away, max(one.due_at, now))
        at = decided.until if isinstance(decided, Wait) else now
        assert opening <= at <= opening + SETTLING
