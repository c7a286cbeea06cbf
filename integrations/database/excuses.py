""" "Not this time": either of the two leaves out a check-in, and no reason is asked."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import State
from integrations.database.check_ins import close, lock_check_in
from integrations.database.connection import poke
from integrations.database.tables import Audit

LEFT_OUT = "left out a check-in"


async def excuse(session: AsyncSession, check_in_id: str, by_id: str, now: datetime) -> bool:
    """Excuses a check-in that has not taken place; returns whether it is excused now.

    Its open booking stays for the workflow to cancel in the calendar. A second time changes nothing.
    """
    row = await lock_check_in(session, check_in_id)
    if row.state not in {State.DUE, State.BOOKED}:
        return row.state == State.EXCUSED
    await close(session, row, State.EXCUSED, now)
    session.add(Audit(at=now, who=by_id, did=LEFT_OUT, subject_id=check_in_id))
    poke(session, "CheckIn", check_in_id, "not this time", now)
    return True


async def was_excused_by_hand(session: AsyncSession, check_in_id: str) -> bool:
    """Whether one of the two left it out, and not a leave."""
    said = select(Audit.id).where(Audit.subject_id == check_in_id, Audit.did == LEFT_OUT)
    return await session.scalar(said.limit(1)) is not None
