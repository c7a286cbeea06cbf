"""What time it is: the machine's, or the virtual time that a sandbox lives in."""

from datetime import UTC, datetime
from typing import Protocol

import httpx


class Clock(Protocol):
    """Gives the instant that decides things: aware, UTC."""

    async def now(self) -> datetime: ...

    async def aclose(self) -> None: ...


class ClockUnreachable(Exception):
    """Virtual time is not being served where the settings say."""


class RealClock:
    """The machine's own time; the only place that reads it."""

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def aclose(self) -> None:
        return None


class ServedClock:
    """Time served at a URL as {"now": "2030-02-04T00:00:00Z"}; asked afresh each time, since it may jump."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.AsyncClient(trust_env=False, timeout=10)

    async def now(self) -> datetime:
        """Raises ClockUnreachable."""
        try:
            answer = await self._http.get(self._url)
            return datetime.fromisoformat(answer.raise_for_status().json()["now"]).astimezone(UTC)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise ClockUnreachable(
                f"The virtual clock at {self._url} does not tell the time; "
                "start what serves it, or unset PERENNIAL_CLOCK_URL."
            ) from error

    async def aclose(self) -> None:
        await self._http.aclose()


def open_clock(url: str | None) -> Clock:
    """The clock the settings ask for: `settings.clock_url`."""
    return ServedClock(url) if url else RealClock()
