"""The one clock of the demo: the Temporal test server's, moved by us and served to the other processes at a URL."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

# Far more than a thousand people's busiest hour takes; a worker that fails again and again takes for ever.
PATIENCE_SECONDS = 120


class TimeStandsStill(Exception):
    """Virtual time does not reach an instant, since something is tried again and again."""


@dataclass(frozen=True, slots=True)
class VirtualTime:
    """`address` is where Temporal listens, `url` where the time is told as {"now": ...}."""

    environment: WorkflowEnvironment
    address: str
    url: str

    async def now(self) -> datetime:
        return (await self.environment.get_current_time()).astimezone(UTC)

    async def skip_to(self, instant: datetime) -> None:
        """Lets time run until `instant`; whatever is due before happens before. Nothing to do when it has passed.

        While anything is being worked on, the clock runs at its real speed, so this may take a while.
        Raises TimeStandsStill.
        """
        patience = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while (ahead := instant - await self.now()) > timedelta(0):
            try:
                await self.environment.sleep(ahead)
            except RPCError as error:
                # The call gives up after half a minute, the server does not: it goes on until the instant.
                if asyncio.get_running_loop().time() > patience:
                    raise TimeStandsStill(
                        f"Virtual time did not come from {instant - ahead:%d %B %H:%M} to {instant:%d %B %H:%M} "
                        f"within {PATIENCE_SECONDS} seconds; the end of the worker's log says what holds it up."
                    ) from error


@asynccontextmanager
async def virtual_time(program: Path, begins: datetime) -> AsyncIterator[VirtualTime]:
    """A Temporal test server whose clock stands at `begins`, a later day than today."""
    environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(program))
    try:
        told = await asyncio.start_server(_teller(environment), "127.0.0.1", 0)
        port = told.sockets[0].getsockname()[1]
        clock = VirtualTime(
            environment,
            address=environment.client.service_client.config.target_host,
            url=f"http://127.0.0.1:{port}/now",
        )
        await clock.skip_to(begins)
        try:
            yield clock
        finally:
            told.close()
    finally:
        # Ctrl-C reaches the server too: then it is gone already.
        with contextlib.suppress(RuntimeError):
            await environment.shutdown()


def _teller(environment: WorkflowEnvironment):  # type: ignore[no-untyped-def]  # asyncio's own callback type is Any
    """Answers every request on a kept-alive connection with the time; asked thousands of times, so no framework."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                now = (await environment.get_current_time()).astimezone(UTC)
                body = json.dumps({"now": now.isoformat()}).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(body), body)
                )
                await writer.drain()
        writer.close()

    return tell
