"""Finds an hour for each of a manager's check-ins that wait for one, and commits them as intended bookings."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.directory import Mailboxes
from activities.failures import BROKEN_DATA
from activities.moment import Moment
from activities.organizers import calendar_of
from activities.slip import last_day_for
from cycle.cadence import earliest_day
from cycle.check_in import State
from cycle.organizer import organizing_mailbox, written_in
from cycle.policy import Policy
from cycle.sentences import Sentence
from cycle.slots import Busy, Diary, Slot, reasons
from cycle.team_plan import Caps, Choice, Request, fits, hours_left, plan_team
from cycle.workdays import ONE_DAY, Span, WorkWeek
from cycle.zones import sentence, who_moved
from integrations.database.check_ins import (
    OPEN_BOOKING,
    Pair,
    add_booking,
    check_in,
    close,
    last_talk_before,
    lock_check_in,
    lock_people,
    newest_booking,
    open_spans,
    unbooked_of_partner,
    unbooked_of_person,
)
from integrations.database.connection import Database, poke
from integrations.database.leaves import pair_paused_until, pause_of
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import lives, work_week
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Booking, CheckInRow, Person
from integrations.graph.calendars import Calendars
from integrations.graph.errors import GraphTrouble, NoMailbox, NotAllowed, NoToken

log = logging.getLogger(__name__)

# The first and the last day on which a check-in may take place; dates of the employee.
Days = tuple[date, date]

A_WEEK_AND_A_DAY = timedelta(days=8)
"""Far enough back to see all bookings of the week of an hour, in any zone."""

TRY_AGAIN_AT = time(5)
"""UTC hour of the next day at which a check-in without an hour is planned again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A check-in that waits for an hour, with what decides about it."""

    pair: Pair
    policy: Policy
    last_talk: Booking | None

    @property
    def id(self) -> str:
        return self.pair.row.id


class TeamPlans:
    """Plans a manager's whole team at once, so that their caps hold."""

    def __init__(self, database: Database, calendars: Calendars, mailboxes: Mailboxes, service_mailbox: str) -> None:
        self._database = database
        self._calendars = calendars
        self._mailboxes = mailboxes
        self._service_mailbox = service_mailbox
        self._planning = defaultdict[str, asyncio.Lock](asyncio.Lock)

    @activity.defn(name="team_plans.plan_team")
    async def plan_team(self, about: Moment) -> None:
        """Finds an hour for the check-in `about.id`, and for all others of its manager and policy that wait for one.

        1. Reads the calendars of everybody concerned. 2. Decides, without touching anything. 3. In one transaction
        that locks the people, checks again against what was booked meanwhile, and commits the bookings as
        `intended`. Whose calendar cannot be read is not booked blindly.

        Trouble with one of the others, or data of theirs that no rule can use, leaves them out and no more: their own
        check-in comes upon it by itself. Only trouble with the two of `about.id` is raised, and of a manager's mailbox
        that is closed only where it is to organize.

        Of a team whose check-ins all ask at once the first is planned with the others; those find nothing left to do.
        """
        async with self._database.reading() as session:
            partner_id = (await session.get_one(CheckInRow, about.id)).partner_id
        async with self._planning[partner_id]:
            await self._plan_team(about)

    async def _plan_team(self, about: Moment) -> None:
        waiting = await self._waiting(about)
        if not waiting:
            return
        asking = next((each for each in waiting if each.id == about.id), waiting[0])
        partner, organizer = asking.pair.partner, self._organizer_of(asking)
        # Former revisions of the policy may have another one organize, who is talked to elsewhere.
        waiting = [each for each in waiting if self._organizer_of(each) == organizer]
        weeks, days = _when(waiting, asking, about)
        waiting = [each for each in waiting if each.id in days]
        people = {person.id: person for each in waiting for person in each.pair.people}
        async with calendar_of(self._database, organizer, about.now):
            diaries, unread = await self._diaries(organizer, people, weeks, [days[each.id] for each in waiting])
        caps = Caps.of(asking.policy.booking)
        requests = [
            Request(
                check_in_id=each.id,
                employee=diaries[each.pair.person.id],
                partner=diaries[partner.id],
                due=each.pair.row.due_on,
                first=days[each.id][0],
                last=days[each.id][1],
                minutes=each.policy.rhythm.conversation_minutes,
                previous=_weekday_and_hour(each.last_talk, weeks[each.pair.person.id]),
            )
            for each in waiting
            if days[each.id][0] <= days[each.id][1] and not {each.pair.person.id, partner.id} & unread.keys()
        ]
        since = about.now - A_WEEK_AND_A_DAY
        async with self._database.reading() as session:
            taken = await open_spans(session, partner.id, as_partner_only=True, since=since)
            of_each = {each: await open_spans(session, each, as_partner_only=False, since=since) for each in people}
        person_taken = {each.id: (*of_each[each.pair.person.id], *of_each[partner.id]) for each in waiting}
        choices, unplaced = plan_team(requests, taken, person_taken, caps, partner.zone)
        without = {each.check_in_id: each.sentence for each in unplaced}
        for each in waiting:
            for person in each.pair.people:
                if person.id in unread and days[each.id][0] <= days[each.id][1]:
                    without[each.id] = unread[person.id]
        await self._commit(waiting, choices, without, unread.get(partner.id), caps, about.now)

    async def _waiting(self, about: Moment) -> list[Waiting]:
        """The check-ins of this one's manager and policy that wait for an hour, and whose people have mailboxes."""
        async with self._database.reading() as session:
            asking = await session.get_one(CheckInRow, about.id)
            rows = await unbooked_of_partner(session, asking.partner_id, asking.policy_id, about.now)
        the_two = (asking.partner_id, asking.person_id)
        for person_id in dict.fromkeys((*the_two, *(row.person_id for row in rows))):
            try:
                await self._ask(person_id, asking.partner_id, about.now)
            except NoMailbox:
                rows = [row for row in rows if person_id not in (row.person_id, row.partner_id)]
                await self._try_tomorrow(person_id, about.now)
            except (GraphTrouble, *BROKEN_DATA) as trouble:
                if person_id in the_two:
                    raise
                log.warning("check-ins of %s are left out of a plan: %s", person_id, type(trouble).__name__)
                rows = [row for row in rows if row.person_id != person_id]
        return [each for row in rows if (each := await self._known(row, about))]

    async def _ask(self, person_id: str, partner_id: str, now: datetime) -> None:
        """Has what is known of a mailbox fresh. The manager's own that is closed holds up none of theirs: what was
        known of their hours has to do, and HR hears of it from their letters.
        """
        try:
            await self._mailboxes.refreshed(person_id, now)
        except NotAllowed as trouble:
            if person_id != partner_id or isinstance(trouble, NoToken):
                raise
            log.warning("check-ins are planned without the mailbox of %s: %s", person_id, trouble)

    async def _known(self, row: CheckInRow, about: Moment) -> Waiting | None:
        """What decides about the check-in; None where it rests, or for one of the others that cannot be read."""
        try:
            async with self._database.reading() as session:
                known = Waiting(
                    await check_in(session, row.id),
                    await policy_of_check_in(session, row),
                    await last_talk_before(session, row.person_id, row.id),
                )
                return None if await _rests(session, known, about.now) else known
        except BROKEN_DATA as error:
            if row.id == about.id:
                raise
            log.warning("check-in %s is left out of a plan: %s", row.id, type(error).__name__)
            return None

    async def _try_tomorrow(self, person_id: str, now: datetime) -> None:
        """HR has been told that there is no mailbox; everybody else's check-ins go on."""
        async with self._database.transaction() as session:
            for row in await unbooked_of_person(session, person_id):
                row.plan_again_at = _tomorrow(now)

    def _organizer_of(self, waiting: Waiting) -> str:
        return organizing_mailbox(waiting.policy.booking.organizer, self._service_mailbox, waiting.pair.partner.oid)

    async def _diaries(
        self, organizer: str, people: Mapping[str, Person], weeks: Mapping[str, WorkWeek], days: Sequence[Days]
    ) -> tuple[dict[str, Diary], dict[str, Sentence]]:
        """What each calendar says of the days in question, a day more on either side for other zones.

        Asked in the organizer's mailbox: where managers organize, the service mailbox has no calendar for us.

        Second, by person id, a sentence for each calendar that cannot be read.
        """
        open_days = [(first, last) for first, last in days if first <= last]
        if not open_days:
            return {each: Diary(week) for each, week in weeks.items()}, {}
        start = datetime.combine(min(first for first, _ in open_days), time(), UTC) - ONE_DAY
        end = datetime.combine(max(last for _, last in open_days), time(), UTC) + 2 * ONE_DAY
        mails = [person.mail for person in people.values()]
        schedules = await self._calendars.schedules(organizer, mails, start, end)
        diaries: dict[str, Diary] = {}
        unread: dict[str, Sentence] = {}
        for person_id, person in people.items():
            schedule = schedules[person.mail]
            if schedule.trouble:
                unread[person_id] = Sentence(
                    "The calendar of {name} cannot be read: {trouble}", name=person.name, trouble=schedule.trouble
                )
            busy = (
                Busy(each.start, each.end, "tentative" if each.status == "tentative" else "busy")
                for each in schedule.busy
            )
            diaries[person_id] = Diary(weeks[person_id], tuple(busy))
        return diaries, unread

    async def _commit(
        self,
        waiting: Sequence[Waiting],
        choices: Sequence[Choice],
        without: Mapping[str, Sentence],
        partner_unread: Sentence | None,
        caps: Caps,
        now: datetime,
    ) -> None:
        """Writes the intents that still fit, and what becomes of those for whom there is no hour.

        A manager's calendar that cannot be read is one thing to mend, and one line on HR's list, for all of theirs.
        """
        partner = waiting[0].pair.partner
        chosen = {choice.check_in_id: choice for choice in choices}
        async with self._database.transaction() as session:
            await lock_people(session, [partner.id, *(each.pair.person.id for each in waiting)])
            # All before the first booking takes a place in its organizer's minute, which is locked last.
            rows = {each.id: await lock_check_in(session, each.id) for each in waiting}
            for each in waiting:
                row = rows[each.id]
                choice = chosen.get(each.id)
                if choice is None:
                    await _no_hour(session, each.pair, without.get(each.id), now, tell=partner_unread is None)
                elif await _live_as_before(session, each.pair) and await still_free(
                    session, row, choice, caps, partner
                ):
                    span = Span(choice.start, choice.end)
                    zone = written_in(each.policy.booking.organizer, each.pair.person.zone, partner.zone)
                    why = (*choice.reasons, *_why_anew(each.pair))
                    await add_booking(session, row.id, span, zone, self._organizer_of(each), why, now)
                    row.plan_again_at = row.not_before = None
                    await session.flush()
                    await mended(session, f"no-hour/{row.id}", now)
                poke(session, "CheckIn", row.id, "its team was planned", now)
            if partner_unread:
                await ask_for_a_hand(session, f"diary/{partner.id}", partner_unread, now, partner.id)
            else:
                await mended(session, f"diary/{partner.id}", now)

    async def hours_for(self, check_in_id: str, now: datetime) -> dict[Slot, Choice]:
        """Every hour that this check-in could have now, best first, each as the choice it would be.

        Its own booking does not stand in the way. None when a calendar cannot be read.
        """
        async with self._database.reading() as session:
            row = await session.get_one(CheckInRow, check_in_id)
        try:
            for person_id in (row.person_id, row.partner_id):
                await self._ask(person_id, row.partner_id, now)
        except NoMailbox:
            return {}
        since = now - A_WEEK_AND_A_DAY
        async with self._database.reading() as session:
            pair = await check_in(session, check_in_id)
            policy = await policy_of_check_in(session, pair.row)
            last_talk = await last_talk_before(session, pair.person.id, check_in_id)
            taken = await open_spans(session, pair.partner.id, as_partner_only=True, since=since)
            others = [
                span
                for person in pair.people
                for span in await open_spans(session, person.id, as_partner_only=False, since=since)
            ]
        mine, theirs = (work_week(person, now.date()) for person in pair.people)
        asking = Waiting(pair, policy, last_talk)
        first, last = _days(asking, mine, theirs, now)
        people = {each.id: each for each in pair.people}
        weeks = {pair.person.id: _for_talks(mine, policy), pair.partner.id: _for_talks(theirs, policy)}
        organizer = self._organizer_of(asking)
        async with calendar_of(self._database, organizer, now):
            diaries, unread = await self._diaries(organizer, people, weeks, [(first, last)])
        if first > last or unread:
            return {}
        own = {Span(each.start_at, each.end_at) for each in (pair.open_booking,) if each}
        previous = _weekday_and_hour(last_talk, mine)
        minutes, due = policy.rhythm.conversation_minutes, pair.row.due_on
        request = Request(
            check_in_id, diaries[pair.person.id], diaries[pair.partner.id], due, first, last, minutes, previous
        )
        left = hours_left(
            request,
            [span for span in taken if span not in own],
            [span for span in others if span not in own],
            Caps.of(policy.booking),
            pair.partner.zone,
        )
        return {
            slot: Choice(check_in_id, slot.start, slot.end, reasons(slot, due, previous, mine.zone)) for slot in left
        }


