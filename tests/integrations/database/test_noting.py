"""A page that shows what others wrote: the reading is written once, and opening it again writes nothing."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.connection import open_database
from integrations.database.migrate import upgrade_async
from integrations.database.readings import note_reading
from integrations.database.remembered import MustNote, once_a_reading
from integrations.database.tables import Person, Reading

NOW = datetime(2030, 3, 14, 9, 0, tzinfo=UTC)


def _person(name: str) -> Person:
    return Person(id=name, oid=name, mail=f"{name}@example.org", name=name, zone="Europe/Berlin")


async def _people(session: AsyncSession) -> None:
    session.add_all([_person("ann"), _person("mara")])


async def test_a_reading_is_written_the_first_time_and_only_looked_up_after_that(
    tmp_path: Path, keys: tuple[str, ...]
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'perennial.db'}"
    await upgrade_async(url)
    database = open_database(url, keys)
    begun: list[str] = []
    event.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: begun.append(statement),
    )

    async def ask(session: AsyncSession) -> str:
        await note_reading(session, _person("mara"), "ann", "notes/1", NOW)
        return "shown"

    try:
        async with database.transaction() as session:
            await _people(session)
        assert await database.noting(ask) == "shown"
        begun.clear()
        assert await database.noting(ask) == "shown"
        assert begun.count("BEGIN") == 1
        assert not any(each.startswith(("BEGIN IMMEDIATE", "INSERT")) for each in begun)
        async with database.reading() as session:
            assert len((await session.scalars(select(Reading))).all()) == 1
            with pytest.raises(MustNote):
                await note_reading(session, _person("mara"), "ann", "notes/2", NOW)
            # Nobody is told of their own reading.
            await note_reading(session, _person("ann"), "ann", "notes/2", NOW)
    finally:
        await database.close()


async def test_only_a_session_that_reads_remembers_what_it_was_told(tmp_path: Path, keys: tuple[str, ...]) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'perennial.db'}"
    await upgrade_async(url)
    database = open_database(url, keys)
    asked = []

    async def ask() -> int:
        asked.append(1)
        return len(asked)

    try:
        async with database.reading() as session:
            assert [await once_a_reading(session, "k", ask), await once_a_reading(session, "k", ask)] == [1, 1]
        async with database.transaction() as session:
            assert [await once_a_reading(session, "k", ask), await once_a_reading(session, "k", ask)] == [2, 3]
    finally:
        await database.close()


async def test_what_writes_waits_for_another_writer_without_holding_up_who_reads(
    tmp_path: Path, keys: tuple[str, ...]
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'perennial.db'}"
    await upgrade_async(url)
    database = open_database(url, keys)

    async def second_writer() -> None:
        async with database.transaction() as session:
            session.add(Person(id="otto", oid="otto", mail="otto@example.org", name="otto", zone="Europe/Berlin"))

    try:
        async with database.reading() as session:
            await session.connection()
        # The connection that just read in place is the one that writes now, and another has to wait for it.
        async with database.transaction() as session:
            await _people(session)
            await session.flush()
            waiting = asyncio.create_task(second_writer())
            await asyncio.sleep(0)
            async with database.reading() as reader:
                assert (await reader.scalars(select(Person))).all() == []
            assert not waiting.done()
        await waiting
        async with database.reading() as reader:
            assert {each.id for each in await reader.scalars(select(Person))} == {"ann", "mara", "otto"}
    finally:
        await database.close()
