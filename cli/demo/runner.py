"""Runs the demo: the processes, the clock, the actors' days, and the verdict at the end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import yaml
from rich.console import Console

from cli.demo import diary
from cli.demo.actors import Actor
from cli.demo.browser import Browser
from cli.demo.diary import Entry
from cli.demo.evidence import Evidence
from cli.demo.gather import Told, ask_tenant, everybodys_pages, hrs_page, make_evidence, written
from cli.demo.histories import write_histories
from cli.demo.import_story import POLICY_FILES, import_story
from cli.demo.inbox import MailClient
from cli.demo.invariants import Verdict, judge
from cli.demo.kept import Kept, write_kept
from cli.demo.outlook import HABITS_SHOW_AFTER, Outlook
from cli.demo.personnel import Move
from cli.demo.promises import Flaw
from cli.demo.seed import Story, write_story
from cli.demo.stage import Stage, stage
from cli.demo.tally import counts, tally
from cli.demo.temperaments import Temperament
from cli.demo.tenant_state import read_people
from cli.demo.timeline import Timeline
from cli.demo.weather import Calm, Weather
from cli.demo.world import World
from config.policy_files import SHIPPED
from integrations.database.wake_ups import deliver_owed
from integrations.temporal.codec import EncryptingCodec

DAY0 = date(2030, 2, 4)
ANSWERED_COLLEAGUES = ("gave_feedback", "accepted_invitation_to_support")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The knobs. The same seed, people and days give the same dates for ever. `stay`: go on until stopped.

    `database_url`: an empty PostgreSQL database, instead of an SQLite file among what the run leaves.
    """

    people: int = 12
    days: int = 95
    seed: int = 1
    stay: bool = False
    database_url: str | None = None


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
class Lived:
    """What a run left behind, how often each fault was met in it, and what was waited for in vain."""

    evidence: Evidence
    told: Told
    struck: Counter[str]
    in_vain: Sequence[Flaw] = ()


async def run(
    wanted: Wanted, data: Path, env: Mapping[str, str], console: Console, show: Callable[[Outcome], None]
) -> Outcome:
    """Lives the quarter in `data`, an empty folder, judges it, and has it shown before it stays, if it does.

    Raises what a process or page ended with.
    """
    clock = asyncio.get_running_loop().time
    marks = [("", clock())]

    def judged(lived: Lived, names: Mapping[str, str]) -> Outcome:
        marks.append(("gather", clock()))
        outcome = _judged(lived.evidence, lived.told, names, marks, clock)
        show(outcome)
        return outcome

    async with living(wanted, data, env, console, Calm, lambda name: marks.append((name, clock()))) as life:
        lived, names = await life.gathered(), life.names
        if wanted.stay:
            outcome = judged(lived, names)
            await _stay(life, console)
            return outcome
    return judged(lived, names)


@dataclass(slots=True)
class Life:
    """A run, lived until `until`, with everything still going."""

    wanted: Wanted
    stage: Stage
    weather: Weather
    organization: Mapping[str, Any]
    story: Story
    actors: Sequence[Actor]
    outlook: Outlook
    world: World
    inboxes: MailClient
    began: datetime
    until: datetime
    ahead: list[Move]
    """What will befall people in the directory, in its order."""

    @property
    def names(self) -> dict[str, str]:
        return {each["mail"]: each["name"] for each in self.organization["people"]}

    async def gathered(self, *, whole: bool = True) -> Lived:
        """What is left behind; if not `whole`, without Temporal's histories, and of the pages with HR's alone."""
        evidence, told = await _gather(self, whole=whole)
        return Lived(evidence, told, self.weather.struck)


@asynccontextmanager
async def living(
    wanted: Wanted,
    data: Path,
    env: Mapping[str, str],
    console: Console,
    weather_on: Callable[[Stage], Weather],
    mark: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Life]:
    """Lives all days in `data`, an empty folder or none yet; the weather is what else happens."""
    for name in ("logs", "histories"):
        await asyncio.to_thread((data / name).mkdir, parents=True)
    began = datetime.combine(DAY0, time(), UTC)
    async with (
        stage(data, env, DAY0, wanted.seed, wanted.people, wanted.database_url) as here,
        httpx.AsyncHTTPTransport(verify=False) as transport,
    ):
        organization = (await here.http.get(f"{here.tenant.url}/_sandbox/organization")).json()
        story = write_story(organization, wanted.days)
        outlook = Outlook(here.tenant.url, here.http, began + HABITS_SHOW_AFTER, here.time.now)
        for mail, language in story.languages.items():
            await outlook.press(mail, "change_language", language=language)
        await _import(here, story, organization)
        weather = weather_on(here)
        await here.start_worker(mortal=weather.breaks_things)
        mark("start")
        world = World(wanted.seed, here.time.now, read_people(organization), story.temperaments, story.titles_used)
        actors = _cast(here, story, organization, world, outlook, transport, patient=weather.breaks_things)
        life = Life(
            wanted,
            here,
            weather,
            organization,
            story,
            actors,
            outlook,
            world,
            _mail_client(here),
            began,
            began + timedelta(days=wanted.days),
            list(story.moves),
        )
        with Timeline(console, DAY0, wanted.days, life.names) as timeline:
            await _live(life, timeline, began, life.until)
        await weather.clears()
        if wanted.database_url is None:
            keys = here.variables["PERENNIAL_ENCRYPTION_KEYS"]
            write_kept(data, Kept(wanted.seed, wanted.people, DAY0, life.until, keys))
        mark("live")
        yield life


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