async def _rests(session: AsyncSession, waiting: Waiting, now: datetime) -> bool:
    """Whether this check-in waits for somebody's return, or is to be left out: it is no matter of hours."""
    pair, policy = waiting.pair, waiting.policy
    return bool(await pair_paused_until(session, pair, policy, now) or await pause_of(session, pair, policy, now))


async def _no_hour(
    session: AsyncSession, pair: Pair, sentence: Sentence | None, now: datetime, *, tell: bool = True
) -> None:
    """Tries again tomorrow and tells HR; with no day left to try, which is always told, the check-in ends here."""
    row = await session.get_one(CheckInRow, pair.row.id)
    newest = await newest_booking(session, row.id)
    if row.state != State.DUE or (newest and newest.state in OPEN_BOOKING):
        # Settled meanwhile, perhaps by another plan, whose booking is what left no hour to this one.
        return
    names = {"person": pair.person.name, "partner": pair.partner.name}
    if sentence is None:
        sentence = Sentence(
            "There is no day left for the check-in of {person} and {partner} in this period: agree on an hour by hand.",
            **names,
        )
        await close(session, row, State.CANCELLED, now)
    else:
        row.plan_again_at = _tomorrow(now)
        if not tell:
            return
        sentence = Sentence("{person} and {partner}: {sentence}", **names, sentence=sentence)
    await ask_for_a_hand(session, f"no-hour/{row.id}", sentence, now, pair.person.id)


