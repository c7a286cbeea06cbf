"""What leaves for the disk is unreadable, and what comes back is what went in."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from cycle.sentences import Sentence
from integrations.database.columns import UnreadableText, new_id
from integrations.database.connection import Database, open_database
from integrations.database.tables import Goal, NeedsAHand, Person, Plan, Table

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
CANARY = "I would rather grow towards pricing than towards sales."


@asynccontextmanager
async def opened(url: str, keys: Sequence[str]) -> AsyncIterator[Database]:
    database = open_database(url, keys)
    try:
        yield database
    finally:
        await database.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("perennial.db*"))


async def write_goal(database: Database, goal_id: str, title: str, why: str | None = None) -> None:
    async with database.transaction() as session:
        session.add(Goal(id=goal_id, plan_id="plan", title=title, why=why, made_at=NOW))


async def read_goal(database: Database, goal_id: str) -> Goal:
    async with database.reading() as session:
        return await session.get_one(Goal, goal_id)


@pytest.fixture
async def url(any_database_url: str, keys: tuple[str, ...]) -> str:
    async with opened(any_database_url, keys) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Table.metadata.create_all)
        async with database.transaction() as session:
            session.add(Person(id="ann", oid="ann", mail="ann@meadow.example", name="Ann", zone="Europe/Berlin"))
            await session.flush()
            session.add(Plan(id="plan", person_id="ann", opened_at=NOW))
    return any_database_url


async def test_what_somebody_wrote_comes_back_and_is_stored_as_bytes_that_do_not_hold_it(
    url: str, keys: tuple[str, ...]
) -> None:
    async with opened(url, keys) as database:
        await write_goal(database, "g", CANARY)
        goal = await read_goal(database, "g")
        assert (goal.title, goal.why) == (CANARY, None)
        async with database.engine.connect() as connection:
            stored, why = (await connection.execute(text("SELECT title, why FROM goals"))).one()
    assert why is None
    assert CANARY.encode() not in bytes(stored)
    assert Fernet(keys[0]).decrypt(bytes(stored)).decode() == CANARY


async def test_no_byte_on_the_disk_is_what_somebody_wrote(
    database_url: str, keys: tuple[str, ...], tmp_path: Path
) -> None:
    async with opened(database_url, keys) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Table.metadata.create_all)
        async with database.transaction() as session:
            session.add(NeedsAHand(key="k", sentence="This one may be read.", since=NOW))
            session.add(Person(id="ann", oid="ann", mail="ann@meadow.example", name="Ann", zone="Europe/Berlin"))
            await session.flush()
            session.add(Plan(id="plan", person_id="ann", opened_at=NOW))
            await session.flush()
            session.add(Goal(plan_id="plan", title=CANARY, why=CANARY, made_at=NOW))
        # Also what waits in the log beside the file.
        on_disk = bytes_of(tmp_path)
    assert b"This one may be read." in on_disk
    assert CANARY.encode() not in on_disk
    assert b"pricing" not in on_disk


async def test_the_same_words_are_never_stored_as_the_same_bytes(url: str, keys: tuple[str, ...]) -> None:
    async with opened(url, keys) as database:
        await write_goal(database, "g", CANARY, why=CANARY)
        async with database.engine.connect() as connection:
            title, why = (await connection.execute(text("SELECT title, why FROM goals"))).one()
    assert bytes(title) != bytes(why)


async def test_a_new_key_in_front_writes_from_then_on_and_the_old_one_still_reads(
    url: str, keys: tuple[str, ...]
) -> None:
    new_key = Fernet.generate_key().decode()
    async with opened(url, keys) as database:
        await write_goal(database, "old", "before")
    async with opened(url, (new_key, *keys)) as database:
        await write_goal(database, "new", "after")
        assert [(await read_goal(database, one)).title for one in ("old", "new")] == ["before", "after"]
    async with opened(url, (new_key,)) as database:
        assert (await read_goal(database, "new")).title == "after"
        with pytest.raises(UnreadableText):
            await read_goal(database, "old")


async def test_a_text_whose_key_is_gone_says_which_setting_misses_it_and_shows_nothing(
    url: str, keys: tuple[str, ...]
) -> None:
    async with opened(url, keys) as database:
        await write_goal(database, "g", CANARY)
    async with opened(url, (Fernet.generate_key().decode(),)) as database:
        with pytest.raises(UnreadableText, match=r"PERENNIAL_ENCRYPTION_KEYS: put the key .* back") as refused:
            await read_goal(database, "g")
        async with database.reading() as session:
            assert (await session.scalars(select(Goal.id))).all() == ["g"]
    assert "pricing" not in str(refused.value)


async def test_a_sentence_comes_back_with_its_days_and_hours(url: str, keys: tuple[str, ...]) -> None:
    values = {"day": date(2030, 3, 14), "hour": time(9, 30), "name": "Ann"}
    async with opened(url, keys) as database:
        async with database.transaction() as session:
            session.add(NeedsAHand(key="k", sentence=Sentence("{name}: {day} at {hour}", **values), since=NOW))
        async with database.reading() as session:
            said = (await session.get_one(NeedsAHand, "k")).sentence
    assert isinstance(said, Sentence)
    assert said == "Ann: Thursday 14 March 2030 at 09:30"
    assert said.values == values


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda at: at,
        lambda at: at.astimezone(timezone(timedelta(hours=8))),
        lambda at: at.astimezone(timezone(-timedelta(hours=9, minutes=30))),
    ],
)
async def test_an_instant_comes_back_as_the_same_one_in_utc(
    url: str, keys: tuple[str, ...], elsewhere: Callable[[datetime], datetime]
) -> None:
    async with opened(url, keys) as database:
        async with database.transaction() as session:
            session.add(NeedsAHand(key="k", sentence="s", since=elsewhere(NOW)))
        async with database.reading() as session:
            row = await session.get_one(NeedsAHand, "k")
            assert row.since == NOW
            assert row.since.tzinfo is UTC
            assert row.mended_at is None
            later = select(NeedsAHand.key).where(NeedsAHand.since > elsewhere(NOW - timedelta(minutes=1)))
            assert await session.scalar(later) == "k"
            never = select(NeedsAHand.key).where(NeedsAHand.since > elsewhere(NOW))
            assert await session.scalar(never) is None


async def test_an_instant_without_a_zone_is_not_taken(url: str, keys: tuple[str, ...]) -> None:
    naive = NOW.replace(tzinfo=None)
    async with opened(url, keys) as database:
        with pytest.raises(StatementError, match="has no time zone"):
            async with database.transaction() as session:
                session.add(NeedsAHand(key="k", sentence="s", since=naive))


def test_ids_sort_by_age_and_are_never_the_same() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(set(made))
