"""An attendee's own copy of a meeting: what it takes over from the organizer's event, and what is its own."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.evidence import evidence
from sandbox.items import Address, Attendee, Event
from sandbox.mailboxes import Mailbox
from sandbox.series import inherit

# What attendees see of an event; a change of anything else is the organizer's own affair.
VISIBLE = ("subject", "body_type", "body", "location", "all_day", "online", "sensitivity", "importance")
_COPIED = (*VISIBLE, "start_zone", "end_zone", "join_url", "recurrence", "response_requested", "allow_proposals")

evidence(
    "documented",
    "Each attendee has an own copy with an own id and change key; iCalUId is the same on all.",
    "graph docs, resources/event.md (iCalUId)",
)


def place(box: Mailbox, home: ZoneInfo, event: Event, now: datetime, anew: bool) -> Event:
    """The attendee's copy of `event`, made or refreshed. `home` is the organizer's zone."""
    copy = box.copy_of(event)
    if copy is None and event.original is not None:
        master = box.event_of_uid(event.uid)
        if master is not None and event.original in master.removed:
            master.removed.remove(event.original)
            copy = box.occurrence(master, event.original)
    if copy is None:
        for stray in box.strays_of(event):
            box.drop_event(stray)
        copy = _new_copy(box, home, event, now)
        box.keep_event(copy)
        return copy
    copy = box.own(copy)
    before = replace(copy)
    anew = anew or copy.cancelled
    if anew:
        copy.response, copy.responded, copy.show_as = "notResponded", None, "tentative"
        box.forget_exceptions(copy)
    copy.cancelled = False
    for name in _COPIED:
        setattr(copy, name, getattr(event, name))
    copy.start, copy.end = _floated(event, home, box.contents.home)
    exceptions = {exception.original: exception for exception in box.exceptions_of(copy)}
    copy.removed += [day for day in event.removed if day not in copy.removed and day not in exceptions]
    copy.meant_as = event.show_as
    copy.attendees = _as_seen(event, box)
    for day, exception in exceptions.items():
        # What was cancelled on its own stays so, whatever becomes of the series.
        if day not in event.removed:
            inherit(exception, before, copy)
    box.note_change(copy, now)
    return copy


def _new_copy(box: Mailbox, home: ZoneInfo, event: Event, now: datetime) -> Event:
    start, end = _floated(event, home, box.contents.home)
    return replace(
        event,
        id=box.new_id("event"),
        start=start,
        end=end,
        is_organizer=False,
        created=now,
        modified=now,
        change=1,
        attendees=_as_seen(event, box),
        show_as="tentative",
        meant_as=event.show_as,
        response="notResponded",
        responded=None,
        transaction_id=None,
        properties={},
        categories=[],
        removed=list(event.removed),
        # Who is invited to one occurrence only has it as a single event.
        series=None,
        is_exception=False,
    )


@evidence(
    "documented",
    "All-day events float: everybody has them on the same date, from midnight to midnight of their own zone.",
    "graph docs, resources/event.md (isAllDay)",
)
def _floated(event: Event, home: ZoneInfo, theirs: ZoneInfo) -> tuple[datetime, datetime]:
    if not event.all_day:
        return event.start, event.end
    start, end = (m.astimezone(home).replace(tzinfo=theirs).astimezone(UTC) for m in (event.start, event.end))
    return start, end


def lists(event: Event, address: Address) -> bool:
    return any(a.address.address.lower() == address.address.lower() for a in event.attendees)


@evidence(
    "documented",
    "With hideAttendees each attendee sees only themselves in the list.",
    "graph docs, resources/event.md (hideAttendees)",
)
def _as_seen(event: Event, box: Mailbox) -> list[Attendee]:
    return [
        Attendee(attendee.address, attendee.kind)
        for attendee in event.attendees
        if not event.hide_attendees or attendee.address.address.lower() == box.mail.lower()
    ]
