"""Leave: the days somebody is away, what waits and moves for it, and when a period is left out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cycle.cadence import Period
from cycle.workdays import ONE_DAY, Span, WorkWeek, add_workdays

LONG_DAYS = 30
"""Whoever was away for longer has a talk about coming back."""

LONGEST = timedelta(days=3 * 366)
"""What is out of office for longer says nothing about when somebody returns."""


@dataclass(frozen=True, slots=True)
class Leave:
    """From `first` to `last`, both included: dates of the person. `known_on` is when we heard of it."""

    first: date
    last: date
    known_on: date = date.min

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    def overlaps(self, first: date, last: date) -> bool:
        return self.first <= last and first <= self.last


def leave_in(span: Span, week: WorkWeek) -> tuple[date, date] | None:
    """The first and last day that `span` takes whole: the working time of a workday, all hours of a day off.

    None without a whole workday, so that an evening or a weekend out of office is no leave, and for what has no end
    in sight. `week` is without leave.
    """
    if span.end - span.start > LONGEST:
        return None
    first, last = week.local_day(span.start), week.local_day(span.end)
    taken = [day for day in _days(first, last) if _takes(span, week, day)]
    return (taken[0], taken[-1]) if any(week.works_on(day) for day in taken) else None


def renewed(
    known: Sequence[Leave], found: Iterable[tuple[date, date]], since: date, until: date, today: date
) -> list[Leave]:
    """What a source says now, after it was asked about the days from `since` to `until`.

    Outside of them what was known stays. Inside, what the source no longer says is forgotten, but for the days that
    have been lived; what began before `since`, or goes on after `until`, goes on as known.
    """
    before = merged(known)
    kept = [each for each in before if not each.overlaps(since, until)]
    within = [each for each in before if each.overlaps(since, until)]
    news = []
    for one in merged(Leave(first, last) for first, last in found):
        first, last = one.first, one.last
        if not one.overlaps(since, until):
            continue
        same = [each for each in before if each.overlaps(first, last)]
        within = [each for each in within if each not in same]
        first = min([first, *(each.first for each in same if first <= since)])
        last = max([last, *(each.last for each in same if last >= until)])
        news.append(Leave(first, last, min([today, *(each.known_on for each in same)])))
    lived = [replace(each, last=since - ONE_DAY) for each in within if each.first < since]
    return list(merged([*kept, *lived, *news]))


def merged(leaves: Iterable[Leave], week: WorkWeek | None = None) -> tuple[Leave, ...]:
    """In order and apart: what overlaps or follows is one leave, also over days on which `week` does not work."""
    made: list[Leave] = []
    for each in sorted(leaves, key=lambda one: (one.first, one.last)):
        if made and not any(
            week is None or week.works_on(day) for day in _days(made[-1].last + ONE_DAY, each.first - ONE_DAY)
        ):
            one = made.pop()
            each = Leave(one.first, max(one.last, each.last), min(one.known_on, each.known_on))
        made.append(each)
    return tuple(made)


def shifted(due_on: date, agreed_on: date, leaves: Iterable[Leave]) -> date:
    """A due date moved by each leave that comes before it, and that was not known when the date was agreed."""
    for each in merged(leaves):
        if each.first <= due_on and agreed_on < each.first and agreed_on <= each.known_on:
            due_on += timedelta(days=each.days)
    return due_on


def stretched(day: date, days: int, leaves: Iterable[Leave]) -> date:
    """The day that is `days` after `day`, when days of leave do not count."""
    end = day + timedelta(days=days)
    for each in merged(leaves):
        first = max(each.first, day + ONE_DAY)
        if first <= min(each.last, end):
            end += timedelta(days=(each.last - first).days + 1)
    return end


def later(at: datetime, days: int, leaves: Iterable[Leave]) -> datetime:
    """The same hour (UTC) `days` later, when days of leave do not count."""
    day = at.date()
    return at + (stretched(day, days, leaves) - day)


def excuses(period: Period, leaves: Iterable[Leave], talk: date) -> bool:
    """Whether a talk on `talk` is left out: leave takes more than half of the period, and begins before it."""
    within = [
        Leave(max(each.first, period.first), min(each.last, period.last))
        for each in merged(leaves)
        if each.overlaps(period.first, period.last)
    ]
    length = (period.last - period.first).days + 1
    return bool(within) and talk >= within[0].first and 2 * sum(each.days for each in within) > length


def long_leave(leaves: Iterable[Leave], today: date) -> Leave | None:
    """The newest leave of over 30 days that has begun."""
    return next((each for each in reversed(merged(leaves)) if each.days > LONG_DAYS and each.first <= today), None)


def return_days(leave: Leave, week: WorkWeek, workdays: tuple[int, int]) -> tuple[date, date]:
    """From when until when the talk after a long leave takes place: workdays after the day of return."""
    back = add_workdays(week, leave.last, 1)
    return add_workdays(week, back, workdays[0]), add_workdays(week, back, workdays[1])


def _takes(span: Span, week: WorkWeek, day: date) -> bool:
    work = week.working_span(day) or Span(_midnight(week, day), _midnight(week, day + ONE_DAY))
    return span.start <= work.start and work.end <= span.end


def _midnight(week: WorkWeek, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(week.zone)).astimezone(UTC)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
