"""The line to Temporal: it carries, breaks, mends, and leads elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cli.demo.line import line_to


@asynccontextmanager
async def echo(name: bytes) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while words := await reader.read(100):
                writer.write(name + words)
                await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await asyncio.sleep(0)


async def say(address: str, words: bytes) -> bytes:
    """The answer; empty when the line is dead."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(words)
        return await reader.read(100)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def test_a_cut_line_breaks_what_is_open_and_takes_nothing_until_it_is_mended() -> None:
    async with echo(b"one ") as one, echo(b"two ") as two, line_to(one) as line:
        host, _, port = line.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"hello")
        assert await reader.read(100) == b"one hello"
        line.cut()
        with suppress(ConnectionError):
            assert await reader.read(100) == b""
        assert await say(line.address, b"hello") == b""
        line.mend()
        assert await say(line.address, b"hello") == b"one hello"
        line.mend(two)
        assert await say(line.address, b"hello") == b"two hello"
        writer.transport.abort()