def _when(waiting: Sequence[Waiting], asking: Waiting, about: Moment) -> tuple[dict[str, WorkWeek], dict[str, Days]]:
    """Everybody's week for talks by person id, and the days of each check-in by its id; without those of the others
    whose week cannot be told.
    """
    today = about.now.date()
    partner = asking.pair.partner
    theirs = work_week(partner, today)
    weeks = {partner.id: _for_talks(theirs, asking.policy)}
    days = {}
    for each in waiting:
        person = each.pair.person
        try:
            week = work_week(person, today)
            days[each.id] = _days(each, week, theirs, about.now)
        except BROKEN_DATA as error:
            if each.id == about.id:
                raise
            log.warning("check-in %s is left out of a plan: %s", each.id, type(error).__name__)
        else:
            weeks[person.id] = _for_talks(week, each.policy)
    return weeks, days


def _for_talks(week: WorkWeek, policy: Policy) -> WorkWeek:
    """The week without the days on which the policy wants no talk, which are workdays otherwise."""
    return replace(week, days_off=week.days_off | set(policy.rhythm.no_check_in_dates))


def _why_anew(pair: Pair) -> tuple[str, ...]:
    """The sentence for both, if the hour before this one was freed by a move to another zone."""
    if pair.booking is None or pair.booking.state != "moved":
        return ()
    names = who_moved(Span(pair.booking.start_at, pair.booking.end_at), lives(pair, pair.booking))
    return (sentence(names),) if names else ()


