"""A life by the machine's own clock: the full Temporal server with what it knows in a file, a tenant, the web face and
the worker.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import Select

from cli.demo.browser import Browser
from cli.demo.evidence import Sent, Talk
from cli.demo.kept import DATABASE
from cli.demo.stage import ONE_UPGRADE, start_web, variables_of
from cli.demo.tenant_state import read_letters, read_talks
from cli.installation import Installation, open_installation
from cli.processes import Child, Children, accepts_connections, children, free_port, python, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import cli_program, full_server
from config.settings import Settings, load_settings
from integrations.database.migrate import upgrade_async

T = TypeVar("T")

READY_WITHIN_SECONDS = 120
PATIENCE_SECONDS = 900
"""A letter waits for the next minute, a wake-up for the next look at what is owed, and a call of which a server that
died was just being told for the end of its five minutes; and all this is on a machine with more to do.
"""
LOOK_SECONDS = 0.1
# Processes that start at once take each other's time.
ONE_START = asyncio.Lock()


class StillAwaited(Exception):
    """Something has not happened for so long that it will not."""


def where_it_is_noon(now: datetime) -> str:
    """A zone with the same date as UTC in which nobody's day begins or ends soon. Its signs are the wrong way round."""
    ahead = 12 - now.hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@dataclass(slots=True)
class FullServer:
    """The development server, on one port for as long as the life lasts; its `file` holds what it knows."""

    started: Children
    command: Sequence[str]
    port: int
    file: Path
    child: Child | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.child = await self.started.start("temporal", self.command, {})
        await accepts_connections(self.port, self.child, READY_WITHIN_SECONDS)

    async def stop(self) -> None:
        """In order: what is in its hands is put away."""
        await self._forgotten().stop()

    async def kill(self) -> None:
        """As a power cut would: nothing is put away."""
        await self._forgotten().kill()

    def forget_everything(self) -> None:
        """Its file is gone, with what lies beside it."""
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()

    def _forgotten(self) -> Child:
        assert self.child
        self.started.forget(self.child)
        return self.child


@dataclass(slots=True)
class RealLife:
    server: FullServer
    children: Children
    tenant: Tenant
    http: httpx.AsyncClient
    settings: Settings
    installation: Installation
    browser: Callable[[str], Browser]

    async def ask(self, what: str) -> dict[str, Any]:
        """What the tenant tells of itself at `/_sandbox/<what>`."""
        return await self.tenant.control(self.http, "GET", what)

    async def mailbox(self, mail: str) -> Mapping[str, Any]:
        (found,) = (await self.ask(f"state?mailbox={mail}&ids=real"))["mailboxes"].values()
        mailbox: Mapping[str, Any] = found
        return mailbox

    async def letters(self) -> list[Sent]:
        return read_letters(await self._organizing(), self.tenant.senders)

    async def talks(self) -> list[Talk]:
        return read_talks(await self._organizing(), self.tenant.service_mailbox)

    async def _organizing(self) -> Mapping[str, Any]:
        mail = self.tenant.service_mailbox
        return {"mailboxes": {mail: await self.mailbox(mail)}}

    async def rows(self, query: Select[Any]) -> list[Any]:
        async with self.installation.database.reading() as session:
            return list((await session.scalars(query)).all())

    async def until(self, what: str, holds: Callable[[], Awaitable[T | None]]) -> T:
        """What `holds()` gives once it gives something; it is asked again and again.

        Raises StillAwaited, and ProcessEnded when a process ends meanwhile.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (found := await holds()):
                    self.children.check_running()
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError as error:
            raise StillAwaited(f"after {PATIENCE_SECONDS} seconds it is still not so that {what}") from error
        return found


@asynccontextmanager
async def a_real_life(data: Path, env: Mapping[str, str], day0: date) -> AsyncIterator[RealLife]:
    """Everything runs in `data`, an empty folder or none yet; nobody is here. The tenant's calendars hang on `day0`."""
    await asyncio.to_thread((data / "logs").mkdir, parents=True)
    port, temporal_port, file = free_port(), free_port(), data / "temporal.db"
    async with AsyncExitStack() as house:
        async with ONE_START:
            started = await house.enter_async_context(children(data / "logs", without_settings(env)))
            server = FullServer(started, full_server(cli_program(env), temporal_port, file), temporal_port, file)
            await server.start()
            tenant = await start_sandbox(
                started, seed=1, people=1, day0=day0, redirect_uri=f"http://127.0.0.1:{port}/sign-in/done"
            )
            variables = variables_of(tenant, f"sqlite+aiosqlite:///{data / DATABASE}", port, server.address)
            settings = load_settings(variables)
            async with ONE_UPGRADE:
                await upgrade_async(settings.database_url)
            web = await start_web(started, variables)
            await accepts_connections(port, web, READY_WITHIN_SECONDS)
            worker = await started.start("worker", python("-m", "worker"), variables)
            await worker.says("the worker works", READY_WITHIN_SECONDS)
            installation = await house.enter_async_context(open_installation(settings, with_temporal=True))
            http = await house.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))
            transport = await house.enter_async_context(httpx.AsyncHTTPTransport())
        yield RealLife(
            server,
            started,
            tenant,
            http,
            settings,
            installation,
            lambda mail: Browser(mail, settings.public_url, transport),
        )
