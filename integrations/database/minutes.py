"""Gives out places in the minutes of mailboxes, one taker at a time, so that none is given twice too often."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from cycle.minutes import Place, first_with_room


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
