"""Five hundred people due at once stay under every limit, and a worker that dies is replaced where it stood."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from cli.bench import POLICY, Stage, figures, live_through, stage
from integrations.database.leases import WORKER
from integrations.database.tables import Lease

CAPS = POLICY.booking


async def test_five_hundred_people_who_are_due_at_once_cross_no_limit(tmp_path: Path) -> None:
    """Two processes share the work. All are booked on day 0, and whoever may talk in the due week gets the form."""
    found = await live_through(500, 1, tmp_path, os.environ, workers=2)
    assert (found.people, found.bookings, found.doubled, found.refused) == (500, 500, 0, 0)
    assert found.letters > 150, "there are letters to spread"
    assert found.letters_a_minute <= 30
    assert found.bookings_a_minute <= 60
    assert found.in_flight <= 4
    assert found.in_ten_minutes <= 10_000
    assert found.a_manager_a_day <= CAPS.per_manager_per_day
    assert found.a_manager_a_week <= CAPS.per_manager_per_week


async def test_when_one_of_two_workers_is_killed_the_other_takes_its_queues_and_nothing_is_lost_or_done_twice(
    tmp_path: Path,
) -> None:
    async with stage(12, tmp_path, os.environ) as company:
        # The first to come has all queues, and gives half of them back to the second.
        first = await company.start_worker("first")
        await company.start_worker("second")
        both = await settled(company, processes=2)
        assert sorted(len(queues) for queues in both.values()) == [4, 5]
        # Everybody is booked, and nobody has been told anything yet: a quiet hour. What is in flight at a death is
        # another test's concern; here the server's clock would run at its real speed until that times out.
        await company.live(timedelta(hours=4))
        first.process.kill()
        await first.process.wait()
        company.children.started.remove(first)
        left = await settled(company, processes=1)
        assert [len(queues) for queues in left.values()] == [9]
        assert left.keys() < both.keys(), "the one that stayed has them"
        await company.live(timedelta(hours=20))
        found = await figures(company, 0)
    assert (found.bookings, found.doubled, found.refused) == (12, 0, 0)
    assert found.letters > 0
    assert found.in_flight <= 4


async def settled(company: Stage, processes: int) -> dict[str, set[str]]:
    """Holder -> queues, once so many processes are alive and hold all there are, evenly. Fails after 40 seconds."""
    async with asyncio.timeout(40):
        while True:
            async with company.installation.database.reading() as session:
                rows = (await session.scalars(select(Lease))).all()
            alive = {row.holder for row in rows if row.name.startswith(WORKER)}
            held = {each: {row.name for row in rows if row.holder == each} - {WORKER + each} for each in alive}
            sizes = [len(queues) for queues in held.values()]
            if len(alive) == processes and sum(sizes) == 9 and max(sizes) - min(sizes) <= 1:
                return held
            await asyncio.sleep(0.1)
