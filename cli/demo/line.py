"""The line between us and a server, which can be cut, mended, and led to another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_AT_A_TIME = 65536


@dataclass(slots=True)
class Line:
    """`address` stays the same, whichever server it leads to: host and port, or the path of a socket."""

    leads_to: str
    address: str = ""
    whole: bool = True
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Every connection breaks, and new ones are closed as they come."""
        self.whole = False
        for writer in tuple(self._open):
            writer.transport.abort()

    def mend(self, leads_to: str | None = None) -> None:
        self.leads_to, self.whole = leads_to or self.leads_to, True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await _connect(self.leads_to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._open |= ends
        try:
            await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))
        except asyncio.CancelledError:
            # The loop ends; asyncio's streams would tell of it as of an error.
            pass
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()


async def _connect(server: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if server.startswith("/"):
        return await asyncio.open_unix_connection(server)
    host, _, port = server.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends with either side, and takes the other along."""
    with contextlib.suppress(OSError):
        while words := await reader.read(_AT_A_TIME):
            writer.write(words)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def line_to(server: str) -> AsyncIterator[Line]:
    """A line on a port of its own of 127.0.0.1."""
    line = Line(server)
    listening = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.address = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        listening.close()
        line.cut()
        # A broken connection is put away in the loop's next round.
        await asyncio.sleep(0)
