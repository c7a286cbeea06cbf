"""Running the tenant: one process, one loopback port, until it is told to stop."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from sandbox.app import build_app
from sandbox.app_registrations import Organizer
from sandbox.clock import Clock, OwnClock, ServedClock
from sandbox.organization import build_organization
from sandbox.signing_keys import SigningKey, complete
from sandbox.state_file import StateFile, read_state
from sandbox.tenant import Tenant, build_tenant
from sandbox.tokens import LOGIN, Mint

# Where a check-in application on its usual port lets people sign in.
DEFAULT_REDIRECT_URIS = ("http://localhost:8000/sign-in/done", "http://127.0.0.1:8000/sign-in/done")

_ENDS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Options:
    """`port` 0 is any free one; without `clock_url` the tenant has a clock of its own. `senders` counts the service
    mailbox. `advertise` is the address that Entra goes by in discovery and id tokens, by default Microsoft's; `self` is
    the one it is served at.
    """

    port: int = 0
    seed: int = 1
    people: int = 12
    senders: int = 1
    day0: date = date(2030, 2, 4)
    clock_url: str | None = None
    state_file: Path | None = None
    json: bool = False
    strict_permissions: bool = False
    organizer: Organizer = "service_mailbox"
    redirect_uris: Sequence[str] = field(default=DEFAULT_REDIRECT_URIS)
    advertise: str | None = None


def run(options: Options) -> None:
    """Serves until SIGTERM or SIGINT. Raises StateFileError, ValueError or OSError if it cannot start."""
    # A big organization takes a while to build, and until it is served there is nothing to put in order.
    for number in _ENDS:
        signal.signal(number, signal.SIG_DFL)
    asyncio.run(serve(options))


async def serve(options: Options, announce: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Serves until it is told to stop; `announce` hears where, once calls are accepted (by default stdout
    does).
    """
    organization = build_organization(options.seed, options.people, options.day0, options.senders)
    tenant = build_tenant(organization, options.redirect_uris, options.strict_permissions, options.organizer)
    path = Path(options.state_file) if options.state_file else None
    known = read_state(path, organization) if path else None
    keys = [SigningKey(pem) for pem in known.keys] if known else []
    complete(keys)
    clock: Clock = ServedClock(options.clock_url) if options.clock_url else OwnClock()
    state_file = StateFile(path, tenant, keys, clock) if path else None
    if state_file is not None and known is not None:
        state_file.adopt(known)
    listening = listen(options.port)
    login = _login(options.advertise, listening.getsockname()[1])
    app = build_app(tenant, Mint(tenant, keys, login=login), clock)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            log_level="warning",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            ws="none",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )
    about = announcement(tenant, listening.getsockname()[1])
    companions = [asyncio.create_task(_say_when_ready(server, announce or _printer(options), about))]
    if state_file is not None:
        state_file.save()
        app.before_answer = state_file.save_before_answer
        companions.append(asyncio.create_task(state_file.keep_saving()))
    # uvicorn stops at the first signal, and then raises it again for whoever listened before. Nobody must: by
    # default that would end the process before the state is written.
    for number in _ENDS:
        signal.signal(number, lambda *_: None)
    app.notifications.resume()
    try:
        await server.serve(sockets=[listening])
    finally:
        for task in companions:
            task.cancel()
        await asyncio.gather(*companions, return_exceptions=True)
        await app.notifications.close()
        if state_file is not None:
            state_file.save_if_changed()
        await clock.close()


def announcement(tenant: Tenant, port: int) -> dict[str, Any]:
    """What a client needs to know to connect."""
    return {
        "graph": f"http://127.0.0.1:{port}/v1.0",
        "entra": f"http://127.0.0.1:{port}",
        "tenant_id": tenant.id,
        "client_id": tenant.app.client_id,
        "client_secret": tenant.app.client_secret,
        "people": [
            {"id": a.id, "userPrincipalName": a.mail, "displayName": a.name}
            for a in tenant.accounts.values()
            if a.is_person
        ],
    }


def _login(advertise: str | None, port: int) -> str:
    """The address by which Entra goes. Raises ValueError for what is none."""
    if advertise is None:
        return LOGIN
    if advertise == "self":
        return f"http://127.0.0.1:{port}"
    parts = urlsplit(advertise)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{advertise!r} is no address to advertise; write 'self', or one like https://localhost:8443.")
    return advertise.rstrip("/")


def listen(port: int) -> socket.socket:
    """A socket on the loopback; port 0 takes any free one. Raises ValueError or OSError."""
    if not 0 <= port < 65_536:
        raise ValueError(f"There is no port {port}; they go from 0 (any free one) to 65535.")
    # Only with the protocol named does asyncio switch Nagle's algorithm off, which costs 40 ms an answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(f"Port {port} of 127.0.0.1 cannot be had ({reason}). Choose another, or 0 for any.") from error
    listening.set_inheritable(True)
    return listening


async def _say_when_ready(
    server: uvicorn.Server, announce: Callable[[dict[str, Any]], None], about: dict[str, Any]
) -> None:
    # uvicorn has no event to wait for.
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    announce(about)


def _printer(options: Options) -> Callable[[dict[str, Any]], None]:
    def print_it(about: dict[str, Any]) -> None:
        if options.json:
            print(json.dumps(about), flush=True)
            return
        print(
            f"The sandbox tenant has {len(about['people'])} people. Look at them at {about['entra']}/",
            flush=True,
        )
        print(f"Graph: {about['graph']}  Entra: {about['entra']}/{about['tenant_id']}", flush=True)
        print(f"Client id: {about['client_id']}  secret: {about['client_secret']}", flush=True)

    return print_it


def log_to_stderr() -> None:
    """Warnings of the tenant, such as routes that it does not serve, as plain lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("sandbox: %(message)s"))
    with contextlib.suppress(ValueError):
        logging.getLogger("sandbox").addHandler(handler)
    logging.getLogger("uvicorn.error").addHandler(handler)
