"""What somebody did to a booked event in Outlook, read off a fresh look at it, and the least disturbing answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cycle.reasons import AS_PROPOSED, MOVED_IN_OUTLOOK
from cycle.workdays import Span, WorkWeek

Hour = tuple[datetime, datetime]
"""From when until when, as UTC instants."""

CHOSEN_BY_PEOPLE = (MOVED_IN_OUTLOOK, AS_PROPOSED)
"""Reasons of hours that no rule of ours chose, and that none of ours calls into question."""

AHEAD = timedelta(hours=2)
"""How far ahead a proposed hour must be to be taken up without asking: later than that nobody refreshes a pre-read."""


@dataclass(frozen=True, slots=True)
class Untouched:
    """The event is as we last wrote or intend it."""


@dataclass(frozen=True, slots=True)
class Moved:
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The event is gone or was cancelled by whoever organizes it."""


@dataclass(frozen=True, slots=True)
class Declined:
    by: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """Another hour was proposed; `declined` if either of the two turned the booked one down."""

    by: str
    start: datetime
    end: datetime
    declined: bool = False


@dataclass(frozen=True, slots=True)
class TentativelyAccepted:
    by: str


@dataclass(frozen=True, slots=True)
class AttendeeRemoved:
    """The event no longer invites this one of the two."""

    who: str


@dataclass(frozen=True, slots=True)
class AttendeeGoneSilently:
    """Declined or deleted "without a response": only this person's own calendar shows that the event is not there."""

    who: str


@dataclass(frozen=True, slots=True)
class BodyEdited:
    """Somebody rewrote the text, and our link is not in it any more."""


@dataclass(frozen=True, slots=True)
class Overbooked:
    """Somebody has something else at this hour, booked afterwards."""

    who: str


@dataclass(frozen=True, slots=True)
class OutsideTheDay:
    """Somebody does not work at this hour any more: leave, or a holiday that was added."""

    who: str


MeetingChange = (
    Untouched
    | Moved
    | Cancelled
    | Declined
    | Proposed
    | TentativelyAccepted
    | AttendeeRemoved
    | AttendeeGoneSilently
    | BodyEdited
    | Overbooked
    | OutsideTheDay
)


class Reply(StrEnum):
    """What we do about it."""

    NOTHING = "nothing"
    FOLLOW = "follow"
    """Our rows follow the event."""
    MOVE = "move"
    """The event moves to the hour that was proposed."""
    OFFER = "offer"
    """The hour is given up, and both choose from three others."""
    OFFER_BESIDE = "offer beside"
    """The hour stays unless somebody chooses one of three others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An attendee's: `response` in Graph's words; `proposed` is the hour that would suit them better."""

    response: str
    at: datetime | None = None
    proposed: Hour | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The event as its organizer's calendar has it. `answers` by the mail address of everybody invited, lower case."""

    hour: Hour
    cancelled: bool = False
    answers: Mapping[str, Answer] = field(default_factory=dict)
    has_our_link: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of somebody's calendar, as getSchedule tells it: `status` is free, tentative, busy or oof."""

    hour: Hour
    status: str


@dataclass(frozen=True, slots=True)
class Look:
    """One of the two and their own calendar around the hour.

    `entries` is None when it cannot be read; `invited` is false for whoever organizes the event themselves.
    """

    who: str
    week: WorkWeek
    away: Sequence[Span] = ()
    entries: Sequence[Shown] | None = None
    invited: bool = True


def classify(booked: Hour, event: Seen | None, invited: Sequence[str], since: datetime, now: datetime) -> MeetingChange:
    """Compares our booking with the event; None for one that is gone.

    `invited` are the mail addresses, lower case, of those of the two that it must invite; what was answered before
    `since`, when this hour was given, was said of another hour. Of two proposals the later one is the news. Once the
    hour is over only a move is: an event that is cleared away afterwards says nothing about the talk.
    """
    over = now >= booked[1]
    if event is None or event.cancelled:
        return Untouched() if over else Cancelled()
    if event.hour != booked:
        return Moved(*event.hour)
    if over:
        return Untouched()
    for who in invited:
        if who not in event.answers:
            return AttendeeRemoved(who)
    fresh = {who: event.answers[who] for who in invited if _said_since(event.answers[who], since)}
    declined = [who for who, answer in fresh.items() if answer.response == "declined"]
    proposed = [(answer.at or since, who, answer.proposed) for who, answer in fresh.items() if answer.proposed]
    for _, who, hour in sorted(proposed, reverse=True):
        if hour != booked:
            return Proposed(who, *hour, declined=bool(declined))
    if declined:
        return Declined(declined[0])
    if not event.has_our_link:
        return BodyEdited()
    for who, answer in fresh.items():
        if answer.response == "tentativelyAccepted":
            return TentativelyAccepted(who)
    return Untouched()


