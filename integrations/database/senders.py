"""The pool of senders: which of them get letters, while one that refuses us is passed over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.needs_a_hand import mended
from integrations.database.once import insert_once
from integrations.database.tables import Letter, NeedsAHand, Refusal

PASSED_OVER_FOR = timedelta(hours=1)
"""As long as what waits for a hand waits before it is looked at again."""

AT_WORK_FOR = timedelta(days=2)
"""Longer than anything about a letter is tried again (`workflows/patience.py`)."""

LINE = "sender/"
"""Before a sender's name, its line on HR's list."""


async def in_use(session: AsyncSession, pool: Sequence[str], now: datetime) -> Sequence[str]:
    """Those of `pool` that have not refused us within the hour, in the order in which they get letters; maybe none.

    One that refused us before comes first, so that the next letter finds out.
    """
    rows = await session.scalars(select(Refusal).where(Refusal.sender.in_(pool)))
    refused = {row.sender: row.at for row in rows}
    usable = [each for each in pool if each not in refused or refused[each] <= now - PASSED_OVER_FOR]
    return sorted(usable, key=lambda each: each not in refused)


async def note_refusal(session: AsyncSession, sender: str, now: datetime) -> None:
    if not await insert_once(session, Refusal, sender=sender, at=now):
        await session.execute(update(Refusal).where(Refusal.sender == sender).values(at=now))


async def note_that_it_works(session: AsyncSession, sender: str, now: datetime) -> None:
    """A letter has left from it: HR's line is struck out."""
    row = await session.get(Refusal, sender)
    if row is not None:
        await session.delete(row)
        await mended(session, f"{LINE}{sender}", now)


async def pass_nobody_over(session: AsyncSession, now: datetime) -> None:
    """The next letter asks those that refused us, since somebody says that something was mended."""
    await session.execute(update(Refusal).values(at=now - PASSED_OVER_FOR))


async def let_go_of_former(session: AsyncSession, pool: Sequence[str], now: datetime) -> Sequence[str]:
    """Strikes out what HR was told of senders that are not in the pool any more. Returns those that letters, or what
    is still tried again about them, are at.
    """
    lines = select(NeedsAHand.key).where(NeedsAHand.key.startswith(LINE), NeedsAHand.mended_at.is_(None))
    for key in (await session.scalars(lines)).all():
        if key.removeprefix(LINE) not in pool:
            await mended(session, key, now)
    await session.execute(delete(Refusal).where(Refusal.sender.not_in(pool)))
    at_work = or_(Letter.state.in_(("planned", "drafted")), Letter.minute >= now - AT_WORK_FOR)
    return (await session.scalars(select(Letter.sender).where(Letter.sender.not_in(pool), at_work).distinct())).all()
