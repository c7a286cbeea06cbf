"""`perennial bench load`: many people of one policy become due in one week; the tenant counts what that asks of it."""

import asyncio
import os
import secrets
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from cryptography.fernet import Fernet

from cli.demo.tenant_state import read_letters, read_people, read_talks
from cli.demo.virtual_time import VirtualTime, virtual_time
from cli.installation import Installation, open_installation
from cli.people import enrol_people
from cli.processes import Child, Children, children, python, stopped_by_signals, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import test_server_program
from config.settings import load_settings
from cycle.policy import Booking, Policy, Reflection, Rhythm
from integrations.database.migrate import upgrade_async
from integrations.database.people import NewPerson, save_people
from integrations.database.policies import save_policy
from integrations.database.wake_ups import deliver_owed

DAY0 = date(2030, 2, 4)
READY_WITHIN_SECONDS = 60
SLICE = timedelta(minutes=10)
# Everybody is due on the Monday of the third week and booked on day 0, and the form leaves that very day for all whom
# the caps of their manager let talk by then. The largest teams need a month, since the rest of that week has no talks.
POLICY = Policy(
    name="Everybody at once",
    rhythm=Rhythm(
        weeks_of_period=(3, 3), no_check_in_dates=tuple(date(2030, 2, day) for day in range(19, 23)), may_slip_days=35
    ),
    booking=Booking(weeks_ahead=2),
    reflection=Reflection(workdays_before=10),
)
WINDOW = timedelta(minutes=10)
# Exchange's limits for an app in a mailbox and for a sender, and what we allow ourselves in a calendar.
IN_FLIGHT = 4
IN_TEN_MINUTES = 10_000
LETTERS_A_MINUTE = 30
BOOKINGS_A_MINUTE = 60

