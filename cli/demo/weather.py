"""What happens to a run between and beside what its people do: nothing, or whatever goes wrong."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol

from cli.demo.stage import Stage


class Weather(Protocol):
    """Lets time run, and knows what strikes meanwhile."""

    @property
    def breaks_things(self) -> bool:
        """Whether processes get killed: people must be ready to try again when a page does not come."""
        ...

    @property
    def struck(self) -> Counter[str]:
        """How often each fault was met by somebody."""
        ...

    async def live_until(self, instant: datetime) -> None:
        """Whatever is due before `instant` happens before. Raises TimeStandsStill."""
        ...

    def while_somebody_acts(self) -> AbstractAsyncContextManager[None]: ...

    async def clears(self) -> None:
        """Nothing goes wrong from here on."""
        ...


class Calm:
    """Nothing goes wrong."""

    breaks_things = False

    def __init__(self, stage: Stage) -> None:
        self.struck: Counter[str] = Counter()
        self._stage = stage

    async def live_until(self, instant: datetime) -> None:
        await self._stage.time.skip_to(instant)

    @asynccontextmanager
    async def while_somebody_acts(self) -> AsyncIterator[None]:
        yield

    async def clears(self) -> None:
        return None
