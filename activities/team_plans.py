"""Finds an hour for each of a manager's check-ins that wait for one, and commits them as intended bookings."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.directory import Mailboxes
from activities.failures import BROKEN_DATA
from activities.moment import Moment
from cycle.cadence import earliest_day, last_day
from cycle.check_in import State
from cycle.policy import Policy
from cycle.slots import Busy, Diary
from cycle.team_plan import Caps, Choice, Request, fits, plan_team
from cycle.workdays import ONE_DAY, Span, WorkWeek
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
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import work_week
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Booking, CheckInRow, Person
from integrations.graph.calendars import Calendars
from integrations.graph.errors import GraphTrouble, NoMailbox

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

    def __init__(self, database: Database, calendars: Calendars, mailboxes: Mailboxes, organizer: str) -> None:
        self._database = database
        self._calendars = calendars
        self._mailboxes = mailboxes
        self._organizer = organizer

    @activity.defn(name="team_plans.plan_team")
    async def plan_team(self, about: Moment) -> None:
        """Finds an hour for the check-in `about.id` and for all others of its manager that wait for one.

        1. Reads the calendars of everybody concerned. 2. Decides, without touching anything. 3. In one transaction
        that locks the people, checks again against what was booked meanwhile, and commits the bookings as
        `intended`. Whose calendar cannot be read is not booked blindly.

        Trouble with one of the others, or data of theirs that no rule can use, leaves them out and no more: their own
        check-in comes upon it by itself. Only trouble with the two of `about.id` is raised.
        """
        waiting = await self._waiting(about)
        if not waiting:
            return
        partner = waiting[0].pair.partner
        weeks, days = _when(waiting, about)
        waiting = [each for each in waiting if each.id in days]
        people = {person.id: person for each in waiting for person in each.pair.people}
        diaries, unread = await self._diaries(people, weeks, [days[each.id] for each in waiting])
        caps = Caps.of(waiting[0].policy.booking)
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
        await self._commit(waiting, choices, without, caps, about.now)

    async def _waiting(self, about: Moment) -> list[Waiting]:
        """The check-ins of this one's manager that wait for an hour, and whose people have mailboxes."""
        async with self._database.reading() as session:
            asking = await session.get_one(CheckInRow, about.id)
            rows = await unbooked_of_partner(session, asking.partner_id, about.now)
        the_two = (asking.partner_id, asking.person_id)
        for person_id in dict.fromkeys((*the_two, *(row.person_id for row in rows))):
            try:
                await self._mailboxes.refreshed(person_id, about.now)
            except NoMailbox:
                rows = [row for row in rows if person_id not in (row.person_id, row.partner_id)]
                await self._try_tomorrow(person_id, about.now)
            except (GraphTrouble, *BROKEN_DATA) as trouble:
                if person_id in the_two:
                    raise
                log.warning("check-ins of %s are left out of a plan: %s", person_id, type(trouble).__name__)
                rows = [row for row in rows if row.person_id != person_id]
        return [each for row in rows if (each := await self._known(row, about))]

    async def _known(self, row: CheckInRow, about: Moment) -> Waiting | None:
        """What decides about the check-in; None for one of the others that cannot be read."""
        try:
            async with self._database.reading() as session:
                return Waiting(
                    await check_in(session, row.id),
                    await policy_of_check_in(session, row),
                    await last_talk_before(session, row.person_id, row.id),
                )
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

    async def _diaries(
        self, people: Mapping[str, Person], weeks: Mapping[str, WorkWeek], days: Sequence[Days]
    ) -> tuple[dict[str, Diary], dict[str, str]]:
        """What each calendar says of the days in question, a day more on either side for other zones.

        Second, by person id, a sentence for each calendar that cannot be read.
        """
        open_days = [(first, last) for first, last in days if first <= last]
        if not open_days:
            return {each: Diary(week) for each, week in weeks.items()}, {}
        start = datetime.combine(min(first for first, _ in open_days), time(), UTC) - ONE_DAY
        end = datetime.combine(max(last for _, last in open_days), time(), UTC) + 2 * ONE_DAY
        mails = [person.mail for person in people.values()]
        schedules = await self._calendars.schedules(self._organizer, mails, start, end)
        diaries, unread = {}, {}
        for person_id, person in people.items():
            schedule = schedules[person.mail]
            if schedule.trouble:
                unread[person_id] = f"The calendar of {person.name} cannot be read: {schedule.trouble}"
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
        without: Mapping[str, str],
        caps: Caps,
        now: datetime,
    ) -> None:
        """Writes the intents that still fit, and what becomes of those for whom there is no hour."""
        partner = waiting[0].pair.partner
        chosen = {choice.check_in_id: choice for choice in choices}
        async with self._database.transaction() as session:
            await lock_people(session, [partner.id, *(each.pair.person.id for each in waiting)])
            for each in waiting:
                row = await lock_check_in(session, each.id)
                choice = chosen.get(each.id)
                if choice is None:
                    await _no_hour(session, each.pair, without.get(each.id), now)
                elif await _still_free(session, row, choice, caps, partner):
                    span = Span(choice.start, choice.end)
                    await add_booking(
                        session, row.id, span, each.pair.person.zone, self._organizer, choice.reasons, now
                    )
                    row.plan_again_at = None
                    await session.flush()
                    await mended(session, f"no-hour/{row.id}", now)
                poke(session, "CheckIn", row.id, "its team was planned", now)


async def _no_hour(session: AsyncSession, pair: Pair, sentence: str | None, now: datetime) -> None:
    """Tries again tomorrow and tells HR; with no day left to try, the check-in ends here."""
    row = await session.get_one(CheckInRow, pair.row.id)
    newest = await newest_booking(session, row.id)
    if row.state != State.DUE or (newest and newest.state in OPEN_BOOKING):
        # Settled meanwhile, perhaps by another plan, whose booking is what left no hour to this one.
        return
    names = f"{pair.person.name} and {pair.partner.name}"
    if sentence is None:
        sentence = f"There is no day left for the check-in of {names} in this period: agree on an hour by hand."
        await close(session, row, State.CANCELLED, now)
    else:
        row.plan_again_at = _tomorrow(now)
        sentence = f"{names}: {sentence}"
    await ask_for_a_hand(session, f"no-hour/{row.id}", sentence, now, pair.person.id)


def _when(waiting: Sequence[Waiting], about: Moment) -> tuple[dict[str, WorkWeek], dict[str, Days]]:
    """Everybody's working week by person id, and the days of each check-in by its id; without those of the others
    whose week cannot be told.
    """
    today = about.now.date()
    partner = waiting[0].pair.partner
    weeks = {partner.id: work_week(partner, today)}
    days = {}
    for each in waiting:
        person = each.pair.person
        try:
            week = work_week(person, today)
            days[each.id] = _days(each, week, weeks[partner.id], about.now)
        except BROKEN_DATA as error:
            if each.id == about.id:
                raise
            log.warning("check-in %s is left out of a plan: %s", each.id, type(error).__name__)
        else:
            weeks[person.id] = week
    return weeks, days


def _tomorrow(now: datetime) -> datetime:
    return datetime.combine(now.date() + ONE_DAY, TRY_AGAIN_AT, UTC)


def _days(waiting: Waiting, mine: WorkWeek, theirs: WorkWeek, now: datetime) -> Days:
    """From when until when this check-in may take place: dates of the employee."""
    pair, policy, today = waiting.pair, waiting.policy, mine.local_day(now)
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
