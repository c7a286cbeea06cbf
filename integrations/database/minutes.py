"""Gives out places in the minutes of mailboxes, one taker at a time, so that none is given twice too often."""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from cycle.minutes import Place, first_with_room


class Lock(IntEnum):
    """PostgreSQL's advisory locks; any numbers that nothing else in the database locks.

    Taken last, after all rows that a transaction locks, and each alone: so nobody waits in a circle.
    """

    LETTERS = 3060
    BOOKINGS = 3061
    LEASES = 3062


async def one_at_a_time(session: AsyncSession, lock: Lock) -> None:
    """From here to the commit nobody else is past this line (SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(int(lock))))


async def place(
    session: AsyncSession,
    mailbox: InstrumentedAttribute[str],
    minute: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    mailboxes: Sequence[str],
    begin: datetime,
    most: int,
) -> Place:
    """The first place among those that the rows of a table have taken, `most` a mailbox and minute.

    The caller holds the table's Lock, and writes the place down in the same transaction.
    """
    rows = await session.execute(
        select(mailbox, minute, func.count()).where(mailbox.in_(mailboxes), minute >= begin).group_by(mailbox, minute)
    )
    taken = {(whose, at): count for whose, at, count in rows if at is not None}
    return first_with_room(mailboxes, taken, begin, most)
