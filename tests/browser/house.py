"""The face on the loopback for a browser: people of the sandbox tenant, and a week of theirs in an SQLite file."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from cryptography.fernet import Fernet
from fastapi import FastAPI
from sqlalchemy import update
from starlette.types import Receive, Scope, Send

from cli.processes import children, free_port
from cli.sandbox import Tenant, start_sandbox
from config.settings import Settings, load_settings
from cycle.policy import Policy
from integrations.database.connection import Database, open_database
from integrations.database.tables import (
    Booking,
    CheckInRow,
    Offer,
    Person,
    PolicyRevision,
    PolicyRow,
    Reporting,
    Table,
)
from integrations.entra.sign_in import SignIn
from tests.stand_ins import Pokes, SettableClock
from tests.web.planted import plant
from web.app import build_app

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
TALK = datetime(2030, 3, 11, 9, 0, tzinfo=UTC)
SHORT = ("ann", "mara", "hale", "otto", "ira")
"""Whom the sandbox tenant names so."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in at the sandbox tenant."""

    oid: str
    mail: str
    name: str


class Door:
    """One address for all tests of a session; behind it stands the face of the house that is lived in just now."""

    app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "nobody has opened a house"
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Street:
    """What lasts: the address, the tenant with its accounts, the settings."""

    at: str
    door: Door
    tenant: Tenant
    accounts: Mapping[str, Account]
    settings: Settings
    sign_in: SignIn


@dataclass
class House:
    """One test's world: Ann's check-in with Mara, on Monday 11 March at 10:00 in Berlin, a week from now."""

    street: Street
    database: Database
    clock: SettableClock
    file: Path
    pokes: Pokes

    @property
    def at(self) -> str:
        return self.street.at


@asynccontextmanager
async def a_street(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Street]:
    port = free_port()
    at = f"http://127.0.0.1:{port}"
    async with children(folder, environment) as started:
        tenant = await start_sandbox(
            started, seed=1, people=8, day0=date(2030, 2, 4), redirect_uri=f"{at}/sign-in/done"
        )
        settings = load_settings(
            tenant.settings()
            | {
                "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'none.db'}",
                "PERENNIAL_PUBLIC_URL": at,
                "PERENNIAL_WEB_PORT": str(port),
                "PERENNIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
                "PERENNIAL_SESSION_KEY": "s" * 40,
            }
        )
        sign_in, door = SignIn(settings), Door()
        async with _served(door, port):
            yield Street(at, door, tenant, await _accounts(tenant), settings, sign_in)
        sign_in.close()


async def _accounts(tenant: Tenant) -> dict[str, Account]:
    async with httpx.AsyncClient(trust_env=False) as http:
        told = (await http.get(f"{tenant.url}/_sandbox/organization")).raise_for_status().json()
    people: list[dict[str, Any]] = told["people"]
    by_given = {each["mail"].partition(".")[0]: each for each in people}
    others = [each for each in people if each["mail"].partition(".")[0] not in SHORT]
    chosen = {short: by_given[short] for short in SHORT}
    chosen |= dict(zip(("fern", "nora", "lena"), others, strict=False))
    return {
        short: Account(
            each["id"], each["mail"], f"{short.capitalize()} {each['mail'].split('@')[0].split('.')[1].capitalize()}"
        )
        for short, each in chosen.items()
    }


@asynccontextmanager
async def _served(door: Door, port: int) -> AsyncIterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(door, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    # With the protocol named, asyncio sends answers at once; create_server() would cost 40 ms each.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _open(street: Street, file: Path, pokes: Pokes) -> Database:
    keys = [key.get_secret_value() for key in street.settings.encryption_keys]
    return open_database(f"sqlite+aiosqlite:///{file}", keys, pokes)


async def furnish(street: Street, file: Path) -> None:
    """Writes the file that each house begins with a copy of."""
    database = _open(street, file, Pokes())
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    async with database.transaction() as session:
        session.add_all(_people(street))
        session.add(PolicyRow(id="policy", name="Quarterly check-ins", starts_on=date(2030, 1, 7)))
        await session.flush()
        session.add_all(_facts())
        await session.flush()
        session.add_all(_bookings())
    await database.close()


def _people(street: Street) -> list[Person]:
    return [
        Person(
            id=f"person-{short}",
            oid=each.oid,
            mail=each.mail,
            name=each.name,
            zone="Europe/Berlin",
            country="DE",
            away=[],
        )
        for short, each in street.accounts.items()
        if short in SHORT
    ]


def _facts() -> list[Any]:
    return [
        PolicyRevision(
            policy_id="policy",
            number=1,
            document=Policy(name="Quarterly check-ins").model_dump(mode="json"),
            made_at=MONDAY,
        ),
        Reporting(person_id="person-ann", partner_id="person-mara", source="directory", since=date(2029, 1, 1)),
        CheckInRow(
            id="check-in-1",
            person_id="person-ann",
            partner_id="person-mara",
            period=1,
            due_on=TALK.date(),
            state="booked",
            policy_id="policy",
            policy_revision=1,
            opened_at=MONDAY - timedelta(days=30),
        ),
    ]


def _bookings() -> list[Any]:
    return [
        Booking(
            check_in_id="check-in-1",
            no=1,
            start_at=TALK,
            end_at=TALK + timedelta(minutes=45),
            zone="Europe/Berlin",
            organizer="check-ins@example.org",
            state="booked",
            transaction_id="t1",
            reasons=[],
            made_at=MONDAY,
        )
    ]


async def fill(house: House) -> None:
    """Everything of tests/web/planted.py, with three hours to choose from, for people who can sign in."""
    await plant(house)
    hours = [
        {
            "start": (TALK + timedelta(days=day)).isoformat(),
            "end": (TALK + timedelta(days=day, minutes=45)).isoformat(),
            "reasons": [],
        }
        for day in (1, 2, 3)
    ]
    async with house.database.transaction() as session:
        await session.execute(update(Offer).values(slots=hours))
        for short in ("fern", "nora", "lena"):
            account = house.street.accounts[short]
            named = update(Person).where(Person.id == f"person-{short}")
            await session.execute(named.values(oid=account.oid, mail=account.mail))


@asynccontextmanager
async def a_house(street: Street, furnished: Path, file: Path) -> AsyncIterator[House]:
    """A house of its own for one test, behind the door of the street."""
    shutil.copy(furnished, file)
    pokes, clock = Pokes(), SettableClock(MONDAY)
    database = _open(street, file, pokes)
    street.door.app = build_app(street.settings, database, clock, street.sign_in)
    try:
        yield House(street, database, clock, file, pokes)
    finally:
        street.door.app = None
        await database.close()
