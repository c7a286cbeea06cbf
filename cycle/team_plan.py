"""One manager's check-ins, each given its hour, so that their caps hold and no two touch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cycle.policy import Booking
from cycle.sentences import Sentence
from cycle.slots import Diary, Slot, free_slots, rank, reasons
from cycle.workdays import Span


@dataclass(frozen=True, slots=True)
class Request:
    """One check-in to place; `first`, `last` and `previous` (weekday and time) are in the employee's zone."""

    check_in_id: str
    employee: Diary
    partner: Diary
    due: date
    first: date
    last: date
    minutes: int
    previous: tuple[int, time] | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """What a manager is spared: check-ins a day and a week, and minutes between two of them."""

    per_day: int = 2
    per_week: int = 3
    minutes_between: int = 15

    @classmethod
    def of(cls, booking: Booking) -> "Caps":
        return cls(booking.per_manager_per_day, booking.per_manager_per_week, booking.minutes_between)


@dataclass(frozen=True, slots=True)
class Choice:
    check_in_id: str
    start: datetime
    end: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unplaced:
    check_in_id: str
    sentence: Sentence


def plan_team(
    requests: Sequence[Request],
    taken: Sequence[Span],
    person_taken: Mapping[str, Sequence[Span]],
    caps: Caps,
    partner_zone: str,
) -> tuple[list[Choice], list[Unplaced]]:
    """An hour for each request, or the sentence why there is none; both in order of due date and id.

    `taken` are all open bookings of the manager, `person_taken` the other ones of each check-in's employee.
    Each in turn gets the best hour that is left; if somebody is left without, once more with those first who
    have the fewest hours to choose from, and the plan that places more is taken. Same arguments, same plan.
    """
    in_turn = sorted(requests, key=lambda one: (one.due, one.check_in_id))
    hours = {one.check_in_id: _hours(one, person_taken.get(one.check_in_id, ())) for one in in_turn}
    placed = _place(in_turn, hours, taken, caps, partner_zone)
    if len(placed) < len(in_turn):
        scarcest = sorted(in_turn, key=lambda one: len(hours[one.check_in_id]))
        placed = max(placed, _place(scarcest, hours, taken, caps, partner_zone), key=len)
    choices, unplaced = [], []
    for one in in_turn:
        if slot := placed.get(one.check_in_id):
            why = reasons(slot, one.due, one.previous, one.employee.week.zone)
            choices.append(Choice(one.check_in_id, slot.start, slot.end, why))
        else:
            unplaced.append(Unplaced(one.check_in_id, _sentence(one, bool(hours[one.check_in_id]), caps)))
    return choices, unplaced


def fits(slot: Slot | Span | Choice, taken: Sequence[Span], caps: Caps, zone: str) -> bool:
    """Whether a manager whose open bookings are `taken` can have one more at `slot`: fewer than the caps on
    its local day and in its ISO week (dates of `zone`, the manager's), and far enough from each.
    """
    return _Bookings(taken, caps, zone).fits(slot)


def hours_left(
    request: Request, taken: Sequence[Span], others: Sequence[Span], caps: Caps, partner_zone: str
) -> list[Slot]:
    """Every hour that one more check-in could have, best first. `taken` and `others` are as in plan_team."""
    bookings = _Bookings(taken, caps, partner_zone)
    return [slot for slot in _hours(request, others) if bookings.fits(slot)]


class _Bookings:
    def __init__(self, taken: Sequence[Span], caps: Caps, zone: str) -> None:
        self._caps, self._zone = caps, ZoneInfo(zone)
        self._buffer = timedelta(minutes=caps.minutes_between)
        self._spans: list[Span] = []
        self._days: Counter[date] = Counter()
        self._weeks: Counter[date] = Counter()
        for span in taken:
            self.add(span)

    def _day_and_week(self, start: datetime) -> tuple[date, date]:
        day = start.astimezone(self._zone).date()
        return day, day - timedelta(days=day.weekday())

    def add(self, span: Span | Slot) -> None:
        day, week = self._day_and_week(span.start)
        self._days[day] += 1
        self._weeks[week] += 1
        self._spans.append(Span(span.start, span.end))

    def fits(self, slot: Slot | Span | Choice) -> bool:
        day, week = self._day_and_week(slot.start)
        if self._days[day] >= self._caps.per_day or self._weeks[week] >= self._caps.per_week:
            return False
        kept_free = Span(slot.start - self._buffer, slot.end + self._buffer)
        return not any(span.overlaps(kept_free) for span in self._spans)


def _hours(request: Request, others: Sequence[Span]) -> list[Slot]:
    """The hours that suit both, without the employee's other bookings, best first."""
    free = free_slots(request.employee, request.partner, request.first, request.last, request.minutes)
    left = [slot for slot in free if not any(Span(slot.start, slot.end).overlaps(other) for other in others)]
    return rank(left, request.due, request.previous, request.employee.week.zone)


def _place(
    requests: Sequence[Request],
    hours: Mapping[str, Sequence[Slot]],
    taken: Sequence[Span],
    caps: Caps,
    zone: str,
) -> dict[str, Slot]:
    bookings = _Bookings(taken, caps, zone)
    placed: dict[str, Slot] = {}
    for one in requests:
        slot = next((slot for slot in hours[one.check_in_id] if bookings.fits(slot)), None)
        if slot:
            bookings.add(slot)
            placed[one.check_in_id] = slot
    return placed


def _sentence(request: Request, some_hours: bool, caps: Caps) -> Sentence:
    if not some_hours:
        return Sentence(
            "No hour between {first} and {last} is free for both; move something, or allow a later date.",
            first=request.first,
            last=request.last,
        )
    return Sentence(
        "Each hour between {first} and {last} that is free for both would be more than {day} check-ins a day or "
        "{week} a week for the manager, or too close to another; allow a later date, or raise the limits.",
        first=request.first,
        last=request.last,
        day=caps.per_day,
        week=caps.per_week,
    )
