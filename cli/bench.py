"""`perennial bench load`: many people of one policy become due in one week; the tenant counts what that asks of it."""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from cryptography.fernet import Fernet

from cli.demo.tenant_state import read_people
from cli.demo.virtual_time import VirtualTime, virtual_time
from cli.installation import Installation, open_installation
from cli.load_figures import CAPS, Figures, count
from cli.people import enrol_people
from cli.processes import Child, Children, children, python, stopped_by_signals, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import test_server_program
from config.settings import load_settings
from cycle.policy import Policy, Reflection, Rhythm
from integrations.database.migrate import upgrade_async
from integrations.database.people import NewPerson, save_people
from integrations.database.policies import save_policy
from integrations.database.wake_ups import deliver_owed

# A week without a holiday in any of the tenant's countries: everybody may be mailed on day 0.
DAY0 = date(2030, 3, 4)
READY_WITHIN_SECONDS = 60
SLICE = timedelta(minutes=10)
# Everybody is due on the Monday of the third week and booked on day 0, and the form leaves that very day for all whom
# the caps of their manager let talk by then. The largest teams need a month, since the rest of that week has no talks.
POLICY = Policy(
    name="Everybody at once",
    rhythm=Rhythm(
        weeks_of_period=(3, 3),
        no_check_in_dates=tuple(DAY0 + timedelta(days=day) for day in range(15, 19)),
        may_slip_days=35,
    ),
    booking=CAPS,
    reflection=Reflection(workdays_before=10),
)

app = typer.Typer(no_args_is_help=True, help="Measure Perennial on a stand-in tenant.")


@dataclass(frozen=True, slots=True)
class Stage:
    """A tenant, a Temporal server with a virtual clock, and a database in which everybody waits for a worker."""

    clock: VirtualTime
    children: Children
    tenant: Tenant
    http: httpx.AsyncClient
    organization: Mapping[str, Any]
    installation: Installation
    variables: Mapping[str, str]

    async def start_worker(self, name: str) -> Child:
        worker = await self.children.start(name, python("-m", "worker"), self.variables)
        await worker.says("the worker works", READY_WITHIN_SECONDS)
        return worker

    async def live(self, span: timedelta) -> None:
        until = await self.clock.now() + span
        while (now := await self.clock.now()) < until:
            await self.clock.skip_to(min(until, now + SLICE))
            await deliver_owed(self.installation.database)


async def live_through(
    people: int, days: int, data: Path, env: Mapping[str, str], workers: int = 1, senders: int = 1
) -> Figures:
    """Lives so many days from day 0 with worker processes, in `data`, an empty folder. Nobody answers anything."""
    async with stage(people, data, env, senders) as everything:
        stopwatch = time.monotonic()
        await asyncio.gather(*(everything.start_worker(f"worker-{number}") for number in range(1, workers + 1)))
        await everything.live(timedelta(days=days))
        seconds = time.monotonic() - stopwatch
        return await count(everything.tenant, everything.http, everything.organization, seconds)


@asynccontextmanager
async def stage(people: int, data: Path, env: Mapping[str, str], senders: int) -> AsyncIterator[Stage]:
    """Everything but a worker; it ends when this does."""
    logs = data / "logs"
    await asyncio.to_thread(logs.mkdir)
    async with (
        virtual_time(test_server_program(env), datetime.combine(DAY0, clock_time(), UTC)) as clock,
        children(logs, without_settings(env)) as started,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        tenant = await start_sandbox(
            started,
            seed=1,
            people=people,
            day0=DAY0,
            redirect_uri="http://127.0.0.1:8000/sign-in/done",
            clock_url=clock.url,
            senders=senders,
        )
        variables = tenant.settings() | {
            "PERENNIAL_TEMPORAL_ADDRESS": clock.address,
            "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{data / 'perennial.db'}",
            "PERENNIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "PERENNIAL_SESSION_KEY": secrets.token_urlsafe(32),
            "PERENNIAL_CLOCK_URL": clock.url,
        }
        settings = load_settings(variables)
        await upgrade_async(settings.database_url)
        organization = (await http.get(f"{tenant.url}/_sandbox/organization")).raise_for_status().json()
        async with open_installation(settings, with_temporal=True) as installation:
            await _settle(installation, organization)
            yield Stage(clock, started, tenant, http, organization, installation, variables)


async def _settle(installation: Installation, organization: Mapping[str, Any]) -> None:
    """Everybody as an import would find them, without asking the tenant for each; all with a manager are enrolled."""
    now = await installation.now()
    told = {each["mail"]: each for each in organization["people"]}
    people = [
        NewPerson(
            oid=told[mail]["id"],
            mail=mail,
            name=each.name,
            zone=told[mail]["zone"],
            country=told[mail]["country"],
            # Long enough ago: a new joiner is due on a day of their own.
            hired_on=DAY0 - timedelta(days=400),
            weekdays=frozenset(told[mail]["weekdays"]),
            opens=each.opens,
            closes=each.closes,
            away=(),
            manager_mail=told[mail]["manager"],
        )
        for mail, each in read_people(organization).items()
        if mail in told
    ]
    async with installation.database.transaction() as session:
        await save_people(session, people, now)
        await save_policy(session, POLICY, DAY0, organization["hr_partner"], now)
    await enrol_people(installation, POLICY.name, [each.mail for each in people if each.manager_mail])


@app.callback()
def bench() -> None:
    """Measure Perennial on a stand-in tenant."""


@app.command()
def load(
    people: Annotated[int, typer.Option(min=1, help="How many people who have a manager.")] = 500,
    days: Annotated[int, typer.Option(min=1, help="How many days they live; 19 take them through the due week.")] = 19,
    workers: Annotated[int, typer.Option(min=1, help="How many worker processes share the work.")] = 1,
    senders: Annotated[int, typer.Option(min=1, help="How many mailboxes send letters.")] = 1,
) -> None:
    """Let everybody become due in one week, and print how near that came to each limit; exits 1 if one was crossed."""
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        figures = asyncio.run(_load(people, days, Path(folder), workers, senders))
    for line in figures.lines():
        typer.echo(line)
    troubles = list(figures.troubles())
    for sentence in troubles:
        typer.echo(sentence, err=True)
    if troubles:
        raise typer.Exit(1)


async def _load(people: int, days: int, data: Path, workers: int, senders: int) -> Figures:
    async with stopped_by_signals():
        return await live_through(people, days, data, os.environ, workers, senders)
