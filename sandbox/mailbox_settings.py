"""Mailbox settings: the zone as the mailbox holds it, working hours, language and automatic replies."""

from datetime import timedelta

from sandbox.calls import Call, Json, Reply, chosen
from sandbox.custom_zones import custom_zone_json
from sandbox.evidence import evidence
from sandbox.mailboxes import Contents
from sandbox.routing import Routes
from sandbox.zones import wall_clock

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def add_routes(routes: Routes) -> None:
    routes.add("GET", "users/{user}/mailboxSettings", get_settings)


def get_settings(call: Call) -> Reply:
    contents = call.mailbox.contents
    zone, zone_name = call.zone
    replies = contents.automatic_replies
    start = replies.start or call.now
    full: Json = {
        "@odata.context": call.context(f"users('{call.names['user']}')/mailboxSettings"),
        "archiveFolder": None,
        "timeZone": contents.zone,
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "dd/MM/yyyy",
        "timeFormat": "HH:mm",
        "userPurpose": "user",
        "automaticRepliesSetting": {
            "status": replies.status,
            "externalAudience": "none" if replies.status == "disabled" else "all",
            "internalReplyMessage": "",
            "externalReplyMessage": "",
            "scheduledStartDateTime": wall_clock(start, zone, zone_name),
            "scheduledEndDateTime": wall_clock(replies.end or start + timedelta(days=1), zone, zone_name),
        },
        "language": {"locale": contents.language, "displayName": "English (United Kingdom)"},
        "workingHours": working_hours(contents, call.now.year),
    }
    reply = chosen(full, call.select, "Microsoft.OutlookServices.MailboxSettings")
    reply.pop("id", None)
    return Reply(200, reply)


@evidence(
    "documented",
    "Working hours carry the zone's name, or a customTimeZone where the mailbox has rules instead of a name.",
    "graph docs, resources/workinghours.md and resources/customtimezone.md",
)
def working_hours(contents: Contents, year: int) -> Json:
    """As mailboxSettings and getSchedule both carry them; the rules of a custom zone are those of `year`."""
    custom = custom_zone_json(contents.home, year) if contents.custom_zone else {"name": contents.zone}
    return {
        "daysOfWeek": [_DAYS[day] for day in contents.weekdays],
        "startTime": f"{contents.opens}:00.0000000",
        "endTime": f"{contents.closes}:00.0000000",
        "timeZone": custom,
    }
