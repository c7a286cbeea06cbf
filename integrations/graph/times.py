"""Graph's times and zone names against ours: aware UTC instants and IANA zones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from tzlocal import windows_tz

ZONES = frozenset(available_timezones())


def iana_zone(name: str | None) -> str | None:
    """The IANA name of an IANA or Windows zone; None for what is neither, like tzone://Microsoft/Custom."""
    if not name:
        return None
    if name in ZONES:
        return name
    return windows_tz.win_tz.get(name)


def instant(moment: DateTimeTimeZone) -> datetime:
    """The UTC instant of a wall time in its zone, or in UTC where it names none that is known."""
    wall = datetime.fromisoformat(moment.date_time or "")
    zone = ZoneInfo(iana_zone(moment.time_zone) or "UTC")
    return (wall if wall.tzinfo else wall.replace(tzinfo=zone)).astimezone(UTC)


def wall_time(moment: datetime, zone: str) -> DateTimeTimeZone:
    """An instant as the wall time of an IANA zone; so an event keeps its hour when the clocks change."""
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return DateTimeTimeZone(date_time=local.isoformat(timespec="seconds"), time_zone=zone)
