"""A recurrence as Graph reads and writes it: `{"pattern": ..., "range": ...}`."""

from datetime import date
from typing import Any

from sandbox.bodies import Body
from sandbox.errors import bad_request
from sandbox.evidence import evidence
from sandbox.recurrence import INDEXES, KINDS, Recurrence

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Exchange's calendar begins and ends with these years.
EARLIEST, LATEST = 1601, 4500
_NEVER = "0001-01-01"
_MOST = 999
_NEEDED: dict[str, tuple[str, ...]] = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}

evidence(
    "documented",
    "What each pattern type and range type requires; a request without it is refused.",
    "graph docs, resources/recurrencepattern.md and resources/recurrencerange.md",
)
evidence("assumed", "A series has at most 999 counted occurrences.", "Outlook's recurrence dialog takes no more")
evidence(
    "assumed",
    "A range without any occurrence is 400 ErrorRecurrenceHasNoOccurrence.",
    "the response code of that name in Exchange Web Services",
)


def read_recurrence(body: Body) -> Recurrence:
    """Raises 400 for a pattern or range that lacks what its type needs."""
    pattern, span = body.record("pattern"), body.record("range")
    if pattern is None or span is None:
        raise _invalid("A recurrence needs a pattern and a range.")
    kind = pattern.choice("type", KINDS, "")
    for name in _NEEDED[kind]:
        if not pattern.values.get(name):
            raise _invalid(f"A pattern of type {kind} needs {name}.")
    weekdays = [day.lower() for day in pattern.texts("daysOfWeek")]
    if not set(weekdays) <= set(DAYS):
        raise _invalid(f"daysOfWeek takes {', '.join(DAYS)}.")
    interval = _within(pattern, "interval", 1, 1, _MOST)
    range_type = span.choice("type", ("endDate", "noEnd", "numbered"), "")
    rule = Recurrence(
        kind=kind,
        first=_day(span, "startDate"),
        interval=interval,
        weekdays=tuple(sorted({DAYS.index(day) for day in weekdays})),
        month_day=_within(pattern, "dayOfMonth", 0, 0, 31) or 1,
        month=_within(pattern, "month", 0, 0, 12) or 1,
        index=pattern.choice("index", INDEXES, "first"),
        week_start=DAYS.index(pattern.choice("firstDayOfWeek", DAYS, "sunday")),
        until=_day(span, "endDate") if range_type == "endDate" else None,
        times=_within(span, "numberOfOccurrences", 0, 1, _MOST) if range_type == "numbered" else None,
    )
    if rule.first_day() is None:
        raise no_occurrence()
    return rule


def recurrence_json(rule: Recurrence, zone: str) -> dict[str, Any]:
    """With the zeros and firsts that Graph writes where a pattern has no use for a property."""
    uses_weekdays = rule.kind == "weekly" or rule.kind.startswith("relative")
    return {
        "pattern": {
            "type": rule.kind,
            "interval": rule.interval,
            "month": rule.month if rule.kind.endswith("Yearly") else 0,
            "dayOfMonth": rule.month_day if rule.kind.startswith("absolute") else 0,
            **({"daysOfWeek": [DAYS[day] for day in rule.weekdays]} if uses_weekdays else {}),
            "firstDayOfWeek": DAYS[rule.week_start],
            "index": rule.index,
        },
        "range": {
            "type": "numbered" if rule.times is not None else "endDate" if rule.until is not None else "noEnd",
            "startDate": rule.first.isoformat(),
            "endDate": rule.until.isoformat() if rule.until is not None else _NEVER,
            "recurrenceTimeZone": zone,
            "numberOfOccurrences": rule.times or 0,
        },
    }


def no_occurrence() -> Exception:
    return bad_request("The recurrence pattern doesn't have any occurrences.", "ErrorRecurrenceHasNoOccurrence")


def _within(body: Body, name: str, default: int, least: int, most: int) -> int:
    value = body.number(name, default)
    if not least <= value <= most:
        raise _invalid(f"{name} must be {least} to {most}.")
    return value


def _day(body: Body, name: str) -> date:
    text = body.text(name)
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise _invalid(f"{name} is not a date: '{text[:40]}'.") from None
    if not EARLIEST <= found.year <= LATEST:
        raise _invalid(f"{name} must be in the years {EARLIEST} to {LATEST}.")
    return found


def _invalid(message: str) -> Exception:
    return bad_request(message, "ErrorInvalidRecurrence")
