"""What `perennial bench web` opens: a seeded year of an organization, or what a demo left; and its pages."""

import asyncio
import re
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
from cryptography.fernet import Fernet
from sqlalchemy import select

from cli.demo import diary
from cli.demo.diary import Entry
from cli.demo.kept import DATABASE, DIARY, read_kept
from cli.later_web import LaterClock
from cli.processes import Child, accepts_connections, children, free_port, python, without_settings
from cli.sandbox import start_sandbox
from cli.showcase.cast import Member
from cli.showcase.house import NOBODY, House, open_house
from cli.showcase.story import send_pre_read
from cli.showcase.times import Times
from config.settings import Settings, load_settings
from integrations.clock import Clock, RealClock
from integrations.database.connection import Database, open_database
from integrations.database.migrate import upgrade_async
from integrations.database.tables import Person, Reporting

READY_WITHIN_SECONDS = 60
PAGES = {
    0: (
        "/",
        "/reflections/{talk}",
        "/check-ins/{talk}",
        "/check-ins/{talk}/pre-read",
        "/check-ins/{talk}/another-time",
        "/check-ins/{talk}/not-this-time",
        "/check-ins/{past-1}",
        "/plan",
        "/goals/{goal-0}",
        "/actions/{calls}",
        "/actions/{calls}?choose=new-date",
        "/history",
        "/feedback",
        "/feedback/{feedback-1}",
        "/pathways",
        "/pathways/roles/senior-analyst",
        "/privacy",
    ),
    1: ("/stalls/{stall}",),
    2: ("/handovers/{handover}",),
    3: ("/check-ins/{talk}/slots",),
}
"""What an employee of the seeded year opens, by their place among their manager's people; see `cli.showcase.story`."""
OF_A_MANAGER = ("/", "/learning-moment", "/check-ins/{talk}", "/plans/{plan}", "/pathways/shown")
OF_HR = ("/hr", "/hr/pathways")
OF_A_SUPPORTER = {"/supporting/{mentor-of}": 0, "/supporting/{peer-of}": -1}
"""What a colleague of theirs opens, by which of their colleagues that is."""
OF_EVERYBODY = ("/", "/plan", "/history", "/feedback", "/pathways", "/privacy")
"""What people of a demo open, beside whatever they opened in it."""

LOOKED_FOR = {"q": "and"}
"""What people look for in their history: a word that stands in much of it."""

