"""The tenant's clock: its own, running from an instant that can be set, or one that somebody else serves."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import httpx

# A big organization's week takes minutes.
_PATIENCE_SECONDS = 900


class ClockError(Exception):
    """The served clock did not answer with an instant."""


class ClockRefused(Exception):
    """The served clock is not to be moved from here, or not now; says why."""


class Clock(Protocol):
    async def now(self) -> datetime:
        """The tenant's present, aware UTC."""

    async def advance(self, days: int) -> None:
        """Returns once so many days have been lived. Raises ClockError, or ClockRefused."""

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

    async def advance(self, days: int) -> None:
        self.offset += days * 86_400

    async def close(self) -> None:
        return None


class ServedClock:
    """Asks a URL that answers `{"now": "2030-02-04T00:00:00Z"}`; its answer is never kept.

    Its neighbour `advance` may take `{"days": 1}`; it answers when they have been lived, or with `{"error": why}`.
    """

    def __init__(self, url: str) -> None:
        """Raises ValueError for what is no address."""
        if not _is_address(url):
            raise ValueError(f"The clock's URL '{url[:120]}' is no address like http://127.0.0.1:9000/.")
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

    async def advance(self, days: int) -> None:
        url = urljoin(self.url, "advance")
        try:
            answer = await self._client.post(url, json={"days": days}, timeout=_PATIENCE_SECONDS)
            error = answer.json()["error"] if answer.is_error else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ClockRefused(f"The clock at {self.url} cannot be advanced from here ({error!r}).") from error
        if error is not None:
            raise ClockRefused(str(error))

    async def close(self) -> None:
        await self._client.aclose()


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
