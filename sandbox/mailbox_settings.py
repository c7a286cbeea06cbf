"""Mailbox settings: the zone as the mailbox holds it, working hours, language and automatic replies."""

from datetime import timedelta

from sandbox.calls import Call, Json, Reply, chosen
from sandbox.custom_zones import custom_zone_json
from sandbox.evidence import evidence
from sandbox.mailboxes import Contents
from sandbox.routing import Routes
from sandbox.settings_changes import change_settings
from sandbox.zones import wall_clock

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LANGUAGES = {"en-GB": "English (United Kingdom)"}


def add_routes(routes: Routes) -> None:
    routes.add("GET", "users/{user}/mailboxSettings", get_settings)
    routes.add("PATCH", "users/{user}/mailboxSettings", update_settings)


def get_settings(call: Call) -> Reply:
    reply = chosen(_settings(call), call.select, "Microsoft.OutlookServices.MailboxSettings")
    reply.pop("id", None)
    return Reply(200, reply)


@evidence(
    "documented",
    "A PATCH answers with the updated properties only.",
    "learn.microsoft.com/graph/api/user-update-mailboxsettings",
)
def update_settings(call: Call) -> Reply:
    updated = change_settings(call)
    return Reply(200, {name: value for name, value in _settings(call).items() if "@" in name or name in updated})


def _settings(call: Call) -> Json:
    contents = call.mailbox.contents
    zone, zone_name = call.zone
    replies = contents.automatic_replies
    start = replies.start or call.now
    formats = {
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "dd/MM/yyyy",
        "timeFormat": "HH:mm",
        **contents.formats,
    }
    return {
        "@odata.context": call.context(f"users('{call.names['user']}')/mailboxSettings"),
        "archiveFolder": None,
        "timeZone": contents.zone,
        **formats,
        "userPurpose": "user",
        "automaticRepliesSetting": {
            "status": replies.status,
            "externalAudience": replies.audience or ("none" if replies.status == "disabled" else "all"),
            "internalReplyMessage": replies.internal,
            "externalReplyMessage": replies.external,
            "scheduledStartDateTime": wall_clock(start, zone, zone_name),
            "scheduledEndDateTime": wall_clock(replies.end or start + timedelta(days=1), zone, zone_name),
        },
        "language": {
            "locale": contents.language,
            "displayName": _LANGUAGES.get(contents.language, contents.language),
        },
        "workingHours": working_hours(contents, call.now.year),
    }


@evidence(
    "documented",
    "Working hours carry the zone's name, or a customTimeZone where the mailbox has rules instead of a name.",
    "graph docs, resources/workinghours.md and resources/customtimezone.md",
)
def working_hours(contents: Contents, year: int) -> Json:
    """As mailboxSettings and getSchedule both carry them; the rules of a custom zone are those of `year`."""
    custom = contents.custom_zone and not contents.hours_zone
    zone = custom_zone_json(contents.home, year) if custom else {"name": contents.hours_zone or contents.zone}
    return {
        "daysOfWeek": [_DAYS[day] for day in contents.weekdays],
        "startTime": f"{contents.opens}:00.0000000",
        "endTime": f"{contents.closes}:00.0000000",
        "timeZone": zone,
    }
