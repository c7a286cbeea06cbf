"""A life today: the full Temporal server with its database in a file, and the machine's own clock."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Select

import worker
from cli.demo.browser import Browser
from cli.demo.evidence import Evidence, Sent, Talk
from cli.demo.tenant_state import read_languages, read_letters, read_people, read_received, read_talks
from cli.installation import Installation
from cli.processes import Child, Children, accepts_connections, children, free_port, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import cli_program
from config.settings import Settings
from integrations.database.migrate import upgrade_async
from tests.journeys.house import furnish, variables


def where_it_is_noon(now: datetime) -> str:
    """A zone in which nobody's mail window closes soon. The signs of these zones are the wrong way round."""
    ahead = 12 - now.hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@dataclass(slots=True)
class FullServer:
    """The development server with its database in a file, on one port for as long as the test lasts."""

    started: Children
    port: int
    file: Path
    child: Child | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        command = [str(cli_program(os.environ)), "server", "start-dev", "--headless", "--ip", "127.0.0.1"]
        command += ["--port", str(self.port), "--db-filename", str(self.file), "--log-level", "error"]
        self.child = await self.started.start("temporal", command, {})
        await accepts_connections(self.port, self.child, 30)

    async def stop(self) -> None:
        assert self.child
        await self.child.stop()

    async def kill(self) -> None:
        """As a power cut would: nothing is put away."""
        assert self.child
        self.started.forget(self.child)
        await self.child.kill()

    def forget_everything(self) -> None:
        """Its file is gone, with what lies beside it."""
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()


@dataclass(slots=True)
class RealLife:
    """Ann and Mara today, with the full Temporal server and the machine's own clock."""

    server: FullServer
    tenant: Tenant
    http: httpx.AsyncClient
    settings: Settings
    installation: Installation
    browser: Callable[[str], Browser]

    async def mailbox(self, mail: str) -> Mapping[str, Any]:
        answer = await self.http.get(f"{self.tenant.url}/_sandbox/state", params={"mailbox": mail, "ids": "real"})
        (mailbox,) = answer.raise_for_status().json()["mailboxes"].values()
        found: Mapping[str, Any] = mailbox
        return found

    async def letters(self) -> list[Sent]:
        return read_letters(await self._organizing(), self.tenant.senders)

    async def talks(self) -> list[Talk]:
        return read_talks(await self._organizing(), self.tenant.service_mailbox)

    async def _organizing(self) -> Mapping[str, Any]:
        mail = self.tenant.service_mailbox
        return {"mailboxes": {mail: await self.mailbox(mail)}}

    async def drag(self, event_id: str, start: datetime, end: datetime) -> None:
        """Somebody moves the event in the organizer's calendar."""
        order = {"person": self.tenant.service_mailbox, "act": "drag", "event": event_id}
        order |= {"start": start.isoformat(), "end": end.isoformat()}
        (await self.http.post(f"{self.tenant.url}/_sandbox/act", json=order)).raise_for_status()

    async def left_behind(self) -> Evidence:
        """What the tenant holds, as of a day on which nothing more is to come."""
        organization = (await self.http.get(f"{self.tenant.url}/_sandbox/organization")).raise_for_status().json()
        answer = await self.http.get(f"{self.tenant.url}/_sandbox/state", params={"ids": "real"})
        state, service = answer.raise_for_status().json(), self.tenant.service_mailbox
        now = datetime.now(UTC)
        return Evidence(
            day0=now.date(),
            began=now,
            until=now + timedelta(days=365),
            people=read_people(organization),
            senders=self.tenant.senders,
            hr_partner=organization["hr_partner"],
            policies={},
            starts_on={},
            policy_of={},
            talks=read_talks(state, service),
            letters=read_letters(state, self.tenant.senders),
            received=read_received(state, self.tenant.senders),
            languages=read_languages(state),
        )

    async def holds_up(self, path: str, seconds: float) -> Callable[[], Awaitable[bool]]:
        """Lets the tenant take so long over our next POST to `path`; what tells whether it is at it."""
        url = f"{self.tenant.url}/_sandbox/faults"
        order = {"fault": "slow", "seconds": seconds, "method": "POST", "path": path, "app": "check-ins", "count": 1}
        number = (await self.http.post(url, json=order)).raise_for_status().json()["number"]

        async def under_way() -> bool:
            faults = (await self.http.get(url)).raise_for_status().json()["faults"]
            return any(fault["number"] == number and fault["met"] for fault in faults)

        return under_way

    async def rows(self, query: Select[Any]) -> list[Any]:
        async with self.installation.database.reading() as session:
            return list((await session.scalars(query)).all())

    async def until_true(self, holds: Callable[[], Awaitable[Any]], seconds: float) -> Any:
        """Asks again and again until `holds()` gives something; fails after so many seconds."""
        async with asyncio.timeout(seconds):
            while not (found := await holds()):  # noqa: ASYNC110 - it happens in other processes
                await asyncio.sleep(0.1)
        return found


@asynccontextmanager
async def a_real_life(folder: Path) -> AsyncIterator[RealLife]:
    """Everything runs; nobody is here yet."""
    port = free_port()
    async with AsyncExitStack() as stack:
        started = await stack.enter_async_context(children(folder, without_settings(os.environ)))
        server = FullServer(started, free_port(), folder / "temporal.db")
        await server.start()
        tenant = await start_sandbox(
            started,
            seed=1,
            people=1,
            day0=datetime.now(UTC).date(),
            redirect_uri=f"http://127.0.0.1:{port}/sign-in/done",
        )
        env = variables(tenant, folder / "perennial.db", port, server.address, "", "")
        await upgrade_async(env["PERENNIAL_DATABASE_URL"])
        settings, installation = await furnish(stack, env)
        await stack.enter_async_context(worker.working(settings))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))
        transport = await stack.enter_async_context(httpx.AsyncHTTPTransport())
        yield RealLife(
            server, tenant, http, settings, installation, lambda mail: Browser(mail, settings.public_url, transport)
        )
