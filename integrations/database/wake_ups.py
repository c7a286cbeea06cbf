"""Pokes that are owed: retrying the undelivered, and owing one to every open id when Temporal was lost."""

import asyncio
import logging
from datetime import datetime

from sqlalchemy import Executable, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.connection import Database, poke
from integrations.database.tables import ActionRow, CheckInRow, Enrolment, Letter, LetterItem, Plan, WakeUp

log = logging.getLogger(__name__)

OWED_EVERY = 5.0
"""Seconds between two looks for wake-ups that could not be delivered when they were committed."""

OPEN_CHECK_IN = ("due", "booked", "ended")


async def deliver_owed(database: Database, most: int = 500) -> int:
    """Tries the oldest undelivered wake-ups again; returns how many arrived."""
    async with database.reading() as session:
        rows = (await session.scalars(select(WakeUp).order_by(WakeUp.id).limit(most))).all()
    owed = [{"id": row.id, "workflow": row.workflow, "target": row.target, "reason": row.reason} for row in rows]
    return await database.deliver(owed) if owed else 0


async def keep_delivering(database: Database) -> None:
    """Tries the undelivered again and again, until cancelled. Runs in the worker and in the web face."""
    while True:
        try:
            await deliver_owed(database)
        except DBAPIError as error:
            log.warning("the database does not answer (%s); wake-ups wait", type(error).__name__)
        await asyncio.sleep(OWED_EVERY)


async def owe_everything(session: AsyncSession, now: datetime) -> int:
    """Owes a wake-up to every open id, so that an empty Temporal is rebuilt; returns how many."""
    open_ids: dict[str, Executable] = {
        "DevelopmentCycle": select(Enrolment.person_id).where(Enrolment.ended_at.is_(None)),
        "CheckIn": select(CheckInRow.id).where(CheckInRow.state.in_(OPEN_CHECK_IN)),
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
