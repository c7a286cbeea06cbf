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

# Browsers that know such a field send "14:30" wherever they are; the others whatever was typed.
_HOUR = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})")
_HOUR_OF_TWELVE = re.compile(r"(0?[1-9]|1[0-2])(?:[:.]([0-9]{2}))?\s?([ap])\.?m\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Proposed:
    """`day` is None where there is none to propose; `hour` is "09:00"."""

    day: date | None
    hour: str
    minutes: int = USUAL_LENGTH


@dataclass(frozen=True, slots=True)
class Wanted:
    """A block as people write it: a day ("next Friday"), an hour of their clock ("09:00", "2:30 PM"), a length in
    minutes.
    """

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


def read_block(wanted: Wanted, zone: str, now: datetime, month_first: bool | None = None) -> Span:
    """The time that is meant, in UTC, all of it as long as was chosen, whatever the clocks do within.

    Of an hour that the clocks show twice it is the first that is still ahead; `month_first` as in `read_day`. Raises
    Refused.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    day, wall = read_day(wanted.day, today, month_first), _read_hour(wanted.hour)
    if wanted.minutes not in map(str, LENGTHS):
        raise Refused(Sentence("Choose one of the lengths on the page."))
    if day < today:
        raise Refused(Sentence("That day has passed. Choose today or a later one."))
    if day > today + relativedelta(months=LONGEST_MONTHS):
        raise Refused(Sentence("That is more than two years ahead. Choose a day that is nearer."))
    starts = _instants(day, wall, zone)
    if not starts:
        raise Refused(
            Sentence("On {day} the clocks skip {hour}. Choose an earlier or a later hour.", day=day, hour=wall)
        )
    ahead = [start for start in starts if start > now]
    if not ahead:
        raise Refused(Sentence("That hour has passed. Choose a later one, or another day."))
    return Span(ahead[0], ahead[0] + timedelta(minutes=int(wanted.minutes)))


def _read_hour(text: str) -> time:
    hour, minute = 24, 0
    if found := _HOUR.fullmatch(text.strip()):
        hour, minute = int(found[1]), int(found[2])
    elif found := _HOUR_OF_TWELVE.fullmatch(text.strip()):
        hour, minute = int(found[1]) % 12 + (12 if found[3] in "pP" else 0), int(found[2] or 0)
    if hour < 24 and minute < 60:
        return time(hour, minute)
    raise Refused(
        Sentence("We cannot tell which hour this is. Write it as {one} or {other}.", one=time(9), other=time(14, 30))
    )


def _instants(day: date, wall: time, zone: str) -> list[datetime]:
    """When clocks there show `wall` on `day`: once, twice, or never."""
    local = ZoneInfo(zone)
    shown = datetime.combine(day, wall)
    found = {shown.replace(tzinfo=local, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(each for each in found if each.astimezone(local).replace(tzinfo=None) == shown)
