"""Bookings: finding an hour for a manager's team, putting it into Outlook once, and noticing what people did to it."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from html import escape
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.directory import Mailboxes
from activities.moment import Moment
from cycle.cadence import earliest_day, last_day
from cycle.check_in import CALLED_OFF, State
from cycle.meeting_change import Cancelled, Moved, Untouched, classify
from cycle.policy import Policy
from cycle.slots import Busy, Diary
from cycle.team_plan import Caps, Choice, Request, Unplaced, fits, plan_team
from cycle.workdays import Span, WorkWeek
from integrations.database.check_ins import (
    Pair,
    add_booking,
    check_in,
    close,
    last_talk_before,
    lock_people,
    newest_booking,
    open_spans,
    unbooked_of_partner,
)
from integrations.database.connection import Database, poke
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import work_week
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Booking, CheckInRow, Person
from integrations.graph.calendars import Attendee, Calendars, EventFacts, NewEvent

log = logging.getLogger(__name__)

# The first and the last day on which a check-in may take place; dates of the employee.
Days = tuple[date, date]

TRY_AGAIN_AT = time(5)
"""UTC hour of the next day at which a check-in without an hour is planned again."""


class Calendar:
    """Everything that reads or writes Outlook calendars."""

    def __init__(
        self, database: Database, calendars: Calendars, mailboxes: Mailboxes, organizer: str, public_url: str
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._mailboxes = mailboxes
        self._organizer = organizer
        self._public_url = public_url

    @activity.defn(name="calendar.plan_team")
    async def plan_team(self, about: Moment) -> None:
        """Finds an hour for the check-in `about.id` and for all others of its manager that wait for one.

        1. Reads the two calendars of each pair. 2. Decides, without touching anything. 3. In one transaction that
        locks the people, checks again against what was booked meanwhile, and commits the bookings as `intended`.
        """
        async with self._database.reading() as session:
            partner_id = (await session.get_one(CheckInRow, about.id)).partner_id
            rows = await unbooked_of_partner(session, partner_id, about.now)
            pairs = [await check_in(session, row.id) for row in rows]
            policies = {row.id: await policy_of_check_in(session, row) for row in rows}
            last_talks = {row.id: await last_talk_before(session, row.person_id, row.id) for row in rows}
        if not pairs:
            return
        partner = await self._mailboxes.refreshed(partner_id, about.now)
        people = {partner_id: partner} | {
            pair.person.id: await self._mailboxes.refreshed(pair.person.id, about.now) for pair in pairs
        }
        weeks = {person.id: work_week(person, about.now.date()) for person in people.values()}
        days = {
            pair.row.id: _days(pair, policies[pair.row.id], weeks[pair.person.id], weeks[partner_id], about.now)
            for pair in pairs
        }
        diaries = await self._diaries(list(people.values()), weeks, days)
        async with self._database.reading() as session:
            taken = await open_spans(session, partner_id, as_partner_only=True, since=about.now)
            all_taken = {
                person_id: await open_spans(session, person_id, as_partner_only=False, since=about.now)
                for person_id in people
            }
        requests = [
            Request(
                check_in_id=pair.row.id,
                employee=diaries[pair.person.id],
                partner=diaries[partner_id],
                due=pair.row.due_on,
                first=days[pair.row.id][0],
                last=days[pair.row.id][1],
                minutes=policies[pair.row.id].rhythm.conversation_minutes,
                previous=_weekday_and_hour(last_talks[pair.row.id], weeks[pair.person.id]),
            )
            for pair in pairs
            if days[pair.row.id][0] <= days[pair.row.id][1]
        ]
        caps = Caps.of(policies[pairs[0].row.id].booking)
        person_taken = {pair.row.id: (*all_taken[pair.person.id], *all_taken[partner_id]) for pair in pairs}
        choices, unplaced = plan_team(requests, taken, person_taken, caps, partner.zone)
        await self._commit(pairs, choices, unplaced, caps, partner, days, about.now)

    async def _diaries(
        self, people: list[Person], weeks: dict[str, WorkWeek], days: Mapping[str, Days]
    ) -> dict[str, Diary]:
        """What each calendar says of the days in question, a day more on either side for other zones."""
        spans = [span for span in days.values() if span[0] <= span[1]]
        if not spans:
            return {person.id: Diary(weeks[person.id]) for person in people}
        midnight = weeks[people[0].id].instant
        start = midnight(min(first for first, _ in spans), time()) - timedelta(days=1)
        end = midnight(max(last for _, last in spans), time()) + timedelta(days=2)
        schedules = await self._calendars.schedules(self._organizer, [person.mail for person in people], start, end)
        for schedule in schedules.values():
            if schedule.trouble:
                log.warning("a calendar could not be read: %s", schedule.trouble)
        return {
            person.id: Diary(
                weeks[person.id],
                tuple(
                    Busy(each.start, each.end, "tentative" if each.status == "tentative" else "busy")
                    for each in schedules[person.mail].busy
                ),
            )
            for person in people
        }

    async def _commit(
        self,
        pairs: list[Pair],
        choices: list[Choice],
        unplaced: list[Unplaced],
        caps: Caps,
        partner: Person,
        days: Mapping[str, Days],
        now: datetime,
    ) -> None:
        by_id = {pair.row.id: pair for pair in pairs}
        async with self._database.transaction() as session:
            await lock_people(session, [partner.id, *(pair.person.id for pair in pairs)])
            for choice in choices:
                row = await session.get_one(CheckInRow, choice.check_in_id)
                if not await _still_free(session, row, choice, caps, partner):
                    poke(session, "CheckIn", row.id, "the hour was taken meanwhile", now)
                    continue
                await add_booking(
                    session,
                    row.id,
                    Span(choice.start, choice.end),
                    by_id[row.id].person.zone,
                    self._organizer,
                    choice.reasons,
                    now,
                )
                row.plan_again_at = None
                await session.flush()
                await mended(session, f"no-hour/{row.id}", now)
                poke(session, "CheckIn", row.id, "an hour was found", now)
            without = {each.check_in_id: each.sentence for each in unplaced}
            for pair in pairs:
                first, last = days[pair.row.id]
                if pair.row.id in without or first > last:
                    await self._no_hour(session, pair, without.get(pair.row.id), now)

    async def _no_hour(self, session: AsyncSession, pair: Pair, sentence: str | None, now: datetime) -> None:
        """Tries again tomorrow and tells HR; with no day left to try, the check-in ends here."""
        row = await session.get_one(CheckInRow, pair.row.id)
        names = f"{pair.person.name} and {pair.partner.name}"
        if sentence is None:
            sentence = f"There is no day left for the check-in of {names} in this period: agree on an hour by hand."
            await close(session, row, State.CANCELLED, now)
        else:
            tomorrow = now.date() + timedelta(days=1)
            row.plan_again_at = datetime.combine(tomorrow, TRY_AGAIN_AT, now.tzinfo)
            sentence = f"{names}: {sentence}"
        poke(session, "CheckIn", row.id, "no hour was found", now)
        await ask_for_a_hand(session, f"no-hour/{row.id}", sentence, now, pair.person.id)

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
            row = await session.get_one(CheckInRow, about.id)
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
        booking = pair.open_booking
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
            row = await session.get_one(CheckInRow, check_in_id)
            old = await session.get_one(Booking, booking.id)
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


def _days(pair: Pair, policy: Policy, mine: WorkWeek, theirs: WorkWeek, now: datetime) -> Days:
    """From when until when this check-in may take place: dates of the employee."""
    today = mine.local_day(now)
    notice = policy.booking.notice_workdays
    if pair.booking is not None:
        notice = policy.booking.notice_workdays_when_moved
    last = last_day(pair.row.due_on, policy.rhythm.may_slip_days, policy.rhythm.every_months)
    first = max(pair.row.due_on, earliest_day(mine, theirs, today, notice))
    if first > last:
        first = max(pair.row.due_on, earliest_day(mine, theirs, today, notice, shrunk=True))
    return first, last


def _weekday_and_hour(last_talk: Booking | None, week: WorkWeek) -> tuple[int, time] | None:
    if last_talk is None:
        return None
    local = last_talk.start_at.astimezone(ZoneInfo(week.zone))
    return local.weekday(), local.time()


async def _still_free(session: AsyncSession, row: CheckInRow, choice: Choice, caps: Caps, partner: Person) -> bool:
    """The database refuses an overlap, since Graph never does."""
    if row.state != State.DUE:
        return False
    newest = await newest_booking(session, row.id)
    if newest and newest.state in ("intended", "booked"):
        return False
    since = choice.start - timedelta(days=8)
    taken = await open_spans(session, partner.id, as_partner_only=True, since=since)
    if not fits(choice, taken, caps, partner.zone):
        return False
    span = Span(choice.start, choice.end)
    others = [
        *await open_spans(session, row.person_id, as_partner_only=False, since=since),
        *await open_spans(session, row.partner_id, as_partner_only=False, since=since),
    ]
    return not any(span.overlaps(other) for other in others)
