"""Delivers wake-ups from the web face: at once while Temporal answers, later when it does again."""

import asyncio
import logging

from sqlalchemy.exc import DBAPIError

from config.settings import Settings
from integrations.database.connection import Database
from integrations.database.wake_ups import deliver_owed
from integrations.temporal.connect import TemporalUnreachable, connect
from integrations.temporal.pokes import Pokes, Undelivered

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 15


class LatePokes:
    """Pokes that need no Temporal from the start: until it answers, every wake-up waits in its row."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pokes: Pokes | None = None

    async def deliver(self, workflow: str, target: str, reason: str) -> None:
        """Raises Undelivered, at once while there is no connection, so that no page is kept waiting."""
        if self._pokes is None:
            raise Undelivered("Temporal has not answered yet; the wake-up will be delivered when it does.")
        await self._pokes.deliver(workflow, target, reason)

    async def keep_delivering(self, database: Database) -> None:
        """Connects, and from then on delivers what is still owed every few seconds. Runs until cancelled."""
        while True:
            try:
                if self._pokes is None:
                    self._pokes = Pokes(await connect(self._settings), self._settings.temporal_task_queue)
                await deliver_owed(database)
            except (TemporalUnreachable, Undelivered, DBAPIError) as error:
                log.warning("wake-ups wait: %s", type(error).__name__)
            await asyncio.sleep(TRY_AGAIN_SECONDS)
