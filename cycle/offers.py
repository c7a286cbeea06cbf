"""The three hours that two people choose from when theirs does not suit any more, and how long they may choose."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cycle.cadence import SHRUNK_NOTICE_WORKDAYS, earliest_day
from cycle.slots import Slot
from cycle.workdays import ONE_DAY, WorkWeek, add_joint_workdays, add_workdays

HOURS_OFFERED = 3

WORKDAYS_TO_CHOOSE = 4
"""One in which the letter arrives, and three to choose; then an hour is found as ever."""


TIME_TO_MOVE = timedelta(minutes=10)
"""Both calendars are read again and the event is moved meanwhile; and nobody is on their way to the booked hour yet."""


def choose_beside_until(start: datetime) -> datetime:
    """Until when an hour may be chosen beside one that stays booked for `start`."""
    return start - TIME_TO_MOVE


def offered(ranked: Sequence[Slot], zone: str) -> list[Slot]:
    """The best three of these, best first: each on another day of `zone` where there are enough days, and never two
    that overlap.
    """
    chosen: list[Slot] = []
    for another_day in (True, False):
        for slot in ranked:
            if len(chosen) < HOURS_OFFERED and not any(_close(slot, other, zone, another_day) for other in chosen):
                chosen.append(slot)
    return sorted(chosen, key=ranked.index)


def choose_until(mine: WorkWeek, theirs: WorkWeek, today: date, last: date) -> date | None:
    """The day on which an hour is found without them, if neither has chosen; None when it has to be found at once.

    Sooner than after WORKDAYS_TO_CHOOSE where an hour could otherwise not be found by `last` with notice.
    """
    day = add_workdays(mine, today, WORKDAYS_TO_CHOOSE)
    latest = add_joint_workdays((mine, theirs), last, -SHRUNK_NOTICE_WORKDAYS)
    while earliest_day(mine, theirs, latest, SHRUNK_NOTICE_WORKDAYS) > last:
        latest -= ONE_DAY
    until = min(day, latest)
    return until if until > today else None


def _close(slot: Slot, other: Slot, zone: str, another_day: bool) -> bool:
    if another_day:
        local = ZoneInfo(zone)
        return slot.start.astimezone(local).date() == other.start.astimezone(local).date()
    return slot.start < other.end and other.start < slot.end
