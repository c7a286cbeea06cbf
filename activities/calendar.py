"""Bookings in Outlook: writing each once, calling it off, and noticing what people did to it."""

import logging
from datetime import datetime
from html import escape

from temporalio import activity

from activities.moment import Moment
from cycle.check_in import CALLED_OFF, OPEN, State
from cycle.meeting_change import Cancelled, Moved, Untouched, classify
from cycle.policy import Policy
from cycle.workdays import Span
from integrations.database.calendar_watches import GONE
from integrations.database.check_ins import (
    Pair,
    add_booking,
    check_in,
    lock_check_in,
    newest_booking,
)
from integrations.database.connection import Database
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Booking
from integrations.graph.calendars import Attendee, Calendars, EventFacts, NewEvent

log = logging.getLogger(__name__)


class Calendar:
    """The event of a check-in: written, moved, cancelled and re-read here and nowhere else."""

    def __init__(self, database: Database, calendars: Calendars, public_url: str) -> None:
        self._database = database
        self._calendars = calendars
        self._public_url = public_url

    @activity.defn(name="calendar.book")
    async def book(self, about: Moment) -> None:
        """Writes the intended booking into Outlook, once.

        1. The intent was committed before (plan_team). 2. A booking that keeps an event moves that event; else its
        key is looked up, since an earlier try may have been cut off after Exchange created the event; only then is
        it created. 3. The result is committed.
        """
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
            policy = await policy_of_check_in(session, pair.row)
        booking = pair.booking
        if booking is None or booking.state != "intended":
            return
        event = await self._event_for(booking, pair, policy)
        async with self._database.transaction() as session:
            written = await session.get_one(Booking, booking.id)
            row = await lock_check_in(session, about.id)
            written.event_id, written.change_key = event.event_id, event.change_key
            # Called off while we wrote: the event is known now, and is cancelled in the next step.
            written.state = "booked"
            if row.state == State.DUE:
                row.state = State.BOOKED

    async def _event_for(self, booking: Booking, pair: Pair, policy: Policy) -> EventFacts:
        if booking.event_id:
            event = await self._calendars.get_event(booking.organizer, booking.event_id)
            if event and not event.cancelled:
                if (event.start, event.end) == (booking.start_at, booking.end_at):
                    return event
                moved = await self._calendars.move_event(
                    booking.organizer,
                    booking.event_id,
                    booking.start_at,
                    booking.end_at,
                    booking.zone,
                    event.etag,
                )
                if moved:
                    return moved
        key = f"booking/{booking.check_in_id}/{booking.no}"
        found = await self._calendars.find_event(booking.organizer, key)
        if found and not found.cancelled:
            return found
        new = NewEvent(
            key=key,
            transaction_id=booking.transaction_id,
            subject=f"Check-in: {pair.person.first_name} and {pair.partner.first_name}",
            body_html=self._invitation(pair, policy, booking),
            start=booking.start_at,
            end=booking.end_at,
            zone=booking.zone,
            attendees=tuple(Attendee(person.mail, person.name) for person in pair.people),
            online=True,
        )
        return await self._calendars.create_event(booking.organizer, new)

    def _invitation(self, pair: Pair, policy: Policy, booking: Booking) -> str:
        """An agenda in three lines and one link; a sentence more when the hour is outside somebody's day."""
        agenda = (
            "What we promised each other last time",
            "What was learned, what surprised, what to do differently",
            "What comes next, who does it, by when",
        )
        outside = next((each for each in booking.reasons if each.startswith("outside")), None)
        note = f"<p>This hour is {escape(outside)}.</p>" if outside else ""
        lines = "".join(f"<li>{escape(line)}</li>" for line in agenda)
        link = f"{self._public_url}/check-ins/{booking.check_in_id}"
        minutes = policy.rhythm.conversation_minutes
        return (
            f"<p>{minutes} minutes for {escape(pair.person.first_name)}'s development.</p><ol>{lines}</ol>"
            f'{note}<p><a href="{escape(link)}">Your check-in page</a></p>'
        )

    @activity.defn(name="calendar.call_off")
    async def call_off(self, about: Moment) -> None:
        """Cancels the event of a check-in that will not take place; Outlook tells both, kindly."""
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
        booking = pair.booking_in_calendar
        if booking is None or pair.row.state not in CALLED_OFF:
            return
        event_id = booking.event_id
        if event_id is None:
            found = await self._calendars.find_event(booking.organizer, f"booking/{booking.check_in_id}/{booking.no}")
            event_id = found.event_id if found else None
        if event_id:
            await self._calendars.cancel_event(
                booking.organizer, event_id, "Not this time. The next one comes as planned."
            )
        async with self._database.transaction() as session:
            (await session.get_one(Booking, booking.id)).state = "cancelled"

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

    async def cancel_surplus(self, organizer: str, event_id: str) -> bool:
        """Cancels an event of ours that no talk has any more; False when it was gone. The talk's own one stands."""
        return await self._calendars.cancel_event(
            organizer, event_id, "This entry is no longer needed. Your check-in page has the hour that counts."
        )

    async def changed(self, check_in_id: str, now: datetime) -> bool:
        """Re-reads the event before a step. True if somebody moved or removed it: our rows say so now."""
        async with self._database.reading() as session:
            booking = await newest_booking(session, check_in_id)
        if booking is None or booking.state != "booked" or booking.event_id is None:
            return False
        event = await self._calendars.get_event(booking.organizer, booking.event_id)
        change = classify(
            (booking.start_at, booking.end_at),
            (event.start, event.end) if event else None,
            cancelled=bool(event and event.cancelled),
        )
        if isinstance(change, Untouched):
            return False
        async with self._database.transaction() as session:
            row = await lock_check_in(session, check_in_id)
            old = await session.get_one(Booking, booking.id)
            if row.state not in OPEN or old.state != "booked":
                # Called off meanwhile: what becomes of the event is decided already.
                return True
            match change:
                case Moved(start, end):
                    old.state = "moved"
                    new = await add_booking(
                        session,
                        check_in_id,
                        Span(start, end),
                        old.zone,
                        old.organizer,
                        ["moved in Outlook"],
                        now,
                    )
                    new.state, new.change_key = "booked", event.change_key if event else None
                    row.state = State.BOOKED
                case Cancelled():
                    old.state, row.state = "cancelled", State.DUE
        return True
