"""Pokes that are owed: retrying the undelivered, and owing one to every open id when Temporal was lost."""

import asyncio
import logging
from datetime import datetime

from sqlalchemy import Executable, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import CALLED_OFF, OPEN
from integrations.database.check_ins import IN_THE_CALENDAR
from integrations.database.connection import Database, poke
from integrations.database.tables import ActionRow, Booking, CheckInRow, Enrolment, Letter, LetterItem, Plan, WakeUp

log = logging.getLogger(__name__)

OWED_EVERY = 5.0
"""Seconds between two looks for wake-ups that could not be delivered when they were committed."""


async def deliver_owed(database: Database, most: int = 500) -> int:
    """Tries the oldest undelivered wake-ups again, at most so many; returns how many arrived.

    Those that are refused hold up nobody: where only such head the line, the next are tried.
    """
    last = ""
    while True:
        async with database.reading() as session:
            rows = (await session.scalars(select(WakeUp).where(WakeUp.id > last).order_by(WakeUp.id).limit(most))).all()
        owed = [{"id": row.id, "workflow": row.workflow, "target": row.target, "reason": row.reason} for row in rows]
        if not owed:
            return 0
        # Asked twice, since one workflow alone can be out of reach.
        arrived, answered = await database.deliver(owed, asks=2)
        if arrived or not answered:
            return arrived
        last = owed[-1]["id"]


async def keep_delivering(database: Database) -> None:
    """Tries the undelivered again and again, until cancelled. Runs in the worker and in the web face."""
    while True:
        try:
            await deliver_owed(database)
        except (SQLAlchemyError, OSError) as error:
            # OSError: what a server that is not there raises before SQLAlchemy has a connection to speak of.
            log.warning("the database does not answer (%s); wake-ups wait", type(error).__name__)
        await asyncio.sleep(OWED_EVERY)


async def owe_everything(session: AsyncSession, now: datetime) -> int:
    """Owes a wake-up to every open id, so that an empty Temporal is rebuilt; returns how many."""
    newest = select(func.max(Booking.no)).where(Booking.check_in_id == CheckInRow.id).correlate(CheckInRow)
    standing = select(CheckInRow.id).join(Booking, Booking.check_in_id == CheckInRow.id)
    open_ids: dict[str, Executable] = {
        "DevelopmentCycle": select(Enrolment.person_id).where(Enrolment.ended_at.is_(None)),
        # Also those that were called off, and whose event is still to be cancelled.
        "CheckIn": select(CheckInRow.id)
        .where(CheckInRow.state.in_(OPEN))
        .union(
            standing.where(
                CheckInRow.state.in_(CALLED_OFF),
                Booking.no == newest.scalar_subquery(),
                Booking.state.in_(IN_THE_CALENDAR),
            )
        ),
        "ActionChase": select(ActionRow.id).where(ActionRow.state == "open"),
        "PlanWatch": select(Plan.id).where(Plan.state == "active"),
        "Postbox": select(LetterItem.recipient_id)
        .where(LetterItem.state.in_(("waiting", "taken")))
        .union(select(Letter.recipient_id).where(Letter.state.in_(("planned", "drafted")))),
    }
    count = 0
    for workflow, query in open_ids.items():
        for target in (await session.scalars(query)).all():
            poke(session, workflow, target, "recover", now)
            count += 1
    return count
