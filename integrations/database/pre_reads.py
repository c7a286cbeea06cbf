"""The page that both read before a talk, and who has read it: both are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.conversations import Conversation
from integrations.database.reflections import lines_leave_at
from integrations.database.tables import Person, Reading


@dataclass(frozen=True, slots=True)
class ReadOn:
    reader: Person
    day: date


async def readers_of_pre_read(session: AsyncSession, check_in_id: str) -> Sequence[ReadOn]:
    """Who has had it before them on our pages, each day once, the newest first."""
    rows = await session.execute(
        select(Reading.reader_id, Reading.day).where(Reading.what == f"pre-read/{check_in_id}").distinct()
    )
    found = [ReadOn(await session.get_one(Person, reader_id), day) for reader_id, day in rows]
    return sorted(found, key=lambda each: (-each.day.toordinal(), each.reader.name))


async def leaves_at(session: AsyncSession, shown: Conversation, now: datetime) -> datetime | None:
    """When it goes out, as far as that is known and lies ahead."""
    if shown.snapshot is not None or shown.over:
        return None
    at = await lines_leave_at(session, shown.pair.row.id)
    return at if at and at > now else None
