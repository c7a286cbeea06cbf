"""One person's working time: which days they work, between which instants, and how workdays are counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# What is assumed of somebody whose working hours nobody knows (local wall-clock time).
USUAL_OPENS, USUAL_CLOSES = time(9), time(17)
USUAL_WEEKDAYS = frozenset(range(5))

# Longer than any leave or run of holidays: a search that gets so far is a search in vain.
LONGEST_GAP_DAYS = 400

ONE_DAY = timedelta(days=1)


class NoWorkday(ValueError):
    """Nobody can be found to work on any day near the one asked about."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to, not including, `end`; UTC instants."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"A span cannot end at {self.end} before it starts at {self.start}.")

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // timedelta(minutes=1)

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True)
class WorkWeek:
    """When one person works: weekdays (Monday is 0) and wall-clock hours in their own zone.

    `days_off` are local dates: public holidays and whole days of leave. Hours that close at or before they
    open end on the next day. With `hours_known` false, `opens` and `closes` give way to 09:00-17:00.
    """

    zone: str
    weekdays: frozenset[int]
    opens: time
    closes: time
    days_off: frozenset[date] = frozenset()
    hours_known: bool = True

    @property
    def hours(self) -> tuple[time, time]:
        return (self.opens, self.closes) if self.hours_known else (USUAL_OPENS, USUAL_CLOSES)

    def works_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.days_off

    def week_of(self, day: date) -> date:
        """The first day of this person's week in which `day` lies: the one after their longest rest."""
        rests = {each: _rest_before(each, self.weekdays) for each in sorted(self.weekdays)}
        first = max(rests, key=lambda each: rests[each], default=0)
        return day - timedelta(days=(day.weekday() - first) % 7)

    def local_day(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def instant(self, day: date, wall: time) -> datetime:
        """The UTC instant at which this person's clock shows `wall` on `day`.

        Of an hour that the clocks show twice it is the first; one that they skip moves forward by the gap.
        """
        return datetime.combine(day, wall.replace(fold=0), ZoneInfo(self.zone)).astimezone(UTC)

    def working_span(self, day: date) -> Span | None:
        """The working time that starts on `day`, or None on a day off."""
        if not self.works_on(day):
            return None
        opens, closes = self.hours
        last_day = day if closes > opens else day + ONE_DAY
        start = self.instant(day, opens)
        # Where the clocks skip the opening hour, it may move past the closing one.
        return Span(start, max(start, self.instant(last_day, closes)))


def _rest_before(weekday: int, weekdays: frozenset[int]) -> int:
    """How many days off lie before this weekday."""
    return next((days for days in range(6) if (weekday - days - 1) % 7 in weekdays), 6)


def usual_week(zone: str, days_off: frozenset[date] = frozenset()) -> WorkWeek:
    """Monday to Friday, 09:00-17:00: what is assumed of somebody whose hours are unknown."""
    return WorkWeek(zone, USUAL_WEEKDAYS, USUAL_OPENS, USUAL_CLOSES, days_off, hours_known=False)


def add_workdays(week: WorkWeek, day: date, n: int) -> date:
    """The n-th workday after `day`, or before it where n is negative; `day` itself need not be a workday.

    n = 0 is `day` if it is a workday, else the next one. Raises NoWorkday where 400 days hold no workday.
    """
    return add_joint_workdays((week,), day, n)


def add_joint_workdays(weeks: Sequence[WorkWeek], day: date, n: int) -> date:
    """As add_workdays, counting only the days on which everyone concerned works (each by their own date)."""
    step = -ONE_DAY if n < 0 else ONE_DAY
    left, idle, found = abs(n), 0, day
    if n == 0:
        left, found = 1, day - ONE_DAY
    while left:
        found += step
        if all(week.works_on(found) for week in weeks):
            left, idle = left - 1, 0
        elif (idle := idle + 1) > LONGEST_GAP_DAYS:
            raise NoWorkday(
                f"No common workday in {LONGEST_GAP_DAYS} days from {day}; check working days and days off."
            )
    return found


def workdays_between(week: WorkWeek, a: date, b: date) -> int:
    """How many workdays lie after `a` up to and including `b`; where b is before a, minus those from b until
    before a. So add_workdays(week, a, n) is n workdays from a, both ways.
    """
    if b < a:
        return -sum(week.works_on(b + timedelta(days=i)) for i in range((a - b).days))
    return sum(week.works_on(a + timedelta(days=i)) for i in range(1, (b - a).days + 1))
