"""A process polls the queues whose leases it has, and stops before somebody else may begin."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import PollerBehaviorAutoscaling, PollerBehaviorSimpleMaximum

from integrations.database.connection import Database, open_database
from integrations.database.leases import LASTS, Leases
from integrations.database.tables import Lease, Table
from integrations.temporal.shards import A_SECOND, GRACE, Polling, pollers, polling, queue_of_a_mailbox
from tests.stand_ins import SettableClock

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
QUEUES = ("q/1", "q/2", "q/3", "q/4")


@dataclass
class Work:
    """What polls one queue: it has something in flight until it is `finished`."""

    name: str
    log: list[str]
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    broken: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        self.log.append(f"polls {self.name}")
        ends = [asyncio.create_task(each.wait()) for each in (self.stopping, self.broken)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for each in ends:
            each.cancel()
        if self.broken.is_set():
            raise RuntimeError("it broke")
        await self.finished.wait()
        self.log.append(f"finished {self.name}")

    async def shutdown(self) -> None:
        self.log.append(f"takes no more from {self.name}")
        self.stopping.set()
        await self.finished.wait()


@dataclass
class Process:
    queues: Polling
    clock: SettableClock
    log: list[str]
    works: list[Work]
    open_queue: Callable[[str], Work]

    async def look(self, later: timedelta = timedelta()) -> timedelta:
        self.clock.at += later
        soon = await self.queues.look()
        await asyncio.sleep(0)
        return soon

    def finish(self) -> None:
        for work in self.works:
            work.finished.set()


async def made(url: str, keys: tuple[str, ...]) -> Database:
    database = open_database(url, keys)
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    return database


@pytest.fixture
async def database(database_url: str, keys: tuple[str, ...]) -> AsyncIterator[Database]:
    database = await made(database_url, keys)
    yield database
    await database.close()


def a_process(database: Database, clock: SettableClock) -> Process:
    log: list[str] = []
    works: list[Work] = []

    def open_queue(name: str) -> Work:
        works.append(Work(name, log))
        return works[-1]

    return Process(Polling(Leases(database, QUEUES), clock, open_queue), clock, log, works, open_queue)


async def test_alone_it_polls_everything_and_looks_again_before_its_leases_lapse(database: Database) -> None:
    one = a_process(database, SettableClock(NOW))
    assert await one.look() == LASTS / 3
    assert one.log == [f"polls {name}" for name in QUEUES]
    await one.look(LASTS / 3)
    assert len(one.log) == len(QUEUES), "nothing is begun twice"
    one.finish()
    await one.queues.put_away()


async def test_a_queue_changes_hands_only_once_what_was_in_flight_has_finished(database: Database) -> None:
    clock = SettableClock(NOW)
    one, other = a_process(database, clock), a_process(database, clock)
    await one.look()
    await other.look()
    assert other.log == []
    await one.look(timedelta(seconds=10))
    # Two are too many for one by now, and each has something in flight.
    assert sorted(one.log[4:]) == ["takes no more from q/3", "takes no more from q/4"]
    await one.look(timedelta(seconds=10))
    await other.look(timedelta(seconds=15))
    assert other.log == [], "their leases are renewed until they are finished"
    one.finish()
    async with asyncio.timeout(10):
        while {row.name for row in await rows(database)} & {"q/3", "q/4"}:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await other.look()
    assert sorted(other.log) == ["polls q/3", "polls q/4"]
    other.finish()
    for each in (one, other):
        await each.queues.put_away()


async def rows(database: Database) -> list[Lease]:
    async with database.reading() as session:
        return list((await session.scalars(select(Lease))).all())


async def test_whoever_cannot_renew_stops_when_the_leases_lapse_and_not_before(
    postgres_url: str, keys: tuple[str, ...]
) -> None:
    database = await made(postgres_url, keys)
    one = a_process(database, SettableClock(NOW))
    await one.look()
    await rename(database, "leases", "away")
    assert await one.look(LASTS - timedelta(seconds=1)) <= timedelta(seconds=1)
    assert one.queues.polled == set(QUEUES)
    await one.look(timedelta(seconds=1))
    one.finish()
    await asyncio.gather(*one.queues._closing.values())
    assert one.queues.polled == set()
    await rename(database, "away", "leases")
    await one.look()
    assert one.queues.polled == set(QUEUES), "and begins anew when it can"
    one.finish()
    await one.queues.put_away()
    await database.close()


async def test_a_file_that_is_locked_is_locked_for_all_so_nobody_stops(database: Database) -> None:
    one = a_process(database, SettableClock(NOW))
    await one.look()
    await rename(database, "leases", "away")
    await one.look(10 * LASTS)
    assert one.queues.polled == set(QUEUES)
    await rename(database, "away", "leases")
    # Somebody had them meanwhile after all.
    async with database.transaction() as session:
        for row in await session.scalars(select(Lease)):
            row.holder, row.until = "another", one.clock.at + LASTS
    await one.look(timedelta(seconds=1))
    one.finish()
    await asyncio.gather(*one.queues._closing.values())
    assert one.queues.polled == set()
    assert not [row for row in await rows(database) if row.name in QUEUES and row.holder != "another"]
    await one.queues.put_away()


async def rename(database: Database, name: str, to: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {name} RENAME TO {to}"))


async def test_what_ends_by_itself_is_begun_anew(database: Database) -> None:
    one = a_process(database, SettableClock(NOW))
    await one.look()
    one.works[0].broken.set()
    await asyncio.gather(one.queues._polled["q/1"][1], return_exceptions=True)
    await one.look()
    assert one.log.count("polls q/1") == 2
    assert one.log.count("polls q/2") == 1
    one.finish()
    await one.queues.put_away()


async def test_at_the_end_everything_is_finished_and_given_back(database: Database) -> None:
    process = a_process(database, SettableClock(NOW))

    def open_queue(name: str) -> Work:
        process.works.append(Work(name, process.log))
        process.works[-1].finished.set()
        return process.works[-1]

    async with polling(Leases(database, QUEUES), SettableClock(NOW), open_queue) as queues:
        assert queues.polled == set(QUEUES)
        assert len(await rows(database)) == len(QUEUES) + 1
        await asyncio.sleep(0)
    assert sorted(each for each in process.log if each.startswith("finished")) == [f"finished {q}" for q in QUEUES]
    assert await rows(database) == []


async def test_whoever_leaves_begins_nothing_new_while_the_rest_is_finished(database: Database) -> None:
    process = a_process(database, SettableClock(NOW))
    leases = Leases(database, QUEUES, timedelta(milliseconds=30))

    def open_queue(name: str) -> Work:
        work = process.open_queue(name)
        work.finished.set()
        return work

    async with polling(leases, process.clock, open_queue) as queues:
        await asyncio.sleep(0)
        process.log.clear()
        # The common queue takes longer than ours: twenty rounds.
        await asyncio.gather(asyncio.sleep(0.2), queues.put_away())
        assert queues.polled == set()
        assert await rows(database) == [], "who looks next has them at once"
    assert [each for each in process.log if each.startswith("polls")] == []
    assert len(process.works) == len(QUEUES)


async def test_what_is_being_finished_at_the_end_stays_its_holders_until_then(database: Database) -> None:
    clock = SettableClock(NOW)
    one, other = a_process(database, clock), a_process(database, clock)
    await one.look()
    clock.at += LASTS / 3
    leaving = asyncio.create_task(one.queues.put_away())
    async with asyncio.timeout(10):
        while {row.until for row in await rows(database)} != {clock.at + LASTS}:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await other.look(GRACE)
    assert other.log == [], "all that is granted for finishing passed, and nobody else began"
    one.finish()
    await leaving
    await other.look()
    assert other.log == [f"polls {name}" for name in QUEUES]
    other.finish()
    await other.queues.put_away()


@pytest.mark.parametrize(("virtual", "a_second"), [(False, A_SECOND), (True, None)])
async def test_a_queue_begins_few_activities_a_second_where_time_is_real(
    environment: WorkflowEnvironment, virtual: bool, a_second: float | None
) -> None:
    @activity.defn
    async def nothing() -> None:
        return None

    worker = queue_of_a_mailbox(environment.client, [nothing], [], virtual=virtual)("q/1")
    assert worker.config().get("max_task_queue_activities_per_second") == a_second
    assert worker.config().get("graceful_shutdown_timeout") == GRACE


def test_where_time_is_virtual_no_poll_is_given_up_before_the_server_answers_it() -> None:
    adapting = PollerBehaviorAutoscaling()
    assert pollers(adapting, virtual=False) is adapting
    assert isinstance(pollers(adapting, virtual=True), PollerBehaviorSimpleMaximum)
