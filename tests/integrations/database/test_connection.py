"""A change and the wake-ups it causes are committed together, and delivered by whoever committed them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from cycle.sentences import Sentence
from integrations.database.connection import Database, open_database, poke
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.tables import NeedsAHand, Person, Plan, Table, WakeUp
from integrations.database.wake_ups import deliver_owed
from integrations.temporal.pokes import NotTaken, Undelivered

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
Owed = Callable[[Database], Awaitable[list[str]]]


@dataclass
class Pokes:
    """Takes wake-ups while `up`, and looks each time what a reader of the database sees."""

    up: bool = True
    takes: int = 99
    made: list[str] = field(default_factory=list)
    database: Database | None = None
    seen: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    asked: int = 0

    async def deliver(self, workflow: str, target: str, _reason: str) -> None:
        if self.database:
            async with self.database.reading() as session:
                rows = await session.scalar(select(func.count()).select_from(NeedsAHand))
                owed = await session.scalar(select(func.count()).select_from(WakeUp))
                self.seen.append((rows or 0) * 10 + (owed or 0))
        self.asked += 1
        if f"{workflow}/{target}" in self.refused:
            raise NotTaken("Temporal refuses this one.")
        if not self.up or f"{workflow}/{target}" in self.silent or len(self.made) >= self.takes:
            raise Undelivered("Temporal does not answer.")
        self.made.append(f"{workflow}/{target}")


@pytest.fixture
async def pokes() -> Pokes:
    return Pokes()


@pytest.fixture
async def database(any_tables_url: str, keys: tuple[str, ...], pokes: Pokes) -> AsyncIterator[Database]:
    made = open_database(any_tables_url, keys, pokes)
    yield made
    await made.close()


async def test_a_wake_up_is_delivered_after_the_commit_and_forgotten_once_it_arrived(
    database: Database, pokes: Pokes, owed: Owed
) -> None:
    pokes.database = database
    async with database.transaction() as session:
        await ask_for_a_hand(session, "k", Sentence("A sentence."), NOW)
        poke(session, "CheckIn", "c1", "changed", NOW)
        assert pokes.made == []
    # The change and one wake-up could be seen by anybody at the moment of the delivery.
    assert (pokes.made, pokes.seen) == (["CheckIn/c1"], [11])
    assert await owed(database) == []


async def test_a_transaction_that_fails_leaves_neither_change_nor_wake_up(
    database: Database, pokes: Pokes, owed: Owed
) -> None:
    async def fails() -> None:
        async with database.transaction() as session:
            await ask_for_a_hand(session, "k", Sentence("A sentence."), NOW)
            poke(session, "CheckIn", "c1", "changed", NOW)
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    async with database.reading() as session:
        assert await session.get(NeedsAHand, "k") is None
    assert pokes.made == []
    assert await owed(database) == []


async def test_what_the_database_refuses_wakes_nobody(database: Database, pokes: Pokes, owed: Owed) -> None:
    async def plans_for_nobody() -> None:
        async with database.transaction() as session:
            session.add(Plan(id="p", person_id="nobody", opened_at=NOW))
            poke(session, "PlanWatch", "p", "opened", NOW)

    with pytest.raises(IntegrityError):
        await plans_for_nobody()
    assert pokes.made == []
    assert await owed(database) == []


async def test_with_temporal_down_the_change_stands_and_the_wake_up_waits(
    database: Database, pokes: Pokes, owed: Owed
) -> None:
    pokes.up = False
    async with database.transaction() as session:
        await ask_for_a_hand(session, "k", Sentence("A sentence."), NOW)
        poke(session, "CheckIn", "c1", "changed", NOW)
    async with database.reading() as session:
        assert await session.get(NeedsAHand, "k") is not None
    assert await owed(database) == ["CheckIn/c1"]
    assert await deliver_owed(database) == 0
    pokes.up = True
    assert await deliver_owed(database) == 1
    assert (pokes.made, await owed(database)) == (["CheckIn/c1"], [])
    assert await deliver_owed(database) == 0


async def test_only_what_arrived_is_forgotten_when_temporal_goes_down_in_between(
    database: Database, pokes: Pokes, owed: Owed
) -> None:
    pokes.takes = 1
    async with database.transaction() as session:
        for target in ("c1", "c2", "c3"):
            poke(session, "CheckIn", target, "changed", NOW)
    assert pokes.made == ["CheckIn/c1"]
    assert await owed(database) == ["CheckIn/c2", "CheckIn/c3"]


async def test_many_reasons_in_one_transaction_wake_a_workflow_once(database: Database, pokes: Pokes) -> None:
    async with database.transaction() as session:
        for reason in ("moved", "moved again"):
            poke(session, "CheckIn", "c1", reason, NOW)
        poke(session, "Postbox", "c1", "another workflow", NOW)
    assert pokes.made == ["CheckIn/c1", "Postbox/c1"]


async def test_the_oldest_wake_ups_go_first_a_batch_at_a_time(database: Database, pokes: Pokes, owed: Owed) -> None:
    pokes.up = False
    for n in range(5):
        async with database.transaction() as session:
            poke(session, "CheckIn", f"c{n}", "changed", NOW)
    pokes.up = True
    assert await deliver_owed(database, most=2) == 2
    assert await owed(database) == ["CheckIn/c2", "CheckIn/c3", "CheckIn/c4"]


async def test_a_reader_never_sees_half_a_change(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Person(id="ann", oid="ann", mail="ann@meadow.example", name="Ann", zone="Europe/Berlin"))
        await session.flush()
        async with database.reading() as other:
            assert await other.get(Person, "ann") is None
        session.add(Plan(id="p", person_id="ann", opened_at=NOW))
    async with database.reading() as other:
        assert await other.get(Plan, "p") is not None


async def test_a_hundred_writers_at_once_queue_instead_of_failing(database_url: str, keys: tuple[str, ...]) -> None:
    database = open_database(database_url, keys)
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    async with database.transaction() as session:
        session.add(NeedsAHand(key="count", sentence="0", since=NOW))

    async def count_one_more() -> None:
        async with database.transaction() as session:
            # A reader that becomes a writer: where a deferred transaction would fail.
            row = await session.get_one(NeedsAHand, "count")
            await asyncio.sleep(0)
            row.sentence = str(int(row.sentence) + 1)

    await asyncio.gather(*(count_one_more() for _ in range(100)))
    async with database.reading() as session:
        assert (await session.get_one(NeedsAHand, "count")).sentence == "100"
    await database.close()


async def test_two_databases_of_one_process_have_each_their_own_keys(database_url: str, keys: tuple[str, ...]) -> None:
    mine, theirs = open_database(database_url, keys), open_database(database_url, ("A" * 43 + "=",))
    assert mine.engine.dialect is not theirs.engine.dialect
    await mine.close()
    await theirs.close()


async def test_a_wake_up_that_is_refused_holds_up_nobody(database: Database, pokes: Pokes, owed: Owed) -> None:
    pokes.refused = {"CheckIn/c1"}
    async with database.transaction() as session:
        for target in ("c1", "c2", "c3"):
            poke(session, "CheckIn", target, "changed", NOW)
    assert pokes.made == ["CheckIn/c2", "CheckIn/c3"]
    assert await owed(database) == ["CheckIn/c1"], "and it is not forgotten either"


async def test_refused_ones_at_the_head_of_the_line_hold_up_nobody(
    database: Database, pokes: Pokes, owed: Owed
) -> None:
    pokes.up = False
    for n in range(5):
        async with database.transaction() as session:
            poke(session, "CheckIn", f"c{n}", "changed", NOW)
    pokes.up, pokes.refused = True, {"CheckIn/c0", "CheckIn/c1", "CheckIn/c2"}
    while await deliver_owed(database, most=2):
        pass
    assert pokes.made == ["CheckIn/c3", "CheckIn/c4"]
    assert await owed(database) == ["CheckIn/c0", "CheckIn/c1", "CheckIn/c2"]


async def test_one_workflow_out_of_reach_holds_up_nobody_for_long(database: Database, pokes: Pokes, owed: Owed) -> None:
    pokes.silent = {"CheckIn/c0"}
    async with database.transaction() as session:
        for n in range(3):
            poke(session, "CheckIn", f"c{n}", "changed", NOW)
    assert (pokes.made, pokes.asked) == ([], 1), "a page is kept waiting once at most"
    assert await deliver_owed(database) == 2
    assert await owed(database) == ["CheckIn/c0"]


async def test_a_temporal_that_is_down_is_not_asked_for_each(database: Database, pokes: Pokes) -> None:
    pokes.up = False
    async with database.transaction() as session:
        for n in range(9):
            poke(session, "CheckIn", f"c{n}", "changed", NOW)
    pokes.asked = 0
    assert await deliver_owed(database, most=3) == 0
    assert pokes.asked == 2
