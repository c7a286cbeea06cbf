"""What a command works on: the settings' database, clock, tenant and Temporal, opened and put away again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from config.settings import Settings
from integrations.clock import Clock, open_clock
from integrations.database.connection import Database, open_database
from integrations.database.migrate import check_current
from integrations.temporal.connect import connect
from integrations.temporal.pokes import Pokes


@dataclass(frozen=True, slots=True)
class Installation:
    settings: Settings
    clock: Clock
    database: Database

    async def now(self) -> datetime:
        """The instant of the clock, in whole minutes, UTC."""
        return (await self.clock.now()).replace(second=0, microsecond=0)


@asynccontextmanager
async def open_installation(settings: Settings, *, with_temporal: bool = False) -> AsyncIterator[Installation]:
    """Opens what `settings` name. Raises DatabaseUnreachable (TablesOutdated when its tables are not ours),
    and with Temporal asked for TemporalUnreachable.

    Without Temporal, pokes stay owed in the database until a worker delivers them.
    """
    pokes = None
    if with_temporal:
        pokes = Pokes(await connect(settings), settings.temporal_task_queue)
    keys = tuple(key.get_secret_value() for key in settings.encryption_keys)
    database = open_database(settings.database_url, keys, pokes)
    clock = open_clock(settings.clock_url)
    try:
        await check_current(database)
        yield Installation(settings, clock, database)
    finally:
        await clock.aclose()
        await database.close()