async def _stay(life: Life, console: Console) -> None:
    """Keeps everything running, and grants the wishes for another day or week, until this task is cancelled."""
    stage = life.stage
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
            with Timeline(console, DAY0, (until.date() - DAY0).days, life.names) as timeline:
                await _live(life, timeline, now, until)
            wish.lived.set()
    except asyncio.CancelledError:
        # Being stopped is how staying ends; the verdict is known already, and everything is put away as ever.
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
    finally:
        wishes.granted = False


async def _import(stage: Stage, story: Story, organization: Mapping[str, Any]) -> None:
    """The worker starts after this, so that no cycle begins while the past is still being written."""
    files = {"people.csv": story.people_csv, "history.yaml": story.history_yaml}
    for name, text in files.items():
        await asyncio.to_thread((stage.data / name).write_text, text, encoding="utf-8")
    await import_story(stage.installation, story, organization["hr_partner"], DAY0)


def _cast(
    stage: Stage,
    story: Story,
    organization: Mapping[str, Any],
    world: World,
    outlook: Outlook,
    transport: httpx.AsyncBaseTransport,
    *,
    patient: bool,
) -> list[Actor]:
    """Everybody with a mailbox, in the order of the seed file."""
    began = datetime.combine(DAY0, time(), UTC)
    return [
        Actor(
            person,
            story.temperaments.get(mail, Temperament.PROMPT),
            Browser(mail, stage.site, transport, patient=patient),
            world,
            outlook,
            story.manners.get(mail),
            [(began + timedelta(days=each.day), each) for each in story.initiatives.get(mail, ())],
        )
        for mail, person in world.people.items()
        if mail != organization["service_mailbox"]
    ]


def _mail_client(stage: Stage) -> MailClient:
    return MailClient(
        graph_url=stage.tenant.graph_url,
        token_url=f"{stage.tenant.url}/{stage.tenant.tenant_id}/oauth2/v2.0/token",
        credentials=stage.tenant.mail_client,
        http=stage.http,
    )


async def _live(life: Life, timeline: Timeline, began: datetime, until: datetime) -> None:
    """Lets time run from one look into an inbox to the next; between two, nobody but the worker does anything."""
    stage, inboxes = life.stage, life.inboxes
    looks = {actor.mail: actor.next_look(began) for actor in life.actors}
    now = began
    while now < until:
        moves = (move.at for move in life.ahead[:1])
        now = min([until, now + timedelta(days=1), *moves, *(look for look in looks.values() if look)])
        await life.weather.live_until(now)
        stage.children.check_running()
        await deliver_owed(stage.installation.database)
        while life.ahead and life.ahead[0].at <= now:
            _told(life, timeline, [await _befall(life, life.ahead.pop(0), looks)])
        due = [actor for actor in life.actors if looks[actor.mail] == now]
        arrived = await asyncio.gather(*(inboxes.new_letters(actor.mail, actor.looked_at or began) for actor in due))
        for actor, letters in zip(due, arrived, strict=True):
            for letter in letters:
                timeline.letter(actor.mail, letter)
            async with life.weather.while_somebody_acts():
                await actor.act(letters, now)
            actor.looked_at, looks[actor.mail] = now, actor.next_look(now)
            _told(life, timeline, actor.take_diary())
        timeline.reached(now)


def _told(life: Life, timeline: Timeline, entries: Sequence[Entry]) -> None:
    diary.append(life.stage.data / "diary.jsonl", entries)
    for entry in entries:
        timeline.act(entry)


async def _befall(life: Life, move: Move, looks: dict[str, datetime | None]) -> Entry:
    """Whoever leaves looks at no inbox any more."""
    entry = await move.befalls(life.outlook)
    (actor,) = (each for each in life.actors if each.mail == move.person)
    if move.manager:
        actor.person = replace(actor.person, manager=move.manager)
    else:
        actor.person = replace(actor.person, left=move.at)
        looks[move.person] = None
    life.world.has_changed(actor.person)
    return entry


async def _gather(life: Life, *, whole: bool) -> tuple[Evidence, Told]:
    stage, organization, story, actors = life.stage, life.organization, life.story, life.actors
    entries = diary.read(stage.data / "diary.jsonl")
    told = await ask_tenant(stage.http, stage.tenant.url)
    histories: list[Path] = []
    if not whole:
        pages = [await hrs_page(actors, organization["hr_partner"].lower())]
    else:
        with_secrets = dict.fromkeys(entry.target for entry in entries if entry.did == "answered_form")
        shown = dict.fromkeys(entry.link for entry in entries if entry.did == "chose_for_successor")
        shown |= dict.fromkeys(entry.letter or "/" for entry in entries if entry.did in ANSWERED_COLLEAGUES)
        here = [actor for actor in actors if not actor.person.left]
        pages = await everybodys_pages(here, entries, with_secrets, shown)
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
        began=life.began,
        until=life.until,
        diary=entries,
        pages=pages,
        actors=actors,
        logs=sorted((stage.data / "logs").glob("*.log")),
        histories=histories,
        databases=await stage.database.files(),
    )
    return evidence, told
