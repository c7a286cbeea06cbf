from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from cycle.policy import Booking
from cycle.slots import Busy, Diary, Slot
from cycle.team_plan import Caps, Choice, Request, fits, plan_team
from cycle.workdays import Span, WorkWeek

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2030, 3, 11)
CAPS = Caps()


def span(day: date, hour: int, minutes: int = 45) -> Span:
    start = datetime.combine(day, time(hour), BERLIN).astimezone(UTC)
    return Span(start, start + timedelta(minutes=minutes))


def request(number: int, week: WorkWeek, due: date = MONDAY, last: date = date(2030, 4, 1)) -> Request:
    return Request(f"c{number}", Diary(week), Diary(week), due, MONDAY, last, 45)


def test_the_caps_come_from_the_policy() -> None:
    assert Caps.of(Booking()) == CAPS
    assert Caps.of(Booking(per_manager_per_week=6, minutes_between=0)) == Caps(2, 6, 0)


def test_a_slot_fits_only_with_its_buffer_on_both_sides() -> None:
    taken = [span(MONDAY, 10)]
    start = taken[0].start
    for minutes, allowed in ((-60, True), (-59, False), (0, False), (59, False), (60, True)):
        begins = start + timedelta(minutes=minutes)
        assert fits(Slot(begins, begins + timedelta(minutes=45)), taken, CAPS, "Europe/Berlin") is allowed


def test_a_third_in_a_day_and_a_fourth_in_a_week_do_not_fit() -> None:
    taken = [span(MONDAY, 9), span(MONDAY, 11)]
    tuesday = MONDAY + timedelta(days=1)
    assert not fits(span(MONDAY, 15), taken, CAPS, "Europe/Berlin")
    assert fits(span(tuesday, 15), taken, CAPS, "Europe/Berlin")
    assert not fits(span(tuesday, 15), [*taken, span(tuesday, 9)], CAPS, "Europe/Berlin")
    assert fits(span(MONDAY + timedelta(days=7), 15), [*taken, span(tuesday, 9)], CAPS, "Europe/Berlin")


def test_the_caps_count_the_managers_own_days() -> None:
    taken = [span(MONDAY, 1), span(MONDAY, 2)]  # Sunday evening in New York
    assert fits(span(MONDAY, 15), taken, CAPS, "America/New_York")
    assert not fits(span(MONDAY, 15), taken, CAPS, "Europe/Berlin")


def test_each_gets_the_best_hour_that_is_left_with_its_reasons(make_week: Callable[..., WorkWeek]) -> None:
    choices, unplaced = plan_team([request(n, make_week()) for n in (3, 1, 2)], [], {}, CAPS, "Europe/Berlin")
    assert unplaced == []
    assert [(one.check_in_id, one.start) for one in choices] == [
        ("c1", span(MONDAY, 10).start),
        ("c2", span(MONDAY, 11).start),
        ("c3", span(MONDAY + timedelta(days=1), 10).start),
    ]
    assert choices[0].reasons == ("inside both people's hours", "on the due date 11 March")


def test_an_employees_other_bookings_are_left_alone(make_week: Callable[..., WorkWeek]) -> None:
    other = span(MONDAY, 10, 120)
    (choice,), _ = plan_team([request(1, make_week())], [], {"c1": [other]}, CAPS, "Europe/Berlin")
    assert not Span(choice.start, choice.end).overlaps(other)
    assert choice.start == other.end


def test_whoever_can_only_once_goes_first_where_turns_would_leave_them_out(
    make_week: Callable[..., WorkWeek],
) -> None:
    week = make_week()
    only = span(MONDAY, 10)
    blocked = (
        Busy(span(MONDAY, 9).start, only.start, "busy"),
        Busy(only.end, span(MONDAY, 17).start, "busy"),
    )
    anyone = request(1, week, last=MONDAY)
    scarce = replace(request(2, week, last=MONDAY), employee=Diary(week, blocked))
    choices, unplaced = plan_team([anyone, scarce], [], {}, CAPS, "Europe/Berlin")
    assert unplaced == []
    assert {one.check_in_id: one.start for one in choices}["c2"] == only.start


