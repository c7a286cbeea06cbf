"""What a changed event must hold to, and how a change is put in force: on a single event, on a whole series, or
on one occurrence of it.
"""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sandbox import meetings
from sandbox.errors import bad_request
from sandbox.evidence import evidence
from sandbox.items import Event
from sandbox.mailboxes import Mailbox
from sandbox.recurrence_json import EARLIEST, LATEST, no_occurrence
from sandbox.series import inherit, series_zone, span_on
from sandbox.tenant import Tenant

_MOMENTS = ("start", "end", "recurrence", "all_day", "start_zone", "end_zone")


@evidence(
    "reported",
    "An all-day event must begin and end at midnight and last a day at least: 400 ErrorPropertyValidationFailure.",
    "graph docs, resources/event.md (isAllDay) for the rule; the code from others' reports",
)
@evidence("assumed", "Events lie between 1601 and 4500: 400 ErrorCalendarOutOfRange.", "Exchange's own calendar range")
def check_span(event: Event, home: ZoneInfo) -> None:
    """Raises 400 for an end before the start, a year that Exchange does not have, or an all-day event that is not
    one of whole days.
    """
    if event.end < event.start:
        raise bad_request(
            "The end of an event must not be before its start.", "ErrorCalendarEndDateIsEarlierThanStartDate"
        )
    if event.start.year < EARLIEST or event.end.year > LATEST:
        raise bad_request(f"Events lie in the years {EARLIEST} to {LATEST}.", "ErrorCalendarOutOfRange")
    if not event.all_day:
        return
    walls = event.start.astimezone(home), event.end.astimezone(home)
    for name, wall in zip(("Start", "End"), walls, strict=True):
        if wall.time() != time():
            raise bad_request(
                f"The Event.{name} property for an all-day event needs to be set to midnight.",
                "ErrorPropertyValidationFailure",
            )
    if walls[0].date() == walls[1].date():
        raise bad_request(
            "The duration of an event marked as All day must be at least 24 hours.",
            "ErrorPropertyValidationFailure",
        )


@evidence(
    "assumed",
    "A series begins on the first day of its pattern on or after range.startDate, whatever the date in `start`.",
    "resources/recurrencerange.md says that the two should be the same, not what happens otherwise",
)
def anchor(event: Event, home: ZoneInfo) -> None:
    """Puts a master on the first of its days. Raises 400 if there is none."""
    if event.recurrence is None:
        return
    first = event.recurrence.first_day()
    if first is None:
        raise no_occurrence()
    event.start, event.end = span_on(event, first, home)
    event.recurrence = event.recurrence.begun_on(first)


def put_change(
    tenant: Tenant,
    box: Mailbox,
    event: Event,
    draft: Event,
    now: datetime,
    properties: dict[str, str] | None = None,
) -> Event:
    """Makes `event` as `draft` is; an organizer's attendees hear of it. Returns the event as it is kept.

    An unchanged occurrence becomes an exception; a series with new times forgets its exceptions.
    """
    moved = (draft.start, draft.end) != (event.start, event.end)
    if event.series is not None and moved:
        _check_neighbours(box, event, draft)
    before, invitees = replace(event), list(event.attendees)
    event = box.own(event)
    if event.series is not None and draft.attendees is before.attendees:
        draft.attendees = event.attendees
    for name in Event.__dataclass_fields__:
        if name not in ("properties", "is_exception", "change", "removed"):
            setattr(event, name, getattr(draft, name))
    if before.recurrence is not None:
        if any(getattr(before, name) != getattr(event, name) for name in _MOMENTS):
            if event.is_organizer:
                meetings.withdraw_guests(tenant, box, event, "", now)
            box.forget_exceptions(event)
        for exception in box.exceptions_of(event):
            inherit(exception, before, event)
    if properties:
        box.set_properties(event, properties)
    if event.is_organizer:
        meetings.update(tenant, box, event, before, invitees, now)
    else:
        box.note_change(event, now)
    return event


@evidence(
    "documented",
    "An occurrence cannot be moved to or past the day of its neighbour: 400 ErrorOccurrenceCrossingBoundary.",
    "graph docs, api/event-update.md; Exchange's ErrorOccurrenceCrossingBoundary",
)
def _check_neighbours(box: Mailbox, event: Event, draft: Event) -> None:
    master = box.contents.events.get(event.series or "")
    if master is None or master.recurrence is None or event.original is None:
        return
    zone = series_zone(master, box.contents.home)
    before, after = (_nearest(box, master, days) for days in master.recurrence.neighbours(event.original))
    wall = draft.start.astimezone(zone).date()
    crossing = before is not None and (wall <= before.start.astimezone(zone).date() or draft.start < before.end)
    crossing |= after is not None and (wall >= after.start.astimezone(zone).date() or draft.end > after.start)
    if crossing:
        raise bad_request(
            "Modified occurrence is crossing or overlapping adjacent occurrence.", "ErrorOccurrenceCrossingBoundary"
        )


def _nearest(box: Mailbox, master: Event, days: list[date]) -> Event | None:
    return next(filter(None, (box.occurrence(master, day) for day in days)), None)
