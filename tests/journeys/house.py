"""What each life runs in: the database, the web face on its port, and the time told at one address for all."""

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import uvicorn
from cryptography.fernet import Fernet
from temporalio.service import RPCError

from cli.installation import Installation, open_installation
from cli.sandbox import Tenant
from config.settings import Settings, load_settings
from integrations.entra.sign_in import SignIn
from web.app import build_app


@asynccontextmanager
async def served(settings: Settings, installation: Installation) -> AsyncIterator[None]:
    """The web face on its loopback port, in this process."""
    sign_in = SignIn(settings)
    app = build_app(settings, installation.database, installation.clock, sign_in)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
    # With the protocol named, asyncio sends answers at once; create_server() would cost 40 ms each.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", settings.web_port))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        sign_in.close()


@asynccontextmanager
async def time_told(now: Callable[[], Awaitable[datetime]]) -> AsyncIterator[str]:
    """A URL that tells `now()`, whichever Temporal server has the time at the moment."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # RPCError: the server with the time ended first, while the tenant still asked.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, RPCError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                body = json.dumps({"now": (await now()).isoformat()}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(tell, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/now"
    finally:
        server.close()


async def furnish(house: AsyncExitStack, env: Mapping[str, str]) -> tuple[Settings, Installation]:
    """Opens the database and the web face; the worker comes after."""
    settings = load_settings(env)
    installation = await house.enter_async_context(open_installation(settings, with_temporal=True))
    await house.enter_async_context(served(settings, installation))
    return settings, installation


def variables(tenant: Tenant, database: Path, port: int, address: str, clock_url: str, key: str) -> dict[str, str]:
    """PERENNIAL_* for one life."""
    return tenant.settings() | {
        "PERENNIAL_TEMPORAL_ADDRESS": address,
        "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "PERENNIAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PERENNIAL_WEB_PORT": str(port),
        "PERENNIAL_ENCRYPTION_KEYS": key or Fernet.generate_key().decode(),
        "PERENNIAL_SESSION_KEY": secrets.token_urlsafe(32),
        "PERENNIAL_CLOCK_URL": clock_url,
        # What is told of changes is enough for most; a journey about looks that nobody asks for asks for more.
        "PERENNIAL_LOOK_EVERY_HOURS": "24",
    }
