"""A whole life in this process: virtual time, a tenant, the worker and the web face, and people with browsers."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Select, select

import worker
from cli.demo.browser import Answer, Browser
from cli.demo.evidence import Colleague, Sent, Talk
from cli.demo.tenant_state import read_letters, read_people, read_talks
from cli.demo.virtual_time import VirtualTime, virtual_time
from cli.installation import Installation
from cli.people import enrol_people, import_history, import_people, open_directory
from cli.processes import children, free_port, without_settings
from cli.sandbox import Tenant, start_sandbox
from cli.temporal_programs import test_server_program as time_skipping_program
from config.settings import Settings
from cycle.policy import Policy
from integrations.database.migrate import upgrade_async
from integrations.database.policies import save_policy
from integrations.database.tables import CheckInRow, Person
from integrations.database.wake_ups import deliver_owed
from tests.journeys.house import furnish, time_told, variables

DAY0 = date(2030, 2, 4)
POLICY = Policy(name="Quarterly check-ins")
# Longer than anybody looks at an inbox; all that falls due in between still happens at its own minute.
SLICE = timedelta(hours=6)


@dataclass(slots=True)
class Life:
    """What a test may do and see. Names are first names: Ann, Mara, Hale; instants are aware UTC.

    `house` holds all that ends when Temporal is lost: its server, and in `shift` the worker and the web face.
    """

    tenant: Tenant
    http: httpx.AsyncClient
    transport: httpx.AsyncBaseTransport
    people: Mapping[str, Colleague]
    variables: dict[str, str]
    house: AsyncExitStack
    shift: AsyncExitStack
    time: VirtualTime
    settings: Settings
    installation: Installation
    died_at: datetime | None = None
    browsers: dict[str, Browser] = field(default_factory=dict)
    organizer: str = ""
    """The first name of the manager in whose calendar check-ins stand; else the service mailbox's is looked at."""

    # Temporal

    async def temporal_dies(self) -> None:
        """The server is gone with all that it knew; worker and web face are still there. Time stands still."""
        self.died_at = await self.time.now()
        await self.time.environment.shutdown()

    async def temporal_returns_empty(self) -> None:
        """Another server, that knows nothing, at the same instant; worker and web face are started anew."""
        assert self.died_at
        await self.house.aclose()
        program = time_skipping_program(os.environ)
        self.time = await self.house.enter_async_context(virtual_time(program, self.died_at))
        self.died_at = None
        self.shift = await self.house.enter_async_context(AsyncExitStack())
        await self._begin_a_shift(PERENNIAL_TEMPORAL_ADDRESS=self.time.address)

    async def restart(self, **variables: str) -> None:
        """Worker and web face end, and begin anew with these variables changed. Time stands still."""
        await self.shift.aclose()
        await self._begin_a_shift(**variables)

    async def _begin_a_shift(self, **variables: str) -> None:
        self.variables |= variables
        self.settings, self.installation = await furnish(self.shift, self.variables)
        await self.shift.enter_async_context(worker.working(self.settings))

    # Time

    async def now(self) -> datetime:
        return self.died_at or await self.time.now()

    async def live_until(self, instant: datetime) -> None:
        """Whatever is due before `instant` happens before; then what was left undelivered is delivered."""
        await self.time.skip_to(instant)
        await deliver_owed(self.installation.database)

    async def live(self, **span: float) -> None:
        """`live(days=3)`."""
        await self.live_until(await self.now() + timedelta(**span))

    async def live_until_day(self, day: date, hour: int = 0) -> None:
        """Until `hour` o'clock UTC of `day`."""
        await self.live_until(datetime.combine(day, time(hour), UTC))

    async def live_until_true(self, holds: Callable[[], Awaitable[Any]], days: float) -> Any:
        """Lives on in slices until `holds()` gives something, and returns it. Fails after so many days."""
        end = await self.now() + timedelta(days=days)
        while not (found := await holds()):
            assert await self.now() < end, f"it did not come within {days} days, until {end}"
            await self.live_until(min(end, await self.now() + SLICE))
        return found

    # The tenant

    def mail(self, name: str) -> str:
        return next(mail for mail, each in self.people.items() if each.name.split()[0] == name)

    def first_name(self, mail: str) -> str:
        return self.people[mail].name.split()[0]

    @property
    def organizing(self) -> str:
        return self.mail(self.organizer) if self.organizer else self.tenant.service_mailbox

    async def _state(self, mailbox: str = "") -> Mapping[str, Any]:
        box = {"mailbox": mailbox or self.tenant.service_mailbox, "ids": "real"}
        answer = await self.http.get(f"{self.tenant.url}/_sandbox/state", params=box)
        state: Mapping[str, Any] = answer.raise_for_status().json()
        return state

    async def letters(self, name: str | None = None, key: str = "") -> list[Sent]:
        """Messages sent, oldest first: to `name`, with an item whose key starts with `key`."""
        return sorted(
            (
                each
                for sent in (await self.letters_by_sender()).values()
                for each in sent
                if (name is None or each.to == self.mail(name)) and any(one.startswith(key) for one in each.keys)
            ),
            key=lambda each: (each.at, each.to),
        )

    async def letters_by_sender(self) -> dict[str, list[Sent]]:
        return {sender: read_letters(await self._state(sender), [sender]) for sender in self.tenant.senders}

    async def talks(self) -> list[Talk]:
        """Events in the organizer's calendar, the cancelled too, in their order."""
        state = await self._state(self.organizing)
        return sorted(read_talks(state, self.organizing), key=lambda each: each.start)

    async def calendar(self, name: str) -> list[Mapping[str, Any]]:
        """Everything in somebody's calendar, what was cancelled too."""
        box = {"mailbox": self.mail(name), "ids": "real"}
        answer = await self.http.get(f"{self.tenant.url}/_sandbox/state", params=box)
        (mailbox,) = answer.raise_for_status().json()["mailboxes"].values()
        events: list[Mapping[str, Any]] = mailbox["calendar"]
        return events

    async def event(self, check_in_id: str) -> Mapping[str, Any]:
        """The one event that stands for this check-in in the organizer's calendar."""
        (mailbox,) = (await self._state(self.organizing))["mailboxes"].values()
        keyed = [each for each in mailbox["calendar"] if check_in_id in str(each["extendedProperties"])]
        (event,) = [each for each in keyed if not each["isCancelled"]]
        found: Mapping[str, Any] = event
        return found

    async def act(self, name: str, what: str, **how: Any) -> None:
        """Something that `name` does in Outlook, or that happens to them in the directory."""
        order = {"person": self.mail(name), "act": what, **how}
        (await self.http.post(f"{self.tenant.url}/_sandbox/act", json=order)).raise_for_status()

    async def ledger(self) -> list[Mapping[str, Any]]:
        answer = await self.http.get(f"{self.tenant.url}/_sandbox/ledger")
        entries: list[Mapping[str, Any]] = answer.raise_for_status().json()["entries"]
        return entries

    def in_mail_window(self, letter: Sent) -> bool:
        """30 minutes after the recipient's start until an hour before their end, on a day that they work."""
        reader = self.people[letter.to]
        here = reader.local(letter.at)
        opens = datetime.combine(here.date(), reader.opens, reader.zone) + timedelta(minutes=30)
        closes = datetime.combine(here.date(), reader.closes, reader.zone) - timedelta(minutes=60)
        return reader.works_on(here.date()) and opens <= here < closes

    async def told(self) -> list[tuple[str, str]]:
        """(kind, first name) of everything that was told by letter, oldest first."""
        return [
            (key.split("/")[0], self.first_name(letter.to)) for letter in await self.letters() for key in letter.keys
        ]

    async def assert_sound(self) -> None:
        """Nothing was told twice, each letter came in its reader's mail window, and no hour was taken twice."""
        letters, talks = await self.letters(), [talk for talk in await self.talks() if not talk.cancelled]
        keys = Counter(key for letter in letters for key in letter.keys)
        assert [key for key, count in keys.items() if count > 1] == []
        assert [(each.to, each.at, each.keys) for each in letters if not self.in_mail_window(each)] == []
        assert [talk for talk, after in pairwise(talks) if talk.end > after.start] == []
        booked = Counter(talk.check_in for talk in talks)
        assert [check_in for check_in, count in booked.items() if count > 1] == []

    async def everything_mailed(self) -> str:
        """All words in all mailboxes and calendars of the tenant."""
        found = await self.http.get(f"{self.tenant.url}/_sandbox/state", params={"ids": "real"})
        return found.raise_for_status().text

    # Our tables, where the tenant shows nothing

    async def rows(self, query: Select[Any]) -> list[Any]:
        async with self.installation.database.reading() as session:
            return list((await session.scalars(query)).all())

    async def check_ins(self, name: str) -> list[CheckInRow]:
        """From the first period on, in the order of periods."""
        mine = select(CheckInRow).join(Person, Person.id == CheckInRow.person_id)
        return await self.rows(
            mine.where(Person.mail == self.mail(name), CheckInRow.period > 0).order_by(CheckInRow.period)
        )

    async def id_of(self, name: str) -> str:
        return (await self.rows(select(Person).where(Person.mail == self.mail(name))))[0].id  # type: ignore[no-any-return]

    # The web face

    async def visit(self, name: str, path: str) -> Answer:
        """The page as `name` sees it, signed in by the way if need be."""
        if name not in self.browsers:
            self.browsers[name] = Browser(self.mail(name), self.settings.public_url, self.transport)
        return await self.browsers[name].visit(path)

    async def post(self, name: str, page: str, form: str, **values: str) -> Answer:
        """Fills the form of `page` that posts to `form`, and sends it; it must be taken."""
        shown = await self.visit(name, page)
        found = shown.page.form(form)
        assert found, f"{page} has no form to {form} for {name}: {shown.page.text}"
        sent = await self.browsers[name].submit(shown.page, found, values)
        assert sent.asked_status < 400, sent.page.text
        return sent

    # What people do

    async def answer_form(self, name: str, check_in_id: str, text: str, *, share: bool) -> None:
        """Writes `text` under the first question."""
        path = f"/reflections/{check_in_id}"
        form = (await self.visit(name, path)).page.form(path)
        assert form
        first = next(field.removeprefix("text-") for field in form.values if field.startswith("text-"))
        typed = {"do": "save", f"text-{first}": text} | ({f"share-{first}": "yes"} if share else {})
        await self.post(name, path, path, **typed)

    async def say(self, name: str, check_in_id: str, said: str) -> None:
        await self.post(name, f"/check-ins/{check_in_id}", f"/check-ins/{check_in_id}/outcome", said=said)


