"""Bookings in Outlook: writing each once, calling it off, and noticing what people did to it."""

import logging
from datetime import datetime
from html import escape
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.another_hour import give_up_hour, offer_beside, tell_of_moves
from activities.moment import Moment
from activities.organizers import calendar_of
from activities.slip import last_day_for
from activities.team_plans import still_free
from config.languages import DEFAULT, Language, Words, words_in
from cycle.check_in import CALLED_OFF, OPEN, State
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
from cycle.organizer import invited
from cycle.policy import Policy
from cycle.reasons import AS_PROPOSED, IN_PLACE, MOVED_IN_OUTLOOK, OUTSIDE, recalled
from cycle.sentences import Sentence
from cycle.team_plan import Caps, Choice
from cycle.workdays import Span, add_workdays
from cycle.zones import elsewhere
from integrations.database.calendar_watches import GONE
from integrations.database.check_ins import (
    Pair,
    add_booking,
    booking_before,
    check_in,
    close,
    former_organizer,
    lock_check_in,
    lock_people,
    newest_booking,
)
from integrations.database.connection import Database
from integrations.database.leaves import pause_of
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.people import dated_away, language_of, partner_of, work_week
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Booking
from integrations.graph.calendars import Attendee, BusySpan, Calendars, EventFacts, NewEvent
from integrations.graph.errors import NoMailbox, NotAllowed, NoToken

log = logging.getLogger(__name__)

PAUSED = Sentence("This one takes a pause. The next hour is found by itself; there is nothing to do.")
"""The same words for a leave and for a hold: nobody learns which."""

ANEW = Sentence("A new invitation follows at once.")

NOT_NEEDED = Sentence("This entry is no longer needed. Your check-in page has the hour that counts.")

AGENDA = (
    Sentence("What we promised each other last time"),
    Sentence("What was learned, what surprised, what to do differently"),
    Sentence("What comes next, who does it, by when"),
)


