"""An event as Graph writes it in JSON."""

import base64
import hashlib
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sandbox.calls import Call, Json, chosen
from sandbox.errors import bad_request
from sandbox.evidence import evidence
from sandbox.filters import Get
from sandbox.item_ids import shown_id
from sandbox.items import Address, Attendee, Event
from sandbox.mailboxes import Mailbox, property_key
from sandbox.preferences import preference, prefers
from sandbox.previews import plain_text, preview_of
from sandbox.recurrence_json import recurrence_json
from sandbox.sanitized import as_document, sanitized
from sandbox.zones import long_stamp, wall_clock

EVENT_TYPE = "Microsoft.OutlookServices.Event"
_OPEN = "https://outlook.office365.com/owa/?exvsurl=1&path=/calendar/item"
_UNSAFE = "outlook.allow-unsafe-html"
_NEVER = "0001-01-01T00:00:00Z"


def change_key(item_id: str, change: int) -> str:
    digest = hashlib.blake2b(f"{item_id}/{change}".encode(), digest_size=15).digest()
    return base64.b64encode(digest).decode()


def etag(item_id: str, change: int) -> str:
    return f'W/"{change_key(item_id, change)}"'


def address_json(address: Address) -> Json:
    return {"emailAddress": {"name": address.name, "address": address.address}}


def properties_json(properties: dict[str, str], wanted: list[str]) -> list[Json]:
    """Those of the extended properties whose ids were asked for."""
    keys = {property_key(name) for name in wanted}
    return [{"id": name, "value": value} for name, value in properties.items() if property_key(name) in keys]


def event_json(call: Call, box: Mailbox, event: Event) -> Json:
    """The event with `$select` and `$expand` of the call applied, in the zone that the call prefers."""
    zone, zone_name = call.zone
    if event.all_day:
        # An all-day event floats: it is a date, whatever zone one looks from.
        home = box.contents.home
        start, end = wall_clock(event.start, home, zone_name), wall_clock(event.end, home, zone_name)
    else:
        start, end = wall_clock(event.start, zone, zone_name), wall_clock(event.end, zone, zone_name)
    event_id = shown_id(call.headers, event.id)
    location = {"displayName": event.location, "locationType": "default", "uniqueId": event.location}
    full: Json = {
        "@odata.etag": etag(event.id, event.change),
        "id": event_id,
        "createdDateTime": long_stamp(event.created),
        "lastModifiedDateTime": long_stamp(event.modified),
        "changeKey": change_key(event.id, event.change),
        "categories": event.categories,
        "transactionId": event.transaction_id,
        "originalStartTimeZone": event.start_zone,
        "originalEndTimeZone": event.end_zone,
        "iCalUId": event.calendar_uid,
        "reminderMinutesBeforeStart": event.reminder_minutes,
        "isReminderOn": event.reminder_on,
        "hasAttachments": False,
        "subject": event.subject,
        "bodyPreview": preview_of(event.body),
        "importance": event.importance,
        "sensitivity": event.sensitivity,
        "isAllDay": event.all_day,
        "isCancelled": event.cancelled,
        "isOrganizer": event.is_organizer,
        "responseRequested": event.response_requested,
        "seriesMasterId": shown_id(call.headers, event.series) if event.series else None,
        "showAs": event.show_as,
        "type": event.kind,
        "webLink": f"{_OPEN}&itemid={quote(event_id, safe='')}",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": event.online,
        "onlineMeetingProvider": "teamsForBusiness" if event.online else "unknown",
        "allowNewTimeProposals": event.allow_proposals,
        "isDraft": False,
        "hideAttendees": event.hide_attendees,
        "responseStatus": {
            "response": event.response,
            "time": long_stamp(event.responded) if event.responded else _NEVER,
        },
        "body": _body_json(call, event),
        "start": start,
        "end": end,
        "location": location if event.location else {"displayName": "", "locationType": "default"},
        "locations": [location] if event.location else [],
        "recurrence": recurrence_json(event.recurrence, event.start_zone) if event.recurrence else None,
        "attendees": [_attendee_json(attendee, zone, zone_name) for attendee in event.attendees],
        "organizer": address_json(event.organizer),
        "onlineMeeting": {"joinUrl": event.join_url} if event.join_url else None,
    }
    if event.series is not None and event.original_start is not None:
        full["originalStart"] = long_stamp(event.original_start)
    if "cancelledOccurrences" in call.select:
        full["cancelledOccurrences"] = [f"OID.{event_id}.{day.isoformat()}" for day in sorted(event.removed)]
    body = chosen(full, call.select, EVENT_TYPE)
    wanted = call.expanded_properties
    if wanted:
        found = properties_json(event.properties, wanted)
        if found:
            body["singleValueExtendedProperties"] = found
    return body


