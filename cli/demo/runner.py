"""Runs the demo: the processes, the clock, the actors' days, and the verdict at the end."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography.fernet import Fernet
from rich.console import Console

from cli.demo import diary
from cli.demo.actors import Actor
from cli.demo.browser import Browser
from cli.demo.evidence import Evidence
from cli.demo.gather import Told, ask_tenant, everybodys_pages, make_evidence, written
from cli.demo.histories import write_histories
from cli.demo.import_story import POLICY_FILES, import_story
from cli.demo.inbox import MailClient
from cli.demo.invariants import Verdict, judge
from cli.demo.outlook import HABITS_SHOW_AFTER, Outlook
from cli.demo.seed import Story, write_story
from cli.demo.tally import counts, tally
from cli.demo.temperaments import Temperament
from cli.demo.tenant_state import read_people
from cli.demo.timeline import Timeline
from cli.demo.virtual_time import VirtualTime, virtual_time
from cli.demo.world import World
from cli.installation import Installation, open_installation
from cli.processes import Children, accepts_connections, children, free_port, python, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import test_server_program
from config.policy_files import SHIPPED
from config.settings import Settings, load_settings
from integrations.database.migrate import upgrade_async
from integrations.database.wake_ups import deliver_owed
from integrations.temporal.codec import EncryptingCodec

DAY0 = date(2030, 2, 4)
READY_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """The knobs. The same seed, people and days give the same dates for ever. `stay`: go on until stopped."""

    people: int = 12
    days: int = 95
    seed: int = 1
    stay: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    verdicts: Sequence[Verdict]
    people: Mapping[str, Mapping[str, int]]
    counts: Mapping[str, int]
    names: Mapping[str, str]
    phases: Mapping[str, float]

    @property
    def holds(self) -> bool:
        return all(verdict.holds for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Stage:
    """All that a running demo consists of."""

    data: Path
    time: VirtualTime
    children: Children
    tenant: Tenant
    settings: Settings
    installation: Installation
    site: str
    http: httpx.AsyncClient


async def run(
    wanted: Wanted, data: Path, env: Mapping[str, str], console: Console, show: Callable[[Outcome], None]
) -> Outcome:
    """Lives the quarter in `data`, an empty folder, judges it, and has it shown before it stays, if it does.

    Raises what a process or page ended with.
    """
    for name in ("logs", "histories"):
        await asyncio.to_thread((data / name).mkdir)
    clock = asyncio.get_running_loop().time
    marks = [("", clock())]
    began = datetime.combine(DAY0, time(), UTC)
    async with _stage(wanted, data, env, began) as stage:
        organization = (await stage.http.get(f"{stage.tenant.url}/_sandbox/organization")).json()
        story = write_story(organization)
        names = {each["mail"]: each["name"] for each in organization["people"]}
        await _import(stage, story, organization)
        worker = await stage.children.start("worker", python("-m", "worker"), _settings_of(stage))
        await worker.says("the worker works", READY_WITHIN_SECONDS)
        marks.append(("start", clock()))
        actors, inboxes = _cast(stage, story, organization, wanted.seed), _mail_client(stage)
        until = began + timedelta(days=wanted.days)
        with Timeline(console, DAY0, wanted.days, names) as timeline:
            await _live(stage, inboxes, actors, timeline, began, until)
        marks.append(("live", clock()))
        evidence, told = await _gather(stage, organization, story, actors, began, until)
        marks.append(("gather", clock()))
        if wanted.stay:
            outcome = _judged(evidence, told, names, marks, clock)
            show(outcome)
            await _stay(stage, inboxes, actors, console, names)
            return outcome
    outcome = _judged(evidence, told, names, marks, clock)
    show(outcome)
    return outcome


def _judged(
    evidence: Evidence,
    told: Told,
    names: Mapping[str, str],
    marks: list[tuple[str, float]],
    clock: Callable[[], float],
) -> Outcome:
    verdicts = judge(evidence)
    marks.append(("judge", clock()))
    rows = tally(evidence)
    return Outcome(
        verdicts=verdicts,
        people=rows,
        counts=counts(rows, told.ledger, evidence),
        names=names,
        phases={name: round(end - start, 1) for (_, start), (name, end) in pairwise(marks)},
    )


async def _stay(
    stage: Stage, inboxes: MailClient, actors: Sequence[Actor], console: Console, names: Mapping[str, str]
) -> None:
    """Keeps everything running, and grants the wishes for another day or week, until this task is cancelled."""
    console.print(f"Everybody's inbox and week, and buttons to live another: {stage.tenant.url}/", soft_wrap=True)
    console.print(f"Perennial itself, where you may sign in as anybody: {stage.site}/", soft_wrap=True)
    console.print("Ctrl-C ends it.")
    wishes = stage.time.wishes
    wishes.granted = True
    try:
        while True:
            wish = await wishes.waiting.get()
            now = await stage.time.now()
            until = now + timedelta(days=wish.days)
            with Timeline(console, DAY0, (until.date() - DAY0).days, names) as timeline:
                await _live(stage, inboxes, actors, timeline, now, until)
            wish.lived.set()
    except asyncio.CancelledError:
        # Being stopped is how staying ends; the verdict is known already, and everything is put away as ever.
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
    finally:
        wishes.granted = False


@asynccontextmanager
async def _stage(wanted: Wanted, data: Path, env: Mapping[str, str], began: datetime) -> AsyncIterator[Stage]:
    """Temporal, tenant, database and web face; everything ends when this does."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    async with (
        virtual_time(test_server_program(env), began) as clock,
        children(data / "logs", without_settings(env)) as started,
        httpx.AsyncClient(trust_env=False, timeout=60, verify=False) as http,  # noqa: S501 - loopback, no TLS
    ):
        tenant = await start_sandbox(
            started,
            seed=wanted.seed,
            people=wanted.people,
            day0=DAY0,
            redirect_uri=f"{site}/sign-in/done",
            clock_url=clock.url,
        )
        variables = tenant.settings() | {
            "PERENNIAL_TEMPORAL_ADDRESS": clock.address,
            "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{data / 'perennial.db'}",
            "PERENNIAL_PUBLIC_URL": site,
            "PERENNIAL_WEB_PORT": str(port),
            "PERENNIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "PERENNIAL_SESSION_KEY": secrets.token_urlsafe(32),
            "PERENNIAL_CLOCK_URL": clock.url,
        }
        settings = load_settings(variables)
        await upgrade_async(settings.database_url)
        web = await started.start("web", python("-m", "web.server"), variables)
        async with open_installation(settings, with_temporal=True) as installation:
            await accepts_connections(port, web, READY_WITHIN_SECONDS)
            yield Stage(data, clock, started, tenant, settings, installation, site, http)