class Calendar:
    """The event of a check-in: written, moved, cancelled and re-read here and nowhere else.

    It is one for both of them, in the employee's language; `language` is that of those whose own is not known.
    """

    def __init__(self, database: Database, calendars: Calendars, public_url: str, language: Language = DEFAULT) -> None:
        self._database = database
        self._calendars = calendars
        self._public_url = public_url
        self._language = language

    def _words(self, pair: Pair) -> Words:
        return words_in(language_of(pair.person, self._language))

    @activity.defn(name="calendar.book")
    async def book(self, about: Moment) -> None:
        """Writes the intended booking into Outlook, once.

        1. The intent was committed before (plan_team), and what stands in another organizer's calendar was cleared
        away. 2. A booking that keeps an event moves that event; else its
        key is looked up, since an earlier try may have been cut off after Exchange created the event; only then is
        it created. 3. The result is committed.
        """
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
            policy = await policy_of_check_in(session, pair.row)
            before = await booking_before(session, pair.booking) if pair.booking else None
            elsewhere_still = await former_organizer(session, pair.booking)
        booking = pair.booking
        if booking is None or booking.state != "intended" or elsewhere_still:
            return
        async with calendar_of(self._database, booking.organizer, about.now):
            event = await self._event_for(booking, before, pair, policy, about.now)
        async with self._database.transaction() as session:
            written = await session.get_one(Booking, booking.id)
            row = await lock_check_in(session, about.id)
            if event is None:
                written.state, written.event_id, row.plan_again_at = "cancelled", None, None
                return
            stands = event.start, event.end
            written.event_id, written.change_key = event.event_id, event.change_key
            if booking.start_at <= about.now and before and stands == (before.start_at, before.end_at):
                # The hour passed unwritten: the event stays where it was until there is another.
                written.start_at, written.end_at = stands
                written.state, row.plan_again_at = "moved", None
                return
            if event.event_id == booking.event_id and stands != (booking.start_at, booking.end_at):
                written.start_at, written.end_at = stands
                written.reasons = [MOVED_IN_OUTLOOK]
            # Called off while we wrote: the event is known now, and is cancelled in the next step.
            written.state = "booked"
            if row.state == State.DUE:
                row.state = State.BOOKED
                await tell_of_moves(session, pair, written, about.now)

    async def _event_for(
        self, booking: Booking, before: Booking | None, pair: Pair, policy: Policy, now: datetime
    ) -> EventFacts | None:
        """The event as it stands in the end. Where the hour passed before it could be written, that is where it stood
        before, or None.
        """
        too_late = booking.start_at <= now
        if booking.event_id and before and _replaces(booking, before):
            # Written in another zone, it cannot become this one. Cancelled twice it is gone already.
            words = self._words(pair).say(ANEW)
            await self._calendars.cancel_event(booking.organizer, booking.event_id, words)
        elif booking.event_id:
            event = await self._calendars.get_event(booking.organizer, booking.event_id)
            if event and not event.cancelled:
                if too_late or (before and (event.start, event.end) != (before.start_at, before.end_at)):
                    # It is where we want it, or somebody moved it since we decided: then that is the hour.
                    return event
                moved = await self._calendars.move_event(
                    booking.organizer,
                    booking.event_id,
                    booking.start_at,
                    booking.end_at,
                    booking.zone,
                    event.etag,
                    _uninvited(pair, booking, event),
                )
                if moved:
                    return moved
        key = f"booking/{booking.check_in_id}/{booking.no}"
        found = await self._calendars.find_event(booking.organizer, key)
        if found and not found.cancelled:
            return found
        if too_late:
            return None
        guests = _invited(pair, booking)
        new = NewEvent(
            key=key,
            transaction_id=booking.transaction_id,
            subject=self._words(pair).say(
                Sentence("Check-in: {one} and {other}", one=pair.person.first_name, other=pair.partner.first_name)
            ),
            body_html=self._invitation(pair, policy, booking),
            start=booking.start_at,
            end=booking.end_at,
            zone=booking.zone,
            attendees=tuple(
                Attendee(person.mail, person.name) for person in pair.people if person.mail.lower() in guests
            ),
            online=True,
        )
        return await self._calendars.create_event(booking.organizer, new)

    def _invitation(self, pair: Pair, policy: Policy, booking: Booking) -> str:
        """An agenda in three lines and one link; a sentence more where the hour is outside a day, or anew."""
        words = self._words(pair)
        told = [recalled(each) for each in booking.reasons if each == OUTSIDE or each.startswith(IN_PLACE)]
        notes = [words.say(Sentence("This hour is {reason}.", reason=each)) for each in told]
        heading = words.say(
            Sentence(
                "{minutes} minutes for {name}'s development.",
                minutes=policy.rhythm.conversation_minutes,
                name=pair.person.first_name,
            )
        )
        note = "".join(f"<p>{escape(each)}</p>" for each in notes)
        lines = "".join(f"<li>{escape(words.say(line))}</li>" for line in AGENDA)
        link = f"{self._public_url}/check-ins/{booking.check_in_id}"
        label = words.say(Sentence("Your check-in page"))
        return (
            f"<p>{escape(heading, quote=False)}</p><ol>{lines}</ol>"
            f'{note}<p><a href="{escape(link)}">{escape(label)}</a></p>'
        )

    @activity.defn(name="calendar.clear_away")
    async def clear_away(self, about: Moment) -> None:
        """Cancels the event that an intended booking replaces, where another mailbox organizes by now. Done before all
        else, and in the former calendar's own turn.
        """
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
            booking, former = pair.booking, await former_organizer(session, pair.booking)
            if booking is None or booking.event_id is None or former is None:
                return
            words = self._words(pair).say(await _parting(session, pair, about.now))
        left_over = False
        try:
            async with calendar_of(self._database, former, about.now, for_the_last_time=True):
                await self._calendars.cancel_event(former, booking.event_id, words)
        except NoMailbox:
            left_over = True
        async with self._database.transaction() as session:
            (await session.get_one(Booking, booking.id)).event_id = None
            if left_over:
                sentence = Sentence(
                    "The check-in of {person} and {partner} has another organizer, and the mailbox of the former one "
                    "is gone: ask whoever still has its invitation to delete it.",
                    person=pair.person.name,
                    partner=pair.partner.name,
                )
                await ask_for_a_hand(session, f"left-over/{about.id}", sentence, about.now, pair.person.id)

    @activity.defn(name="calendar.call_off")
    async def call_off(self, about: Moment) -> None:
        """Cancels the event of a check-in that will not take place; Outlook tells both, kindly."""
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
        booking = pair.booking_in_calendar
        if booking is None or pair.row.state not in CALLED_OFF:
            return
        async with self._database.reading() as session:
            words = await _goodbye(session, pair, about.now)
        left_over = not await self._cancel(booking, self._words(pair).say(words), about.now)
        async with self._database.transaction() as session:
            (await session.get_one(Booking, booking.id)).state = "cancelled"
            if left_over:
                await _say_left_over(session, pair, booking, about.now)

    @activity.defn(name="calendar.pause")
    async def pause(self, about: Moment) -> None:
        """Takes a talk out of a leave, or out of a cycle that HR holds: its event is cancelled, and it waits for an
        hour after that. Over more than half of the period it is excused. Outlook tells both, kindly and not why.
        """
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
            pause = await pause_of(session, pair, await policy_of_check_in(session, pair.row), about.now)
        booking, left_over = pair.booking_in_calendar, False
        if pause == "paused" and booking:
            left_over = not await self._cancel(booking, self._words(pair).say(PAUSED), about.now)
        async with self._database.transaction() as session:
            row = await lock_check_in(session, about.id)
            if row.state not in (State.DUE, State.BOOKED):
                return
            if pause == "excused":
                await close(session, row, State.EXCUSED, about.now)
            elif pause == "paused" and booking:
                (await session.get_one(Booking, booking.id)).state = "paused"
                row.state, row.plan_again_at = State.DUE, None
                if left_over:
                    await _say_left_over(session, pair, booking, about.now)

    async def _cancel(self, booking: Booking, words: str, now: datetime) -> bool:
        """False where the event went with its mailbox: nobody is left who could tell those whom it invited."""
        events = {booking.event_id} - {None}
        try:
            async with calendar_of(self._database, booking.organizer, now, for_the_last_time=True):
                if booking.state == "intended" or booking.event_id is None:
                    # A try that was cut off may have created its event, even beside the one that it replaces.
                    key = f"booking/{booking.check_in_id}/{booking.no}"
                    found = await self._calendars.find_event(booking.organizer, key)
                    events |= {found.event_id} if found and not found.cancelled else set()
                for event_id in events:
                    if event_id:
                        await self._calendars.cancel_event(booking.organizer, event_id, words)
        except NoMailbox:
            return False
        return True

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
        return await self._calendars.cancel_event(organizer, event_id, words_in(self._language).say(NOT_NEEDED))

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
        invited = _invited(pair, booking)
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


