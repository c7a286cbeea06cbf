"""What people did to an event, and the least disturbing answer to it, as `cycle/meeting_change.py` has it."""

from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.another_hour import give_up_hour, offer_beside, tell_of_moves
from activities.moment import Moment
from activities.organizers import calendar_of, invited_of
from activities.slip import last_day_for
from activities.team_plans import still_free
from cycle.check_in import OPEN, State
from cycle.meeting_change import (
    Answer,
    Cancelled,
    Hour,
    Look,
    MeetingChange,
    Moved,
    Overbooked,
    Proposed,
    Reply,
    Seen,
    Shown,
    Untouched,
    classify,
    look_around,
    proposal_fits,
    reply_to,
)
from cycle.policy import Policy
from cycle.reasons import AS_PROPOSED, MOVED_IN_OUTLOOK
from cycle.team_plan import Caps, Choice
from cycle.workdays import Span, add_workdays
from integrations.database.calendar_watches import GONE
from integrations.database.check_ins import (
    Pair,
    add_booking,
    booking_before,
    check_in,
    lock_check_in,
    lock_people,
    newest_booking,
)
from integrations.database.connection import Database
from integrations.database.people import dated_away, work_week
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Booking
from integrations.graph.calendars import BusySpan, Calendars, EventFacts
from integrations.graph.errors import NoMailbox, NotAllowed, NoToken


class MeetingChanges:
    """Events are re-read here; what follows is written by `Calendar`, in a step of its own."""

    def __init__(self, database: Database, calendars: Calendars) -> None:
        self._database = database
        self._calendars = calendars

    @activity.defn(name="calendar.reread")
    async def reread(self, about: Moment) -> None:
        """Looks at an event of which was heard that it changed, and lets our rows follow.

        What is heard meanwhile stays heard.
        """
        async with self._database.reading() as session:
            booking = await newest_booking(session, about.id)
        if booking is None or booking.heard_change_key is None:
            return
        heard = booking.heard_change_key
        changed = await self.changed(about.id, about.now)
        async with self._database.transaction() as session:
            row = await session.get_one(Booking, booking.id)
            if row.heard_change_key != heard:
                return
            row.heard_change_key = None
            if not changed and heard != GONE:
                row.change_key = heard

    async def changed(
        self, check_in_id: str, now: datetime, *, around: Literal["", "conflicts", "everything"] = ""
    ) -> bool:
        """Re-reads the event, classifies what somebody did to it, and answers.

        `around` also looks into both people's calendars: for what lies over the hour, or, with "everything", for a copy
        that went without a word. True if the hour is not what it was: our rows say so now, and a step for it is not to
        be taken.
        """
        async with self._database.reading() as session:
            pair = await check_in(session, check_in_id)
            policy = await policy_of_check_in(session, pair.row)
            booking = pair.booking
            if booking is None or booking.event_id is None or booking.state not in ("booked", "moved"):
                return False
            if pair.row.state not in OPEN:
                return False
            since = await _asked_since(session, booking)
        over = now >= booking.end_at
        try:
            async with calendar_of(self._database, booking.organizer, now, for_the_last_time=over):
                event = await self._calendars.get_event(booking.organizer, booking.event_id)
        except (NoMailbox, NotAllowed) as trouble:
            if over and not isinstance(trouble, NoToken):
                # The calendar in which it stood may never open again, and the talk took place without it.
                return False
            raise
        hour = (booking.start_at, booking.end_at)
        change = classify(hour, _seen(event, booking), _named_in(event, pair, booking), since, now)
        if booking.state == "moved" and not isinstance(change, Moved | Cancelled):
            # Another hour is being looked for already.
            change = Untouched()
        fits = False
        if isinstance(change, Proposed) and booking.organizer != pair.partner.oid:
            looks = await self._looks(pair, booking, now, (change.start, change.end))
            fits = proposal_fits((change.start, change.end), hour, looks, now) and _in_time(change, pair, policy)
        reply = reply_to(change, fits)
        if around and now < booking.start_at and reply in (Reply.NOTHING, Reply.OFFER_BESIDE):
            looks = await self._looks(pair, booking, now, hour)
            seen = look_around(hour, looks, booking.reasons, silence=around == "everything")
            if reply is Reply.NOTHING or reply_to(seen) is Reply.OFFER:
                change = seen
        return await self._answer(pair, policy, change, event, now, fits=fits)

    async def _looks(self, pair: Pair, booking: Booking, now: datetime, hour: Hour) -> list[Look]:
        """The two and what their own calendars show of `hour`."""
        async with calendar_of(self._database, booking.organizer, now):
            shown = await self._calendars.entries(booking.organizer, [person.mail for person in pair.people], *hour)
        invited = invited_of(pair, booking)
        return [
            Look(
                who=person.id,
                week=work_week(person, hour[0].date()),
                away=dated_away(person),
                entries=_shown(shown[person.mail]),
                invited=person.mail.lower() in invited,
            )
            for person in pair.people
        ]

    async def _answer(
        self, pair: Pair, policy: Policy, change: MeetingChange, event: EventFacts | None, now: datetime, *, fits: bool
    ) -> bool:
        reply = reply_to(change, fits)
        ask_at = _ask_at(change, pair, now)
        async with self._database.transaction() as session:
            if reply is Reply.MOVE:
                await lock_people(session, [pair.partner.id, pair.person.id])
            row = await lock_check_in(session, pair.row.id)
            fresh = await check_in(session, row.id)
            old, read = fresh.booking, pair.booking
            assert read is not None
            if row.state not in OPEN or old is None or (old.no, old.state) != (read.no, read.state):
                # Called off or moved meanwhile: what becomes of the event is decided already.
                return True
            if reply is not Reply.FOLLOW and event:
                old.change_key = event.change_key
            if reply is Reply.MOVE and isinstance(change, Proposed):
                if await _move_there(session, fresh, policy, change, now):
                    return True
                reply = reply_to(change)
            match reply:
                case Reply.FOLLOW if isinstance(change, Moved):
                    old.state = "moved"
                    span = Span(change.start, change.end)
                    new = await add_booking(session, row.id, span, old.zone, old.organizer, [MOVED_IN_OUTLOOK], now)
                    new.state, new.change_key = "booked", event.change_key if event else None
                    row.state, row.plan_again_at, row.not_before = State.BOOKED, None, None
                    await session.flush()
                    await tell_of_moves(session, fresh, new, now)
                case Reply.OFFER if isinstance(change, Cancelled) and old.state == "moved":
                    old.state = "cancelled"
                    return False
                case Reply.OFFER:
                    gone = isinstance(change, Cancelled)
                    await give_up_hour(session, fresh, policy, now, ask_at, gone=gone)
                case Reply.OFFER_BESIDE:
                    await offer_beside(session, fresh, change.who if isinstance(change, Overbooked) else None, ask_at)
                    return False
                case _:
                    return False
        return True


