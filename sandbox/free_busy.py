"""getSchedule: when people are busy, as anybody in the company may see it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.bodies import Body
from sandbox.calls import Call, Json, Reply
from sandbox.errors import bad_request
from sandbox.evidence import evidence
from sandbox.items import Event
from sandbox.mailbox_settings import working_hours
from sandbox.permissions import SEE_CALENDAR
from sandbox.routing import Routes
from sandbox.zones import parse_moment, wall_clock, zone_named

_MOST_SCHEDULES = 20
_MOST_ENTRIES = 1000
_LONGEST = timedelta(days=62)
_DIGITS = {"free": "0", "tentative": "1", "busy": "2", "oof": "3", "workingElsewhere": "4"}
# Of two things at the same time the heavier one shows.
_WEIGHT = {"free": 0, "workingElsewhere": 1, "tentative": 2, "busy": 3, "oof": 4}


def add_routes(routes: Routes) -> None:
    routes.add("POST", "users/{user}/calendar/getSchedule", get_schedule)


@evidence(
    "documented",
    "At most 20 schedules, 62 days (400 ErrorTimeIntervalTooBig) and intervals of 5 to 1440 minutes.",
    "graph docs, api/calendar-getschedule.md and outlook-get-free-busy-schedule.md",
)
@evidence(
    "reported",
    "Trouble with one address (5016 unknown, 5006 more than 1000 entries) is an error of its schedule alone.",
    "others' answers from the live service; microsoft-graph-docs #11225 shows 5009 for an unknown address",
)
@evidence(
    "assumed",
    "Each mailbox asked about must be one that the app may read, else its schedule has the error 5037.",
    "no document says whether a scope reaches getSchedule; 5037 is what Outlook shows for ErrorNoFreeBusyAccess",
)
def get_schedule(call: Call) -> Reply:
    call.mailbox  # noqa: B018  the asking mailbox must exist
    body = call.body
    names = body.texts("schedules")
    start, end = _moment(body, "startTime"), _moment(body, "endTime")
    interval = body.number("availabilityViewInterval", 30)
    if not names or len(names) > _MOST_SCHEDULES:
        raise bad_request(
            f"Schedules must name 1 to {_MOST_SCHEDULES} addresses, not {len(names)}.",
            "ErrorInvalidParameter",
        )
    if end <= start:
        raise bad_request("The end of the time window must be after its start.", "ErrorInvalidTimeInterval")
    if end - start > _LONGEST:
        raise bad_request(
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long."
            " The allowed limit = 62 days.",
            "ErrorTimeIntervalTooBig",
        )
    if not 5 <= interval <= 1440:
        raise bad_request("AvailabilityViewInterval must be 5 to 1440 minutes.", "ErrorInvalidMergedFreeBusyInterval")
    zone, zone_name = call.zone
    step = timedelta(minutes=interval)
    value = [_schedule(call, name, start, end, step, zone, zone_name) for name in names]
    return Reply(
        200,
        {"@odata.context": call.context("Collection(microsoft.graph.scheduleInformation)"), "value": value},
    )


def _schedule(
    call: Call,
    name: str,
    start: datetime,
    end: datetime,
    step: timedelta,
    zone: ZoneInfo | None,
    zone_name: str,
) -> Json:
    account = call.tenant.account(name)
    if account is None or not account.has_mailbox:
        return _trouble(name, "5016", f"Unable to resolve e-mail address {name[:100]} to an Active Directory object.")
    if not call.granted.reaches(call.tenant, SEE_CALENDAR, account):
        return _trouble(name, "5037", "The caller does not have access to free/busy data.")
    box = call.tenant.mailbox(account.id)
    events = [e for e in box.events_between(start, end) if e.end > start]
    if len(events) > _MOST_ENTRIES:
        message = (
            "The result set contains too many calendar entries."
            f" The allowed size = {_MOST_ENTRIES}; the actual size = {len(events)}."
        )
        return _trouble(name, "5006", message)
    return {
        "scheduleId": name,
        "availabilityView": _view(events, start, end, step),
        "scheduleItems": [_item(event, zone, zone_name) for event in events],
        "workingHours": working_hours(box.contents, call.now.year),
    }


def _trouble(name: str, code: str, message: str) -> Json:
    return {
        "scheduleId": name,
        "availabilityView": "",
        "scheduleItems": None,
        "workingHours": None,
        "error": {"message": message, "responseCode": code},
    }


@evidence(
    "documented",
    "availabilityView has a digit for each interval: 0 free, 1 tentative, 2 busy, 3 out of office, 4 elsewhere.",
    "graph docs, resources/scheduleinformation.md",
)
@evidence("assumed", "Of two things at once the heavier shows: oof, busy, tentative, elsewhere.", "Outlook's colours")
def _view(events: list[Event], start: datetime, end: datetime, step: timedelta) -> str:
    slots = ["0"] * -((start - end) // step)
    for event in sorted(events, key=lambda e: _WEIGHT.get(e.show_as, 0)):
        digit = _DIGITS.get(event.show_as, "0")
        first = max(0, (event.start - start) // step)
        last = min(len(slots), -((start - event.end) // step))
        slots[first:last] = digit * (last - first)
    return "".join(slots)


@evidence(
    "documented",
    "Private and confidential items show their times and status, but no subject or location.",
    "graph docs, resources/scheduleitem.md",
)
def _item(event: Event, zone: ZoneInfo | None, zone_name: str) -> Json:
    private = event.sensitivity in ("private", "confidential")
    item: Json = {
        "isPrivate": private,
        "status": event.show_as,
        "start": wall_clock(event.start, zone, zone_name),
        "end": wall_clock(event.end, zone, zone_name),
    }
    if not private:
        item["subject"] = event.subject
        item["location"] = event.location
    return item


def _moment(body: Body, name: str) -> datetime:
    found = body.record(name)
    if found is None:
        raise bad_request(f"{name} is missing.", "ErrorInvalidParameter")
    return parse_moment(found.text("dateTime"), zone_named(found.text("timeZone") or "UTC"))
