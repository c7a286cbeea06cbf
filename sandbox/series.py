"""A recurring event's occurrences: where each lies in time, and the ids by which clients name them."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.evidence import evidence
from sandbox.items import Event
from sandbox.zones import usable_zone

# An occurrence's id is its master's with the day written into it, so nothing has to be kept for it.
_OCCURRENCE = re.compile(r"(AAkALg[\w-]{40})FRAA(\d{8})AAA=")

# What an exception has from its series for as long as it has nothing of its own.
_INHERITED_NAMES = """
subject body_type body show_as meant_as sensitivity importance location categories online join_url reminder_on
reminder_minutes response_requested allow_proposals hide_attendees cancelled
"""
_INHERITED = tuple(_INHERITED_NAMES.split())

evidence(
    "documented",
    "Occurrences keep the wall clock of the zone in which the series was written, across clock changes.",
    "graph docs, resources/recurrencerange.md (recurrenceTimeZone); mpalermiti/outlook-mcp #71 for what UTC does",
)
evidence(
    "documented",
    "uid is the same for a whole series; iCalUId differs for each occurrence.",
    "graph docs, resources/event.md",
)


def new_uid(event_id: str) -> str:
    """A uid: the same on every copy, derived from the organizer's event id. An iCalUId writes an occurrence's day
    where the zeros are.
    """
    mark = hashlib.sha256(event_id.encode()).hexdigest().upper()[:40]
    return f"040000008200E00074C5B7101A82E00800000000{mark}"


def occurrence_id(master_id: str, day: date) -> str:
    return f"{master_id.removesuffix('AAA=')}FRAA{day:%Y%m%d}AAA="


def parse_occurrence_id(event_id: str) -> tuple[str, date] | None:
    """(master's id, original day), if the id is formed like an occurrence's."""
    found = _OCCURRENCE.fullmatch(event_id)
    if found is None:
        return None
    try:
        return f"{found.group(1)}AAA=", datetime.strptime(found.group(2), "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def series_zone(event: Event, home: ZoneInfo) -> ZoneInfo:
    """All-day events float, so their days are those of the mailbox's zone."""
    return home if event.all_day else usable_zone(event.start_zone)


def span_on(master: Event, day: date, home: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end (UTC) of the occurrence of `day`: the master's wall clock on that day."""
    zone = series_zone(master, home)
    start, end = master.start.astimezone(zone), master.end.astimezone(zone)
    last_day = day + (end.date() - start.date())
    first = datetime.combine(day, start.time(), zone).astimezone(UTC)
    # A clock that is set back can turn an early end into one before the start.
    return first, max(first, datetime.combine(last_day, end.time(), zone).astimezone(UTC))


def occurrence_on(master: Event, day: date, home: ZoneInfo) -> Event:
    """The unchanged occurrence of `day`; not kept anywhere until it becomes an exception."""
    start, end = span_on(master, day, home)
    return replace(
        master,
        id=occurrence_id(master.id, day),
        start=start,
        end=end,
        recurrence=None,
        removed=[],
        series=master.id,
        original=day,
        original_start=start,
        transaction_id=None,
        properties={},
    )


def days_touching(master: Event, start: datetime, end: datetime, home: ZoneInfo) -> list[date]:
    """The days whose unchanged occurrences may overlap [start, end); some may miss it narrowly."""
    if master.recurrence is None:
        return []
    zone = series_zone(master, home)
    margin = timedelta(days=1)
    length = master.end - master.start + margin
    # Years at the calendar's ends have no day before or after them.
    first = (start - length).astimezone(zone).date() if start - _earliest() > length + margin else date.min
    last = end.astimezone(zone).date() if _latest() - end > margin else date.max - margin
    return [day for day in master.recurrence.between(first, last) if day not in master.removed]


@evidence("assumed", "An exception follows its series in everything that was not changed on itself.", "Outlook")
def inherit(exception: Event, before: Event, master: Event) -> None:
    """Brings an exception up to date with its master, which was as `before`."""
    for name in _INHERITED:
        if getattr(exception, name) == getattr(before, name):
            setattr(exception, name, getattr(master, name))
    if _mails(exception) == _mails(before):
        known = {a.address.address.lower(): a for a in exception.attendees}
        exception.attendees = [known.get(a.address.address.lower(), replace(a)) for a in master.attendees]
    exception.change += 1


def _mails(event: Event) -> set[str]:
    return {attendee.address.address.lower() for attendee in event.attendees}


def _earliest() -> datetime:
    return datetime.min.replace(tzinfo=UTC)


def _latest() -> datetime:
    return datetime.max.replace(tzinfo=UTC)