def _replaces(booking: Booking, before: Booking) -> bool:
    """Whether this booking has an event of its own instead of the one before: somebody lives in another zone."""
    zones = ((before.person_zone, booking.person_zone), (before.partner_zone, booking.partner_zone))
    return any(elsewhere(before.start_at, then, now) for then, now in zones)


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


def _invited(pair: Pair, booking: Booking) -> list[str]:
    """The mail addresses of those of the two whom the event invites: whoever organizes it is not among them."""
    guests = invited(booking.organizer, tuple(person.oid for person in pair.people))
    return [person.mail.lower() for person in pair.people if person.oid in guests]


def _uninvited(pair: Pair, booking: Booking, event: EventFacts) -> list[Attendee]:
    return [
        Attendee(person.mail, person.name)
        for person in pair.people
        if person.mail.lower() in _invited(pair, booking) and not event.attendees.keys() & set(person.mails)
    ]


def _named_in(event: EventFacts | None, pair: Pair, booking: Booking) -> list[str]:
    """`_invited`, under the addresses that the event has: it was written before somebody got another."""
    known = event.attendees if event else {}
    guests = _invited(pair, booking)
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


async def _say_left_over(session: AsyncSession, pair: Pair, booking: Booking, now: datetime) -> None:
    if booking.start_at <= now:
        return
    sentence = Sentence(
        "The check-in of {person} and {partner} was called off, and the mailbox that "
        "organized it is gone: ask whoever still has the invitation to delete it.",
        person=pair.person.name,
        partner=pair.partner.name,
    )
    await ask_for_a_hand(session, f"left-over/{pair.row.id}", sentence, now, pair.person.id)


async def _parting(session: AsyncSession, pair: Pair, now: datetime) -> Sentence:
    """What both read where an event gives way to one of another organizer, or to none."""
    if pair.row.state in CALLED_OFF:
        return await _goodbye(session, pair, now)
    policy = await policy_of_check_in(session, pair.row)
    return PAUSED if await pause_of(session, pair, policy, now) else ANEW


async def _goodbye(session: AsyncSession, pair: Pair, now: datetime) -> Sentence:
    """What both read in the cancellation: why it is called off, as far as it is everybody's to know."""
    if pair.person.left_at or pair.partner.left_at:
        return Sentence("This talk does not take place any more. Thank you for having kept the hour.")
    if await partner_of(session, pair.person.id, now.date()) != pair.partner.id:
        return Sentence(
            "{name}'s check-ins are with somebody else from now on. "
            "Thank you for having kept the hour; a new invitation goes out by itself.",
            name=pair.person.first_name,
        )
    return Sentence("Not this time. The next one comes as planned.")
