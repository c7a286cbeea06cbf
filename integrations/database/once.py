"""Inserting a row once: whoever comes second, also at the same moment, changes nothing."""

from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.tables import Table


async def insert_once(session: AsyncSession, table: type[Table], **values: Any) -> bool:
    """Inserts the row unless one with the same key is there; returns whether it was new."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    made = await session.execute(insert(table).values(**values).on_conflict_do_nothing())
    return cast(CursorResult[Any], made).rowcount == 1
