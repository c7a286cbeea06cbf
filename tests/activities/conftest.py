"""A household for activities: Ann, Mara and others in a real SQLite file, their mailboxes in a real sandbox tenant."""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities import every_activity
from activities.moment import Moment
from config.settings import Settings
from cycle.policy import Policy
from integrations.database.columns import new_id
from integrations.database.connection import Database, open_database
from integrations.database.tables import (
    ActionRow,
    Booking,
    CheckInRow,
    Enrolment,
    Letter,
    LetterItem,
    NeedsAHand,
    Person,
    Plan,
    PolicyRevision,
    PolicyRow,
    Reporting,
    Table,
    WakeUp,
)
from integrations.entra.tokens import MsalTokens
from integrations.graph.client import open_graph
from integrations.graph.keys import ITEMS, KEY
from tests.stand_ins import SettableClock

# 10:00 in Berlin, where Ann, Mara and Hale live and work from 9 to 5; Otto lives in New York.
MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
PUBLIC = "https://perennial.example"
MORTAL = Path(__file__).parent / "mortal.py"


@dataclass
class Tenant:
    """The sandbox tenant as an auditor sees it, and as somebody orders faults and acts from it."""

    about: dict[str, Any]
    http: httpx.Client
    organization: dict[str, Any]

    def person(self, first_name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(
            each for each in self.organization["people"] if each["name"].startswith(f"{first_name} ")
        )
        return found

    @property
    def service(self) -> str:
        return str(self.organization["service_mailbox"])

    def mailbox(self, mail: str) -> dict[str, Any]:
        # These tests send in a minute what takes Exchange an hour.
        self._post("deliveries")
        found: dict[str, Any] = self._get("state", mailbox=mail, ids="real")["mailboxes"][mail]
        return found

    def events(self, key: str) -> list[dict[str, Any]]:
        """What the service mailbox's calendar has under our key, cancelled ones too."""
        return [each for each in self.mailbox(self.service)["calendar"] if each["extendedProperties"].get(KEY) == key]

    def invited(self, mail: str, event: dict[str, Any]) -> list[dict[str, Any]]:
        """An attendee's copies of the event."""
        return [each for each in self.mailbox(mail)["calendar"] if each["iCalUId"] == event["iCalUId"]]

    @property
    def senders(self) -> list[str]:
        """The service mailbox and two more."""
        found: list[str] = self.organization["senders"]
        return found

    def letters(self, letter_id: str, sender: str = "") -> list[tuple[str, dict[str, Any]]]:
        """(folder, message) of what the sender, else the service mailbox, has under the letter's key, in whatever
        folder.
        """
        folders = self.mailbox(sender or self.service)["folders"]
        return [
            (folder, each)
            for folder, messages in folders.items()
            for each in messages
            if each["extendedProperties"].get(KEY) == letter_id
        ]

    def inbox(self, mail: str, containing: str = "") -> list[dict[str, Any]]:
        return [each for each in self.mailbox(mail)["folders"]["inbox"] if containing in each["body"]]

    def fault(self, fault: str, method: str, path: str, **others: Any) -> None:
        self._post("faults", fault=fault, method=method, path=path, **others)

    def clear_faults(self) -> None:
        self.http.delete("faults").raise_for_status()

    def act(self, mail: str, what: str, **others: Any) -> None:
        self._post("act", person=mail, act=what, **others)

    def busy(self, mail: str, start: datetime, end: datetime) -> None:
        self._post("events", mailbox=mail, start=start.isoformat(), end=end.isoformat(), subject="Something else")

    def asked(self) -> list[str]:
        """The Graph requests so far, "METHOD path", oldest first."""
        return [f"{each['method']} {each['path']}" for each in self._get("ledger")["entries"] if each["mailbox"]]

    def _get(self, what: str, **options: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(what, params=options).raise_for_status().json()
        return found

    def _post(self, what: str, **body: Any) -> None:
        answer = self.http.post(what, json=body)
        assert answer.is_success, answer.text


@pytest.fixture(scope="session")
def serving() -> Iterator[Tenant]:
    command = [sys.executable, "-W", "ignore", "-m", "sandbox", "--seed", "1", "--people", "12", "--json"]
    command += ["--senders", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        with httpx.Client(base_url=f"{about['entra']}/_sandbox/", trust_env=False) as http:
            http.post("clock", json={"now": MONDAY.isoformat()}).raise_for_status()
            yield Tenant(about, http, http.get("organization").json())
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def tenant(serving: Tenant) -> Iterator[Tenant]:
    yield serving
    serving.clear_faults()


@pytest.fixture(scope="session")
def settings(serving: Tenant, keys: tuple[str, ...]) -> Settings:
    return Settings(
        tenant_id=serving.about["tenant_id"],
        client_id=serving.about["client_id"],
        client_secret=SecretStr(serving.about["client_secret"]),
        sandbox_url=serving.about["entra"],
        service_mailbox=serving.service,
        encryption_keys=tuple(map(SecretStr, keys)),
        session_key=SecretStr("s" * 40),
        public_url=PUBLIC,
    )


@pytest.fixture(scope="session")
def tokens(settings: Settings) -> Iterator[MsalTokens]:
    tokens = MsalTokens(settings)
    yield tokens
    tokens.close()


@dataclass
class Pokes:
    """Takes every wake-up and remembers it as "Workflow/target"."""

    made: list[str] = field(default_factory=list)

    async def deliver(self, workflow: str, target: str, reason: str) -> None:
        self.made.append(f"{workflow}/{target}")


@dataclass
class Household:
    """Ids are first names in lower case. Ann, Otto, Kai and Sami have their check-ins with Mara, who has hers with
    Hale; Otto lives in New York and Sami in Singapore."""

    database: Database
    url: str
    clock: SettableClock
    pokes: Pokes
    tenant: Tenant
    activities: dict[str, Callable[[Moment], Awaitable[Any]]] = field(default_factory=dict)

    async def do(self, activity: str, about: str, now: datetime = MONDAY) -> Any:
        """Calls an activity as a workflow would at `now`."""
        self.clock.at = now
        return await self.activities[activity](Moment(about, now))

    async def add(self, *rows: Table) -> None:
        async with self.database.transaction() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    async def get(self, table: type[Any], key: Any) -> Any:
        async with self.database.reading() as session:
            return await session.get_one(table, key)

    async def all(self, table: type[Any], **where: Any) -> list[Any]:
        async with self.database.reading() as session:
            return list((await session.scalars(select(table).filter_by(**where))).all())

    async def change(self, table: type[Any], key: Any, **values: Any) -> None:
        async with self.database.transaction() as session:
            row = await session.get_one(table, key)
            for name, value in values.items():
                setattr(row, name, value)

    async def needs_a_hand(self) -> dict[str, str]:
        return {row.key: row.sentence for row in await self.all(NeedsAHand) if row.mended_at is None}

    async def owed(self) -> set[str]:
        """Wake-ups that were committed and not delivered."""
        return {f"{row.workflow}/{row.target}" for row in await self.all(WakeUp)}

    async def set_policy(self, **sections: Any) -> None:
        """Edits the one revision of the policy: section -> fields."""
        document = Policy(name="Quarterly check-ins").model_dump(mode="json")
        for section, fields in sections.items():
            document[section] |= fields
        await self.change(PolicyRevision, ("policy", 1), document=document)

    async def a_check_in(
        self, due_on: date = date(2030, 3, 18), person: str = "ann", partner: str = "mara", **others: Any
    ) -> str:
        row = CheckInRow(
            id=new_id(),
            person_id=person,
            partner_id=partner,
            due_on=due_on,
            **{"period": 1, "policy_id": "policy", "policy_revision": 1, "opened_at": MONDAY} | others,
        )
        await self.add(row)
        return row.id

    async def an_intended_booking(self, check_in_id: str, start: datetime, no: int = 1, **others: Any) -> None:
        facts: dict[str, Any] = {
            "end_at": start + timedelta(minutes=45),
            "zone": "Europe/Berlin",
            "organizer": self.tenant.service,
            "transaction_id": new_id(),
            "reasons": ["inside both people's hours"],
            "made_at": MONDAY,
        }
        await self.add(Booking(check_in_id=check_in_id, no=no, start_at=start, **facts | others))

    async def a_booked_check_in(self, start: datetime, **others: Any) -> str:
        """A check-in that stands in everybody's Outlook."""
        check_in_id = await self.a_check_in(start.date(), **others)
        await self.an_intended_booking(check_in_id, start)
        # A talk that was has been booked before it began.
        await self.do("book", check_in_id, min(MONDAY, start - timedelta(days=1)))
        return check_in_id

    async def booking(self, check_in_id: str, no: int = 1) -> Booking:
        (found,) = await self.all(Booking, check_in_id=check_in_id, no=no)
        assert isinstance(found, Booking)
        return found

    async def an_action(self, due_on: date, owner: str = "ann", **others: Any) -> str:
        """An accepted action in Ann's plan, agreed on long ago."""
        await self.ensure_plan()
        facts: dict[str, Any] = {
            "id": new_id(),
            "plan_id": "plan",
            "made_by_id": owner,
            "title": "Present it once",
            "agreed_on": due_on - timedelta(days=60),
            "chased_from": due_on - timedelta(days=60),
            "accepted_at": MONDAY - timedelta(days=60),
            "made_at": MONDAY - timedelta(days=60),
        }
        row = ActionRow(owner_id=owner, due_on=due_on, **facts | others)
        await self.add(row)
        return row.id

    async def ensure_plan(self) -> None:
        if not await self.all(Plan):
            await self.add(Plan(id="plan", person_id="ann", opened_at=MONDAY - timedelta(days=90)))

    async def an_item(self, key: str, kind: str, to: str = "ann", due_at: datetime = MONDAY, **others: Any) -> None:
        await self.add(LetterItem(key=key, recipient_id=to, kind=kind, due_at=due_at, **others))

    async def a_planned_letter(self, to: str, *keys: str, sender: str = "") -> str:
        """A letter that was sorted, with these items in it; nothing of it is written yet."""
        by = sender or self.tenant.service
        letter = Letter(id=new_id(), recipient_id=to, counted=True, sender=by, minute=MONDAY, made_at=MONDAY)
        await self.add(letter)
        for key in keys:
            await self.change(LetterItem, key, state="taken", letter_id=letter.id)
        return letter.id

    async def send_what_waits(self, to: str, now: datetime) -> set[str]:
        """Marks the recipient's waiting items as sent at `now`, as a letter's leaving does; their keys."""
        keys = set()
        async with self.database.transaction() as session:
            for item in (
                await session.scalars(
                    select(LetterItem).where(LetterItem.recipient_id == to, LetterItem.state == "waiting")
                )
            ).all():
                item.state, item.sent_at = "sent", now
                keys.add(item.key)
        return keys

    async def waiting(self, to: str = "ann") -> set[str]:
        return {row.key for row in await self.all(LetterItem, recipient_id=to, state="waiting")}

    def item_keys(self, message: dict[str, Any]) -> set[str]:
        """The keys that a message in the sender's mailbox names."""
        return set(message["extendedProperties"][ITEMS].split())


def _person(tenant: Tenant, name: str) -> Person:
    about = tenant.person(name)
    return Person(
        id=name.lower(),
        oid=about["id"],
        mail=about["mail"],
        name=about["name"],
        zone=about["zone"],
        country=about["country"],
        hired_on=date.fromisoformat(about["hired"]),
        weekdays=about["weekdays"],
        opens=about["opens"],
        closes=about["closes"],
        away=[],
        directory_read_at=MONDAY,
    )


async def _move_in(session: AsyncSession, tenant: Tenant) -> None:
    session.add_all(_person(tenant, name) for name in ("Ann", "Mara", "Hale", "Otto", "Kai", "Sami"))
    session.add(PolicyRow(id="policy", name="Quarterly check-ins", starts_on=date(2030, 1, 7), hr_partner_id="hale"))
    await session.flush()
    document = Policy(name="Quarterly check-ins").model_dump(mode="json")
    session.add(PolicyRevision(policy_id="policy", number=1, document=document, made_at=MONDAY))
    for name in ("ann", "otto", "kai", "sami", "mara"):
        partner = "hale" if name == "mara" else "mara"
        session.add(Reporting(person_id=name, partner_id=partner, source="directory", since=date(2029, 1, 1)))
        session.add(Enrolment(person_id=name, policy_id="policy", enrolled_at=MONDAY - timedelta(days=60)))


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, serving: Tenant, keys: tuple[str, ...]) -> Path:
    """A database file with everybody in it, to be copied."""
    import asyncio

    file = tmp_path_factory.mktemp("household") / "furnished.db"

    async def furnish() -> None:
        database = open_database(f"sqlite+aiosqlite:///{file}", keys)
        async with database.engine.begin() as connection:
            await connection.run_sync(Table.metadata.create_all)
        async with database.transaction() as session:
            await _move_in(session, serving)
        await database.close()

    asyncio.run(furnish())
    return file


@asynccontextmanager
async def _living(
    url: str, tenant: Tenant, settings: Settings, tokens: MsalTokens, keys: tuple[str, ...]
) -> AsyncIterator[Household]:
    clock, pokes = SettableClock(MONDAY), Pokes()
    database = open_database(url, keys, pokes)
    async with open_graph(settings, tokens) as graph:
        named = {each.__name__: each for each in every_activity(settings, database, graph, clock)}
        yield Household(database, url, clock, pokes, tenant, named)
    await database.close()


@pytest.fixture
async def home(
    furnished: Path,
    database_url: str,
    tenant: Tenant,
    settings: Settings,
    tokens: MsalTokens,
    keys: tuple[str, ...],
) -> AsyncIterator[Household]:
    shutil.copy(furnished, database_url.removeprefix("sqlite+aiosqlite:///"))
    async with _living(database_url, tenant, settings, tokens, keys) as household:
        yield household


Moving = Callable[..., AbstractAsyncContextManager[Household]]


@pytest.fixture
def pooled(
    furnished: Path, database_url: str, tenant: Tenant, settings: Settings, tokens: MsalTokens, keys: tuple[str, ...]
) -> Moving:
    """`async with pooled(*senders) as home`: a household with this pool. A second one goes on in the same house, as
    after a restart with other settings.
    """
    shutil.copy(furnished, database_url.removeprefix("sqlite+aiosqlite:///"))

    def move_in(*senders: str) -> AbstractAsyncContextManager[Household]:
        pool = settings.model_copy(update={"sender_mailboxes": senders})
        return _living(database_url, tenant, pool, tokens, keys)

    return move_in


@dataclass(frozen=True)
class Life:
    """One call of an activity in its own process: whether it was killed, and what it did until then."""

    killed: bool
    steps: tuple[str, ...]
    again_after: timedelta | None


@dataclass
class Mortal:
    """Calls activities in processes that can be killed at any step."""

    process: "subprocess.Popen[str]"

    def live(
        self, home: Household, activity: str, about: str, clock: datetime = MONDAY, die_at: int | None = None
    ) -> Life:
        """One try. Its argument stays that of the first call, as Temporal's retries keep it; the clock goes on."""
        order = {
            "activity": activity,
            "id": about,
            "now": MONDAY.isoformat(),
            "clock": clock.isoformat(),
            "die_at": die_at,
            "database_url": home.url,
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        assert "error" not in said, said
        again = said.get("again_after")
        return Life(said["killed"], tuple(said["steps"]), timedelta(seconds=again) if again is not None else None)

    def live_on(self, home: Household, activity: str, about: str, clock: datetime = MONDAY) -> datetime:
        """Calls it as Temporal would, again and again with the clock moved on, to its end; returns that instant."""
        for _ in range(40):
            life = self.live(home, activity, about, clock)
            assert not life.killed
            if life.again_after is None:
                return clock
            clock += life.again_after
        raise AssertionError(f"{activity} never came to its end")


@contextmanager
def _mortal(settings: Settings, senders: list[str], keys: tuple[str, ...]) -> Iterator[Mortal]:
    told = {
        "tenant_id": settings.tenant_id,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value() if settings.client_secret else None,
        "sandbox_url": settings.sandbox_url,
        "service_mailbox": settings.service_mailbox,
        "sender_mailboxes": ",".join(senders),
        "encryption_keys": ",".join(keys),
        "session_key": "s" * 40,
        "public_url": settings.public_url,
    }
    command = [sys.executable, "-W", "ignore", str(MORTAL)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env={"PYTHONPATH": str(root)}
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        yield Mortal(process)
        process.stdin.close()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def mortal(settings: Settings, serving: Tenant, keys: tuple[str, ...]) -> Iterator[Mortal]:
    """It has the tenant's pool of senders."""
    with _mortal(settings, serving.senders, keys) as mortal:
        yield mortal


@pytest.fixture
def quiet_calendars(tenant: Tenant) -> Iterator[None]:
    """Nothing of other tests stands in the calendars, and nothing of this one is left in them.

    The tenant is one for all tests; where calendars are searched or looked at, they would see each other.
    """
    mails = [tenant.service, *(tenant.person(name)["mail"] for name in ("Ann", "Mara", "Kai", "Otto"))]

    def standing(mail: str) -> set[str]:
        return {each["iCalUId"] for each in tenant.mailbox(mail)["calendar"] if not each["isCancelled"]}

    for event in standing(tenant.service):
        tenant.act(tenant.service, "delete", iCalUId=event)
    before = {mail: standing(mail) for mail in mails}
    yield
    for mail in mails:
        for event in standing(mail) - before[mail]:
            if event in standing(mail):
                tenant.act(mail, "delete", iCalUId=event)
    tenant.act(tenant.person("Kai")["mail"], "set_automatic_replies", status="disabled")
