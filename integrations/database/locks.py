"""What only one transaction at a time may do, where several write at once."""

from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


class Lock(IntEnum):
    """PostgreSQL's advisory locks; any numbers that nothing else in the database locks.

    Taken last, after all rows that a transaction locks (LINES first, before any), and each alone: so nobody waits in a
    circle.
    """

    LETTERS = 3060
    BOOKINGS = 3061
    LEASES = 3062
    LINES = 3063


async def one_at_a_time(session: AsyncSession, lock: Lock) -> None:
    """From here to the commit nobody else is past this line (SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(int(lock))))
