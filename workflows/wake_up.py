"""Poke, then pull: one signal that carries nothing, a timer it cuts short, and the loop that loses no poke."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow


class Pokable:
    """A workflow that looks again whenever something changed."""

    def __init__(self) -> None:
        self._poked = False

    @workflow.signal
    def reconsider(self, reason: str) -> None:
        """Something changed: look again. The reason is for whoever reads the history."""
        self._poked = True

    async def look_until_done(self, pull: Callable[[], Awaitable[datetime | None]]) -> None:
        """Pulls whenever poked, and at the instant the last pull named; returns once it names none.

        A poke that arrives during a pull is answered by another: it would be lost otherwise.
        """
        while (at := await self.pull_while_poked(pull)) is not None:
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(workflow.info().workflow_id.partition("/")[2])
            await self.poked_or(at)

    async def pull_while_poked(self, pull: Callable[[], Awaitable[datetime | None]]) -> datetime | None:
        """Pulls until no poke came during the last pull, and returns what that one said."""
        while True:
            self._poked = False
            at = await pull()
            if not self._poked:
                return at

    async def poked_or(self, at: datetime) -> None:
        """Waits for a poke, until the instant `at` at most."""
        left = at - workflow.now()
        if left.total_seconds() > 0:
            try:
                await workflow.wait_condition(lambda: self._poked, timeout=left)
            except TimeoutError:
                return
