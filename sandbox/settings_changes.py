"""PATCH of a mailbox's settings: all of it is checked before any of it is done."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.bodies import Body
from sandbox.calendar_acts import LANGUAGE_TAG, change_zone
from sandbox.calls import Call
from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.mailboxes import AutomaticReplies, Contents
from sandbox.recurrence_json import DAYS, EARLIEST, LATEST
from sandbox.zones import parse_moment, zone_named

log = logging.getLogger("sandbox")

_DELEGATES = ("sendToDelegateAndInformationToPrincipal", "sendToDelegateAndPrincipal", "sendToDelegateOnly")
_FORMATS = ("dateFormat", "timeFormat")
_WRITABLE = (
    *_FORMATS,
    "automaticRepliesSetting",
    "delegateMeetingMessageDeliveryOptions",
    "language",
    "timeZone",
    "workingHours",
)
_READ_ONLY = ("archiveFolder", "userPurpose")
_STATUSES = ("disabled", "alwaysEnabled", "scheduled")
_AUDIENCES = ("none", "contactsOnly", "all")
_TIME_OF_DAY = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d):[0-5]\d(?:\.\d{1,7})?")
_PAGE = "learn.microsoft.com/graph/api/user-update-mailboxsettings"


@dataclass(frozen=True, slots=True)
class _Hours:
    weekdays: list[int]
    opens: str
    closes: str
    zone: str


@evidence("documented", "What is not in the body keeps its value.", _PAGE)
def change_settings(call: Call) -> list[str]:
    """The names of the settings that the body changed. Raises GraphError, and then none of them is."""
    body, box = call.body, call.mailbox
    contents = box.contents
    for name in _READ_ONLY:
        if name in body:
            raise bad_request(f"The property '{name}' is read-only and cannot be set.", "ErrorInvalidPropertySet")
    body.only(_WRITABLE, "microsoft.graph.mailboxSettings")
    formats = {name: body.text(name) for name in _FORMATS if body.text(name)}
    if "delegateMeetingMessageDeliveryOptions" in body:
        name = "delegateMeetingMessageDeliveryOptions"
        formats[name] = _choice(body, name, _DELEGATES, _DELEGATES[-1])
    language = _language(body.record("language"), contents.language)
    hours = _hours(body.record("workingHours"), contents)
    replies = _replies(body.record("automaticRepliesSetting"), contents.automatic_replies, call.now)
    if "timeZone" in body:
        zone = _zone(body.text("timeZone"))
        change_zone(call.tenant, box, Body({"zone": zone}), call.now)
    contents.formats.update(formats)
    contents.language, contents.automatic_replies = language, replies
    contents.weekdays, contents.opens, contents.closes = hours.weekdays, hours.opens, hours.closes
    contents.hours_zone = hours.zone
    box.touched = True
    return list(body.values)


@evidence(
    "documented",
    "Automatic replies can be set for a coming range only, and their status in any case ('Scheduled').",
    _PAGE,
)
@evidence(
    "assumed",
    "A range that is over, or that ends before it begins, is 400 ErrorInvalidUserOofSettings.",
    "the code that Exchange Web Services has for it",
)
def _replies(asked: Body | None, before: AutomaticReplies, now: datetime) -> AutomaticReplies:
    if asked is None:
        return before
    known = ("externalAudience", "externalReplyMessage", "internalReplyMessage", "status")
    asked.only((*known, "scheduledStartDateTime", "scheduledEndDateTime"), "microsoft.graph.automaticRepliesSetting")
    after = replace(
        before,
        status=_choice(asked, "status", _STATUSES, before.status),
        audience=_choice(asked, "externalAudience", _AUDIENCES, before.audience),
        internal=asked.text("internalReplyMessage", before.internal),
        external=asked.text("externalReplyMessage", before.external),
        start=_moment(asked.record("scheduledStartDateTime"), before.start),
        end=_moment(asked.record("scheduledEndDateTime"), before.end),
    )
    if after.status == "scheduled":
        after.start = after.start or now
        after.end = after.end or after.start + timedelta(days=1)
        if after.end <= max(after.start, now):
            message = "Automatic replies must be scheduled for a time that is not over, and end after they begin."
            raise bad_request(message, "ErrorInvalidUserOofSettings")
    return after


@evidence(
    "documented",
    "Of working hours, a time of no form is RequestBodyRead, an end before the start ErrorInvalidTimeSettings,"
    " an unknown day InvalidArguments and an unknown zone InvalidTimeZone, each 400.",
    _PAGE + ", errors",
)
def _hours(asked: Body | None, contents: Contents) -> _Hours:
    before = _Hours(contents.weekdays, contents.opens, contents.closes, contents.hours_zone)
    if asked is None:
        return before
    asked.only(("daysOfWeek", "endTime", "startTime", "timeZone"), "microsoft.graph.workingHours")
    days = [day.lower() for day in asked.texts("daysOfWeek")]
    unknown = next((day for day in days if day not in DAYS), None)
    if unknown is not None:
        raise bad_request(f"Requested value '{unknown[:40]}' was not found.", "InvalidArguments")
    after = _Hours(
        weekdays=sorted({DAYS.index(day) for day in days}) if "daysOfWeek" in asked else before.weekdays,
        opens=_time_of_day(asked, "startTime", before.opens),
        closes=_time_of_day(asked, "endTime", before.closes),
        zone=_hours_zone(asked.record("timeZone"), contents) if "timeZone" in asked else before.zone,
    )
    if after.opens >= after.closes:
        raise bad_request("Start Time should occur before End Time.", "ErrorInvalidTimeSettings")
    return after


def _hours_zone(asked: Body | None, contents: Contents) -> str:
    """The name of the zone, empty for that of the mailbox."""
    if asked is None:
        return ""
    if "bias" in asked or "standardOffset" in asked:
        log.warning("NOT SERVED: a client wanted working hours in a time zone of its own rules")
        raise _bad_zone("The sandbox tenant takes working hours in a time zone that has a name only.")
    zone = _zone(asked.text("name"))
    return "" if zone == contents.zone else zone


def _time_of_day(asked: Body, name: str, before: str) -> str:
    text = asked.text(name)
    if not text:
        return before
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise bad_request(
            f"Cannot convert the literal '{text[:40]}' to the expected type 'Edm.TimeOfDay'.", "RequestBodyRead"
        )
    return found.group(1)


def _language(asked: Body | None, before: str) -> str:
    if asked is None:
        return before
    asked.only(("displayName", "locale"), "microsoft.graph.localeInfo")
    locale = asked.text("locale", before)
    if not LANGUAGE_TAG.fullmatch(locale):
        raise bad_request(f"'{locale[:40]}' is no locale.", "InvalidArguments")
    return locale


def _zone(name: str) -> str:
    try:
        zone_named(name)
    except GraphError:
        raise _bad_zone("Time Zone settings provided are invalid.") from None
    return name


def _bad_zone(message: str) -> GraphError:
    return bad_request(message, "InvalidTimeZone")


def _choice(asked: Body, name: str, choices: tuple[str, ...], before: str) -> str:
    """One of `choices`, whatever its case."""
    known: Mapping[str, str] = {choice.lower(): choice for choice in choices}
    text = asked.text(name)
    return known.get(text.lower(), "") or (asked.choice(name, choices, "") if text else before)


def _moment(asked: Body | None, before: datetime | None) -> datetime | None:
    if asked is None:
        return before
    found = parse_moment(asked.text("dateTime"), zone_named(asked.text("timeZone") or "UTC"))
    if not EARLIEST <= found.year <= LATEST:
        raise bad_request(f"The year {found.year} is not one of a calendar.", "ErrorInvalidParameter")
    return found
