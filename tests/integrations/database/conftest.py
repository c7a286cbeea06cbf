"""A database with our tables, on each kind, and Ann, Mara, Hale, Otto and Ira in it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select

from integrations.database.connection import Database, open_database
from integrations.database.tables import Person, WakeUp


@pytest.fixture
async def database(any_tables_url: str, keys: tuple[str, ...]) -> AsyncIterator[Database]:
    """Nobody delivers its wake-ups: what is owed stays to be looked at."""
    made = open_database(any_tables_url, keys)
    yield made
    await made.close()


@pytest.fixture
async def company(database: Database) -> Database:
    async with database.transaction() as session:
        for name in ("ann", "mara", "hale", "otto", "ira"):
            mail = f"{name}@meadow.example"
            session.add(Person(id=name, oid=f"oid-{name}", mail=mail, name=name.title(), zone="Europe/Berlin"))
    return database


@pytest.fixture
def owed() -> Callable[[Database], Awaitable[list[str]]]:
    """The wake-ups that wait, as "workflow/target", the oldest first."""

    async def look(database: Database) -> list[str]:
        async with database.reading() as session:
            rows = await session.scalars(select(WakeUp).order_by(WakeUp.id))
            return [f"{row.workflow}/{row.target}" for row in rows]

    return look
