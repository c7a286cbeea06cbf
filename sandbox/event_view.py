"""An event as Graph writes it in JSON."""

import base64
import hashlib
from functools import partial
from typing import Any
from urllib.parse import quote

from sandbox.calls import Call, Json, chosen
from sandbox.filters import Get
from sandbox.items import Address, Attendee, Event
from sandbox.mailboxes import Mailbox, property_key
from sandbox.previews import preview_of
from sandbox.zones import long_stamp, usable_zone, wall_clock

EVENT_TYPE = "Microsoft.OutlookServices.Event"
_OPEN = "https://outlook.office365.com/owa/?exvsurl=1&path=/calendar/item"
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
        home = usable_zone(box.contents.zone)
        start, end = wall_clock(event.start, home, zone_name), wall_clock(event.end, home, zone_name)
    else:
        start, end = wall_clock(event.start, zone, zone_name), wall_clock(event.end, zone, zone_name)
    location = {"displayName": event.location, "locationType": "default", "uniqueId": event.location}
    full: Json = {
        "@odata.etag": etag(event.id, event.change),
        "id": event.id,
        "createdDateTime": long_stamp(event.created),
        "lastModifiedDateTime": long_stamp(event.modified),
        "changeKey": change_key(event.id, event.change),
        "categories": event.categories,
        "transactionId": event.transaction_id,
        "originalStartTimeZone": event.start_zone,
        "originalEndTimeZone": event.end_zone,
        "iCalUId": event.uid,
        "uid": event.uid,
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
        "seriesMasterId": None,
        "showAs": event.show_as,
        "type": "singleInstance",
        "webLink": f"{_OPEN}&itemid={quote(event.id, safe='')}",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": event.online,
        "onlineMeetingProvider": "teamsForBusiness" if event.online else "unknown",
        "allowNewTimeProposals": event.allow_proposals,
        "occurrenceId": None,
        "isDraft": False,
        "hideAttendees": event.hide_attendees,
        "responseStatus": {
            "response": event.response,
            "time": long_stamp(event.responded) if event.responded else _NEVER,
        },
        "body": {"contentType": event.body_type, "content": event.body},
        "start": start,
        "end": end,
        "location": location if event.location else {"displayName": "", "locationType": "default"},
        "locations": [location] if event.location else [],
        "recurrence": None,
        "attendees": [_attendee_json(attendee) for attendee in event.attendees],
        "organizer": address_json(event.organizer),
        "onlineMeeting": {"joinUrl": event.join_url} if event.join_url else None,
    }
    body = chosen(full, call.select, EVENT_TYPE)
    wanted = call.expanded_properties
    if wanted:
        found = properties_json(event.properties, wanted)
        if found:
            body["singleValueExtendedProperties"] = found
    return body


def _attendee_json(attendee: Attendee) -> Json:
    return {
        "type": attendee.kind,
        "status": {
            "response": attendee.response,
            "time": long_stamp(attendee.responded) if attendee.responded else _NEVER,
        },
        **address_json(attendee.address),
    }


def event_getter(event: Event) -> Get:
    return partial(_field, event)


def _field(event: Event, path: str) -> Any:
    """What `$filter` and `$orderby` may look at; unknown paths are simply absent."""
    match path.lower():
        case "start/datetime":
            return event.start
        case "end/datetime":
            return event.end
        case "createddatetime":
            return event.created
        case "lastmodifieddatetime":
            return event.modified
        case "subject":
            return event.subject
        case "iscancelled":
            return event.cancelled
        case "isorganizer":
            return event.is_organizer
        case "isallday":
            return event.all_day
        case "icaluid" | "uid":
            return event.uid
        case "transactionid":
            return event.transaction_id
        case "singlevalueextendedproperties":
            return [{"id": name, "value": value} for name, value in event.properties.items()]
    return None
