"""A time zone that a mailbox describes by rules instead of a name, as Graph's customTimeZone."""

import calendar
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.evidence import evidence
from sandbox.recurrence_json import DAYS

# What a mailbox may say instead of a zone; both stand for rules of the mailbox's own.
CUSTOM_ZONES = ("tzone://Microsoft/Custom", "Customized Time Zone")
_HALF_HOUR = timedelta(minutes=30)

evidence(
    "documented",
    "bias is minutes behind UTC (480 in Seattle), daylightBias what summer adds to it (-60); the offsets say when each"
    " begins.",
    "the answer shown in graph docs, api/calendar-getschedule.md; the words of resources/customtimezone.md differ",
)


@lru_cache(maxsize=256)
def custom_zone_json(zone: ZoneInfo, year: int) -> dict[str, Any]:
    """The rules that `zone` has in `year`; without daylight saving time both begin on the zero date, as Exchange
    writes it.
    """
    changes = _changes(zone, year)
    standard: dict[str, Any] = {"time": "00:00:00.0000000", "dayOccurrence": 0, "dayOfWeek": "sunday", "month": 0}
    daylight, bias = dict(standard), _minutes(zone, datetime(year, 1, 1, tzinfo=UTC))
    daylight_bias = 0
    for moment in changes:
        wall = (moment - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None) + timedelta(seconds=1)
        last = wall.day + 7 > calendar.monthrange(wall.year, wall.month)[1]
        rule = {
            "time": f"{wall:%H:%M:%S}.0000000",
            "dayOccurrence": 5 if last else (wall.day - 1) // 7 + 1,
            "dayOfWeek": DAYS[wall.weekday()],
            "month": wall.month,
        }
        if moment.astimezone(zone).dst():
            daylight, daylight_bias = rule, _minutes(zone, moment - _HALF_HOUR) - _minutes(zone, moment)
        else:
            standard, bias = rule, _minutes(zone, moment)
    return {
        "@odata.type": "#microsoft.graph.customTimeZone",
        "name": "Customized Time Zone",
        "bias": -bias,
        "standardOffset": {**standard, "year": 0},
        "daylightOffset": {
            "@odata.type": "#microsoft.graph.daylightTimeZoneOffset",
            **daylight,
            "year": 0,
            "daylightBias": daylight_bias,
        },
    }


def _changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The instants of `year` at which the zone's offset becomes another."""
    moment, found = datetime(year, 1, 1, tzinfo=UTC), []
    while moment.year == year:
        if _minutes(zone, moment) != _minutes(zone, moment - _HALF_HOUR):
            found.append(moment)
        moment += _HALF_HOUR
    return found


def _minutes(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds() // 60) if offset is not None else 0