def look_around(booked: Hour, looks: Sequence[Look], reasons: Sequence[str], silence: bool) -> MeetingChange:
    """What the two calendars say that the event does not; `silence`: whether to look for a copy that is gone.

    An hour that people chose themselves (by its `reasons`) may lie on a day off or over something else.
    """
    chosen = any(reason in CHOSEN_BY_PEOPLE for reason in reasons)
    for look in looks:
        if _is_away(booked, look, chosen):
            return OutsideTheDay(look.who)
    for look in looks:
        if silence and look.invited and look.entries is not None and _ours(booked, look.entries) is None:
            return AttendeeGoneSilently(look.who)
    for look in looks:
        if not chosen and any(each.status == "busy" for each in _others(booked, look)):
            return Overbooked(look.who)
    return Untouched()


def reply_to(change: MeetingChange, proposal_fits: bool = False) -> Reply:
    """The least disturbing answer.

    A proposal that fits is taken up; while both still come, the hour stays meanwhile. An hour with something
    else over it stays: people double-book on purpose.
    """
    match change:
        case Moved():
            return Reply.FOLLOW
        case Proposed(declined=declined):
            if proposal_fits:
                return Reply.MOVE
            return Reply.OFFER if declined else Reply.OFFER_BESIDE
        case Cancelled() | Declined() | AttendeeRemoved() | AttendeeGoneSilently() | OutsideTheDay():
            return Reply.OFFER
        case Overbooked():
            return Reply.OFFER_BESIDE
        case _:
            return Reply.NOTHING


def proposal_fits(proposed: Hour, booked: Hour, looks: Sequence[Look], now: datetime) -> bool:
    """Whether a proposed hour is free for both and within the working day of both, and far enough ahead.

    Where the event stands now does not count as taken, so that it can be proposed half an hour later.
    """
    if proposed[0] < now + AHEAD or proposed[1] <= proposed[0]:
        return False
    return all(
        look.entries is not None
        and _within_the_day(proposed, look.week)
        and not any(span.overlaps(Span(*proposed)) for span in look.away)
        and not any(
            each.status not in ("free", "workingElsewhere", "tentative") and _overlap(each.hour, proposed)
            for each in _without_ours(booked, look)
        )
        for look in looks
    )


def _said_since(answer: Answer, since: datetime) -> bool:
    return answer.at is None or answer.at >= since


def _is_away(booked: Hour, look: Look, chosen: bool) -> bool:
    if any(span.contains(booked[0]) for span in look.away):
        return True
    if any(each.status == "oof" for each in _others(booked, look)):
        return True
    return not chosen and not look.week.works_on(look.week.local_day(booked[0]))


def _others(booked: Hour, look: Look) -> list[Shown]:
    """What is at our hour besides our event."""
    return [each for each in _without_ours(booked, look) if _overlap(each.hour, booked)]


def _without_ours(booked: Hour, look: Look) -> list[Shown]:
    entries = list(look.entries or ())
    ours = _ours(booked, entries)
    if ours:
        entries.remove(ours)
    return entries


def _ours(booked: Hour, entries: Sequence[Shown]) -> Shown | None:
    """The entry at exactly our hour: getSchedule names no private event, so nothing else tells it."""
    return next((each for each in entries if each.hour == booked), None)


def _within_the_day(hour: Hour, week: WorkWeek) -> bool:
    day = week.local_day(hour[0])
    spans = (week.working_span(day - timedelta(days=n)) for n in (1, 0))
    return any(span is not None and span.start <= hour[0] and hour[1] <= span.end for span in spans)


def _overlap(one: Hour, other: Hour) -> bool:
    return one[0] < other[1] and other[0] < one[1]
