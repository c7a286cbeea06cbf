"""A queue has one holder at a time, also when processes look at the same instant; what lapses is taken over."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from integrations.database.connection import Database
from integrations.database.leases import LASTS, WORKER, Leases
from integrations.database.tables import Lease

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=10)
QUEUES = ("q/1", "q/2", "q/3")


async def holders(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        rows = (await session.scalars(select(Lease))).all()
    return {row.name: row.holder for row in rows if not row.name.startswith(WORKER)}


async def test_one_process_alone_takes_everything_for_thirty_seconds(database: Database) -> None:
    alone = Leases(database, QUEUES)
    done = await alone.renew(NOW)
    assert done.division.taken == set(QUEUES)
    assert (done.until, done.next_lapse) == (NOW + timedelta(seconds=30), None)
    again = await alone.renew(SOON)
    assert again.division.kept == set(QUEUES)
    assert again.division.taken == frozenset()


async def test_of_processes_that_begin_at_once_each_queue_gets_one(database: Database) -> None:
    several = [Leases(database, QUEUES) for _ in range(6)]
    taken = [done.division.taken for done in await asyncio.gather(*(each.renew(NOW) for each in several))]
    assert sorted(name for each in taken for name in each) == sorted(QUEUES)


async def test_a_second_process_gets_its_share_once_the_first_has_given_it_back_and_not_before(
    database: Database,
) -> None:
    first, second = Leases(database, QUEUES), Leases(database, QUEUES)
    await first.renew(NOW)
    done = await second.renew(NOW)
    assert done.division.taken == frozenset()
    assert done.next_lapse == NOW + LASTS
    surplus = (await first.renew(SOON)).division.surplus
    assert surplus == {"q/3"}
    # What is still being finished is renewed and nobody else's.
    assert (await second.renew(SOON + timedelta(seconds=25))).division.taken == frozenset()
    await first.give_back(surplus)
    assert (await second.renew(SOON + timedelta(seconds=26))).division.taken == {"q/3"}


async def test_whoever_dies_loses_everything_when_the_lease_lapses_and_counts_no_more(database: Database) -> None:
    dead, alive = Leases(database, QUEUES), Leases(database, QUEUES)
    await dead.renew(NOW)
    early = await alive.renew(NOW + LASTS - timedelta(seconds=1))
    assert early.division.taken == frozenset()
    late = await alive.renew(NOW + LASTS)
    assert late.division.taken == set(QUEUES)
    # Back from a long sleep, it finds that nothing is its own.
    back = await dead.renew(NOW + LASTS + timedelta(seconds=1))
    assert (back.division.kept, back.division.surplus, back.division.taken) == (frozenset(),) * 3


async def test_what_lapsed_and_nobody_took_is_kept(database: Database) -> None:
    alone = Leases(database, QUEUES)
    await alone.renew(NOW)
    assert (await alone.renew(NOW + 10 * LASTS)).division.kept == set(QUEUES)


async def test_given_back_it_is_free_at_once_and_only_ones_own_is_given_back(database: Database) -> None:
    first, second = Leases(database, QUEUES[:2]), Leases(database, QUEUES)
    await first.renew(NOW)
    await second.give_back(QUEUES)
    assert set((await holders(database)).values()) == {first.holder}
    await first.give_back_all()
    assert await holders(database) == {}
    assert (await second.renew(NOW)).division.taken == set(QUEUES)