@evidence(
    "documented",
    "The body of an event comes as an HTML document, or as text if that is preferred.",
    "graph docs, api/event-get.md (request headers, example responses)",
)
@evidence("assumed", "It is made harmless as that of a message is.", "documented for messages only")
def _body_json(call: Call, event: Event) -> Json:
    wanted = preference(call.headers, "outlook.body-content-type").lower()
    if (wanted or event.body_type) == "text":
        text = event.body if event.body_type == "text" else plain_text(event.body).strip()
        return {"contentType": "text", "content": text}
    html = event.body if event.body_type == "html" else f'<div class="PlainText">{escape(event.body)}</div>'
    return {"contentType": "html", "content": as_document(html if prefers(call.headers, _UNSAFE) else sanitized(html))}


def _attendee_json(attendee: Attendee, zone: ZoneInfo | None, zone_name: str) -> Json:
    proposed = attendee.proposed
    return {
        **(
            {
                "proposedNewTime": {
                    "start": wall_clock(proposed[0], zone, zone_name),
                    "end": wall_clock(proposed[1], zone, zone_name),
                }
            }
            if proposed
            else {}
        ),
        "type": attendee.kind,
        "status": {
            "response": attendee.response,
            "time": long_stamp(attendee.responded) if attendee.responded else _NEVER,
        },
        **address_json(attendee.address),
    }


_FIELDS: dict[str, Callable[[Event], Any]] = {
    "id": lambda e: e.id,
    "start/datetime": lambda e: e.start,
    "end/datetime": lambda e: e.end,
    "createddatetime": lambda e: e.created,
    "lastmodifieddatetime": lambda e: e.modified,
    "subject": lambda e: e.subject,
    "bodypreview": lambda e: preview_of(e.body),
    "iscancelled": lambda e: e.cancelled,
    "isorganizer": lambda e: e.is_organizer,
    "isallday": lambda e: e.all_day,
    "isonlinemeeting": lambda e: e.online,
    "icaluid": lambda e: e.calendar_uid,
    "uid": lambda e: e.uid,
    "type": lambda e: e.kind,
    "seriesmasterid": lambda e: e.series,
    "showas": lambda e: e.show_as,
    "sensitivity": lambda e: e.sensitivity,
    "importance": lambda e: e.importance,
    "transactionid": lambda e: e.transaction_id,
    "responsestatus/response": lambda e: e.response,
    "location/displayname": lambda e: e.location,
    "organizer/emailaddress/address": lambda e: e.organizer.address,
    "organizer/emailaddress/name": lambda e: e.organizer.name,
    "attendees": lambda e: [
        {"emailAddress/address": a.address.address, "emailAddress/name": a.address.name, "type": a.kind}
        for a in e.attendees
    ],
    "categories": lambda e: [{"": name} for name in e.categories],
    "singlevalueextendedproperties": lambda e: [{"id": n, "value": v} for n, v in e.properties.items()],
}
_IDS = ("id", "seriesmasterid")


def event_getter(call: Call, event: Event) -> Get:
    """What `$filter` and `$orderby` may look at, which `check_event_query` has seen to."""

    def get(path: str) -> Any:
        found = _FIELDS[path.lower()](event)
        return shown_id(call.headers, found) if found and path.lower() in _IDS else found

    return get


def check_event_query(call: Call) -> None:
    """Raises 400 for properties that events have not."""
    for path in (*(path.lower() for path, _ in call.order), *call.filtered):
        if path not in _FIELDS:
            raise bad_request(
                f"Could not find a property named '{path[:60]}' on type '{EVENT_TYPE}'.", "RequestBroker--ParseUri"
            )
