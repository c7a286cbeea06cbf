"""Running the tenant: one process, one loopback port, until it is told to stop."""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.app import build_app
from sandbox.app_registrations import Organizer
from sandbox.clock import Clock, OwnClock, ServedClock
from sandbox.organization import build_organization
from sandbox.signing_keys import SigningKey, complete
from sandbox.state_file import StateFile, read_state
from sandbox.tenant import Tenant, build_tenant
from sandbox.tokens import Mint

# Where a check-in application on its usual port lets people sign in.
DEFAULT_REDIRECT_URIS = ("http://localhost:8000/signed-in", "http://127.0.0.1:8000/signed-in")


@dataclass(frozen=True, slots=True)
class Options:
    """`port` 0 is any free one; without `clock_url` the tenant has a clock of its own."""

    port: int = 0
    seed: int = 1
    people: int = 12
    day0: date = date(2030, 2, 4)
    clock_url: str | None = None
    state_file: Path | None = None
    json: bool = False
    strict_permissions: bool = False
    organizer: Organizer = "service_mailbox"
    redirect_uris: Sequence[str] = field(default=DEFAULT_REDIRECT_URIS)


def run(options: Options) -> None:
    """Serves until SIGTERM or SIGINT. Raises StateFileError, ValueError or OSError if it cannot start."""
    # uvicorn stops at the first signal, and then raises it again for whoever listened before. Nobody must: by
    # default that would end the process before the state is written.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.run(serve(options))


async def serve(options: Options, announce: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Serves until it is told to stop; `announce` hears where, once calls are accepted (by default stdout
    does).
    """
    organization = build_organization(options.seed, options.people, options.day0)
    tenant = build_tenant(organization, options.redirect_uris, options.strict_permissions, options.organizer)
    path = Path(options.state_file) if options.state_file else None
    known = read_state(path, options.seed, options.people, options.day0.isoformat()) if path else None
    keys = [SigningKey(pem) for pem in known.keys] if known else []
    complete(keys)
    state_file = StateFile(path, tenant, keys) if path else None
    if state_file is not None and known is not None:
        state_file.adopt(known)
    clock: Clock = ServedClock(options.clock_url) if options.clock_url else OwnClock()
    listening = _listen(options.port)
    app = build_app(tenant, Mint(tenant, keys), clock)
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
        companions.append(asyncio.create_task(state_file.keep_saving()))
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
        "service_mailbox": tenant.organization.service.mail,
        "mail_client": {
            "client_id": tenant.mail_app.client_id,
            "client_secret": tenant.mail_app.client_secret,
        },
        "people": [
            {"id": a.id, "userPrincipalName": a.mail, "displayName": a.name}
            for a in tenant.accounts.values()
            if a.is_person
        ],
    }


def _listen(port: int) -> socket.socket:
    # Only with the protocol named does asyncio switch Nagle's algorithm off, which costs 40 ms an answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
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
