"""The one clock of the demo: the Temporal test server's, moved by us and served to the other processes at a URL."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.api.testservice.v1 import SleepRequest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

PATIENCE = timedelta(minutes=6)
"""Far more than a thousand people's busiest hour takes, and longer than any activity may: one that was lost on its way
to a worker is given up and tried again meanwhile. A worker that fails again and again takes for ever."""


# What may be asked for at once by POST /advance.
MOST_DAYS = 366


class TimeStandsStill(Exception):
    """Virtual time does not reach an instant, since something is tried again and again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants `days` more to be lived; `lived` is set when they have been."""

    days: int
    lived: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Wishes:
    """What POST /advance asked for; refused until somebody grants wishes."""

    granted: bool = False
    waiting: "asyncio.Queue[Wish]" = field(default_factory=asyncio.Queue)


@dataclass(slots=True)
class VirtualTime:
    """`url` is where the time is told as {"now": ...}, whichever server has it just now.

    Beside it, POST /advance takes {"days": 1} and answers once these have been lived.
    """

    program: Path
    environment: WorkflowEnvironment
    patience: timedelta = PATIENCE
    url: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    _stands_at: datetime | None = None
    _may_run: asyncio.Event = field(default_factory=asyncio.Event)
    """Not while one server takes the place of another: it catches up by itself, and two who let it skip upset it."""

    def __post_init__(self) -> None:
        self._may_run.set()

    @property
    def address(self) -> str:
        """Where Temporal listens."""
        return self.environment.client.service_client.config.target_host

    async def now(self) -> datetime:
        while not self._stands_at:
            try:
                return (await self.environment.get_current_time()).astimezone(UTC)
            except RPCError:
                # Asked a moment before the server went away: then the time stands by now.
                if not self._stands_at:
                    raise
        return self._stands_at

    async def lose_everything(self) -> None:
        """Another server, at another address, that knows nothing but the time."""
        self._stands_at = instant = await self.now()
        self._may_run.clear()
        await self.environment.shutdown()
        # It begins today, which is before any instant of ours: until it has caught up, the time stands.
        self.environment = await _server(self.program)
        await self.environment.sleep(instant - (await self.environment.get_current_time()).astimezone(UTC))
        self._stands_at = None
        self._may_run.set()

    async def skip_to(self, instant: datetime) -> None:
        """Lets time run until `instant`; whatever is due before happens before. Nothing to do when it has passed.

        While anything is being worked on, the clock runs at its real speed, so this may take a while.
        Raises TimeStandsStill.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience.total_seconds()
        while (ahead := instant - await self.now()) > timedelta(0):
            await self._may_run.wait()
            request = SleepRequest()
            request.duration.FromTimedelta(ahead)
            try:
                # One call, as long as it may take. The SDK's own gives up after half a minute while the server goes on
                # with it, and each further one lets time jump over whatever is being worked on.
                await self.environment.client.test_service.unlock_time_skipping_with_sleep(
                    request, timeout=timedelta(seconds=max(1.0, until - loop.time()))
                )
            except RPCError as error:
                if loop.time() >= until or error.status == RPCStatusCode.DEADLINE_EXCEEDED:
                    raise TimeStandsStill(
                        f"Virtual time did not come from {instant - ahead:%d %B %H:%M} to {instant:%d %B %H:%M} "
                        f"within {self.patience.total_seconds():.0f} seconds; "
                        "the end of the worker's log says what holds it up."
                    ) from error


@asynccontextmanager
async def virtual_time(program: Path, begins: datetime) -> AsyncIterator[VirtualTime]:
    """A Temporal test server whose clock stands at `begins`, a later day than today."""
    clock = VirtualTime(program, await _server(program))
    try:
        told = await asyncio.start_server(_teller(clock), "127.0.0.1", 0)
        clock.url = f"http://127.0.0.1:{told.sockets[0].getsockname()[1]}/now"
        await clock.skip_to(begins)
        try:
            yield clock
        finally:
            told.close()
    finally:
        # Ctrl-C reaches the server too: then it is gone already.
        with contextlib.suppress(RuntimeError):
            await clock.environment.shutdown()


async def _server(program: Path) -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(program))


def _teller(clock: VirtualTime):  # type: ignore[no-untyped-def]  # asyncio's is Any
    """Answers every request on a kept-alive connection with the time; asked thousands of times, so no framework."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                error = None
                if head.startswith(b"POST /advance "):
                    error = await _wish(await reader.readexactly(_length(head)), clock.wishes)
                now = await clock.now()
                status = b"409 Conflict" if error else b"200 OK"
                body = json.dumps({"error": error} if error else {"now": now.isoformat()}).encode()
                writer.write(
                    b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (status, len(body), body)
                )
                await writer.drain()
        writer.close()

    return tell


def _length(head: bytes) -> int:
    found = re.search(rb"\r\ncontent-length: *(\d{1,6})\r\n", head, re.I)
    return int(found[1]) if found else 0


async def _wish(body: bytes, wishes: Wishes) -> str | None:
    """Waits until so many days have been lived, or says why they will not be."""
    try:
        days = json.loads(body)["days"]
    except (ValueError, KeyError, TypeError):
        days = None
    if type(days) is not int or not 0 < days <= MOST_DAYS:
        return f'Say how many days to live: {{"days": 1}}, and at most {MOST_DAYS}.'
    if not wishes.granted:
        return "The demo is not over yet, or was not started with --stay; its clock moves by itself."
    wish = Wish(days)
    wishes.waiting.put_nowait(wish)
    await wish.lived.wait()
    return None
