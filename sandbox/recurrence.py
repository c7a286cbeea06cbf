"""Which days a recurring event falls on: Graph's patterns and ranges, without any clock or zone."""

import calendar
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, islice

from sandbox.evidence import evidence

KINDS = ("daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly")
INDEXES = ("first", "second", "third", "fourth", "last")
_RESOURCE = "graph docs, resources/recurrencepattern.md"

evidence(
    "documented", "A week begins on firstDayOfWeek, Sunday if nothing is said; only weekly patterns use it.", _RESOURCE
)
evidence("documented", "relativeMonthly over several weekdays takes the index-th day that is any of them.", _RESOURCE)
evidence(
    "reported",
    "Day 31 of a shorter month is its last day.",
    "Outlook's own note in the recurrence dialog: the occurrence falls on the last day of the month",
)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A pattern and its range. Weekdays are 0 (Monday) to 6; at most one of `until` (inclusive) and `times`
    is set, and neither means without end.
    """

    kind: str
    first: date
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_day: int = 1
    month: int = 1
    index: str = "first"
    week_start: int = 6
    until: date | None = None
    times: int | None = None

    def between(self, first: date, last: date) -> list[date]:
        """The days from `first` to `last`, both inclusive."""
        if last < first:
            return []
        if self.times is not None:
            days = _all_days(self)
            return list(days[bisect_left(days, first) : bisect_right(days, last)])
        if self.until is not None:
            last = min(last, self.until)
        found = []
        for day in self._days(max(0, self._period_of(max(first, self.first)))):
            if day > last:
                break
            if day >= first:
                found.append(day)
        return found

    def falls_on(self, day: date) -> bool:
        return bool(self.between(day, day))

    def first_day(self) -> date | None:
        """The first day of all; None if the range ends before the pattern begins."""
        day = next(self._days(0), None)
        return None if day is None or (self.until is not None and day > self.until) else day

    def neighbours(self, day: date) -> tuple[list[date], list[date]]:
        """Days before (nearest first) and after `day`, far enough to find some that were not deleted."""
        reach = timedelta(days=800 * self.interval)
        earliest = day - reach if day - date.min > reach else date.min
        latest = day + reach if date.max - day > reach else date.max
        return self.between(earliest, day - timedelta(1))[::-1], self.between(day + timedelta(1), latest)

    def begun_on(self, day: date) -> "Recurrence":
        return replace(self, first=day)

    def _days(self, period: int) -> Iterator[date]:
        """From the given period on, in order, none before `first`; without regard to the range's end."""
        for number in count(period):
            try:
                days = self._days_of(number)
            except (ValueError, OverflowError):
                return  # the calendar ends with the year 9999
            yield from (day for day in days if day >= self.first)

    def _days_of(self, period: int) -> list[date]:
        step = period * self.interval
        if self.kind == "daily":
            return [self.first + timedelta(days=step)]
        if self.kind == "weekly":
            week = self._week_of(self.first) + timedelta(weeks=step)
            return sorted(week + timedelta(days=(weekday - self.week_start) % 7) for weekday in self.weekdays)
        if self.kind.endswith("Monthly"):
            year, month = divmod(self.first.year * 12 + self.first.month - 1 + step, 12)
            month += 1
        else:
            year, month = self.first.year + step, self.month
        length = calendar.monthrange(year, month)[1]
        if self.kind.startswith("absolute"):
            return [date(year, month, min(self.month_day, length))]
        fitting = [d for d in range(1, length + 1) if date(year, month, d).weekday() in self.weekdays]
        return [date(year, month, fitting[-1 if self.index == "last" else INDEXES.index(self.index)])]

    def _period_of(self, day: date) -> int:
        if self.kind == "daily":
            return (day - self.first).days // self.interval
        if self.kind == "weekly":
            return (day - self._week_of(self.first)).days // (7 * self.interval)
        if self.kind.endswith("Monthly"):
            return ((day.year - self.first.year) * 12 + day.month - self.first.month) // self.interval
        return (day.year - self.first.year) // self.interval

    def _week_of(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)


@lru_cache(maxsize=4096)
def _all_days(rule: Recurrence) -> tuple[date, ...]:
    return tuple(islice(rule._days(0), rule.times))
