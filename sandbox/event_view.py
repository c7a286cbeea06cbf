"""An event as Graph writes it in JSON."""

import base64
import hashlib
import re
from functools import partial
from html import escape
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sandbox.calls import Call, Json, chosen
from sandbox.filters import Get
from sandbox.items import Address, Attendee, Event
from sandbox.mailboxes import Mailbox, property_key
from sandbox.previews import plain_text, preview_of
from sandbox.recurrence_json import recurrence_json
from sandbox.zones import long_stamp, wall_clock

EVENT_TYPE = "Microsoft.OutlookServices.Event"
_OPEN = "https://outlook.office365.com/owa/?exvsurl=1&path=/calendar/item"
_BODY_TYPE = re.compile(r'body-content-type\s*=\s*"?(text|html)\b', re.I)
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
        "seriesMasterId": event.series,
        "showAs": event.show_as,
        "type": event.kind,
        "webLink": f"{_OPEN}&itemid={quote(event.id, safe='')}",
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
        full["cancelledOccurrences"] = [f"OID.{event.id}.{day.isoformat()}" for day in sorted(event.removed)]
    body = chosen(full, call.select, EVENT_TYPE)
    wanted = call.expanded_properties
    if wanted:
        found = properties_json(event.properties, wanted)
        if found:
            body["singleValueExtendedProperties"] = found
    return body


def _body_json(call: Call, event: Event) -> Json:
    preferred = _BODY_TYPE.search(call.headers.get("prefer", ""))
    if preferred is None or preferred.group(1).lower() == event.body_type:
        return {"contentType": event.body_type, "content": event.body}
    if event.body_type == "html":
        return {"contentType": "text", "content": plain_text(event.body).strip()}
    return {"contentType": "html", "content": f'<div class="PlainText">{escape(event.body)}</div>'}


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
        case "icaluid":
            return event.calendar_uid
        case "uid":
            return event.uid
        case "type":
            return event.kind
        case "seriesmasterid":
            return event.series
        case "showas":
            return event.show_as
        case "sensitivity":
            return event.sensitivity
        case "importance":
            return event.importance
        case "transactionid":
            return event.transaction_id
        case "singlevalueextendedproperties":
            return [{"id": name, "value": value} for name, value in event.properties.items()]
    return None