def people_csv(organization: Mapping[str, Any]) -> str:
    rows = [
        f"{each['name']},{each['mail']},{each['manager'] or ''},{each['zone']},{each['hired']}"
        for each in organization["people"]
    ]
    return "\n".join(["name,mail,manager,zone,start_date", *rows, ""])


async def settle(installation: Installation, organization: Mapping[str, Any], policy: Policy, history: str) -> None:
    """What an operator does first: people, policy, whoever has a manager enrolled, what happened before."""
    async with open_directory(installation.settings) as directory:
        await import_people(installation, directory, people_csv(organization))
    async with installation.database.transaction() as session:
        starts_on = date.fromisoformat(organization["day0"])
        await save_policy(session, policy, starts_on, organization["hr_partner"], await installation.now())
    managed = [each["mail"] for each in organization["people"] if each["manager"]]
    await enrol_people(installation, policy.name, managed)
    if history:
        await import_history(installation, history.format(**by_first_name(organization)))


def by_first_name(organization: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"].split()[0].lower(): each["mail"] for each in organization["people"]}


@asynccontextmanager
async def a_life(
    folder: Path,
    policy: Policy = POLICY,
    *,
    people: int = 1,
    senders: int = 1,
    history: str = "",
    day0: date = DAY0,
    key: str = "",
) -> AsyncIterator[Life]:
    """A life from `day0` on, at midnight UTC. With `people=1` there are Ann, her manager Mara, Hale of HR and Ira,
    the administrator.

    `history` is YAML as `perennial people import-history` takes it, with {ann} for Ann's address.
    """
    port, logs = free_port(), folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(AsyncExitStack())
        began = datetime.combine(day0, time(), UTC)
        first = await house.enter_async_context(virtual_time(time_skipping_program(os.environ), began))
        lives: list[Life] = []
        clock_url = await stack.enter_async_context(time_told(lambda: lives[0].now() if lives else first.now()))
        tenant = await start_sandbox(
            await stack.enter_async_context(children(logs, without_settings(os.environ))),
            seed=1,
            people=people,
            day0=day0,
            redirect_uri=f"http://127.0.0.1:{port}/sign-in/done",
            clock_url=clock_url,
            organizer=policy.booking.organizer,
            senders=senders,
        )
        env = variables(tenant, folder / "perennial.db", port, first.address, clock_url, key)
        await upgrade_async(env["PERENNIAL_DATABASE_URL"])
        shift = await house.enter_async_context(AsyncExitStack())
        settings, installation = await furnish(shift, env)
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))
        transport = await stack.enter_async_context(httpx.AsyncHTTPTransport())
        organization = (await http.get(f"{tenant.url}/_sandbox/organization")).raise_for_status().json()
        await settle(installation, organization, policy, history)
        await shift.enter_async_context(worker.working(settings))
        everybody = read_people(organization)
        lives.append(Life(tenant, http, transport, everybody, env, house, shift, first, settings, installation))
        yield lives[0]
        await house.aclose()


Living = Callable[..., AbstractAsyncContextManager[Life]]
"""`async with living(policy, people=3, history=...) as life:`"""
