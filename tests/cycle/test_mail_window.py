from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.mail_window import MailHours, NoOpening, next_opening, open_at, open_spans_on, window_on
from cycle.policy import Mail
from cycle.workdays import Span, WorkWeek, usual_week

MONDAY = date(2030, 2, 4)
HOURS = MailHours()
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Singapore", "Australia/Lord_Howe"]
WEEKS = st.builds(
    lambda zone, days, opens, length, off: WorkWeek(
        zone, days, opens, (datetime.combine(MONDAY, opens) + timedelta(minutes=length)).time(), off
    ),
    st.sampled_from(ZONES),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    st.integers(180, 900),
    st.frozensets(st.dates(date(2030, 3, 1), date(2030, 4, 30)), max_size=8),
)
# The clocks change on 10 March in America, on 31 March in Europe, on 7 April on Lord Howe, and on 27 October.
INSTANTS = st.builds(
    lambda start, minutes: start + timedelta(minutes=minutes),
    st.sampled_from([datetime(2030, 3, 1, tzinfo=UTC), datetime(2030, 10, 10, tzinfo=UTC)]),
    st.integers(0, 50 * 24 * 60),
)
AWAY = st.lists(
    st.builds(lambda start, hours: Span(start, start + timedelta(hours=hours)), INSTANTS, st.integers(0, 200)),
    max_size=5,
)


def test_unknown_hours_are_mailed_from_half_past_nine_to_four() -> None:
    assert window_on(usual_week("Europe/Berlin"), HOURS, MONDAY) == Span(
        datetime(2030, 2, 4, 8, 30, tzinfo=UTC), datetime(2030, 2, 4, 15, tzinfo=UTC)
    )


def test_the_hours_come_from_the_policy() -> None:
    assert MailHours.of(Mail(after_start_minutes=10, before_end_minutes=20)) == MailHours(10, 20)
    assert MailHours.of(Mail()) == HOURS


def test_there_is_no_window_on_a_day_off_or_in_a_very_short_day(make_week: Callable[..., WorkWeek]) -> None:
    assert window_on(make_week(days_off=frozenset({MONDAY})), HOURS, MONDAY) is None
    assert window_on(make_week(opens=time(9), closes=time(10, 30)), HOURS, MONDAY) is None


def test_the_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    week = usual_week("Europe/Berlin")
    start, end = datetime(2030, 2, 4, 8, 30, tzinfo=UTC), datetime(2030, 2, 4, 15, tzinfo=UTC)
    assert open_at(week, HOURS, (), start)
    assert not open_at(week, HOURS, (), start - timedelta(minutes=1))
    assert not open_at(week, HOURS, (), end)
    assert next_opening(week, HOURS, (), end) == start + timedelta(days=1)


def test_a_window_partly_covered_opens_when_the_person_is_back() -> None:
    week = usual_week("Europe/Berlin")
    back = datetime(2030, 2, 6, 11, tzinfo=UTC)
    away = (Span(datetime(2030, 2, 1, tzinfo=UTC), back),)
    assert next_opening(week, HOURS, away, datetime(2030, 2, 4, 9, tzinfo=UTC)) == back


def test_a_window_covered_to_its_end_is_left_for_the_next_one() -> None:
    week = usual_week("Europe/Berlin")
    away = (Span(datetime(2030, 2, 4, 8, tzinfo=UTC), datetime(2030, 2, 4, 15, tzinfo=UTC)),)
    assert next_opening(week, HOURS, away, datetime(2030, 2, 4, 8, tzinfo=UTC)) == datetime(
        2030, 2, 5, 8, 30, tzinfo=UTC
    )


def test_an_absence_later_in_the_day_leaves_the_morning_open(make_week: Callable[..., WorkWeek]) -> None:
    evening = Span(datetime(2030, 2, 4, 18, tzinfo=UTC), datetime(2030, 2, 9, tzinfo=UTC))
    at = datetime(2030, 2, 4, 9, tzinfo=UTC)
    assert next_opening(make_week(), HOURS, (evening,), at) == at


def test_absences_split_a_window(make_week: Callable[..., WorkWeek]) -> None:
    at = [datetime(2030, 2, 4, hour, tzinfo=UTC) for hour in (10, 11, 12, 13)]
    spans = open_spans_on(make_week(), HOURS, (Span(at[2], at[3]), Span(at[0], at[1])), MONDAY)
    assert spans == [
        Span(datetime(2030, 2, 4, 8, 30, tzinfo=UTC), at[0]),
        Span(at[1], at[2]),
        Span(at[3], datetime(2030, 2, 4, 15, tzinfo=UTC)),
    ]


def test_a_night_shift_is_open_after_midnight(make_week: Callable[..., WorkWeek]) -> None:
    week = make_week(opens=time(22), closes=time(6))
    friday_night = datetime(2030, 2, 9, 2, tzinfo=UTC)
    assert open_at(week, HOURS, (), friday_night)
    assert next_opening(week, HOURS, (), friday_night) == friday_night
    assert not open_at(week, HOURS, (), friday_night + timedelta(days=1))


def test_the_window_keeps_its_wall_clock_hour_when_the_clocks_change() -> None:
    week = usual_week("America/New_York")
    before = next_opening(week, HOURS, (), datetime(2030, 3, 8, tzinfo=UTC))
    after = next_opening(week, HOURS, (), datetime(2030, 3, 9, tzinfo=UTC))
    assert before == datetime(2030, 3, 8, 14, 30, tzinfo=UTC)
    assert after == datetime(2030, 3, 11, 13, 30, tzinfo=UTC)


def test_somebody_who_is_never_there_gets_a_sentence_instead_of_a_search_without_end() -> None:
    away = (Span(datetime(2030, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)),)
    with pytest.raises(NoOpening, match="No mail window opens in 400 days from 2030-02-04"):
        next_opening(usual_week("Europe/Berlin"), HOURS, away, datetime(2030, 2, 4, tzinfo=UTC))


@given(WEEKS, AWAY, INSTANTS)
def test_the_window_is_open_wherever_nobody_is_away(week: WorkWeek, away: list[Span], at: datetime) -> None:
    day = week.local_day(at)
    windows = [window_on(week, HOURS, one) for one in (day - timedelta(days=1), day)]
    inside = any(window is not None and window.contains(at) for window in windows)
    assert open_at(week, HOURS, away, at) == (inside and not any(span.contains(at) for span in away))


@given(WEEKS, AWAY, INSTANTS)
def test_the_next_opening_is_open_never_earlier_and_its_own_next(
    week: WorkWeek, away: list[Span], at: datetime
) -> None:
    found = next_opening(week, HOURS, away, at)
    assert found >= at
    assert open_at(week, HOURS, away, found)
    assert next_opening(week, HOURS, away, found) == found
    assert not any(span.contains(found) for span in away)
    assert (found == at) == open_at(week, HOURS, away, at)


@given(WEEKS, AWAY, INSTANTS, st.floats(0, 1, exclude_max=True))
def test_nothing_is_open_before_the_next_opening(week: WorkWeek, away: list[Span], at: datetime, share: float) -> None:
    found = next_opening(week, HOURS, away, at)
    if found > at:
        assert not open_at(week, HOURS, away, min(at + (found - at) * share, found - timedelta(microseconds=1)))