EACH = 3
"""By so many people each page is opened, so that nothing is measured on one person's rows alone."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Visit:
    """One address, and who opens it. `page` names the kind of page that it is.

    What is `typed` is posted there; `part` is of which element the script of a page asks it, "" of none in particular.
    """

    page: str
    path: str
    mail: str
    typed: Mapping[str, str] = field(default_factory=dict)
    part: str | None = None

    @property
    def method(self) -> str:
        return "POST" if self.typed else "GET"

    @property
    def headers(self) -> dict[str, str]:
        asked = {} if self.part is None else {"HX-Request": "true", "HX-Target": self.part}
        return {"Sec-Fetch-Site": "same-origin"} | asked

    def body(self, number: int) -> bytes:
        """What is sent the time `number`: somebody has typed on."""
        typed = {name: f"{text} {number}" if name.startswith("text") else text for name, text in self.typed.items()}
        return urlencode(typed).encode()


@dataclass(frozen=True, slots=True)
class Benchmarked:
    """A database with its web face; `of` says whose it is. Some of the visits may lead nowhere by now."""

    of: str
    settings: Settings
    database: Database
    clock: Clock
    server: Child
    visits: Sequence[Visit]

    @property
    def site(self) -> str:
        return self.settings.public_url


@asynccontextmanager
async def seeded_year(people: int, data: Path, env: Mapping[str, str]) -> AsyncIterator[Benchmarked]:
    """In `data`, an empty folder."""
    # Tomorrow's talks: their pre-reads are out.
    times = Times((await RealClock().now()).replace(minute=0, second=0, microsecond=0) + timedelta(hours=18))
    async with open_house(data, env, people, times) as house:
        async with house.database.transaction() as session:
            await send_pre_read(session, house.cast, times)
        server = await house.children.start("web", python("-m", "web.server"), house.variables)
        await accepts_connections(house.settings.web_port, server, READY_WITHIN_SECONDS)
        of = f"a database of {people} people"
        yield Benchmarked(of, house.settings, house.database, RealClock(), server, _of_the_year(house))


@asynccontextmanager
async def left_by_demo(folder: Path, data: Path, env: Mapping[str, str]) -> AsyncIterator[Benchmarked]:
    """A copy, in `data`, of what the demo in `folder` left, at the hour at which it ended. Raises Refused."""
    kept = await asyncio.to_thread(read_kept, folder)
    for file in await asyncio.to_thread(lambda: [*folder.glob(f"{DATABASE}*")]):
        await asyncio.to_thread(shutil.copy2, file, data / file.name)
    await asyncio.to_thread((data / "logs").mkdir)
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    async with children(data / "logs", without_settings(env)) as started:
        tenant = await start_sandbox(
            started, seed=kept.seed, people=kept.people, day0=kept.day0, redirect_uri=f"{site}/sign-in/done"
        )
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            told = await http.post(f"{tenant.url}/_sandbox/clock", json={"now": kept.ended.isoformat()})
            told.raise_for_status()
        variables = tenant.settings() | {
            "PERENNIAL_TEMPORAL_ADDRESS": NOBODY,
            "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{data / DATABASE}",
            "PERENNIAL_PUBLIC_URL": site,
            "PERENNIAL_WEB_PORT": str(port),
            "PERENNIAL_ENCRYPTION_KEYS": kept.encryption_keys,
            "PERENNIAL_SESSION_KEY": Fernet.generate_key().decode(),
        }
        settings = load_settings(variables)
        await upgrade_async(settings.database_url)
        ahead = kept.ended - await RealClock().now()
        server = await started.start("web", python("-m", "cli.later_web", str(ahead.total_seconds())), variables)
        await accepts_connections(port, server, READY_WITHIN_SECONDS)
        database = open_database(settings.database_url, [key.get_secret_value() for key in settings.encryption_keys])
        try:
            entries = await asyncio.to_thread(diary.read, folder / DIARY)
            visits = await _of_the_demo(database, entries)
            of = f"the database that a demo of {kept.people} people left"
            yield Benchmarked(of, settings, database, LaterClock(ahead), server, visits)
        finally:
            await database.close()


def _of_the_year(house: House) -> list[Visit]:
    found = []
    members = house.cast.members
    for place, paths in PAGES.items():
        for path in paths:
            of_place = [member for member in members if member.place == place][:EACH]
            found += [Visit(path, _filled(path, member), member.person.mail) for member in of_place]
    firsts = [member for member in members if member.place == 0][:EACH]
    found += [Visit(f"{path} (manager)", _filled(path, m), m.partner.mail) for path in OF_A_MANAGER for m in firsts]
    found += [
        Visit(path, _filled(path, m), m.colleagues[which].mail)
        for path, which in OF_A_SUPPORTER.items()
        for m in firsts
    ]
    found += [Visit(f"{path} (HR)", path, house.cast.hr.mail) for path in OF_HR]
    return found + _searches(m.person.mail for m in firsts)


def _searches(mails: Iterable[str]) -> list[Visit]:
    return [Visit("/history (search)", "/history", mail, LOOKED_FOR) for mail in mails]


def _filled(path: str, member: Member) -> str:
    return re.sub(r"{([\w-]+)}", lambda found: member.key(found[1]), path)


async def _of_the_demo(database: Database, entries: Iterable[Entry]) -> list[Visit]:
    """What its people opened, the latest of each kind of page, and what everybody has."""
    async with database.reading() as session:
        here = [each.mail for each in await session.scalars(select(Person).where(Person.left_at.is_(None)))]
        partners = (
            select(Person.mail).join(Reporting, Reporting.partner_id == Person.id).where(Reporting.until.is_(None))
        )
        managers = sorted({*await session.scalars(partners)} & {*here})
    opened: dict[str, dict[tuple[str, str], Visit]] = defaultdict(dict)
    for entry in entries:
        if entry.did == "opened_page" and entry.status == 200 and entry.person in here:
            page = _ID.sub("*", entry.link)
            opened[page].pop((entry.link, entry.person), None)
            opened[page][entry.link, entry.person] = Visit(page, entry.link, entry.person)
    own = [Visit(path, path, mail) for path in OF_EVERYBODY for mail in sorted(here)[:EACH]]
    own += [Visit(f"{path} (manager)", path, mail) for path in ("/", "/pathways/shown") for mail in managers[:EACH]]
    return [*own, *_searches(sorted(here)[:EACH])] + [
        visit for page, visits in opened.items() if page not in OF_EVERYBODY for visit in [*visits.values()][-EACH:]
    ]
