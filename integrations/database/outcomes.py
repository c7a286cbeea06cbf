"""What each of the two said about a talk: held, moved, or that it did not happen."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import Said
from integrations.database.connection import poke
from integrations.database.once import insert_once
from integrations.database.tables import OutcomeAnswer


async def answer_outcome(
    session: AsyncSession, check_in_id: str, booking_no: int, person_id: str, said: Said, now: datetime
) -> None:
    """Keeps what this person says of this booking, and wakes the check-in. Their last word counts."""
    new = await insert_once(
        session,
        OutcomeAnswer,
        check_in_id=check_in_id,
        person_id=person_id,
        booking_no=booking_no,
        said=said,
        said_at=now,
    )
    if not new:
        row = await session.get_one(OutcomeAnswer, (check_in_id, person_id, booking_no))
        if row.said == said:
            return
        row.said, row.said_at = said, now
    poke(session, "CheckIn", check_in_id, "an outcome was answered", now)
