from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.workdays import (
    NoWorkday,
    Span,
    WorkWeek,
    add_joint_workdays,
    add_workdays,
    usual_week,
    workdays_between,
)

MONDAY = date(2030, 2, 4)
DAYS = st.dates(date(2030, 1, 1), date(2030, 12, 31))
WEEKS = st.builds(
    WorkWeek,
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Singapore", "Australia/Lord_Howe"]),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    opens=st.times(),
    closes=st.times(),
    days_off=st.frozensets(DAYS, max_size=20),
)


def test_spans_that_touch_do_not_overlap() -> None:
    nine, ten, eleven = (datetime(2030, 2, 4, hour, tzinfo=UTC) for hour in (9, 10, 11))
    assert not Span(nine, ten).overlaps(Span(ten, eleven))
    assert Span(nine, eleven).overlaps(Span(ten, eleven))
    assert Span(nine, ten).contains(nine)
    assert not Span(nine, ten).contains(ten)
    assert Span(nine, eleven).minutes == 120
    with pytest.raises(ValueError, match="cannot end"):
        Span(ten, nine)


def test_wall_clock_hours_stay_across_both_clock_changes(make_week: Callable[..., WorkWeek]) -> None:
    ann = make_week("Europe/Berlin")
    assert ann.instant(date(2030, 3, 29), time(9)) == datetime(2030, 3, 29, 8, tzinfo=UTC)
    assert ann.instant(date(2030, 4, 1), time(9)) == datetime(2030, 4, 1, 7, tzinfo=UTC)
    assert ann.instant(date(2030, 10, 28), time(9)) == datetime(2030, 10, 28, 8, tzinfo=UTC)


def test_a_skipped_hour_moves_forward_and_a_repeated_one_is_the_first(
    make_week: Callable[..., WorkWeek],
) -> None:
    ann = make_week("Europe/Berlin")
    skipped = ann.instant(date(2030, 3, 31), time(2, 30))
    assert skipped == datetime(2030, 3, 31, 1, 30, tzinfo=UTC)
    assert ann.local_day(skipped) == date(2030, 3, 31)
    assert ann.instant(date(2030, 10, 27), time(2, 30)) == datetime(2030, 10, 27, 0, 30, tzinfo=UTC)
    assert ann.instant(date(2030, 10, 27), time(2, 30, fold=1)) == datetime(2030, 10, 27, 0, 30, tzinfo=UTC)


def test_a_day_off_has_no_working_span(make_week: Callable[..., WorkWeek]) -> None:
    ann = make_week(days_off=frozenset({MONDAY}))
    assert ann.working_span(MONDAY) is None
    assert ann.working_span(date(2030, 2, 9)) is None
    assert ann.working_span(date(2030, 2, 5)) == Span(
        datetime(2030, 2, 5, 8, tzinfo=UTC), datetime(2030, 2, 5, 16, tzinfo=UTC)
    )


def test_hours_that_the_clocks_skip_are_an_empty_working_day(make_week: Callable[..., WorkWeek]) -> None:
    week = make_week(opens=time(2, 30), closes=time(3), weekdays=frozenset({6}))
    span = week.working_span(date(2030, 3, 31))
    assert span is not None
    assert span.minutes == 0


def test_a_night_shift_ends_on_the_next_day(make_week: Callable[..., WorkWeek]) -> None:
    span = make_week(opens=time(22), closes=time(6)).working_span(MONDAY)
    assert span == Span(datetime(2030, 2, 4, 21, tzinfo=UTC), datetime(2030, 2, 5, 5, tzinfo=UTC))


def test_unknown_hours_are_nine_to_five_whatever_was_given() -> None:
    guessed = WorkWeek("Europe/Berlin", frozenset(range(5)), time(0), time(1), hours_known=False)
    assert guessed.working_span(MONDAY) == usual_week("Europe/Berlin").working_span(MONDAY)


def test_workdays_are_counted_over_weekends_and_days_off(make_week: Callable[..., WorkWeek]) -> None:
    ann = make_week(days_off=frozenset({date(2030, 2, 11)}))
    friday, saturday = date(2030, 2, 8), date(2030, 2, 9)
    assert add_workdays(ann, friday, 1) == date(2030, 2, 12)
    assert add_workdays(ann, date(2030, 2, 12), -1) == friday
    assert add_workdays(ann, friday, 0) == friday
    assert add_workdays(ann, saturday, 0) == date(2030, 2, 12)
    assert workdays_between(ann, friday, date(2030, 2, 12)) == 1
    assert workdays_between(ann, date(2030, 2, 12), friday) == -1


def test_a_joint_workday_is_one_of_everybody(make_week: Callable[..., WorkWeek]) -> None:
    ann = make_week(days_off=frozenset({date(2030, 2, 5)}))
    mara = make_week(days_off=frozenset({date(2030, 2, 6)}))
    assert add_joint_workdays((ann, mara), MONDAY, 1) == date(2030, 2, 7)


def test_a_search_in_vain_ends_with_a_sentence(make_week: Callable[..., WorkWeek]) -> None:
    ann, mara = make_week(weekdays=frozenset({0})), make_week(weekdays=frozenset({1}))
    for n in (-1, 0, 1):
        with pytest.raises(NoWorkday, match="No common workday in 400 days"):
            add_joint_workdays((ann, mara), MONDAY, n)


@given(WEEKS, DAYS, st.integers(-40, 40))
def test_counting_workdays_undoes_adding_them(week: WorkWeek, day: date, n: int) -> None:
    found = add_workdays(week, day, n)
    assert week.works_on(found)
    if n:
        assert workdays_between(week, day, found) == n
        assert (found > day) == (n > 0)
    else:
        assert found >= day


@given(WEEKS, DAYS, st.times())
def test_an_instant_is_read_back_as_the_day_it_was_made_from(week: WorkWeek, day: date, wall: time) -> None:
    instant = week.instant(day, wall)
    assert instant.utcoffset() == timedelta(0)
    assert week.local_day(instant) == day


@given(WEEKS, DAYS)
def test_working_time_is_never_longer_than_a_day_and_an_hour(week: WorkWeek, day: date) -> None:
    span = week.working_span(day)
    assert (span is not None) == week.works_on(day)
    if span is not None:
        assert timedelta(0) <= span.end - span.start <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("weekdays", "first"),
    [
        ({0, 1, 2, 3, 4}, 0),
        ({6, 0, 1, 2, 3}, 6),
        ({0, 1, 2, 3}, 0),
        ({1, 2, 3, 4}, 1),
        ({0, 2, 4}, 0),
        (set(range(7)), 0),
        (set(), 0),
    ],
)
def test_a_persons_week_begins_after_their_longest_rest(weekdays: set[int], first: int) -> None:
    week = WorkWeek("Europe/Berlin", frozenset(weekdays), time(9), time(17))
    for offset in range(14):
        day = date(2030, 2, 4) + timedelta(days=offset)
        begins = week.week_of(day)
        assert begins.weekday() == first
        assert timedelta(0) <= day - begins < timedelta(days=7)
