"""What a client may write into an event, and what of it is read-only."""

from dataclasses import replace

from sandbox.bodies import Body
from sandbox.calls import Call
from sandbox.errors import bad_request
from sandbox.event_changes import anchor, check_span
from sandbox.evidence import evidence
from sandbox.items import Attendee, Event
from sandbox.mailboxes import Mailbox
from sandbox.recurrence_json import read_recurrence
from sandbox.series import new_uid, series_zone
from sandbox.zones import parse_moment, zone_named

_SHOW_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
_SENSITIVITY = ("normal", "personal", "private", "confidential")
_WRITABLE_NAMES = """
allowNewTimeProposals attendees body categories end hideAttendees importance isAllDay isDraft isOnlineMeeting
isReminderOn location locations onlineMeetingProvider organizer originalEndTimeZone originalStartTimeZone
recurrence reminderMinutesBeforeStart responseRequested sensitivity showAs singleValueExtendedProperties start
subject transactionId type
"""
_READ_ONLY_NAMES = """
bodyPreview cancelledOccurrences changeKey createdDateTime hasAttachments iCalUId id isCancelled isOrganizer
lastModifiedDateTime onlineMeeting onlineMeetingUrl originalStart responseStatus seriesMasterId webLink
"""
KNOWN = frozenset((*_WRITABLE_NAMES.split(), *_READ_ONLY_NAMES.split()))

evidence(
    "reported",
    "What cannot be written of an event is ignored; only a property that events have not is 400 RequestBodyRead.",
    "graph-docs #4547 (iCalUId), msgraph-sdk-java #391 (a whole event that had been read)",
)


def new_event(call: Call, box: Mailbox, body: Body, transaction_id: str | None) -> Event:
    """An event as `body` has it; not yet kept in the mailbox. Raises 400 where Graph would."""
    if "start" not in body or "end" not in body:
        raise bad_request("An event needs a start and an end.", "ErrorPropertyValidationFailure")
    event_id = box.new_id("event")
    event = Event(
        id=event_id,
        uid=new_uid(event_id),
        subject="",
        start=call.now,
        end=call.now,
        start_zone="UTC",
        end_zone="UTC",
        organizer=call.tenant.accounts[box.contents.account_id].address,
        is_organizer=True,
        created=call.now,
        modified=call.now,
        transaction_id=transaction_id,
    )
    write(call, box, event, body)
    event.properties = body.extended_properties()
    return event


def write(call: Call, box: Mailbox, event: Event, body: Body) -> None:
    """Writes the properties that `body` has into `event`. Raises 400 where Graph would."""
    event.subject = body.text("subject", event.subject)
    event.all_day = body.flag("isAllDay", event.all_day)
    home = box.contents.home
    for name in ("start", "end"):
        found = body.record(name)
        if found is not None:
            zone_name = found.text("timeZone") or "UTC"
            zone = zone_named(zone_name)
            # All-day events float, so they are kept as midnights of the mailbox's own zone.
            setattr(event, name, parse_moment(found.text("dateTime"), home if event.all_day else zone))
            setattr(event, f"{name}_zone", zone_name)
    check_span(event, home)
    pattern = body.record("recurrence")
    if pattern is not None and event.series is not None:
        raise bad_request("An occurrence cannot have a recurrence of its own.", "ErrorInvalidRecurrence")
    if "recurrence" in body and event.series is None:
        event.recurrence = read_recurrence(pattern) if pattern is not None else None
        anchor(event, home)
    elif event.recurrence is not None and ("start" in body or "isAllDay" in body):
        event.recurrence = event.recurrence.begun_on(event.start.astimezone(series_zone(event, home)).date())
        anchor(event, home)
    if "body" in body:
        event.body_type, event.body = body.content("body", "html")
    event.show_as = body.choice("showAs", _SHOW_AS, event.show_as)
    event.sensitivity = body.choice("sensitivity", _SENSITIVITY, event.sensitivity)
    event.importance = body.choice("importance", ("low", "normal", "high"), event.importance)
    event.reminder_on = body.flag("isReminderOn", event.reminder_on)
    event.reminder_minutes = body.number("reminderMinutesBeforeStart", event.reminder_minutes)
    event.response_requested = body.flag("responseRequested", event.response_requested)
    event.allow_proposals = body.flag("allowNewTimeProposals", event.allow_proposals)
    event.hide_attendees = body.flag("hideAttendees", event.hide_attendees)
    if "categories" in body:
        event.categories = body.texts("categories")
    # The two always correspond; of several places the sandbox keeps the first.
    place = body.record("location") or next(iter(body.records("locations")), None)
    if place is not None:
        event.location = place.text("displayName")
    if "attendees" in body:
        event.attendees = _attendees(event, body)
    event.online = body.flag("isOnlineMeeting", event.online)
    if event.online and event.join_url is None:
        event.join_url = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{event.uid[-40:]}%40thread.v2/0"


def _attendees(event: Event, body: Body) -> list[Attendee]:
    """The list replaces the old one; who stays keeps their response."""
    had = {attendee.address.address.lower(): attendee for attendee in event.attendees}
    found = []
    for element in body.records("attendees"):
        address = element.address()
        kind = element.choice("type", ("required", "optional", "resource"), "required")
        known = had.get(address.address.lower())
        found.append(replace(known, address=address, kind=kind) if known else Attendee(address, kind))
    return found