def test_whoever_finds_no_hour_is_told_why(make_week: Callable[..., WorkWeek]) -> None:
    week = make_week()
    requests = [request(n, week, last=MONDAY) for n in (1, 2, 3)]
    away = replace(request(4, week, last=MONDAY), employee=Diary(make_week(days_off=frozenset({MONDAY}))))
    choices, unplaced = plan_team([*requests, away], [], {}, CAPS, "Europe/Berlin")
    assert [one.check_in_id for one in choices] == ["c1", "c2"]
    assert [one.check_in_id for one in unplaced] == ["c3", "c4"]
    assert "more than 2 check-ins a day or 3 a week" in unplaced[0].sentence
    assert unplaced[1].sentence.startswith(
        "No hour between Monday 11 March 2030 and Monday 11 March 2030 is free for both;"
    )


REQUESTS = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(0, 8),
        st.integers(9, 15),
        st.sampled_from(["Europe/Berlin", "America/New_York"]),
    ),
    max_size=14,
)
TAKEN = st.lists(st.tuples(st.integers(0, 20), st.integers(8, 17)), max_size=6)


def drawn(found: list[tuple[int, int, int, str]], make_week: Callable[..., WorkWeek]) -> list[Request]:
    mara = Diary(make_week())
    return [
        Request(
            f"c{number}",
            Diary(make_week(zone), (Busy(span(MONDAY, hour).start, span(MONDAY, hour, 3000).end, "busy"),)),
            mara,
            MONDAY + timedelta(days=due),
            MONDAY,
            MONDAY + timedelta(days=due + slip),
            45,
        )
        for number, (due, slip, hour, zone) in enumerate(found)
    ]


@settings(deadline=None, max_examples=60)
@given(found=REQUESTS, taken=TAKEN)
def test_a_plan_always_keeps_the_caps_and_leaves_nobody_out_unsaid(
    make_week: Callable[..., WorkWeek], found: list[tuple[int, int, int, str]], taken: list[tuple[int, int]]
) -> None:
    requests = drawn(found, make_week)
    before = [span(MONDAY + timedelta(days=day), hour) for day, hour in taken]
    theirs = {"c0": [span(MONDAY, 9, 600)]}
    choices, unplaced = plan_team(requests, before, theirs, CAPS, "Europe/Berlin")
    answered = [one.check_in_id for one in choices] + [one.check_in_id for one in unplaced]
    assert sorted(answered) == sorted(one.check_in_id for one in requests)

    starts = [one.astimezone(BERLIN) for one in (*(s.start for s in before), *(c.start for c in choices))]
    days = Counter(start.date() for start in starts)
    weeks = Counter(start.isocalendar()[:2] for start in starts)
    for choice in choices:
        local = choice.start.astimezone(BERLIN)
        assert days[local.date()] <= CAPS.per_day
        assert weeks[local.isocalendar()[:2]] <= CAPS.per_week
        assert not any(Span(choice.start, choice.end).overlaps(other) for other in theirs.get(choice.check_in_id, ()))
        for other in before:
            assert apart(choice, other) >= timedelta(minutes=15)
    for one, another in combinations(choices, 2):
        assert apart(one, another) >= timedelta(minutes=15)


@settings(deadline=None, max_examples=20)
@given(found=REQUESTS)
def test_the_same_team_gives_the_same_plan_in_whatever_order_it_is_asked(
    make_week: Callable[..., WorkWeek], found: list[tuple[int, int, int, str]]
) -> None:
    requests = drawn(found, make_week)
    plan = plan_team(requests, [], {}, CAPS, "Europe/Berlin")
    assert plan_team(list(reversed(requests)), [], {}, CAPS, "Europe/Berlin") == plan


def apart(one: Span | Choice, other: Span | Choice) -> timedelta:
    return max(one.start, other.start) - min(one.end, other.end)
