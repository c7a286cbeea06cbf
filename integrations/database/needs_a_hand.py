"""What cannot go on by itself: sentences for HR, each with its remedy, struck out once mended."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.sentences import Sentence
from cycle.stuck import SAME_TROUBLE
from integrations.database.tables import NeedsAHand


async def ask_for_a_hand(
    session: AsyncSession, key: str, sentence: Sentence, now: datetime, person_id: str | None = None
) -> None:
    """Puts the sentence on HR's list, or back on it; `key` makes it once. What comes back later counts anew."""
    row = await session.get(NeedsAHand, key)
    if row is None:
        session.add(NeedsAHand(key=key, person_id=person_id, sentence=sentence, since=now))
    else:
        if row.mended_at is not None and now - row.mended_at > SAME_TROUBLE:
            row.since = now
        row.sentence, row.mended_at = sentence, None


async def mended_with(session: AsyncSession, person_id: str, now: datetime) -> None:
    """Strikes out what was asked for somebody who is not here any more; what is stuck says itself when it goes on."""
    query = select(NeedsAHand).where(
        NeedsAHand.person_id == person_id, NeedsAHand.mended_at.is_(None), ~NeedsAHand.key.startswith("stuck/")
    )
    for row in (await session.scalars(query)).all():
        row.mended_at = now


async def mended(session: AsyncSession, key: str, now: datetime) -> None:
    row = await session.get(NeedsAHand, key)
    if row is not None and row.mended_at is None:
        row.mended_at = now
