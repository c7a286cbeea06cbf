"""Which of the things waiting for a person go out now, in one message, and when to look again.

One message a person a day, everything due merged into it. What travels alone (forms, pre-reads) is not counted.
What expires joins the day's message; the rest joins while the week has room, else the digest on the first day of
the recipient's week.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from cycle.mail_window import MailHours, next_opening
from cycle.workdays import Span, WorkWeek

SETTLING = timedelta(minutes=5)
"""How long a message waits for what falls due at the same opening."""

MANY_OPEN_ACTIONS = 3
"""With more open actions than this, the softer mentions wait for the digest."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something to tell the recipient from `due_at` on. `soft`: waits for the digest if they own many open actions."""

    key: str
    travels: Literal["alone", "expires", "may_wait"]
    due_at: datetime
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """What is known of the recipient. `sent` are the instants of the counted messages of the last two weeks."""

    week: WorkWeek
    hours: MailHours
    away: tuple[Span, ...]
    sent: tuple[datetime, ...]
    open_actions: int
    a_day: int
    a_week: int


@dataclass(frozen=True, slots=True)
class Compose:
    """Put these into one message, now."""

    keys: tuple[str, ...]
    counted: bool


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


def sort(items: Sequence[Waiting], box: Box, now: datetime) -> Compose | Wait | None:
    """Decides for this instant; None when nothing waits."""
    items = sorted(items, key=lambda item: (item.due_at, item.key))
    alone = [item for item in items if item.travels == "alone"]
    looks = [_opening(box, max(item.due_at, now)) for item in alone]
    for item, at in zip(alone, looks, strict=True):
        if at <= now:
            return Compose((item.key,), counted=False)
    ready = {item.key: _ready(item, box, now) for item in items if item.travels != "alone"}
    if ready:
        at = _day_with_room(box, max(_settled(box, min(ready.values())), now))
        if at <= now:
            return Compose(tuple(key for key, since in ready.items() if since <= now), counted=True)
        looks.append(at)
    return Wait(min(looks)) if looks else None


def _ready(item: Waiting, box: Box, now: datetime) -> datetime:
    """From when this item may be in a message: an opening, and today's if it was due before today."""
    today = box.week.instant(box.week.local_day(now), time())
    at = _day_with_room(box, max(item.due_at, today))
    full = item.travels == "may_wait" and _sent_in_week(box, at) >= box.a_week
    if full or (item.soft and box.open_actions > MANY_OPEN_ACTIONS):
        return _digest(box, at)
    return at


def _opening(box: Box, at: datetime) -> datetime:
    return next_opening(box.week, box.hours, box.away, at)


def _settled(box: Box, at: datetime) -> datetime:
    """A moment after the first opening from `at` on, unless the window or the day is over by then."""
    opening = _opening(box, at)
    later = opening + SETTLING
    same = _opening(box, later) == later and box.week.local_day(later) == box.week.local_day(opening)
    return later if same else opening


def _day_with_room(box: Box, at: datetime) -> datetime:
    """The first opening at or after `at` on a day whose message has not gone yet."""
    at = _opening(box, at)
    while _sent_on(box, box.week.local_day(at)) >= box.a_day:
        tomorrow = box.week.local_day(at) + timedelta(days=1)
        at = _opening(box, box.week.instant(tomorrow, box.week.opens))
    return at


def _digest(box: Box, at: datetime) -> datetime:
    """The first open day of a week with room: this week's if `at` is on it, else a later week's."""
    while True:
        day = box.week.local_day(at)
        begins = box.week.week_of(day)
        first = _opening(box, box.week.instant(begins, box.week.opens))
        if box.week.local_day(first) == day and _sent_in_week(box, at) < box.a_week:
            return at
        next_week = begins + timedelta(days=7)
        at = _day_with_room(box, box.week.instant(next_week, box.week.opens))


def _sent_on(box: Box, day: date) -> int:
    return _count(box.week.local_day(each) == day for each in box.sent)


def _sent_in_week(box: Box, at: datetime) -> int:
    week = box.week.week_of(box.week.local_day(at))
    return _count(box.week.week_of(box.week.local_day(each)) == week for each in box.sent)


def _count(matches: Iterable[bool]) -> int:
    return sum(matches)
