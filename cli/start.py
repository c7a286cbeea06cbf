"""`perennial start`: everything on this machine by the real clock; started again, it goes on where it was."""

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import httpx
import typer
from cryptography.fernet import Fernet

from cli.demo.import_story import import_story
from cli.demo.seed import write_story
from cli.installation import open_installation
from cli.processes import (
    Child,
    Children,
    ProcessEnded,
    accepts_connections,
    children,
    free_port,
    is_free,
    python,
    stopped_by_signals,
    without_settings,
)
from cli.refusal import Refused
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import cli_program, full_server
from config.settings import Settings, load_settings
from integrations.clock import RealClock
from integrations.database.migrate import upgrade_async
from integrations.database.roster import roster

READY_WITHIN_SECONDS = 60
PEOPLE, SEED = 12, 1


@dataclass(frozen=True, slots=True)
class Ports:
    """On 127.0.0.1."""

    web: int
    sandbox: int
    temporal: int
    temporal_ui: int

    def taken(self) -> "Ports":
        """With a free port for each 0. Raises Refused when another program listens on one of the others."""
        for name, port in asdict(self).items():
            if port and not is_free(port):
                option = {"temporal_ui": "--ui-port"}.get(name, f"--{name}-port")
                raise Refused(f"Port {port} is in use; stop what listens there, or choose another with {option}.")
        return Ports(*(port or free_port() for port in (self.web, self.sandbox, self.temporal, self.temporal_ui)))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a folder remembers of its first start: what was encrypted then must stay readable."""

    day0: str
    encryption_keys: str
    session_key: str


def start(
    data: Annotated[Path, typer.Option(help="The folder that keeps everything.")] = Path("perennial-data"),
    web_port: Annotated[int, typer.Option(help="Port of the pages; 0 takes any free one.")] = 8000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox tenant.")] = 8080,
    temporal_port: Annotated[int, typer.Option(help="Port of the Temporal server.")] = 7233,
    ui_port: Annotated[int, typer.Option(help="Port of Temporal's own pages.")] = 8233,
) -> None:
    """Run everything here, until Ctrl-C: a sandbox tenant, unless settings name a real one."""
    ports = Ports(web_port, sandbox_port, temporal_port, ui_port).taken()
    asyncio.run(_start(data.absolute(), ports, os.environ))


async def _start(data: Path, ports: Ports, env: Mapping[str, str]) -> None:
    async with stopped_by_signals():
        try:
            async with running(data, ports, env) as run:
                for name, url in run.urls.items():
                    typer.echo(f"{name + ':':<18}{url}")
                typer.echo(f"Settings for the other commands: set -a; . {data / 'settings.env'}; set +a")
                typer.echo("Ctrl-C stops it; started again, it goes on where it was.")
                ended = await run.children.first_end()
                raise ProcessEnded(
                    f"The {ended.name} process ended by itself (exit code {ended.process.returncode}); "
                    f"the end of {ended.log} says why."
                )
        except asyncio.CancelledError:
            typer.echo("Stopped.")


@dataclass(frozen=True, slots=True)
class Running:
    children: Children
    settings: Settings
    urls: Mapping[str, str]


@asynccontextmanager
async def running(data: Path, ports: Ports, env: Mapping[str, str]) -> AsyncIterator[Running]:
    """Everything up and working on `data`; all of it ends with this. Raises ProcessEnded, Refused, SettingsError."""
    real_tenant = bool(env.get("PERENNIAL_TENANT_ID"))
    await asyncio.to_thread((data / "logs").mkdir, parents=True, exist_ok=True)
    kept = await _kept(data)
    async with children(data / "logs", without_settings(env)) as started:
        temporal = await _start_temporal(started, cli_program(env), data, ports)
        urls = {"Temporal's pages": f"http://127.0.0.1:{ports.temporal_ui}"}
        variables = {
            "PERENNIAL_TEMPORAL_ADDRESS": f"127.0.0.1:{ports.temporal}",
            "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{data / 'perennial.db'}",
            "PERENNIAL_PUBLIC_URL": f"http://127.0.0.1:{ports.web}",
            "PERENNIAL_WEB_PORT": str(ports.web),
            "PERENNIAL_ENCRYPTION_KEYS": kept.encryption_keys,
            "PERENNIAL_SESSION_KEY": kept.session_key,
        }
        tenant = None
        if real_tenant:
            variables |= {name: text for name, text in env.items() if name.upper().startswith("PERENNIAL_")}
        else:
            tenant = await _start_sandbox(started, data, ports, kept)
            variables |= tenant.settings()
            urls["Mailboxes"] = tenant.url
        settings = load_settings(variables)
        await _write_private(data / "settings.env", "".join(f"{k}='{v}'\n" for k, v in variables.items()))
        await upgrade_async(settings.database_url)
        await accepts_connections(ports.temporal, temporal, READY_WITHIN_SECONDS)
        await _start_ours(started, variables, settings, ports)
        if tenant:
            await _seed_once(settings, tenant)
        yield Running(started, settings, {"Pages": settings.public_url} | urls)


async def _start_temporal(started: Children, program: Path, data: Path, ports: Ports) -> Child:
    command = full_server(program, ports.temporal, data / "temporal.db")
    return await started.start("temporal", [*command, "--ui-port", str(ports.temporal_ui)], {})


async def _start_sandbox(started: Children, data: Path, ports: Ports, kept: Kept) -> Tenant:
    return await start_sandbox(
        started,
        seed=SEED,
        people=PEOPLE,
        day0=date.fromisoformat(kept.day0),
        redirect_uri=f"http://127.0.0.1:{ports.web}/sign-in/done",
        state_file=data / "tenant.json",
        port=ports.sandbox,
    )


async def _start_ours(started: Children, variables: Mapping[str, str], settings: Settings, ports: Ports) -> None:
    web = await started.start("web", python("-m", "web.server"), variables)
    worker = await started.start("worker", python("-m", "worker"), variables)
    await accepts_connections(settings.web_port or ports.web, web, READY_WITHIN_SECONDS)
    worker.check_running()


async def _kept(data: Path) -> Kept:
    """What the folder remembers; on the first start, what it will."""
    file = data / "kept.json"
    with contextlib.suppress(FileNotFoundError):
        return Kept(**json.loads(await asyncio.to_thread(file.read_text, encoding="utf-8")))
    today = (await RealClock().now()).date()
    kept = Kept(
        day0=(today - timedelta(days=today.weekday())).isoformat(),
        encryption_keys=Fernet.generate_key().decode(),
        session_key=secrets.token_urlsafe(32),
    )
    await _write_private(file, json.dumps(asdict(kept), indent=1))
    return kept


async def _write_private(file: Path, text: str) -> None:
    """Keys are in it: for its owner only."""

    def write() -> None:
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")

    await asyncio.to_thread(write)


async def _seed_once(settings: Settings, tenant: Tenant) -> None:
    """The sandbox's people and their past, as an operator would import them; until somebody is enrolled."""
    async with open_installation(settings, with_temporal=True) as installation:
        today = (await installation.now()).date()
        async with installation.database.reading() as session:
            if any(each.policy for each in await roster(session, today)):
                return
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            organization = (await http.get(f"{tenant.url}/_sandbox/organization")).raise_for_status().json()
        story = write_story(organization)
        await import_story(installation, story, organization["hr_partner"], date.fromisoformat(organization["day0"]))
