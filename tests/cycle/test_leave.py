"""Leave: which days it takes, what it moves, and what it leaves out."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.cadence import Period
from cycle.leave import (
    Leave,
    excuses,
    later,
    leave_in,
    long_leave,
    merged,
    renewed,
    return_days,
    shifted,
    stretched,
)
from cycle.workdays import Span, WorkWeek, usual_week

BERLIN = usual_week("Europe/Berlin")
MARCH = [date(2030, 3, day) for day in range(1, 32)]
ONE = timedelta(days=1)


def march(day: int) -> date:
    return date(2030, 3, day)


def at(day: date, hour: int, zone: str = "Europe/Berlin") -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


days = st.dates(date(2030, 1, 1), date(2030, 12, 31))
leaves = st.lists(
    st.builds(lambda first, length: Leave(first, first + timedelta(days=length)), days, st.integers(0, 40)),
    max_size=5,
)


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [
        (at(march(4), 0), at(march(16), 0), (march(4), march(15))),
        (at(march(1), 17), at(march(18), 9), (march(2), march(17))),
        (at(march(5), 9), at(march(5), 17), (march(5), march(5))),
        (at(march(1), 17), at(march(4), 9), None),
        (at(march(5), 12), at(march(6), 12), None),
        (at(march(2), 0), at(march(4), 0), None),
        (datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC), None),
    ],
    ids=["whole days", "from evening to morning", "working hours", "a weekend", "two halves", "days off", "for ever"],
)
def test_leave_is_what_takes_a_whole_workday(start: datetime, end: datetime, taken: tuple[date, date] | None) -> None:
    assert leave_in(Span(start, end), BERLIN) == taken


def test_a_day_counts_on_the_persons_own_clock() -> None:
    whole_day_in_berlin = Span(at(march(5), 0), at(march(6), 0))
    assert leave_in(whole_day_in_berlin, usual_week("Pacific/Auckland")) is None
    assert leave_in(whole_day_in_berlin, BERLIN) == (march(5), march(5))


def test_a_night_shift_is_taken_whole_or_not_at_all() -> None:
    nights = WorkWeek("Europe/Berlin", frozenset(range(5)), time(22), time(6))
    assert leave_in(Span(at(march(5), 0), at(march(6), 0)), nights) is None
    assert leave_in(Span(at(march(5), 0), at(march(6), 6)), nights) == (march(5), march(5))


# What a source says anew


def test_a_leave_that_is_taken_back_is_forgotten_and_one_that_was_lived_is_not() -> None:
    ahead, running, past = Leave(march(20), march(22)), Leave(march(4), march(15)), Leave(march(1), march(2))
    found = renewed([past, running, ahead], [], march(10), date(2030, 6, 1), march(10))
    assert found == [past, Leave(march(4), march(9))]


def test_a_source_that_shows_only_from_today_on_does_not_shorten_a_leave() -> None:
    known = Leave(march(4), march(15), march(1))
    assert renewed([known], [(march(10), march(20))], march(10), date(2030, 6, 1), march(10)) == [
        Leave(march(4), march(20), march(1))
    ]


def test_a_leave_that_reaches_beyond_what_was_asked_about_keeps_its_end() -> None:
    known = Leave(march(20), date(2030, 8, 1), march(1))
    assert renewed([known], [(march(20), march(31))], march(10), march(31), march(10)) == [known]


def test_what_lies_outside_of_what_was_asked_about_stays() -> None:
    known = [Leave(march(1), march(2)), Leave(date(2030, 9, 1), date(2030, 9, 5))]
    assert renewed(known, [], march(10), date(2030, 6, 1), march(10)) == known


def test_a_leave_that_moved_keeps_when_it_was_heard_of_and_a_new_one_is_heard_of_today() -> None:
    known = Leave(march(20), march(25), march(1))
    found = renewed(
        [known], [(march(22), march(28)), (date(2030, 5, 1), date(2030, 5, 2))], march(10), march(31), march(10)
    )
    assert found == [Leave(march(22), march(28), march(1))]
    found = renewed([known], [(date(2030, 5, 1), date(2030, 5, 2))], march(10), date(2030, 6, 1), march(10))
    assert found == [Leave(date(2030, 5, 1), date(2030, 5, 2), march(10))]


@given(leaves, st.lists(st.tuples(days, days).map(lambda pair: (min(pair), max(pair))), max_size=4), days)
def test_asked_twice_a_source_says_the_same(known: list[Leave], found: list[tuple[date, date]], today: date) -> None:
    once = renewed(known, found, today, date(2031, 6, 1), today)
    assert renewed(once, found, today, date(2031, 6, 1), today) == once


# What is one leave


def test_weeks_with_weekends_between_them_are_one_leave_and_with_a_workday_two() -> None:
    weeks = [Leave(march(4), march(8)), Leave(march(11), march(15))]
    assert merged(weeks, BERLIN) == (Leave(march(4), march(15)),)
    assert merged([Leave(march(4), march(7)), Leave(march(11), march(15))], BERLIN) == (
        Leave(march(4), march(7)),
        Leave(march(11), march(15)),
    )
    assert merged(weeks) == tuple(weeks)


@given(leaves)
def test_merged_leaves_hold_the_same_days_in_order_and_apart(some: list[Leave]) -> None:
    made = merged(some)
    year = [date(2030, 1, 1) + timedelta(days=n) for n in range(420)]
    assert [day for day in year if any(each.holds(day) for each in made)] == [
        day for day in year if any(each.holds(day) for each in some)
    ]
    assert all(a.last + ONE < b.first for a, b in pairwise(made))


# What moves


def test_a_date_moves_by_the_leave_before_it() -> None:
    fortnight = Leave(march(4), march(17), march(1))
    assert shifted(march(4), march(1), [fortnight]) == march(18)
    assert shifted(march(20), march(1), [fortnight]) == date(2030, 4, 3)
    assert shifted(march(3), march(1), [fortnight]) == march(3)


def test_a_date_that_was_agreed_in_view_of_the_leave_stays() -> None:
    fortnight = Leave(march(10), march(23), march(1))
    assert shifted(march(28), march(2), [fortnight]) == march(28)
    assert shifted(march(28), march(12), [Leave(march(10), march(23), march(20))]) == march(28)


def test_a_date_that_a_leave_moved_into_another_one_moves_by_that_too() -> None:
    two = [Leave(march(4), march(8), march(1)), Leave(march(10), march(11), march(1))]
    assert shifted(march(5), march(1), two) == march(12)


@given(days, st.integers(0, 60), leaves)
def test_days_of_leave_do_not_count(day: date, count: int, some: list[Leave]) -> None:
    end = stretched(day, count, some)
    lived = [
        one
        for one in (day + timedelta(days=n) for n in range(1, (end - day).days + 1))
        if not any(each.holds(one) for each in some)
    ]
    assert len(lived) == count
    assert not count or not any(each.holds(end) for each in some) or end == day


def test_an_hour_stays_the_same_hour_later() -> None:
    noon = datetime(2030, 3, 1, 12, tzinfo=UTC)
    assert later(noon, 7, [Leave(march(4), march(10))]) == noon + timedelta(days=14)
    assert later(noon, 7, []) == noon + timedelta(days=7)


# What is left out, and what comes after


PERIOD = Period(1, date(2030, 1, 1), date(2030, 3, 31))


def test_leave_over_more_than_half_the_period_leaves_its_talk_out() -> None:
    half, more = Leave(date(2030, 1, 1), date(2030, 2, 14)), Leave(date(2030, 1, 1), date(2030, 2, 15))
    assert half.days * 2 == 90
    assert not excuses(PERIOD, [half], march(20))
    assert excuses(PERIOD, [more], march(20))
    assert excuses(PERIOD, [Leave(date(2029, 11, 1), date(2030, 2, 15))], march(20))


def test_a_talk_before_the_leave_takes_place() -> None:
    rest = Leave(date(2030, 2, 1), march(31))
    assert not excuses(PERIOD, [rest], date(2030, 1, 31))
    assert excuses(PERIOD, [rest], date(2030, 2, 1))
    assert not excuses(PERIOD, [], march(1))


def test_only_a_leave_of_over_thirty_days_that_has_begun_is_a_long_one() -> None:
    month, longer = Leave(march(1), march(30)), Leave(march(1), march(31))
    assert long_leave([month], date(2030, 5, 1)) is None
    assert long_leave([longer], date(2030, 5, 1)) == longer
    assert long_leave([longer], date(2030, 2, 28)) is None


def test_the_talk_after_a_long_leave_is_ten_to_twenty_workdays_after_the_return() -> None:
    until_friday = Leave(date(2030, 2, 1), march(8))
    assert return_days(until_friday, BERLIN, (10, 20)) == (march(25), date(2030, 4, 8))
