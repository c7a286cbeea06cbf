"""The talk after a long leave, opened in place of the next regular one or made of the one that waits; and what a leave
leaves out, until it is taken back.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.slip import last_day_for
from cycle.cadence import Period, booking_horizon, period_containing, period_number
from cycle.check_in import State
from cycle.leave import Leave, excuses, long_leave, return_days
from cycle.policy import Policy
from integrations.database.check_ins import check_in, close, newest_booking
from integrations.database.connection import poke
from integrations.database.excuses import was_excused_by_hand
from integrations.database.leaves import pause_of
from integrations.database.people import leaves_of, work_week
from integrations.database.policies import policy_of_check_in, revision_number
from integrations.database.tables import CheckInRow, Enrolment, LetterItem, Person, PolicyRow


@dataclass(frozen=True, slots=True)
class Return:
    """The talk after `leave`: which period it counts for, and the first and last day on which it may be."""

    leave: Leave
    period: int
    due_on: date
    last: date


async def return_for(
    session: AsyncSession, person: Person, policy: Policy, starts_on: date, now: datetime
) -> Return | None:
    """The talk that the newest long leave asks for and that has not been opened; None when there is none, or it is
    too late for it.
    """
    week = work_week(person, now.date())
    today = week.local_day(now)
    leave = long_leave(leaves_of(person), today)
    if leave is None:
        return None
    due_on, last = return_days(leave, week, policy.rhythm.return_from_leave_workdays)
    talked = exists().where(
        CheckInRow.person_id == person.id, CheckInRow.kind == "return", CheckInRow.due_on > leave.first
    )
    if last < max(today, starts_on) or await session.scalar(select(talked)):
        return None
    period = period_containing(starts_on, policy.rhythm.every_months, max(due_on, starts_on))
    return Return(leave, period.number, due_on, last)


async def turn_into_return(session: AsyncSession, person: Person, enrolment: Enrolment, now: datetime) -> None:
    """A regular check-in that was still to come when a long leave began becomes the talk after it.

    Its hour stands if it lies in those days; else another is found. One whose form has gone out is called off instead,
    since the talk after a leave asks other questions. What leaves the whole period out is left alone.
    """
    row = await session.scalar(
        select(CheckInRow).where(
            CheckInRow.person_id == person.id,
            CheckInRow.kind == "regular",
            CheckInRow.policy_id == enrolment.policy_id,
            CheckInRow.state.in_((State.DUE, State.BOOKED)),
        )
    )
    if row is None:
        return
    policy = await policy_of_check_in(session, row)
    starts_on = (await session.get_one(PolicyRow, row.policy_id)).starts_on
    back = await return_for(session, person, policy, starts_on, now)
    if back is None or row.due_on < back.leave.first:
        return
    if await pause_of(session, await check_in(session, row.id), policy, now) == "excused":
        return
    if await session.get(LetterItem, f"form/{row.id}"):
        await close(session, row, State.CANCELLED, now)
        poke(session, "CheckIn", row.id, "back from leave", now)
        return
    row.kind, row.due_on, row.period = "return", back.due_on, back.period
    booking = await newest_booking(session, row.id)
    if booking and booking.state == "booked":
        day = work_week(person, now.date()).local_day(booking.start_at)
        if not (back.due_on <= day <= back.last or back.leave.holds(day)):
            booking.state, row.state = "moved", State.DUE
    poke(session, "CheckIn", row.id, "back from leave", now)


async def leave_out(
    session: AsyncSession,
    person: Person,
    partner: Person,
    enrolment: Enrolment,
    policy: Policy,
    period: Period,
    due_on: date,
    now: datetime,
) -> bool:
    """Whether a period is left out since one of the two is on leave for most of it; from its horizon on, on record."""
    if not any(excuses(period, leaves_of(each), due_on) for each in (person, partner)):
        return False
    if now.date() >= booking_horizon(due_on, policy.booking.weeks_ahead):
        session.add(
            CheckInRow(
                person_id=person.id,
                partner_id=partner.id,
                period=period.number,
                due_on=due_on,
                state=State.EXCUSED,
                policy_id=enrolment.policy_id,
                policy_revision=await revision_number(session, enrolment.policy_id),
                opened_at=now,
                closed_at=now,
            )
        )
        await session.flush()
    return True


async def take_up_again(
    session: AsyncSession, person: Person, partner_id: str, enrolment: Enrolment, now: datetime
) -> bool:
    """Whether the newest period, left out for a leave that was taken back since, is lived after all: an hour is found
    while there are days left for it. What one of the two left out themselves stays so.
    """
    row = await session.scalar(
        select(CheckInRow)
        .where(
            CheckInRow.person_id == person.id,
            CheckInRow.kind == "regular",
            CheckInRow.policy_id == enrolment.policy_id,
        )
        .order_by(CheckInRow.period.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None or row.period < 1 or row.state != State.EXCUSED or row.partner_id != partner_id:
        return False
    pair = await check_in(session, row.id)
    policy = await policy_of_check_in(session, row)
    starts_on = (await session.get_one(PolicyRow, row.policy_id)).starts_on
    period = period_number(starts_on, policy.rhythm.every_months, row.period)
    # However late the talk: an hour before the leave would not have been left out, and is no reason to begin again.
    if any(excuses(period, leaves_of(each), period.last) for each in pair.people):
        return False
    today = work_week(person, now.date()).local_day(now)
    if last_day_for(pair, policy, today) < today or await was_excused_by_hand(session, row.id):
        return False
    row.state, row.closed_at, row.plan_again_at = State.DUE, None, None
    poke(session, "CheckIn", row.id, "a leave was taken back", now)
    return True
