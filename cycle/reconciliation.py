"""Compares what our tables say of an organizer's calendar with what stands in it, both ways, by the events' keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cycle.calendar_watch import Window


class Difference(StrEnum):
    MISSING = "missing"
    """We have it booked, or it keeps its event until there is another hour, and no event stands."""
    MOVED = "moved"
    ATTENDEE_GONE = "attendee_gone"
    DOUBLED = "doubled"
    """A second event of a booking whose own event stands."""
    SUPERSEDED = "superseded"
    """An event of ours for an hour that was given up."""
    UNKNOWN = "unknown"
    """It has a key of ours, and no check-in here is meant."""


READ_AGAIN = frozenset({Difference.MISSING, Difference.MOVED, Difference.ATTENDEE_GONE})
"""Mended by reading the event again, as if Outlook had told: there it is decided what becomes of the talk."""

CANCELLED = frozenset({Difference.DOUBLED, Difference.SUPERSEDED})
"""Mended by cancelling the event, kindly. All others are for a person."""


@dataclass(frozen=True, slots=True)
class Ours:
    """A check-in's newest booking. `state` is the booking's; `takes_place` that the check-in is still open,
    `called_off` that it was given up; neither, that it is over. `people`: of each whom it invites, the addresses that
    they have or had, lower case.
    """

    check_in_id: str
    no: int
    state: str
    takes_place: bool
    called_off: bool
    organizer: str
    event_id: str | None
    start: datetime
    end: datetime
    people: frozenset[frozenset[str]] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Standing:
    """An event with a key of ours that was not cancelled."""

    event_id: str
    key: str
    start: datetime
    end: datetime
    people: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Finding:
    difference: Difference
    check_in_id: str
    event_id: str | None
    start: datetime


def check_in_of(key: str) -> str | None:
    """The check-in's id in "booking/<check-in>/<number>", the key of an event; None for any other key."""
    kind, _, rest = key.partition("/")
    check_in_id, slash, number = rest.rpartition("/")
    return check_in_id if kind == "booking" and slash and number.isdecimal() and check_in_id else None


def compare(
    organizer: str,
    before: Iterable[Ours],
    after: Mapping[str, Ours],
    events: Iterable[Standing],
    window: Window,
) -> list[Finding]:
    """What differs, in the order of the hours.

    `before` are the bookings of this organizer as they were before the calendar was read, `after` those and all that
    the events name, by check-in, as they were afterwards: what changed in between is no difference.
    """
    standing = {event.event_id: event for event in events}
    found = []
    for event in standing.values():
        check_in_id = check_in_of(event.key)
        owner = after.get(check_in_id) if check_in_id else None
        difference = _of_event(organizer, event, owner, standing)
        if difference:
            found.append(Finding(difference, check_in_id or "", event.event_id, event.start))
    for ours in before:
        if ours.state not in {"booked", "moved"} or not ours.takes_place or after.get(ours.check_in_id) != ours:
            continue
        difference = _of_booking(ours, standing.get(ours.event_id or ""), window)
        if difference:
            found.append(Finding(difference, ours.check_in_id, ours.event_id, ours.start))
    return sorted(found, key=lambda each: (each.start, each.check_in_id, each.event_id or ""))


def _of_event(
    organizer: str, event: Standing, owner: Ours | None, standing: Mapping[str, Standing]
) -> Difference | None:
    """Whether an event is one too many."""
    if owner is None:
        return Difference.UNKNOWN
    if owner.state == "intended" and owner.takes_place:
        # It is being written at this moment: whoever writes it looks its key up first.
        return None
    if owner.organizer.casefold() != organizer.casefold():
        return Difference.SUPERSEDED
    if event.event_id == owner.event_id:
        # Before it has another hour, a talk that is to move keeps its event.
        is_meant = owner.state in {"booked", "moved"} and not owner.called_off
        return None if is_meant else Difference.SUPERSEDED
    if owner.state == "booked" and owner.takes_place:
        if owner.event_id not in standing:
            # Its own event is missing: what becomes of the talk is decided first.
            return None
        return Difference.DOUBLED if event.key.endswith(f"/{owner.no}") else Difference.SUPERSEDED
    return None if owner.state == "moved" and owner.takes_place else Difference.SUPERSEDED


def _of_booking(ours: Ours, event: Standing | None, window: Window) -> Difference | None:
    if event is None:
        return Difference.MISSING if ours.end > window.start and ours.start < window.end else None
    if (event.start, event.end) != (ours.start, ours.end):
        return Difference.MOVED
    if ours.state == "moved":
        return None
    return None if all(each & event.people for each in ours.people) else Difference.ATTENDEE_GONE
