"""Opens each person's check-in of a period when its booking horizon is reached."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.moment import Moment
from activities.returns import leave_out, return_for, take_up_again, turn_into_return
from cycle.cadence import (
    booking_horizon,
    due_for,
    due_on,
    last_day,
    period_containing,
    period_number,
    team_order,
)
from cycle.leave import stretched
from cycle.policy import Policy
from integrations.database.check_ins import has_open_check_in, last_period_of, team_under
from integrations.database.connection import Database, poke
from integrations.database.handovers import free_day_for, pending_handover
from integrations.database.leavers import say_without_manager
from integrations.database.needs_a_hand import mended
from integrations.database.people import leaves_of, partner_of
from integrations.database.policies import policy_in_force, revision_number
from integrations.database.tables import CheckInRow, Enrolment, Handover, Person, PolicyRow

LOOK_AGAIN = timedelta(days=7)
"""How long a cycle sleeps when only a poke, or leave that nobody told us of, can bring news."""

PERIODS_AHEAD = 24
MINUTES_OF_SPREAD = 180


class Cycles:
    """The activities of `DevelopmentCycle`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="cycles.open_due")
    async def open_due(self, about: Moment) -> datetime | None:
        """Opens the person's next check-in if its time has come, and returns when to look again; None to stop."""
        async with self._database.transaction() as session:
            person = await session.get(Person, about.id)
            enrolment = await session.get(Enrolment, about.id)
            # No person: Temporal outlived the database that it waited for.
            if person is None or enrolment is None or enrolment.ended_at or person.left_at:
                return None
            if enrolment.held:
                return about.now + LOOK_AGAIN
            partner_id = await partner_of(session, about.id, about.now.date())
            handover = await pending_handover(session, about.id, partner_id) if partner_id else None
            if handover and await self._open_handover(session, enrolment, handover, about.now):
                return about.now + LOOK_AGAIN
            if await has_open_check_in(session, about.id):
                await turn_into_return(session, person, enrolment, about.now)
                return about.now + LOOK_AGAIN
            if partner_id is None:
                await say_without_manager(session, person, about.now)
                return about.now + timedelta(days=1)
            await mended(session, f"partner/{about.id}", about.now)
            if await take_up_again(session, person, partner_id, enrolment, about.now):
                return about.now + LOOK_AGAIN
            return await self._open(session, person, enrolment, partner_id, about.now)

    async def _open(
        self,
        session: AsyncSession,
        person: Person,
        enrolment: Enrolment,
        partner_id: str,
        now: datetime,
    ) -> datetime:
        policy = await policy_in_force(session, enrolment.policy_id)
        due = await self._next_due(session, person, enrolment, partner_id, policy, now)
        starts_on = (await session.get_one(PolicyRow, enrolment.policy_id)).starts_on
        back = await return_for(session, person, policy, starts_on, now)
        kind = "regular"
        if back and (due is None or due[1] >= back.leave.first):
            kind, due = "return", (back.period, back.due_on)
        if due is None:
            return now + LOOK_AGAIN
        number, due_day = due
        partner = await session.get_one(Person, partner_id)
        opens_at = _opens_at(booking_horizon(due_day, policy.booking.weeks_ahead), partner)
        if now < opens_at:
            return min(opens_at, now + LOOK_AGAIN)
        row = CheckInRow(
            person_id=person.id,
            partner_id=partner_id,
            kind=kind,
            period=number,
            due_on=due_day,
            policy_id=enrolment.policy_id,
            policy_revision=await revision_number(session, enrolment.policy_id),
            opened_at=now,
        )
        session.add(row)
        await session.flush()
        poke(session, "CheckIn", row.id, "opened", now)
        return now + LOOK_AGAIN

    async def _open_handover(
        self, session: AsyncSession, enrolment: Enrolment, handover: Handover, now: datetime
    ) -> bool:
        """Opens the check-in that begins the time with another partner, in place of the one due in its period.

        False before the policy's first period.
        """
        starts_on = (await session.get_one(PolicyRow, enrolment.policy_id)).starts_on
        rhythm, today = (await policy_in_force(session, enrolment.policy_id)).rhythm, now.date()
        days = [today + timedelta(days=each) for each in range(rhythm.new_manager_within_days)]
        due = await free_day_for(session, enrolment.person_id, "handover", days)
        if today < starts_on or due is None:
            return False
        row = CheckInRow(
            person_id=enrolment.person_id,
            partner_id=handover.successor_id,
            kind="handover",
            period=handover.period or period_containing(starts_on, rhythm.every_months, today).number,
            due_on=due,
            policy_id=enrolment.policy_id,
            policy_revision=await revision_number(session, enrolment.policy_id),
            opened_at=now,
        )
        session.add(row)
        await session.flush()
        handover.check_in_id = row.id
        poke(session, "CheckIn", row.id, "another manager", now)
        return True

    async def _next_due(
        self,
        session: AsyncSession,
        person: Person,
        enrolment: Enrolment,
        partner_id: str,
        policy: Policy,
        now: datetime,
    ) -> tuple[int, date] | None:
        """Number and due date of the first period, after the last one lived, whose check-in can still take place."""
        starts_on = (await session.get_one(PolicyRow, enrolment.policy_id)).starts_on
        rhythm, today = policy.rhythm, now.date()
        partner = await session.get_one(Person, partner_id)
        team = await team_under(session, partner_id, enrolment.policy_id, today)
        order = team_order(team)
        first = period_containing(starts_on, rhythm.every_months, max(today, starts_on)).number
        # Numbers count from each policy's own start, so those of a former policy say nothing here.
        first = max(first, await last_period_of(session, person.id, enrolment.policy_id) + 1)
        for number in range(first, first + PERIODS_AHEAD):
            period = period_number(starts_on, rhythm.every_months, number)
            regular = due_on(
                period,
                rhythm.weeks_of_period,
                order.index(person.oid),
                len(order),
                rhythm.no_check_in_dates,
            )
            due = due_for(period, regular, person.hired_on, rhythm.new_joiner_on_day, rhythm.no_check_in_dates)
            if due is None:
                continue
            last = last_day(due, rhythm.may_slip_days, rhythm.every_months)
            if stretched(due, (last - due).days, leaves_of(person)) < today:
                continue
            if not await leave_out(session, person, partner, enrolment, policy, period, due, now):
                return number, due
        return None


def _opens_at(horizon: date, partner: Person) -> datetime:
    """The instant of that day at which a manager's team is planned: theirs alone, so that teams do not all
    reach for the calendars at midnight. It hangs on the manager's id, not on chance.
    """
    minute = int.from_bytes(hashlib.sha256(partner.oid.encode()).digest()[:4]) % MINUTES_OF_SPREAD
    return datetime.combine(horizon, time(), UTC) + timedelta(minutes=minute)
