"""Time that somebody sets aside for an action: which hours they meant, on the clock of where they live."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from cycle.actions import Refused
from cycle.natural_dates import read_day
from cycle.sentences import Sentence
from cycle.workdays import NoWorkday, Span, WorkWeek, add_workdays

LENGTHS = (30, 60, 90)
USUAL_LENGTH = 60
"""Minutes."""
LONGEST_MONTHS = 24
"""How far ahead: as far as an action may be due."""

_HOUR = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Proposed:
    """`day` is None where there is none to propose; `hour` is "09:00"."""

    day: date | None
    hour: str
    minutes: int = USUAL_LENGTH


@dataclass(frozen=True, slots=True)
class Wanted:
    """A block as people write it: a day ("next Friday"), an hour of their clock ("09:00"), a length in minutes."""

    day: str
    hour: str
    minutes: str


def usual_block(week: WorkWeek, now: datetime) -> Proposed:
    """What is proposed: an hour from the next opening of this person's workday; no day where they have none ahead."""
    today = week.local_day(now)
    opens = week.hours[0].replace(second=0, microsecond=0)
    day = None
    try:
        first = add_workdays(week, today, 0)
        if week.instant(first, opens) <= now:
            first = add_workdays(week, first, 1)
        # An hour that the clocks skip on that day has moved forward.
        opens = week.instant(first, opens).astimezone(ZoneInfo(week.zone)).time()
        day = first
    except NoWorkday:
        pass
    return Proposed(day, f"{opens:%H:%M}")


def read_block(wanted: Wanted, zone: str, now: datetime) -> Span:
    """The time that is meant, in UTC, all of it as long as was chosen, whatever the clocks do within.

    Of an hour that the clocks show twice it is the first that is still ahead. Raises Refused.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    day, wall = read_day(wanted.day, today), _read_hour(wanted.hour)
    if wanted.minutes not in map(str, LENGTHS):
        raise Refused(Sentence("Choose one of the lengths on the page."))
    if day < today:
        raise Refused(Sentence("That day has passed. Choose today or a later one."))
    if day > today + relativedelta(months=LONGEST_MONTHS):
        raise Refused(Sentence("That is more than two years ahead. Choose a day that is nearer."))
    starts = _instants(day, wall, zone)
    if not starts:
        raise Refused(
            Sentence(
                "On {day} the clocks skip {hour}. Choose an earlier or a later hour.", day=day, hour=f"{wall:%H:%M}"
            )
        )
    ahead = [start for start in starts if start > now]
    if not ahead:
        raise Refused(Sentence("That hour has passed. Choose a later one, or another day."))
    return Span(ahead[0], ahead[0] + timedelta(minutes=int(wanted.minutes)))


def _read_hour(text: str) -> time:
    if found := _HOUR.fullmatch(text.strip()):
        hour, minute = map(int, found.groups())
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise Refused(Sentence("We cannot tell which hour this is. Write it as 09:00 or 14:30."))


def _instants(day: date, wall: time, zone: str) -> list[datetime]:
    """When clocks there show `wall` on `day`: once, twice, or never."""
    local = ZoneInfo(zone)
    shown = datetime.combine(day, wall)
    found = {shown.replace(tzinfo=local, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(each for each in found if each.astimezone(local).replace(tzinfo=None) == shown)
