"""Events over Graph: create, read, change, cancel, answer. What the others see of it is in `meetings`."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox import meetings
from sandbox.bodies import Body
from sandbox.calls import Call, Reply
from sandbox.errors import bad_request, item_not_found, stale
from sandbox.event_view import EVENT_TYPE, etag, event_getter, event_json
from sandbox.items import Attendee, Event
from sandbox.mailboxes import Mailbox
from sandbox.routing import Routes
from sandbox.tenant import new_uid
from sandbox.zones import parse_moment, usable_zone, zone_named

_LONGEST_VIEW = timedelta(days=1825)
_PAGE = 10
_SHOW_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
_SENSITIVITY = ("normal", "personal", "private", "confidential")
_WRITABLE_NAMES = """
allowNewTimeProposals attendees body categories end hideAttendees importance isAllDay isDraft isOnlineMeeting
isReminderOn location locations onlineMeetingProvider organizer originalEndTimeZone originalStartTimeZone
recurrence reminderMinutesBeforeStart responseRequested sensitivity showAs singleValueExtendedProperties start
subject transactionId type
"""
_WRITABLE = frozenset(_WRITABLE_NAMES.split())


def add_routes(routes: Routes) -> None:
    for calendar in ("users/{user}", "users/{user}/calendar"):
        routes.add("POST", f"{calendar}/events", create_event)
        routes.add("GET", f"{calendar}/events", list_events)
        routes.add("GET", f"{calendar}/calendarView", calendar_view)
        routes.add("GET", f"{calendar}/events/{{event}}", get_event)
        routes.add("PATCH", f"{calendar}/events/{{event}}", update_event)
        routes.add("DELETE", f"{calendar}/events/{{event}}", delete_event)
        routes.add("POST", f"{calendar}/events/{{event}}/cancel", cancel_event)
    routes.add("POST", "users/{user}/events/{event}/accept", accept)
    routes.add("POST", "users/{user}/events/{event}/decline", decline)
    routes.add("POST", "users/{user}/events/{event}/tentativelyAccept", accept_tentatively)


def create_event(call: Call) -> Reply:
    """The same transactionId gives the same event, as after a retry; nothing is sent twice."""
    box, body = call.mailbox, call.body
    body.only(_WRITABLE, EVENT_TYPE)
    transaction_id = body.text("transactionId") or None
    event = box.event_of_transaction(transaction_id) if transaction_id else None
    if event is None:
        event = _new_event(call, box, body, transaction_id)
        box.keep_event(event)
        meetings.invite(call.tenant, event, call.now)
    headers = {
        "Location": f"{call.base}/users('{call.names['user']}')/events('{event.id}')",
        "ETag": etag(event.id, event.change),
    }
    return Reply(201, _entity(call, box, event), headers)


def list_events(call: Call) -> Reply:
    box, wanted = call.mailbox, call.filter
    if wanted is not None and wanted.key is not None:
        ids = box.ids_with_property(*wanted.key)
        events = [box.contents.events[i] for i in ids if i in box.contents.events]
    else:
        events = list(box.contents.events.values())
    if wanted is not None:
        events = [e for e in events if wanted.holds(event_getter(e))]
    return _page(call, box, events)


def calendar_view(call: Call) -> Reply:
    start, end = call.query.get("startdatetime"), call.query.get("enddatetime")
    if not start or not end:
        raise bad_request(
            "This request requires a time window specified by the query string parameters StartDateTime and"
            " EndDateTime.",
            "ErrorInvalidParameter",
        )
    first, last = parse_moment(start), parse_moment(end)
    if last < first or last - first > _LONGEST_VIEW:
        raise bad_request(
            "The time window must be at most 1825 days, and end after it starts.", "ErrorInvalidParameter"
        )
    box, wanted = call.mailbox, call.filter
    events = box.events_between(first, last)
    if wanted is not None:
        events = [e for e in events if wanted.holds(event_getter(e))]
    return _page(call, box, events)


def get_event(call: Call) -> Reply:
    box = call.mailbox
    event = _event(call, box)
    return Reply(200, _entity(call, box, event), {"ETag": etag(event.id, event.change)})


def update_event(call: Call) -> Reply:
    """The organizer's change reaches the attendees; an attendee's changes their own copy only."""
    box, body = call.mailbox, call.body
    event = _event(call, box)
    _check_match(call, event)
    body.only(_WRITABLE, EVENT_TYPE)
    change_event(call, box, event, body)
    return Reply(200, _entity(call, box, event), {"ETag": etag(event.id, event.change)})


def change_event(call: Call, box: Mailbox, event: Event, body: Body) -> None:
    """Applies a PATCH body; nothing is applied if any part of it is refused."""
    before, invitees = replace(event), list(event.attendees)
    draft = replace(event)
    _apply(call, box, draft, body)
    properties = body.extended_properties()
    for name in Event.__dataclass_fields__:
        if name != "properties":
            setattr(event, name, getattr(draft, name))
    if properties:
        box.set_properties(event, properties)
    if event.is_organizer:
        meetings.update(call.tenant, box, event, before, invitees, call.now)
    else:
        event.change, event.modified = event.change + 1, call.now
        box.touched = True


def delete_event(call: Call) -> Reply:
    """By the organizer it is a cancellation; by an attendee it only clears their own calendar."""
    box = call.mailbox
    event = _event(call, box)
    _check_match(call, event)
    if event.is_organizer:
        meetings.cancel(call.tenant, box, event, "", call.now)
    else:
        box.drop_event(event)
    return Reply(204)


def cancel_event(call: Call) -> Reply:
    box, body = call.mailbox, call.body
    event = _event(call, box)
    if not event.is_organizer:
        raise bad_request("Your request can't be completed. You need to be an organizer to cancel a meeting.")
    meetings.cancel(call.tenant, box, event, body.text("comment"), call.now)
    return Reply(202)


def accept(call: Call) -> Reply:
    return _respond(call, "accepted")


def decline(call: Call) -> Reply:
    return _respond(call, "declined")


def accept_tentatively(call: Call) -> Reply:
    return _respond(call, "tentativelyAccepted")


def _respond(call: Call, response: str) -> Reply:
    box, body = call.mailbox, call.body
    event = _event(call, box)
    if event.is_organizer:
        raise bad_request(
            "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer."
        )
    tell = body.flag("sendResponse", True)
    if "proposedNewTime" in body and not tell:
        raise bad_request("A new time can only be proposed with a response.", "ErrorInvalidParameter")
    meetings.respond(call.tenant, box, event, response, body.text("comment"), tell, call.now)
    return Reply(202)


def _event(call: Call, box: Mailbox) -> Event:
    event = box.contents.events.get(call.names["event"])
    if event is None:
        raise item_not_found()
    return event


def _check_match(call: Call, event: Event) -> None:
    wanted = call.headers.get("if-match", "*").strip()
    if wanted not in ("*", etag(event.id, event.change)):
        raise stale()


def _entity(call: Call, box: Mailbox, event: Event) -> dict[str, Any]:
    return {
        "@odata.context": call.context(f"users('{call.names['user']}')/events/$entity"),
        **event_json(call, box, event),
    }


def _page(call: Call, box: Mailbox, events: list[Event]) -> Reply:
    for path, descending in reversed(call.order):
        events.sort(key=lambda e: _sortable(event_getter(e)(path)), reverse=descending)
    return call.page(f"users('{call.names['user']}')/events", events, _PAGE, lambda event: event_json(call, box, event))


def _sortable(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value).casefold()


def _new_event(call: Call, box: Mailbox, body: Body, transaction_id: str | None) -> Event:
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
    _apply(call, box, event, body)
    event.properties = body.extended_properties()
    return event


def _apply(call: Call, box: Mailbox, event: Event, body: Body) -> None:
    """Writes the properties that `body` has into `event`. Raises 400 where Graph would."""
    if "recurrence" in body and body.record("recurrence") is not None:
        raise bad_request("The sandbox tenant has no recurring events yet.", "ErrorInvalidRecurrence")
    event.subject = body.text("subject", event.subject)
    event.all_day = body.flag("isAllDay", event.all_day)
    for name in ("start", "end"):
        found = body.record(name)
        if found is not None:
            zone_name = found.text("timeZone") or "UTC"
            zone = zone_named(zone_name)
            # All-day events float, so they are kept as midnights of the mailbox's own zone.
            used = usable_zone(box.contents.zone) if event.all_day else zone
            setattr(event, name, parse_moment(found.text("dateTime"), used))
            setattr(event, f"{name}_zone", zone_name)
    if event.end < event.start:
        raise bad_request(
            "The end of an event must not be before its start.", "ErrorCalendarEndDateIsEarlierThanStartDate"
        )
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
    place = body.record("location")
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
        found.append(Attendee(address, kind, known.response, known.responded) if known else Attendee(address, kind))
    return found
