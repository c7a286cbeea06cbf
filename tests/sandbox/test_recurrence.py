"""Which days a pattern gives, against dateutil where that has the same rule and by hand where it has not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.bodies import Body
from sandbox.errors import GraphError
from sandbox.recurrence import INDEXES, KINDS, Recurrence
from sandbox.recurrence_json import read_recurrence, recurrence_json

DAYS = st.dates(date(2028, 1, 1), date(2032, 12, 31))
WEEKDAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))


@st.composite
def rules(draw: st.DrawFn) -> Recurrence:
    rule = Recurrence(
        kind=draw(st.sampled_from(KINDS)),
        first=draw(DAYS),
        interval=draw(st.integers(1, 5)),
        weekdays=draw(WEEKDAYS),
        month_day=draw(st.integers(1, 31)),
        month=draw(st.integers(1, 12)),
        index=draw(st.sampled_from(INDEXES)),
        week_start=draw(st.integers(0, 6)),
    )
    end = draw(st.sampled_from(("never", "until", "times")))
    until = rule.first + timedelta(days=draw(st.integers(0, 900))) if end == "until" else None
    times = draw(st.integers(1, 40)) if end == "times" else None
    return replace(rule, until=until, times=times)


@given(rules(), st.integers(0, 1500), st.integers(0, 400))
@settings(max_examples=300, deadline=None)
def test_a_window_shows_what_the_whole_series_has_in_it(rule: Recurrence, skip: int, length: int) -> None:
    first = rule.first + timedelta(days=skip)
    last = first + timedelta(days=length)
    whole = rule.between(date.min, last)
    assert rule.between(first, last) == [day for day in whole if day >= first]
    assert whole == sorted(set(whole))
    assert all(rule.falls_on(day) for day in whole[-3:])
    assert rule.times is None or len(whole) <= rule.times
    assert rule.until is None or all(day <= rule.until for day in whole)


@given(rules())
@settings(max_examples=300, deadline=None)
def test_patterns_give_the_days_that_dateutil_gives(rule: Recurrence) -> None:
    same: dict[str, dict[str, Any]] = {
        "daily": {"freq": rrule.DAILY},
        "weekly": {"freq": rrule.WEEKLY, "byweekday": rule.weekdays, "wkst": rule.week_start},
        "absoluteMonthly": {"freq": rrule.MONTHLY, "bymonthday": rule.month_day},
        "absoluteYearly": {"freq": rrule.YEARLY, "bymonth": rule.month, "bymonthday": rule.month_day},
    }
    position = {"bysetpos": -1 if rule.index == "last" else INDEXES.index(rule.index) + 1, "byweekday": rule.weekdays}
    same["relativeMonthly"] = {"freq": rrule.MONTHLY, **position}
    same["relativeYearly"] = {"freq": rrule.YEARLY, "bymonth": rule.month, **position}
    if rule.kind.startswith("absolute") and rule.month_day > 28:
        return  # there dateutil leaves short months out
    start = datetime(rule.first.year, rule.first.month, rule.first.day, tzinfo=UTC)
    theirs = rrule.rrule(dtstart=start, interval=rule.interval, **same[rule.kind])
    ours = replace(rule, until=None, times=None).between(rule.first, date(2040, 1, 1))
    assert ours == [moment.date() for moment in theirs.between(start, datetime(2040, 1, 1, tzinfo=UTC), inc=True)]


def test_the_thirty_first_is_the_last_day_of_shorter_months() -> None:
    rule = Recurrence("absoluteMonthly", date(2030, 1, 31), month_day=31, times=4)
    assert [day.isoformat()[5:] for day in rule.between(date.min, date.max)] == ["01-31", "02-28", "03-31", "04-30"]


def test_the_first_of_the_workdays_is_the_first_weekday_of_the_month() -> None:
    rule = Recurrence("relativeMonthly", date(2030, 6, 1), weekdays=(0, 1, 2, 3, 4), times=2)
    assert rule.between(date.min, date.max) == [date(2030, 6, 3), date(2030, 7, 1)]


def test_a_series_ends_where_the_calendar_does() -> None:
    rule = Recurrence("daily", date(9999, 12, 30))
    assert rule.between(date(9999, 12, 1), date.max) == [date(9999, 12, 30), date(9999, 12, 31)]


@given(rules())
@settings(max_examples=100, deadline=None)
def test_what_graph_reads_it_writes_again(rule: Recurrence) -> None:
    written = recurrence_json(rule, "Europe/Berlin")
    if rule.first_day() is None:
        with pytest.raises(GraphError):
            read_recurrence(Body(written))
        return
    again = read_recurrence(Body(written))
    assert recurrence_json(again, "Europe/Berlin") == written
    assert again.between(date.min, date(2033, 1, 1)) == rule.between(date.min, date(2033, 1, 1))


@pytest.mark.parametrize(
    ("pattern", "span", "code"),
    [
        ({"type": "weekly"}, {}, "ErrorInvalidRecurrence"),
        ({"type": "hourly"}, {}, "RequestBodyRead"),
        ({"type": "daily", "interval": 0}, {}, "ErrorInvalidRecurrence"),
        ({"type": "absoluteMonthly", "dayOfMonth": 32}, {}, "ErrorInvalidRecurrence"),
        ({"type": "weekly", "daysOfWeek": ["someday"]}, {}, "ErrorInvalidRecurrence"),
        ({"type": "daily"}, {"startDate": "yesterday"}, "ErrorInvalidRecurrence"),
        ({"type": "daily"}, {"startDate": "0001-01-01"}, "ErrorInvalidRecurrence"),
        ({"type": "daily"}, {"type": "numbered"}, "ErrorInvalidRecurrence"),
        ({"type": "daily"}, {"type": "endDate", "endDate": "2030-01-01"}, "ErrorRecurrenceHasNoOccurrence"),
    ],
)
def test_what_is_no_recurrence_is_refused(pattern: dict[str, Any], span: dict[str, Any], code: str) -> None:
    body = {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2030-02-04", **span}}
    with pytest.raises(GraphError) as refused:
        read_recurrence(Body(body))
    assert (refused.value.status, refused.value.code) == (400, code)
