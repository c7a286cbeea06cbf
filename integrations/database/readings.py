"""Who read whose what, by day; its owner can see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.once import insert_once
from integrations.database.remembered import MustNote, once_a_reading, only_reads
from integrations.database.tables import Person, Reading

MOST = 200
"""Readings on a page; an export has them all."""


@dataclass(frozen=True, slots=True)
class ReadBy:
    """One reading: by whom, of what kind ("notes") and of which one (an id), on which day."""

    reader: str
    kind: str
    about_id: str
    day: date


async def note_reading(session: AsyncSession, reader_id: str, owner_id: str, what: str, day: date) -> None:
    """Notes that the reader saw `what` ("notes/<id>") of the owner; once a day, and never of oneself.

    Raises MustNote in a session that only reads, where it is not noted yet.
    """
    if reader_id == owner_id:
        return
    if not only_reads(session):
        await insert_once(session, Reading, reader_id=reader_id, owner_id=owner_id, what=what, day=day)
    elif (owner_id, what) not in await once_a_reading(
        session, ("noted", reader_id, day), lambda: _noted(session, reader_id, day)
    ):
        raise MustNote


async def note_readings(session: AsyncSession, reader_id: str, of: Iterable[tuple[str, str]], day: date) -> None:
    """Notes each (owner, what) as `note_reading` does."""
    for owner_id, what in of:
        await note_reading(session, reader_id, owner_id, what, day)


async def _noted(session: AsyncSession, reader_id: str, day: date) -> set[tuple[str, str]]:
    rows = await session.execute(
        select(Reading.owner_id, Reading.what).where(Reading.reader_id == reader_id, Reading.day == day)
    )
    return {(owner_id, what) for owner_id, what in rows}


async def readings_of(session: AsyncSession, owner_id: str, most: int = MOST) -> Sequence[ReadBy]:
    """Who read something of this person's, the newest first, and each reader's of a day together."""
    rows = await session.execute(
        select(Person.name, Reading.what, Reading.day)
        .join(Person, Person.id == Reading.reader_id)
        .where(Reading.owner_id == owner_id)
        .order_by(Reading.day.desc(), Person.name, Reading.what)
        .limit(most)
    )
    return [ReadBy(name, *_parts(what), day) for name, what, day in rows]


def _parts(what: str) -> tuple[str, str]:
    kind, _, about_id = what.partition("/")
    return kind, about_id