def _settings_of(stage: Stage) -> dict[str, str]:
    """The variables that the other processes need, from the settings in force here."""
    settings = stage.settings
    return stage.tenant.settings() | {
        "PERENNIAL_TEMPORAL_ADDRESS": settings.temporal_address,
        "PERENNIAL_DATABASE_URL": settings.database_url,
        "PERENNIAL_PUBLIC_URL": settings.public_url,
        "PERENNIAL_ENCRYPTION_KEYS": ",".join(key.get_secret_value() for key in settings.encryption_keys),
        "PERENNIAL_SESSION_KEY": settings.session_key.get_secret_value(),
        "PERENNIAL_CLOCK_URL": settings.clock_url or "",
    }


async def _import(stage: Stage, story: Story, organization: Mapping[str, Any]) -> None:
    """The worker starts after this, so that no cycle begins while the past is still being written."""
    files = {"people.csv": story.people_csv, "history.yaml": story.history_yaml}
    for name, text in files.items():
        await asyncio.to_thread((stage.data / name).write_text, text, encoding="utf-8")
    await import_story(stage.installation, story, organization["hr_partner"], DAY0)


def _cast(stage: Stage, story: Story, organization: Mapping[str, Any], seed: int) -> list[Actor]:
    """Everybody with a mailbox, in the order of the seed file."""
    people = read_people(organization)
    world = World(seed, stage.time.now, people, story.temperaments, story.titles_used)
    outlook = Outlook(stage.tenant.url, stage.http, datetime.combine(DAY0, time(), UTC) + HABITS_SHOW_AFTER)
    transport = httpx.AsyncHTTPTransport(verify=False)
    return [
        Actor(
            person,
            story.temperaments.get(mail, Temperament.PROMPT),
            Browser(mail, stage.site, transport),
            world,
            outlook,
            story.manners.get(mail),
        )
        for mail, person in people.items()
        if mail != organization["service_mailbox"]
    ]


def _mail_client(stage: Stage) -> MailClient:
    return MailClient(
        graph_url=stage.tenant.graph_url,
        token_url=f"{stage.tenant.url}/{stage.tenant.tenant_id}/oauth2/v2.0/token",
        credentials=stage.tenant.mail_client,
        http=stage.http,
    )


async def _live(
    stage: Stage,
    inboxes: MailClient,
    actors: Sequence[Actor],
    timeline: Timeline,
    began: datetime,
    until: datetime,
) -> None:
    """Lets time run from one look into an inbox to the next; between two, nobody but the worker does anything."""
    looks = {actor.mail: actor.next_look(began) for actor in actors}
    now = began
    while now < until:
        now = min([until, now + timedelta(days=1), *(look for look in looks.values() if look)])
        await stage.time.skip_to(now)
        stage.children.check_running()
        await deliver_owed(stage.installation.database)
        due = [actor for actor in actors if looks[actor.mail] == now]
        arrived = await asyncio.gather(*(inboxes.new_letters(actor.mail, actor.looked_at or began) for actor in due))
        for actor, letters in zip(due, arrived, strict=True):
            for letter in letters:
                timeline.letter(actor.mail, letter)
            await actor.act(letters, now)
            actor.looked_at, looks[actor.mail] = now, actor.next_look(now)
            entries = actor.take_diary()
            diary.append(stage.data / "diary.jsonl", entries)
            for entry in entries:
                timeline.act(entry)
        timeline.reached(now)


async def _gather(
    stage: Stage,
    organization: Mapping[str, Any],
    story: Story,
    actors: Sequence[Actor],
    began: datetime,
    until: datetime,
) -> tuple[Evidence, Told]:
    entries = diary.read(stage.data / "diary.jsonl")
    told = await ask_tenant(stage.http, stage.tenant.url)
    with_secrets = dict.fromkeys(entry.target for entry in entries if entry.canaries)
    pages = await everybodys_pages(actors, entries, with_secrets)
    histories = await write_histories(
        stage.time.environment.client,
        stage.installation.database,
        EncryptingCodec(stage.settings.encryption_keys),
        stage.data / "histories",
    )
    written(stage.data / "organization.json", organization)
    written(stage.data / "state.json", told.state)
    written(stage.data / "ledger.json", told.ledger)
    documents = [
        document
        for name in POLICY_FILES
        for document in yaml.safe_load_all((SHIPPED / name).read_text(encoding="utf-8"))
    ]
    evidence = make_evidence(
        organization,
        documents,
        story,
        told,
        began=began,
        until=until,
        diary=entries,
        pages=pages,
        actors=actors,
        logs=sorted((stage.data / "logs").glob("*.log")),
        histories=histories,
        databases=sorted(stage.data.glob("perennial.db*")),
    )
    return evidence, told
