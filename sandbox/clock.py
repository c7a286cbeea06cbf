"""The tenant's clock: its own, running from an instant that can be set, or one that somebody else serves."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import httpx


class ClockError(Exception):
    """The served clock did not answer with an instant."""


class Clock(Protocol):
    async def now(self) -> datetime:
        """The tenant's present, aware UTC."""

    async def close(self) -> None: ...


class OwnClock:
    """Real time, shifted by an offset. `wall` gives real seconds since 1970."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self.offset = 0.0

    async def now(self) -> datetime:
        return datetime.fromtimestamp(self._wall() + self.offset, UTC)

    def set(self, now: datetime) -> None:
        self.offset = now.timestamp() - self._wall()

    async def close(self) -> None:
        return None


class ServedClock:
    """Asks a URL that answers `{"now": "2030-02-04T00:00:00Z"}`; its answer is never kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(trust_env=False, timeout=10)

    async def now(self) -> datetime:
        """Raises ClockError."""
        try:
            answer = (await self._client.get(self.url)).raise_for_status()
            now = datetime.fromisoformat(answer.json()["now"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ClockError(f"The clock at {self.url} did not tell the time ({error!r}). Is it running?") from error
        if now.tzinfo is None:
            raise ClockError(f"The clock at {self.url} tells a time without a zone: {now.isoformat()}.")
        return now.astimezone(UTC)

    async def close(self) -> None:
        await self._client.aclose()