async def _live_as_before(session: AsyncSession, planned: Pair) -> bool:
    """Whether the hour was found for the zones in which the two live now."""
    people = (await check_in(session, planned.row.id)).people
    return [each.zone for each in people] == [each.zone for each in planned.people]


def _tomorrow(now: datetime) -> datetime:
    return datetime.combine(now.date() + ONE_DAY, TRY_AGAIN_AT, UTC)


def _days(waiting: Waiting, mine: WorkWeek, theirs: WorkWeek, now: datetime) -> Days:
    """From when until when this check-in may take place: dates of the employee."""
    pair, policy, today = waiting.pair, waiting.policy, mine.local_day(now)
    notice = policy.booking.notice_workdays
    if pair.booking is not None:
        notice = policy.booking.notice_workdays_when_moved
    last = last_day_for(pair, policy, today)
    soonest = max(pair.row.due_on, earliest_day(mine, theirs, today, notice))
    # Where later days would be too late, those before have to do.
    first = soonest if (pair.row.not_before or soonest) > last else max(soonest, pair.row.not_before or soonest)
    if first > last:
        first = max(pair.row.due_on, earliest_day(mine, theirs, today, notice, shrunk=True))
    return first, last


def _weekday_and_hour(last_talk: Booking | None, week: WorkWeek) -> tuple[int, time] | None:
    if last_talk is None:
        return None
    # Ten o'clock where they lived then is ten o'clock where they live now.
    local = last_talk.start_at.astimezone(ZoneInfo(last_talk.person_zone or week.zone))
    return local.weekday(), local.time()


async def still_free(session: AsyncSession, row: CheckInRow, choice: Choice, caps: Caps, partner: Person) -> bool:
    """The database refuses an overlap, since Graph never does."""
    if row.state != State.DUE:
        return False
    newest = await newest_booking(session, row.id)
    if newest and newest.state in OPEN_BOOKING:
        return False
    since = choice.start - A_WEEK_AND_A_DAY
    taken = await open_spans(session, partner.id, as_partner_only=True, since=since)
    if not fits(choice, taken, caps, partner.zone):
        return False
    span = Span(choice.start, choice.end)
    others = [
        *await open_spans(session, row.person_id, as_partner_only=False, since=since),
        *await open_spans(session, row.partner_id, as_partner_only=False, since=since),
    ]
    return not any(span.overlaps(other) for other in others)