async def _asked_since(session: AsyncSession, booking: Booking) -> datetime:
    """From when on an answer in Outlook can be about this hour.

    A hand that dragged the event asked everybody anew, some time before we noticed.
    """
    before = await booking_before(session, booking) if MOVED_IN_OUTLOOK in booking.reasons else None
    return (before or booking).made_at


async def _move_there(session: AsyncSession, pair: Pair, policy: Policy, change: Proposed, now: datetime) -> bool:
    """Commits the move to the hour that was proposed; False when another of our bookings is in its way."""
    old, row = pair.booking, pair.row
    assert old is not None
    before = old.state, row.state
    old.state, row.state = "moved", State.DUE
    await session.flush()
    choice = Choice(row.id, change.start, change.end, (AS_PROPOSED,))
    if not await still_free(session, row, choice, Caps.of(policy.booking), pair.partner):
        old.state, row.state = before
        return False
    span = Span(change.start, change.end)
    await add_booking(session, row.id, span, old.zone, old.organizer, choice.reasons, now)
    row.plan_again_at = row.not_before = None
    return True


def _named_in(event: EventFacts | None, pair: Pair, booking: Booking) -> list[str]:
    """`_invited`, under the addresses that the event has: it was written before somebody got another."""
    known = event.attendees if event else {}
    guests = invited_of(pair, booking)
    return [
        next((mail for mail in person.mails if mail in known), person.mail.lower())
        for person in pair.people
        if person.mail.lower() in guests
    ]


def _seen(event: EventFacts | None, booking: Booking) -> Seen | None:
    if event is None:
        return None
    return Seen(
        hour=(event.start, event.end),
        cancelled=event.cancelled,
        answers={
            mail: Answer(response, event.answered.get(mail), event.proposals.get(mail))
            for mail, response in event.attendees.items()
        },
        has_our_link=f"/check-ins/{booking.check_in_id}" in event.body,
    )


def _shown(entries: tuple[BusySpan, ...] | None) -> tuple[Shown, ...] | None:
    return None if entries is None else tuple(Shown((each.start, each.end), each.status) for each in entries)


def _in_time(change: Proposed, pair: Pair, policy: Policy) -> bool:
    """Whether the proposed day is one to which the check-in may slip."""
    last = last_day_for(pair, policy, change.start.date())
    return work_week(pair.person, change.start.date()).local_day(change.start) <= last


def _ask_at(change: MeetingChange, pair: Pair, now: datetime) -> datetime:
    """A manager who organizes has a workday to answer a proposal in Outlook themselves."""
    if not isinstance(change, Proposed) or pair.booking is None or pair.booking.organizer != pair.partner.oid:
        return now
    week = work_week(pair.partner, now.date())
    return week.instant(add_workdays(week, week.local_day(now), 1), week.hours[0])
