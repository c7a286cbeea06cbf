from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cycle.cadence import (
    NoCheckInDay,
    booking_horizon,
    due_for,
    due_on,
    earliest_day,
    last_day,
    period_containing,
    period_number,
    team_order,
)
from cycle.workdays import WorkWeek

START = date(2030, 2, 4)
ANCHORS = st.dates(date(2028, 1, 1), date(2031, 12, 31))


def test_the_last_of_a_month_comes_back_after_a_short_one() -> None:
    firsts = [period_number(date(2030, 1, 31), 1, n).first for n in (1, 2, 3, 4)]
    assert firsts == [date(2030, 1, 31), date(2030, 2, 28), date(2030, 3, 31), date(2030, 4, 30)]


def test_periods_are_numbered_from_one() -> None:
    assert period_number(START, 3, 1).last == date(2030, 5, 3)
    with pytest.raises(ValueError, match="no period 0"):
        period_number(START, 3, 0)
    with pytest.raises(ValueError, match="before the policy's start"):
        period_containing(START, 3, date(2030, 2, 3))


@given(ANCHORS, st.integers(1, 12), st.integers(1, 40))
def test_periods_follow_each_other_without_gap_or_overlap(anchor: date, every_months: int, n: int) -> None:
    one, after = period_number(anchor, every_months, n), period_number(anchor, every_months, n + 1)
    assert one.first <= one.last
    assert after.first == one.last + timedelta(days=1)


@given(ANCHORS, st.integers(1, 12), st.integers(0, 3000))
def test_each_day_lies_in_the_one_period_that_contains_it(anchor: date, every_months: int, days: int) -> None:
    day = anchor + timedelta(days=days)
    period = period_containing(anchor, every_months, day)
    assert period.first <= day <= period.last
    assert period == period_number(anchor, every_months, period.number)


def test_the_order_of_a_team_does_not_depend_on_who_asks() -> None:
    assert team_order(["ann", "mara", "otto"]) == team_order(["otto", "ann", "mara"])
    assert team_order(f"person-{n}" for n in range(12)) != sorted(f"person-{n}" for n in range(12))


@given(ANCHORS, st.integers(1, 40), st.sampled_from([(3, (3, 10)), (1, (1, 4)), (6, (2, 20))]))
def test_a_team_is_spread_evenly_over_the_weeks(anchor: date, count: int, rule: tuple[int, tuple[int, int]]) -> None:
    every_months, weeks = rule
    period = period_number(anchor, every_months, 1)
    due = [due_on(period, weeks, position, count) for position in range(count)]
    assert due == sorted(due)
    assert all(day.weekday() < 5 and period.first <= day <= period.last for day in due)
    a_week = Counter((day - period.first).days // 7 + 1 for day in due)
    counts = [a_week[week] for week in range(weeks[0], weeks[1] + 1)]
    assert sum(counts) == count
    assert max(counts) - min(counts) <= 1


@given(ANCHORS, st.integers(1, 60), st.frozensets(st.integers(0, 90), max_size=40))
def test_no_day_gets_two_more_than_another_and_no_check_in_dates_get_none(
    anchor: date, count: int, blocked: frozenset[int]
) -> None:
    period = period_number(anchor, 3, 1)
    never = frozenset(anchor + timedelta(days=offset) for offset in blocked)
    days = [
        day
        for day in (anchor + timedelta(days=offset) for offset in range(14, 70))
        if day.weekday() < 5 and day not in never
    ]
    assume(days)
    due = Counter(due_on(period, (3, 10), position, count, never) for position in range(count))
    assert not never & set(due)
    assert max(due[day] for day in days) - min(due[day] for day in days) <= 1


def test_a_period_without_any_possible_day_is_told_in_a_sentence() -> None:
    period = period_number(START, 1, 1)
    never = {START + timedelta(days=offset) for offset in range(40)}
    with pytest.raises(NoCheckInDay, match="weeks 1 to 4 of the period from 2030-02-04"):
        due_on(period, (1, 4), 0, 1, never)
    with pytest.raises(ValueError, match="Position 3"):
        due_on(period, (1, 4), 3, 3)


def test_a_new_joiner_is_first_due_on_day_sixty() -> None:
    period = period_number(START, 3, 1)
    regular = date(2030, 3, 1)
    hired = date(2030, 1, 21)
    assert due_for(period, regular, hired, 60) == date(2030, 3, 22)
    assert due_for(period, regular, date(2030, 1, 22), 60) == date(2030, 3, 25)  # day 60 is a Saturday
    assert due_for(period, regular, date(2030, 1, 22), 60, {date(2030, 3, 25)}) == date(2030, 3, 26)


def test_somebody_too_new_for_this_period_is_due_in_the_next() -> None:
    first, second = period_number(START, 3, 1), period_number(START, 3, 2)
    hired = date(2030, 3, 18)
    assert due_for(first, date(2030, 3, 1), hired, 60) is None
    assert due_for(second, date(2030, 6, 3), hired, 60) == date(2030, 5, 17)


def test_whoever_has_been_here_long_is_due_as_usual() -> None:
    period = period_number(START, 3, 1)
    regular = date(2030, 3, 1)
    assert due_for(period, regular, None, 60) == regular
    assert due_for(period, regular, date(2020, 1, 1), 60) == regular
    assert due_for(period, regular, START - timedelta(days=60), 60) == regular


@given(st.dates(date(2030, 1, 1), date(2031, 6, 1)), st.integers(14, 120))
def test_a_joiner_is_never_due_before_their_day_and_exactly_once_a_period_after(hired: date, on_day: int) -> None:
    first_due = hired + timedelta(days=on_day)
    seen = []
    for n in range(1, 10):
        period = period_number(START, 3, n)
        due = due_for(period, due_on(period, (3, 10), 0, 1), hired, on_day)
        if due is not None:
            assert period.first <= due <= period.last
            seen.append((n, due))
    assert [n for n, _ in seen] == list(range(seen[0][0], 10))
    assert seen[0][1] >= first_due or first_due <= START


def test_a_check_in_is_booked_six_weeks_ahead() -> None:
    assert booking_horizon(date(2030, 3, 11), 6) == date(2030, 1, 28)


def test_a_slip_ends_at_half_a_period() -> None:
    assert last_day(date(2030, 3, 11), 21, 3) == date(2030, 4, 1)
    assert last_day(date(2030, 3, 11), 21, 1) == date(2030, 3, 26)


def test_notice_is_in_workdays_of_both_and_shrinks_to_two(make_week: Callable[..., WorkWeek]) -> None:
    ann = make_week(days_off=frozenset({date(2030, 2, 5)}))
    mara = make_week(weekdays=frozenset({0, 1, 2, 3}))
    assert earliest_day(ann, mara, START, 10) == date(2030, 2, 21)
    assert earliest_day(ann, mara, START, 10, shrunk=True) == date(2030, 2, 7)
    assert earliest_day(ann, mara, START, 1, shrunk=True) == date(2030, 2, 6)
