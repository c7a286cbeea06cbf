"""Time-zone names as mailboxes hold them (IANA or Windows), and Graph's ways of writing an instant."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence

evidence(
    "documented",
    "Zones are named as in Windows or as in the IANA database; another name is 400 TimeZoneNotSupportedException.",
    "learn.microsoft.com/graph/api/resources/datetimetimezone; the code as github.com/microsoftgraph issues quote it",
)
evidence(
    "assumed", "A wall time that a clock change skips moves forward with it.", "what calendars do; nothing is written"
)
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|z|[+ -]\d\d:?\d\d)?$")


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA or Windows name. Raises 400 TimeZoneNotSupportedException for any other."""
    if name.upper() in ("UTC", "TZONE://MICROSOFT/UTC", "ETC/GMT"):
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (KeyError, ValueError, OSError):
        message = f"A time zone with the specified ID could not be found: '{name[:80]}'."
        raise GraphError(400, "TimeZoneNotSupportedException", message) from None


def usable_zone(name: str) -> ZoneInfo:
    """The zone that a mailbox's own setting means; UTC where it is empty or custom."""
    try:
        return zone_named(name or "UTC")
    except GraphError:
        return ZoneInfo("UTC")


def parse_moment(text: object, zone: ZoneInfo | None = None) -> datetime:
    """An aware UTC instant from Graph's date formats; a text without offset is read as wall time of `zone`
    (or UTC).

    A wall time skipped by a clock change moves forward with it. Raises 400 for anything that is no date.
    """
    found = _MOMENT.match(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise bad_request(f"'{str(text)[:60]}' is not a date and time.", "ErrorInvalidParameter")
    year, month, day, hour, minute, second, offset = found.groups()
    try:
        wall = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
        if offset and offset not in "Zz":
            # A plus sign that nobody escaped in a query arrives as a space.
            east = -1 if offset[0] == "-" else 1
            digits = offset[1:].replace(":", "")
            return wall - east * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if zone is None or offset:
            return wall
        return wall.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_request(f"'{str(text)[:60]}' is not a date and time.", "ErrorInvalidParameter") from None


def stamp(moment: datetime) -> str:
    """`2030-02-04T09:00:00Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def long_stamp(moment: datetime) -> str:
    """`2030-02-04T09:00:00.0000000Z`, as events carry their creation."""
    return moment.astimezone(UTC).isoformat()[:19] + ".0000000Z"


def wall_clock(moment: datetime, zone: ZoneInfo | None, name: str) -> dict[str, Any]:
    """Graph's dateTimeTimeZone of an instant seen in `zone` (None: UTC), under the caller's name for it."""
    seen = moment if zone is None else moment.astimezone(zone)
    return {"dateTime": seen.isoformat()[:19] + ".0000000", "timeZone": name}
