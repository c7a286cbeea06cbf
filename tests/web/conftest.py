"""A face over a real SQLite file, with everybody in it; sign-in is the one part that is stood in for."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from config.settings import Settings
from cycle.policy import Policy
from integrations.database.connection import Database, open_database
from integrations.database.tables import (
    Booking,
    CheckInRow,
    Person,
    PolicyRevision,
    PolicyRow,
    Reporting,
    Table,
)
from integrations.entra.sign_in import SignedIn, SignInRefused
from tests.stand_ins import Pokes, SettableClock
from web.app import build_app

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
HERE = "http://127.0.0.1:8000"
TENANT = "11111111-1111-1111-1111-111111111111"
ROLES = {"oid-hale": frozenset({"HR"}), "oid-ira": frozenset({"Admin"})}


class DoorSignIn:
    """Vouches for whoever the query names: `/sign-in/done?as=oid-ann&state=...`."""

    async def start(self, redirect_uri: str) -> tuple[str, dict[str, Any]]:
        return f"https://login.example/authorize?redirect_uri={redirect_uri}", {"state": "s1"}

    async def finish(self, flow: dict[str, Any], query: Mapping[str, str]) -> SignedIn:
        if query.get("state") != flow["state"]:
            raise SignInRefused("This sign-in was not begun in this browser; please sign in again.")
        return SignedIn(query["as"], query.get("tenant", TENANT), "", "", ROLES.get(query["as"], frozenset()))


@dataclass
class World:
    """Ann's check-in with Mara, on Monday 11 March at 10:00 in Berlin; Otto and Hale are elsewhere in the company."""

    app: FastAPI
    database: Database
    clock: SettableClock
    pokes: Pokes
    settings: Settings
    check_in_id: str
    people: dict[str, Person]
    file: Path

    async def browser(self, name: str | None = None) -> httpx.AsyncClient:
        """A browser on our pages, signed in as `name`; it follows no redirects by itself."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=HERE, headers={"Origin": HERE})
        if name:
            await client.get("/sign-in")
            answer = await client.get("/sign-in/done", params={"as": f"oid-{name}", "state": "s1"})
            assert answer.status_code == 303
        return client

    async def lives_in(self, name: str, zone: str) -> None:
        """Everybody lives in Berlin otherwise, where a page that shows another's clock looks right."""
        async with self.database.transaction() as session:
            (await session.get_one(Person, f"person-{name}")).zone = zone

    async def talked(self, person: str, partner: str, at: datetime) -> str:
        """The id of a check-in of these two that was held at that instant."""
        check_in_id = f"{person}-{partner}-{at:%Y-%m-%d}"
        async with self.database.transaction() as session:
            session.add(
                CheckInRow(
                    id=check_in_id,
                    person_id=f"person-{person}",
                    partner_id=f"person-{partner}",
                    period=0,
                    due_on=at.date(),
                    state="held",
                    policy_id="policy",
                    policy_revision=1,
                    opened_at=at - timedelta(days=30),
                )
            )
            await session.flush()
            session.add(
                Booking(
                    check_in_id=check_in_id,
                    no=1,
                    start_at=at,
                    end_at=at + timedelta(minutes=45),
                    zone="Europe/Berlin",
                    organizer="check-ins@example.org",
                    state="booked",
                    transaction_id=check_in_id,
                    reasons=[],
                    made_at=at - timedelta(days=30),
                )
            )
        return check_in_id

    def id_of(self, name: str) -> str:
        return self.people[name].id


def _people() -> dict[str, Person]:
    names = {
        "ann": "Ann Berg",
        "mara": "Mara Lind",
        "hale": "Hale Roth",
        "otto": "Otto Kern",
        "ira": "Ira Voss",
    }
    return {
        short: Person(
            id=f"person-{short}",
            oid=f"oid-{short}",
            mail=f"{short}@example.org",
            name=name,
            zone="Europe/Berlin",
            country="DE",
            away=[],
        )
        for short, name in names.items()
    }


async def _move_in(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    policy = PolicyRow(id="policy", name="Quarterly check-ins", starts_on=date(2030, 1, 7))
    check_in = CheckInRow(
        id="check-in-1",
        person_id="person-ann",
        partner_id="person-mara",
        period=1,
        due_on=date(2030, 3, 11),
        state="booked",
        policy_id="policy",
        policy_revision=1,
        opened_at=MONDAY - timedelta(days=30),
    )
    start = datetime(2030, 3, 11, 9, 0, tzinfo=UTC)
    async with database.transaction() as session:
        session.add_all(_people().values())
        session.add(policy)
        await session.flush()
        session.add(
            PolicyRevision(
                policy_id="policy",
                number=1,
                document=Policy(name="Quarterly check-ins").model_dump(mode="json"),
                made_at=MONDAY,
            )
        )
        session.add(
            Reporting(person_id="person-ann", partner_id="person-mara", source="directory", since=date(2029, 1, 1))
        )
        session.add(check_in)
        await session.flush()
        session.add(
            Booking(
                check_in_id="check-in-1",
                no=1,
                start_at=start,
                end_at=start + timedelta(minutes=45),
                zone="Europe/Berlin",
                organizer="check-ins@example.org",
                state="booked",
                transaction_id="t1",
                reasons=[],
                made_at=MONDAY,
            )
        )


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, keys: tuple[str, ...]) -> Path:
    """A database file with everybody in it, to be copied."""
    file = tmp_path_factory.mktemp("company") / "furnished.db"

    async def furnish() -> None:
        database = open_database(f"sqlite+aiosqlite:///{file}", keys)
        await _move_in(database)
        await database.close()

    asyncio.run(furnish())
    return file


@pytest.fixture
async def world(furnished: Path, tmp_path: Path, keys: tuple[str, ...]) -> AsyncIterator[World]:
    file = tmp_path / "perennial.db"
    shutil.copy(furnished, file)
    pokes = Pokes()
    database = open_database(f"sqlite+aiosqlite:///{file}", keys, pokes)
    settings = Settings(
        tenant_id=TENANT,
        client_id=TENANT,
        client_secret=SecretStr("x"),
        service_mailbox="check-ins@example.org",
        encryption_keys=tuple(SecretStr(key) for key in keys),
        session_key=SecretStr("s" * 40),
        public_url=HERE,
    )
    clock = SettableClock(MONDAY)
    app = build_app(settings, database, clock, DoorSignIn())
    yield World(app, database, clock, pokes, settings, "check-in-1", _people(), file)
    await database.close()
