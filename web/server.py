"""Runs the web face from PERENNIAL_* settings: `python -m web.server`."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys

import uvicorn
from starlette.types import ASGIApp

from config.logging import configure_logging
from config.settings import Settings, SettingsError, load_settings
from integrations.clock import open_clock
from integrations.database.connection import DatabaseUnreachable, open_database
from integrations.database.migrate import check_current
from integrations.database.wake_ups import keep_delivering
from integrations.entra.sign_in import SignIn
from integrations.temporal.connect import connect
from integrations.temporal.pokes import Pokes
from web.app import build_app

log = logging.getLogger(__name__)


def main() -> int:
    try:
        settings = load_settings()
        configure_logging(settings.log_format, settings.log_level)
        return asyncio.run(serve(settings))
    except (AddressTaken, SettingsError, DatabaseUnreachable) as error:
        print(error, file=sys.stderr)
        return 1


class AddressTaken(Exception):
    """Nobody can listen where the settings say."""


def _listen(settings: Settings) -> socket.socket:
    """Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in settings.web_host else socket.AF_INET
    # With the protocol named, asyncio sends answers at once; otherwise each waits 40 ms for more to send.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.web_host, settings.web_port))
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"The web face cannot listen on {settings.web_host}:{settings.web_port} ({error.strerror}); stop what "
            "listens there, or correct PERENNIAL_WEB_HOST and PERENNIAL_WEB_PORT."
        ) from error
    return listener


def server_config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    """How `app` is served. Who asks by way of a proxy is believed of those alone that the settings name."""
    return uvicorn.Config(
        app,
        host=settings.web_host,
        port=settings.web_port,
        log_config=None,
        # Its lines would hold the codes that sign people in.
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
    )


async def serve(settings: Settings) -> int:
    """Serves until SIGTERM or Ctrl-C; returns the exit code. Raises DatabaseUnreachable and AddressTaken."""
    # Lazy, so that people can write while Temporal is down; their wake-ups wait in the database.
    pokes = Pokes(await connect(settings, lazy=True), settings.temporal_task_queue)
    keys = tuple(key.get_secret_value() for key in settings.encryption_keys)
    database = open_database(settings.database_url, keys, pokes)
    clock = open_clock(settings.clock_url)
    sign_in = SignIn(settings)
    try:
        await check_current(database)
        listener = _listen(settings)
        server = uvicorn.Server(server_config(settings, build_app(settings, database, clock, sign_in)))
        # uvicorn raises the signal that ended it once more; without these, nothing after it would be put away.
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, lambda: None)
        delivering = asyncio.create_task(keep_delivering(database))
        try:
            log.info("the web face listens on %s:%s", *listener.getsockname()[:2])
            await server.serve(sockets=[listener])
        finally:
            delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await delivering
        return 0 if server.started else 1
    finally:
        sign_in.close()
        await clock.aclose()
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
