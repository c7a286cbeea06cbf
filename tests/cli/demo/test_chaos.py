"""A run under faults that somebody ends: it ends, whatever it waits for."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli.demo.chaos import LOOK_SECONDS, Chaos, Trouble
from cli.demo.stage import Stage
from integrations.database.connection import open_database

NOW = datetime(2030, 2, 4, tzinfo=UTC)


class StandsStill:
    """Time while one Temporal server takes the place of another."""

    def __init__(self) -> None:
        self.waited_for = asyncio.Event()

    async def now(self) -> datetime:
        return NOW

    async def skip_to(self, instant: datetime) -> None:
        if instant <= NOW:
            return
        self.waited_for.set()
        await asyncio.Event().wait()


class MeetsNoFault:
    """A tenant of which nobody asks anything."""

    async def control(self, *_: object) -> dict[str, Any]:
        return {"faults": [{"number": 1, "met": 0}], "number": 1}


@pytest.mark.timeout(20)
async def test_ended_while_time_stands_still_and_a_fault_waits_it_ends(
    sqlite_tables: Path, keys: tuple[str, ...]
) -> None:
    time, database = StandsStill(), open_database(f"sqlite+aiosqlite:///{sqlite_tables}", keys)
    here = SimpleNamespace(database=database)
    stage = SimpleNamespace(time=time, installation=here, tenant=MeetsNoFault(), http=None)
    chaos = Chaos(cast(Stage, stage), [Trouble(NOW, "worker_killed", 0)])
    living = asyncio.ensure_future(chaos.live_until(NOW + timedelta(days=1)))
    await time.waited_for.wait()
    await asyncio.wait({living}, timeout=3 * LOOK_SECONDS)
    living.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living
    await database.close()