app = typer.Typer(no_args_is_help=True, help="Measure Perennial on a stand-in tenant.")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the tenant counted; of each limit the most that was reached in any mailbox."""

    people: int
    requests: int
    refused: int
    bookings: int
    letters: int
    in_flight: int
    in_ten_minutes: int
    letters_a_minute: int
    waiting_letters: int
    bookings_a_minute: int
    a_manager_a_day: int
    a_manager_a_week: int
    doubled: int
    seconds: float

    def lines(self) -> Iterable[str]:
        yield f"{self.people} people due in one week: {self.bookings} booked, {self.letters} letters"
        yield f"{self.doubled} of them twice"
        yield f"{self.requests} requests in {self.seconds:.0f} seconds, {self.refused} refused as too many"
        yield f"at most {self.in_flight} in flight in a mailbox (the limit is {IN_FLIGHT})"
        yield f"at most {self.in_ten_minutes} in 10 minutes in a mailbox (the limit is {IN_TEN_MINUTES:,})"
        yield f"at most {self.letters_a_minute} letters a minute from a sender (the limit is {LETTERS_A_MINUTE})"
        yield f"at most {self.waiting_letters} of them at once in a sender's post queue"
        yield f"at most {self.bookings_a_minute} bookings a minute in a calendar (we allow {BOOKINGS_A_MINUTE})"
        yield (
            f"at most {self.a_manager_a_day} check-ins of a manager in a day and {self.a_manager_a_week} in a week "
            f"(the caps are {POLICY.booking.per_manager_per_day} and {POLICY.booking.per_manager_per_week})"
        )

    def troubles(self) -> Iterable[str]:
        """A sentence for each thing that must not be, whatever was measured."""
        if self.bookings < self.people:
            yield f"People without a booking: {self.people - self.bookings}."
        if self.doubled:
            yield f"Bookings or letters that are there twice: {self.doubled}."
        if self.refused:
            yield f"Requests that were refused as too many: {self.refused}."
        if self.waiting_letters:
            yield f"Letters that waited in a sender's post queue: {self.waiting_letters}."
        for what, most, limit in (
            ("requests in flight in a mailbox", self.in_flight, IN_FLIGHT),
            ("requests in 10 minutes in a mailbox", self.in_ten_minutes, IN_TEN_MINUTES),
            ("letters a minute from a sender", self.letters_a_minute, LETTERS_A_MINUTE),
            ("bookings a minute in a calendar", self.bookings_a_minute, BOOKINGS_A_MINUTE),
            ("check-ins of a manager in a day", self.a_manager_a_day, POLICY.booking.per_manager_per_day),
            ("check-ins of a manager in a week", self.a_manager_a_week, POLICY.booking.per_manager_per_week),
        ):
            if most > limit:
                yield f"There were {most:,} {what}, where {limit:,} is the most."


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


async def live_through(people: int, days: int, data: Path, env: Mapping[str, str], workers: int = 1) -> Figures:
    """Lives so many days from day 0 with worker processes, in `data`, an empty folder. Nobody answers anything."""
    async with stage(people, data, env) as everything:
        stopwatch = time.monotonic()
        await asyncio.gather(*(everything.start_worker(f"worker-{number}") for number in range(1, workers + 1)))
        await everything.live(timedelta(days=days))
        return await figures(everything, time.monotonic() - stopwatch)


@asynccontextmanager
async def stage(people: int, data: Path, env: Mapping[str, str]) -> AsyncIterator[Stage]:
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


async def figures(stage: Stage, seconds: float) -> Figures:
    """What the tenant has counted so far."""
    url, service, organization = stage.tenant.url, stage.tenant.service_mailbox, stage.organization
    ledger = (await stage.http.get(f"{url}/_sandbox/ledger")).raise_for_status().json()["entries"]
    state = (await stage.http.get(f"{url}/_sandbox/state", params={"mailbox": service})).raise_for_status().json()
    talks = [each for each in read_talks(state, service) if not each.cancelled]
    letters = read_letters(state, service)
    calls = [each | {"at": datetime.fromisoformat(each["at"])} for each in ledger if each["mailbox"]]
    keys = Counter([each.check_in for each in talks]) + Counter(key for each in letters for key in each.keys)
    per_day, per_week = _of_managers(talks, organization)
    return Figures(
        people=sum(1 for each in organization["people"] if each["manager"]),
        requests=len(ledger),
        refused=sum(each["status"] == 429 for each in ledger),
        bookings=len(talks),
        letters=len(letters),
        in_flight=max((each["in_flight"] for each in calls), default=0),
        in_ten_minutes=max((_most_within(WINDOW, times) for times in _by_mailbox(calls)), default=0),
        letters_a_minute=_most_a_minute(calls, "/send"),
        waiting_letters=max(each["longestPostQueue"] for each in state["mailboxes"].values()),
        bookings_a_minute=_most_a_minute(calls, "/events"),
        a_manager_a_day=per_day,
        a_manager_a_week=per_week,
        doubled=sum(count - 1 for count in keys.values()),
        seconds=seconds,
    )


def _by_mailbox(calls: Iterable[Mapping[str, Any]]) -> list[list[datetime]]:
    """When each mailbox was asked, in order."""
    times = defaultdict[str, list[datetime]](list)
    for each in calls:
        times[each["mailbox"]].append(each["at"])
    return [sorted(each) for each in times.values()]


def _most_within(window: timedelta, times: Sequence[datetime]) -> int:
    """`times` in their order."""
    most = first = 0
    for number, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        most = max(most, number - first + 1)
    return most


def _most_a_minute(calls: Iterable[Mapping[str, Any]], ending: str) -> int:
    """Of the writes whose path ends so, in one mailbox and one minute of the clock."""
    found = Counter(
        (each["mailbox"], each["at"].replace(second=0, microsecond=0))
        for each in calls
        if each["method"] == "POST" and each["path"].endswith(ending)
    )
    return max(found.values(), default=0)


def _of_managers(talks: Iterable[Any], organization: Mapping[str, Any]) -> tuple[int, int]:
    """The most check-ins that a manager holds in a day, and in a week, on the manager's own calendar."""
    people = read_people(organization)
    manager_of: dict[str, str] = {each["mail"]: each["manager"] or "" for each in organization["people"]}
    days: Counter[tuple[str, date]] = Counter()
    weeks: Counter[tuple[str, int, int]] = Counter()
    for talk in talks:
        (manager,) = {manager_of[mail] for mail in talk.attendees} & set(talk.attendees)
        here = people[manager].local(talk.start).date()
        days[manager, here] += 1
        weeks[manager, *here.isocalendar()[:2]] += 1
    return max(days.values(), default=0), max(weeks.values(), default=0)


@app.callback()
def bench() -> None:
    """Measure Perennial on a stand-in tenant."""


@app.command()
def load(
    people: Annotated[int, typer.Option(min=1, help="How many people who have a manager.")] = 500,
    days: Annotated[int, typer.Option(min=1, help="How many days they live; 19 take them through the due week.")] = 19,
    workers: Annotated[int, typer.Option(min=1, help="How many worker processes share the work.")] = 1,
) -> None:
    """Let everybody become due in one week, and print how near that came to each limit; exits 1 if one was crossed."""
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        figures = asyncio.run(_load(people, days, Path(folder), workers))
    for line in figures.lines():
        typer.echo(line)
    troubles = list(figures.troubles())
    for sentence in troubles:
        typer.echo(sentence, err=True)
    if troubles:
        raise typer.Exit(1)


async def _load(people: int, days: int, data: Path, workers: int) -> Figures:
    async with stopped_by_signals():
        return await live_through(people, days, data, os.environ, workers)
