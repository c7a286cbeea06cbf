"""Events over Graph: create, read, change, cancel. What the others see of it is in `meetings`."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox import meetings
from sandbox.bodies import Body
from sandbox.calls import Call, Reply
from sandbox.errors import bad_request, item_not_found, stale
from sandbox.event_changes import put_change
from sandbox.event_drafts import KNOWN, new_event, write
from sandbox.event_view import EVENT_TYPE, check_event_query, etag, event_getter, event_json
from sandbox.evidence import evidence
from sandbox.item_ids import meant_id, shown_id
from sandbox.items import Event
from sandbox.mailboxes import Mailbox
from sandbox.routing import Routes
from sandbox.zones import parse_moment

_LONGEST_VIEW = timedelta(days=1825)
_PAGE = 10
_ID = re.compile(r"AA[\w=-]+")


def add_routes(routes: Routes) -> None:
    for calendar in ("users/{user}", "users/{user}/calendar"):
        routes.add("POST", f"{calendar}/events", create_event)
        routes.add("GET", f"{calendar}/events", list_events)
        routes.add("GET", f"{calendar}/calendarView", calendar_view)
        routes.add("GET", f"{calendar}/events/{{event}}", get_event)
        routes.add("PATCH", f"{calendar}/events/{{event}}", update_event)
        routes.add("DELETE", f"{calendar}/events/{{event}}", delete_event)
        routes.add("POST", f"{calendar}/events/{{event}}/cancel", cancel_event)
        routes.add("POST", f"{calendar}/events/{{event}}/permanentDelete", delete_for_good)
        routes.add("GET", f"{calendar}/events/{{event}}/instances", list_instances)


@evidence(
    "documented",
    "A transactionId says that a POST is a retry, so that no second event is made; it is set once and for all.",
    "graph docs, resources/event.md (transactionId)",
)
@evidence(
    "assumed",
    "The second POST with a transactionId is 201 with the event as it is, whatever else its body says.",
    "the answer is documented nowhere; needs a run against a live tenant",
)
def create_event(call: Call) -> Reply:
    """The same transactionId gives the same event, as after a retry; nothing is sent twice."""
    box, body = call.mailbox, call.body
    body.only(KNOWN, EVENT_TYPE)
    transaction_id = body.text("transactionId") or None
    event = box.event_of_transaction(transaction_id) if transaction_id else None
    if event is None:
        event = new_event(call, box, body, transaction_id)
        _check_reply(call, box, event)
        box.keep_event(event)
        meetings.invite(call.tenant, box, event, call.now)
    headers = {
        "Location": f"{call.base}/users('{call.names['user']}')/events('{shown_id(call.headers, event.id)}')",
        "ETag": etag(event.id, event.change),
    }
    return Reply(201, _entity(call, box, event), headers)


def list_events(call: Call) -> Reply:
    """Single events and the masters of series; their occurrences are in the calendar view."""
    box, wanted = call.mailbox, call.filter
    if wanted is not None and wanted.key is not None:
        ids = box.ids_with_property(*wanted.key)
        events = [box.contents.events[i] for i in ids if i in box.contents.events]
    else:
        events = [event for event in box.contents.events.values() if event.series is None]
    return _page(call, box, events)


@evidence(
    "documented",
    "The calendar view has single events, occurrences and exceptions, but no masters; at most 1825 days at a time.",
    "graph docs, api/user-list-calendarview.md; the cap as the live service reports it",
)
def calendar_view(call: Call) -> Reply:
    first, last = view_window(call)
    box = call.mailbox
    return _page(call, box, box.events_between(first, last), "calendarView")


@evidence(
    "documented",
    "The instances of a series in a window are its occurrences and exceptions.",
    "graph docs, api/event-list-instances.md",
)
def list_instances(call: Call) -> Reply:
    first, last = view_window(call)
    box = call.mailbox
    master = event_named(call, box)
    if master.recurrence is None:
        raise bad_request("Instances exist only for the master of a recurring series.")
    instances = [e for e in box.events_between(first, last) if e.series == master.id]
    return _page(call, box, instances, f"events('{call.names['event']}')/instances")


def view_window(call: Call) -> tuple[datetime, datetime]:
    """The instants of `startDateTime` and `endDateTime`. Raises 400 if they are not a window."""
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
    return first, last


def get_event(call: Call) -> Reply:
    box = call.mailbox
    event = event_named(call, box)
    return Reply(200, _entity(call, box, event), {"ETag": etag(event.id, event.change)})


def update_event(call: Call) -> Reply:
    """The organizer's change reaches the attendees; an attendee's changes their own copy only."""
    box, body = call.mailbox, call.body
    event = event_named(call, box)
    _check_match(call, event)
    body.only(KNOWN, EVENT_TYPE)
    event = change_event(call, box, event, body)
    return Reply(200, _entity(call, box, event), {"ETag": etag(event.id, event.change)})


@evidence(
    "reported",
    "The transactionId of an event cannot be changed: 400 ErrorInvalidRequest.",
    "github.com/mguessan/davmail issue 484",
)
@evidence("assumed", "Its own transactionId may be said again.", "whole events that had been read are written back")
def change_event(call: Call, box: Mailbox, event: Event, body: Body) -> Event:
    """Applies a PATCH body and returns the event as it is kept now; nothing is applied if any part is refused."""
    if body.text("transactionId") not in ("", event.transaction_id):
        raise bad_request("Your request can't be completed. ClientId/TransactionId is immutable and cannot be updated.")
    draft = replace(event)
    write(call, box, draft, body)
    properties = body.extended_properties()
    _check_reply(call, box, draft)
    return put_change(call.tenant, box, event, draft, call.now, properties)


@evidence(
    "documented",
    "When the organizer deletes a meeting, its attendees get a cancellation.",
    "graph docs, api/event-delete.md",
)
@evidence("documented", "An attendee who deletes a meeting tells nobody.", "graph docs, api/event-decline.md; Outlook")
def delete_event(call: Call) -> Reply:
    """By the organizer it is a cancellation; by an attendee it only clears their own calendar."""
    box = call.mailbox
    event = event_named(call, box)
    _check_match(call, event)
    if event.is_organizer:
        meetings.cancel(call.tenant, box, event, "", call.now)
    else:
        box.discard_event(event)
    return Reply(204)


@evidence(
    "documented", "permanentDelete of an event is 204 and leaves nothing.", "graph docs, api/event-permanentdelete.md"
)
@evidence(
    "assumed", "By the organizer it cancels the meeting as a DELETE does.", "the document does not speak of attendees"
)
def delete_for_good(call: Call) -> Reply:
    box = call.mailbox
    event = event_named(call, box)
    if event.is_organizer:
        meetings.cancel(call.tenant, box, event, "", call.now)
    else:
        box.drop_event(event)
    return Reply(204)


@evidence(
    "documented",
    "Only the organizer can cancel; anybody else gets 400 ErrorInvalidRequest, and a second time it is a 404.",
    "graph docs, api/event-cancel.md",
)
def cancel_event(call: Call) -> Reply:
    box, body = call.mailbox, call.body
    event = event_named(call, box)
    if not event.is_organizer:
        raise bad_request("Your request can't be completed. You need to be an organizer to cancel a meeting.")
    meetings.cancel(call.tenant, box, event, body.text("comment"), call.now)
    return Reply(202)


def event_named(call: Call, box: Mailbox) -> Event:
    """The event, exception or occurrence of the path. Raises 404, or 400 for what cannot be an id."""
    name = call.names["event"]
    if not _ID.fullmatch(name):
        raise bad_request("Id is malformed.", "ErrorInvalidIdMalformed")
    lasting, folder = meant_id(name)
    event = box.event(lasting)
    if event is None or folder not in (None, "calendar"):
        raise item_not_found()
    return event


def _check_match(call: Call, event: Event) -> None:
    wanted = call.headers.get("if-match", "*").strip()
    if wanted not in ("*", etag(event.id, event.change)):
        raise stale()


def _check_reply(call: Call, box: Mailbox, draft: Event) -> None:
    """Raises 400 for an answer that could not be given, such as in an unknown zone, before the deed is done."""
    event_json(call, box, draft)


def _entity(call: Call, box: Mailbox, event: Event) -> dict[str, Any]:
    return {
        "@odata.context": call.context(f"users('{call.names['user']}')/events/$entity"),
        **event_json(call, box, event),
    }


def _page(call: Call, box: Mailbox, events: list[Event], what: str = "events") -> Reply:
    check_event_query(call)
    wanted = call.filter
    if wanted is not None:
        events = [event for event in events if wanted.holds(event_getter(call, event))]
    for path, descending in reversed(call.order):
        events.sort(key=lambda e: _sortable(event_getter(call, e)(path)), reverse=descending)
    return call.page(f"users('{call.names['user']}')/{what}", events, _PAGE, lambda event: event_json(call, box, event))


def _sortable(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value).casefold()
