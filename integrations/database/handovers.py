"""When somebody else holds a person's check-ins: those to come are called off, and a handover check-in is owed."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import State
from integrations.database.calls_for_help import take_call_back
from integrations.database.check_ins import close, newest_booking
from integrations.database.columns import new_id
from integrations.database.connection import poke
from integrations.database.letters import owe_letter
from integrations.database.needs_a_hand import mended
from integrations.database.tables import CheckInRow, Enrolment, Handover, Person, Reporting


async def pass_on(
    session: AsyncSession, person_id: str, former_id: str | None, successor_id: str | None, now: datetime
) -> None:
    """What follows when `successor_id` holds this person's check-ins from now on, and `former_id` did until now.

    1. Check-ins to come with others are called off, and letters that wait for the former one are looked at again;
    who asked HR for somebody else has somebody else.
    2. Where there was somebody before, also before a time with nobody, a handover is owed: the cycle opens its
    check-in, and the person is asked by letter what the successor may see. 3. Whoever comes back as if nothing had
    happened gets the check-ins back that were called off.
    """
    if former_id == successor_id:
        return
    for row in await to_come(session, person_id, now):
        if row.partner_id != successor_id:
            await call_off(session, row, "another manager", now)
    if former_id:
        former = await session.get_one(Person, former_id)
        for reader_id in filter(None, (former.id, former.assistant_id)):
            poke(session, "Postbox", reader_id, "another manager", now)
    if successor_id is None:
        return
    await mended(session, f"partner/{person_id}", now)
    await take_call_back(session, person_id, "partner", now)
    poke(session, "DevelopmentCycle", person_id, "another manager", now)
    before = await _line_before(session, person_id, former_id, now.date())
    if before is None or not await takes_part(session, person_id):
        return
    last_id, ended_on = before
    undone = await _undone(session, person_id, last_id, successor_id)
    if undone:
        last_id, ended_on = successor_id, undone.at.date()
    called_off = await _called_off(session, person_id, last_id, ended_on)
    if last_id == successor_id:
        for row in called_off:
            await _take_up_again(session, row, now)
    else:
        await _owe(session, person_id, last_id, successor_id, called_off, now)


async def call_off(session: AsyncSession, row: CheckInRow, reason: str, now: datetime) -> None:
    """Ends a check-in to come; its workflow has its event cancelled. HR need not find an hour for it any more."""
    await close(session, row, State.CANCELLED, now)
    poke(session, "CheckIn", row.id, reason, now)
    await mended(session, f"no-hour/{row.id}", now)


async def to_come(session: AsyncSession, person_id: str, now: datetime) -> Sequence[CheckInRow]:
    """The person's check-ins that have not begun, nobody else's to change until the transaction ends.

    A talk stays booked until it is asked about, which may be days after it took place.
    """
    query = (
        select(CheckInRow)
        .where(CheckInRow.person_id == person_id, CheckInRow.state.in_((State.DUE, State.BOOKED)))
        .order_by(CheckInRow.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    rows = (await session.scalars(query)).all()
    return [row for row in rows if not await _has_begun(session, row, now)]


async def _has_begun(session: AsyncSession, row: CheckInRow, now: datetime) -> bool:
    booking = await newest_booking(session, row.id)
    return booking is not None and booking.state == "booked" and booking.start_at <= now


async def pending_handover(session: AsyncSession, person_id: str, partner_id: str) -> Handover | None:
    """The newest handover to the partner of today whose check-in has not been opened."""
    newest = await newest_handover(session, person_id)
    pending = newest is not None and newest.check_in_id is None and newest.successor_id == partner_id
    return newest if pending else None


async def newest_handover(session: AsyncSession, person_id: str) -> Handover | None:
    return await session.scalar(
        select(Handover).where(Handover.person_id == person_id).order_by(Handover.id.desc()).limit(1)
    )


async def free_day_for(session: AsyncSession, person_id: str, kind: str, days: Sequence[date]) -> date | None:
    """The first of `days` on which this person has no check-in of this kind: one is enough a day."""
    taken = set(
        await session.scalars(
            select(CheckInRow.due_on).where(CheckInRow.person_id == person_id, CheckInRow.kind == kind)
        )
    )
    return next((day for day in days if day not in taken), None)


async def _undone(session: AsyncSession, person_id: str, former_id: str, successor_id: str) -> Handover | None:
    """The handover that is taken back before its talk took place: the directory was wrong for a while."""
    newest = await newest_handover(session, person_id)
    if newest is None or (newest.former_id, newest.successor_id) != (successor_id, former_id):
        return None
    talk = await session.get(CheckInRow, newest.check_in_id) if newest.check_in_id else None
    return newest if talk is None or talk.state == State.CANCELLED else None


async def _owe(
    session: AsyncSession,
    person_id: str,
    former_id: str,
    successor_id: str,
    called_off: Sequence[CheckInRow],
    now: datetime,
) -> None:
    row = Handover(
        id=new_id(),
        person_id=person_id,
        former_id=former_id,
        successor_id=successor_id,
        period=max((each.period for each in called_off), default=None),
        at=now,
    )
    session.add(row)
    await session.flush()
    await owe_letter(session, f"handover/{row.id}/{person_id}", person_id, "handover", now, now)


async def _line_before(
    session: AsyncSession, person_id: str, former_id: str | None, today: date
) -> tuple[str, date] | None:
    """Who held the check-ins last, and on which day that ended; None for somebody's first partner."""
    if former_id:
        return former_id, today
    row = (
        await session.execute(
            select(Reporting.partner_id, Reporting.until)
            .where(Reporting.person_id == person_id, Reporting.until.is_not(None))
            .order_by(Reporting.until.desc(), Reporting.source.desc(), Reporting.id.desc())
            .limit(1)
        )
    ).first()
    return (row[0], row[1]) if row and row[1] else None


async def _called_off(session: AsyncSession, person_id: str, partner_id: str, since: date) -> Sequence[CheckInRow]:
    rows = await session.scalars(
        select(CheckInRow).where(
            CheckInRow.person_id == person_id,
            CheckInRow.partner_id == partner_id,
            CheckInRow.state == State.CANCELLED,
        )
    )
    return [row for row in rows if row.closed_at and row.closed_at.date() >= since]


async def _take_up_again(session: AsyncSession, row: CheckInRow, now: datetime) -> None:
    """It needs an hour again; an event that still stands keeps its place, or is moved."""
    row.state, row.closed_at, row.plan_again_at = State.DUE, None, None
    booking = await newest_booking(session, row.id)
    if booking and booking.state == "booked":
        booking.state = "moved"
    poke(session, "CheckIn", row.id, "taken up again", now)


async def takes_part(session: AsyncSession, person_id: str) -> bool:
    """Whether this person lives under a policy and is here."""
    found = await session.scalar(
        select(func.count())
        .select_from(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.person_id == person_id, Enrolment.ended_at.is_(None), Person.left_at.is_(None))
    )
    return bool(found)
