"""The database of a run: which ones are taken, and what everybody meets while it is away."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from cli.demo.database import RunDatabase, run_database
from cli.processes import children
from cli.refusal import Refused
from integrations.database.connection import DatabaseUnreachable, check_reachable, open_database


async def say(url: str, *statements: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for each in statements:
            await connection.execute(text(each))
    await engine.dispose()


async def answers(database: RunDatabase, keys: tuple[str, ...]) -> bool:
    opened = open_database(database.url, keys)
    try:
        await check_reachable(opened)
    except DatabaseUnreachable:
        return False
    finally:
        await opened.close()
    return True


async def test_a_postgresql_database_is_away_for_everybody_and_comes_back_as_it_was(
    tmp_path: Path, postgres_url: str, keys: tuple[str, ...]
) -> None:
    async with children(tmp_path, {}) as started, run_database(postgres_url, tmp_path, started) as database:
        await say(database.url, "CREATE TABLE said (words bytea)", "INSERT INTO said VALUES ('Good morning')")
        async with database.away():
            assert not await answers(database, keys)
        assert await answers(database, keys)
        (file,) = await database.files()
        assert file.read_text(encoding="utf-8").strip() == "Good morning"


async def test_nobody_lives_in_a_database_with_something_in_it(tmp_path: Path, postgres_url: str) -> None:
    await say(postgres_url, "CREATE TABLE mine (id int)")
    with pytest.raises(Refused, match="has tables already"):
        async with children(tmp_path, {}) as started, run_database(postgres_url, tmp_path, started):
            pass


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite+aiosqlite:///mine.db", "no PostgreSQL database"),
        ("mine.db", "no PostgreSQL database"),
        ("postgresql+asyncpg://me:hunter2@127.0.0.1:1/mine", "does not answer"),
    ],
)
async def test_a_database_that_is_none_is_refused_with_a_sentence(tmp_path: Path, url: str, why: str) -> None:
    async with children(tmp_path, {}) as started:
        with pytest.raises(Refused, match=why) as refused:
            async with run_database(url, tmp_path, started):
                pass
    assert "hunter2" not in str(refused.value)
