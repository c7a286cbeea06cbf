"""The hours at which two people can talk, and which of them is the best."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cycle.reasons import (
    AS_LAST_TIME,
    IN_WEEK_OF_DUE_DATE,
    INSIDE,
    NEAREST_TO_DUE_DATE,
    ON_DUE_DATE,
    OUTSIDE,
    OVER_TENTATIVE,
)
from cycle.sentences import Sentence, ShortDay
from cycle.workdays import ONE_DAY, WorkWeek

# Two people who share less than this in a day meet within the wide hours, each by their own wall clock.
LEAST_SHARED_MINUTES = 60
WIDE_OPENS, WIDE_CLOSES = time(7), time(20)

# Starts and ends between these are preferred where nothing else decides (local wall-clock time).
GOOD_OPENS, GOOD_CLOSES = time(10), time(16)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MINUTE = timedelta(minutes=1)

# From one minute since the epoch up to, not including, another: whole days are searched faster in integers.
Minutes = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Busy:
    """Something in a calendar. Free and workingElsewhere are not passed on; UTC instants."""

    start: datetime
    end: datetime
    status: Literal["tentative", "busy", "oof"]


@dataclass(frozen=True, slots=True)
class Diary:
    """All that is known of one person's time."""

    week: WorkWeek
    busy: tuple[Busy, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour for a conversation; `outside_minutes` sums both people's minutes outside working hours."""

    start: datetime
    end: datetime
    outside_minutes: int = 0
    tentative: bool = False


def free_slots(
    employee: Diary, partner: Diary, first: date, last: date, minutes: int, step_minutes: int = 15
) -> list[Slot]:
    """Every hour of `minutes` at which both can talk, `first` to `last` (the employee's dates), in order.

    1. Only days count that are workdays of both, each by their own local date.
    2. A start lies on the grid of `step_minutes` (a divisor of 60) of the employee's wall clock.
    3. A day's room is what the two working times share. Where that is under 60 minutes, it is what lies
       within 07:00-20:00 for both, and only the slots least outside working hours are returned.
    4. What is busy or out of office for either is taken away; what is tentative is kept and flagged.
    """
    if step_minutes < 1 or 60 % step_minutes:
        raise ValueError(f"A grid of {step_minutes} minutes does not divide an hour; use 5, 10, 15, 20, 30 or 60.")
    everything = (*employee.busy, *partner.busy)
    blocked = _merged(one for one in everything if one.status != "tentative")
    tentative = _merged(one for one in everything if one.status == "tentative")
    slots: list[Slot] = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        rooms, worked = _rooms(employee.week, partner.week, day)
        found = [
            _slot(start, minutes, worked, tentative)
            for room in rooms
            for gap in _gaps(room, blocked)
            for start in _starts(employee.week, gap, minutes, step_minutes)
        ]
        least = min((slot.outside_minutes for slot in found), default=0)
        slots += [slot for slot in found if slot.outside_minutes == least]
    return slots


def rank(slots: Iterable[Slot], due: date, previous: tuple[int, time] | None, zone: str) -> list[Slot]:
    """Best first: not tentative, fewest weeks from the week of `due`, the weekday and then the hour of the
    `previous` conversation (Monday is 0, wall-clock time of `zone`), fewest days from `due`, within
    10:00-16:00, earliest.
    """
    local = ZoneInfo(zone)

    def order(slot: Slot) -> tuple[bool, int, bool, int, int, bool, datetime]:
        start, end = slot.start.astimezone(local), slot.end.astimezone(local)
        day = start.date()
        return (
            slot.tentative,
            _weeks_apart(day, due),
            previous is not None and day.weekday() != previous[0],
            0 if previous is None else _unlike(start.time(), previous[1]),
            abs((day - due).days),
            not (start.time() >= GOOD_OPENS and end.time() <= GOOD_CLOSES and end.date() == day),
            slot.start,
        )

    return sorted(slots, key=order)


def reasons(slot: Slot, due: date, previous: tuple[int, time] | None, zone: str) -> tuple[str, ...]:
    """Why this hour, in words for both people; the arguments are those of rank."""
    start = slot.start.astimezone(ZoneInfo(zone))
    day = ShortDay(due)
    found = [OUTSIDE if slot.outside_minutes else INSIDE]
    if start.date() == due:
        found.append(Sentence(ON_DUE_DATE.template, day=day))
    elif _weeks_apart(start.date(), due) == 0:
        found.append(Sentence(IN_WEEK_OF_DUE_DATE.template, day=day))
    else:
        found.append(Sentence(NEAREST_TO_DUE_DATE.template, day=day))
    if previous == (start.weekday(), start.time()):
        found.append(AS_LAST_TIME)
    if slot.tentative:
        found.append(OVER_TENTATIVE)
    return tuple(found)


def _rooms(employee: WorkWeek, partner: WorkWeek, day: date) -> tuple[list[Minutes], list[Minutes]]:
    """Where the employee's `day` has room for a talk, and both people's working times, one a person and day.

    Within the shared hours the second is empty: nothing there can be outside.
    """
    own = _working(employee, [day])
    if not own:
        return [], []
    # The partner's dates that can touch the employee's day, and the one before, which may last past midnight.
    nearest = partner.local_day(EPOCH + own[0][0] * ONE_MINUTE)
    dates = [nearest + timedelta(days=offset) for offset in (-2, -1, 0, 1, 2)]
    theirs = _working(partner, dates)
    shared = _common(own, theirs)
    if sum(end - start for start, end in shared) >= LEAST_SHARED_MINUTES:
        return shared, []
    return (
        _common(_wide(employee, [day]), _wide(partner, dates)),
        [*_working(employee, [day - ONE_DAY]), *own, *theirs],
    )


def _working(week: WorkWeek, dates: Iterable[date]) -> list[Minutes]:
    spans = (week.working_span(day) for day in dates)
    return [(_minute(span.start), _minute(span.end)) for span in spans if span]


def _wide(week: WorkWeek, dates: Iterable[date]) -> list[Minutes]:
    return [
        (_minute(week.instant(day, WIDE_OPENS)), _minute(week.instant(day, WIDE_CLOSES)))
        for day in dates
        if week.works_on(day)
    ]


def _slot(start: int, minutes: int, worked: Sequence[Minutes], tentative: Sequence[Minutes]) -> Slot:
    end = start + minutes
    outside = 0
    if worked:
        inside = sum(max(0, min(end, closes) - max(start, opens)) for opens, closes in worked)
        outside = 2 * minutes - inside
    at = EPOCH + start * ONE_MINUTE
    return Slot(at, at + minutes * ONE_MINUTE, outside, _touches(start, end, tentative))


def _starts(week: WorkWeek, gap: Minutes, minutes: int, step: int) -> range:
    offset = (EPOCH + gap[0] * ONE_MINUTE).astimezone(ZoneInfo(week.zone)).utcoffset() or timedelta()
    wall = gap[0] + offset // ONE_MINUTE
    return range(gap[0] + -wall % step, gap[1] - minutes + 1, step)


def _gaps(room: Minutes, blocked: Sequence[Minutes]) -> list[Minutes]:
    gaps, start = [], room[0]
    for opens, closes in blocked[max(0, bisect_right(blocked, (start, start)) - 1) :]:
        if opens >= room[1]:
            break
        if opens > start:
            gaps.append((start, opens))
        start = max(start, closes)
    if start < room[1]:
        gaps.append((start, room[1]))
    return gaps


def _common(some: Sequence[Minutes], others: Sequence[Minutes]) -> list[Minutes]:
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in some for b in others)
    return sorted({(start, end) for start, end in pairs if start < end})


def _merged(busy: Iterable[Busy]) -> list[Minutes]:
    """Sorted and disjoint; a part of a minute blocks it whole."""
    merged: list[Minutes] = []
    for start, end in sorted((_minute(one.start), -_minute_down(one.end)) for one in busy if one.start < one.end):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _touches(start: int, end: int, spans: Sequence[Minutes]) -> bool:
    nearest = bisect_right(spans, (end - 1, end)) - 1
    return nearest >= 0 and spans[nearest][1] > start and spans[nearest][0] < end


def _minute(instant: datetime) -> int:
    return (instant - EPOCH) // ONE_MINUTE


def _minute_down(instant: datetime) -> int:
    return (EPOCH - instant) // ONE_MINUTE


def _weeks_apart(day: date, due: date) -> int:
    def monday(one: date) -> date:
        return one - timedelta(days=one.weekday())

    return abs((monday(day) - monday(due)).days) // 7


def _unlike(start: time, previous: time) -> int:
    """0 for the same wall-clock time, 1 for another minute of the same hour, else 2."""
    if (start.hour, start.minute) == (previous.hour, previous.minute):
        return 0
    return 1 if start.hour == previous.hour else 2
