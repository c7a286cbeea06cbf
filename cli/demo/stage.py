"""All that a running demo consists of: its processes, its clock, and what they are told of each other."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from cli.demo.database import RunDatabase, run_database
from cli.demo.line import Line, line_to
from cli.demo.virtual_time import VirtualTime, virtual_time
from cli.installation import Installation, open_installation
from cli.processes import Child, Children, accepts_connections, children, free_port, python, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import test_server_program
from config.settings import Settings, load_settings
from integrations.database.migrate import upgrade_async

READY_WITHIN_SECONDS = 60
# Alembic keeps what it is at in its module, so that stages that begin at once take turns.
ONE_UPGRADE = asyncio.Lock()


@dataclass(slots=True)
class Stage:
    """Worker and web face may be started anew; `variables` are the settings that both get."""

    data: Path
    time: VirtualTime
    line: Line
    children: Children
    database: RunDatabase
    tenant: Tenant
    variables: Mapping[str, str]
    settings: Settings
    installation: Installation
    http: httpx.AsyncClient
    web: Child
    worker: Child | None = None

    @property
    def site(self) -> str:
        return self.settings.public_url

    async def start_worker(self, *, mortal: bool = False) -> None:
        module = "cli.demo.mortal_worker" if mortal else "worker"
        self.worker = await self.children.start("worker", python("-m", module), self.variables)
        await self.worker.says("the worker works", READY_WITHIN_SECONDS)

    async def start_web(self) -> None:
        self.web = await start_web(self.children, self.variables)
        await accepts_connections(self.settings.web_port, self.web, READY_WITHIN_SECONDS)


async def start_web(started: Children, variables: Mapping[str, str]) -> Child:
    return await started.start("web", python("-m", "web.server"), variables)


def variables_of(tenant: Tenant, database_url: str, port: int, temporal: str) -> dict[str, str]:
    """The settings of an installation with keys of its own; its pages are on `port`."""
    return tenant.settings() | {
        "PERENNIAL_TEMPORAL_ADDRESS": temporal,
        "PERENNIAL_DATABASE_URL": database_url,
        "PERENNIAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PERENNIAL_WEB_PORT": str(port),
        "PERENNIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PERENNIAL_SESSION_KEY": secrets.token_urlsafe(32),
    }


@asynccontextmanager
async def stage(
    data: Path, env: Mapping[str, str], day0: date, seed: int, people: int, database_url: str | None
) -> AsyncIterator[Stage]:
    """Temporal, tenant, database and web face on the midnight (UTC) of `day0`; everything ends when this does."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    began = datetime.combine(day0, time(), UTC)
    async with (
        virtual_time(test_server_program(env), began) as clock,
        line_to(clock.address) as line,
        children(data / "logs", without_settings(env)) as started,
        run_database(database_url, data, started) as database,
        httpx.AsyncClient(trust_env=False, timeout=60, verify=False) as http,  # noqa: S501 - loopback, no TLS
    ):
        tenant = await start_sandbox(
            started,
            seed=seed,
            people=people,
            day0=day0,
            redirect_uri=f"{site}/sign-in/done",
            clock_url=clock.url,
        )
        variables = variables_of(tenant, database.url, port, line.address) | {"PERENNIAL_CLOCK_URL": clock.url}
        settings = load_settings(variables)
        async with ONE_UPGRADE:
            await upgrade_async(settings.database_url)
        web = await start_web(started, variables)
        async with open_installation(settings, with_temporal=True) as installation:
            await accepts_connections(port, web, READY_WITHIN_SECONDS)
            yield Stage(data, clock, line, started, database, tenant, variables, settings, installation, http, web)
