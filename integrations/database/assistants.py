"""Whom a manager names to choose the hours of their check-ins: who gets these, and nothing that anybody wrote."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.sentences import Sentence
from integrations.database.connection import poke
from integrations.database.supporters import colleague_named
from integrations.database.tables import Person


async def name_assistant(session: AsyncSession, manager_id: str, who: str, now: datetime) -> None:
    """Names whoever has this name or address, in place of a former one; nobody for "". Raises Refused."""
    manager = await session.get_one(Person, manager_id)
    assistant = await colleague_named(session, who) if who.strip() else None
    if assistant is manager:
        raise Refused(Sentence("That is you. An assistant is somebody else."))
    former_id, manager.assistant_id = manager.assistant_id, assistant.id if assistant else None
    if former_id and former_id != manager.assistant_id:
        _end(session, former_id, now)


async def end_assistance(session: AsyncSession, leaver: Person, now: datetime) -> None:
    """Whoever leaves assists nobody, and nobody assists them."""
    if leaver.assistant_id:
        _end(session, leaver.assistant_id, now)
    leaver.assistant_id = None
    await session.execute(update(Person).where(Person.assistant_id == leaver.id).values(assistant_id=None))


async def assistant_of(session: AsyncSession, manager_id: str) -> str | None:
    return await session.scalar(select(Person.assistant_id).where(Person.id == manager_id))


def _end(session: AsyncSession, assistant_id: str, now: datetime) -> None:
    poke(session, "Postbox", assistant_id, "assists somebody no more", now)
