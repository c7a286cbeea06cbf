"""A worker and a web face that are told to end first finish what they have begun, and nothing of it is done again."""

import asyncio
import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from pydantic import SecretStr
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

import worker
from cli.demo.real_life import where_it_is_noon
from cli.processes import free_port
from cycle.policy import Policy
from integrations.database.connection import Database, open_database
from integrations.database.migrate import upgrade_async
from integrations.database.tables import (
    Booking,
    CheckInRow,
    Letter,
    LetterItem,
    Note,
    Person,
    PolicyRevision,
    PolicyRow,
    Reporting,
    Table,
)
from integrations.temporal.codec import data_converter
from integrations.temporal.pokes import Pokes

HOUSE = Path(worker.__file__).parent
SLOW_SECONDS = 4
SESSION_KEY = "s" * 40


@dataclass
class House:
    """A tenant, a Temporal server and a database, with Ann and her manager Mara in all of them."""

    told: dict[str, Any]
    http: httpx.AsyncClient
    client: Client
    database: Database
    env: dict[str, str]
    people: dict[str, dict[str, Any]]
    now: datetime

    async def add(self, *rows: Table) -> None:
        async with self.database.transaction() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    async def first(self, table: type[Any]) -> Any:
        async with self.database.reading() as session:
            return await session.scalar(select(table))

    async def slow(self, path: str) -> None:
        order = {"fault": "slow", "method": "POST", "path": path, "seconds": SLOW_SECONDS, "count": 1}
        (await self.http.post("faults", json=order)).raise_for_status()

    async def writes(self, path: str) -> int:
        entries = (await self.http.get("ledger")).raise_for_status().json()["entries"]
        return sum(each["method"] == "POST" and each["path"].endswith(path) for each in entries)

    async def met(self) -> bool:
        """Whether the slow request is on its way."""
        standing = (await self.http.get("faults")).raise_for_status().json()["faults"]
        return bool(standing[0]["met"]) if standing else True

    def start(self, *module: str) -> subprocess.Popen[str]:
        bare = {name: text for name, text in os.environ.items() if not name.upper().startswith("PERENNIAL_")}
        return subprocess.Popen(
            [sys.executable, *module], cwd=HOUSE, env=bare | self.env, stderr=subprocess.PIPE, text=True
        )


async def until(holds: Callable[[], Any], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)


@pytest.fixture
async def house(database_url: str, keys: tuple[str, ...]) -> AsyncIterator[House]:
    command = [sys.executable, "-W", "ignore", "-m", "sandbox", "--json", "--people", "1", "--seed", "1"]
    program = Path(sys.executable).parent / "temporal"
    converter = data_converter([SecretStr(key) for key in keys])
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as sandbox:  # noqa: ASYNC220
        assert sandbox.stdout is not None
        told = json.loads(sandbox.stdout.readline())
        told |= httpx.get(f"{told['entra']}/_sandbox/about", trust_env=False).json()  # noqa: ASYNC210 - before any
        async with (
            await WorkflowEnvironment.start_local(
                dev_server_existing_path=str(program), data_converter=converter
            ) as temporal,
            httpx.AsyncClient(base_url=f"{told['entra']}/_sandbox/", trust_env=False) as http,
        ):
            await upgrade_async(database_url)
            database = open_database(database_url, keys, Pokes(temporal.client, "perennial"))
            port = free_port()
            env = {
                "PERENNIAL_SANDBOX_URL": told["entra"],
                "PERENNIAL_TENANT_ID": told["tenant_id"],
                "PERENNIAL_CLIENT_ID": told["client_id"],
                "PERENNIAL_CLIENT_SECRET": told["client_secret"],
                "PERENNIAL_SERVICE_MAILBOX": told["service_mailbox"],
                "PERENNIAL_ENCRYPTION_KEYS": ",".join(keys),
                "PERENNIAL_SESSION_KEY": SESSION_KEY,
                "PERENNIAL_TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
                "PERENNIAL_DATABASE_URL": database_url,
                "PERENNIAL_WEB_PORT": str(port),
                "PERENNIAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
            }
            organization = (await http.get("organization")).raise_for_status().json()
            people = {each["name"].split()[0].lower(): each for each in organization["people"]}
            now = datetime.now(UTC).replace(second=0, microsecond=0)
            made = House(told, http, temporal.client, database, env, people, now)
            await move_in(made)
            yield made
            await database.close()
        sandbox.terminate()


async def move_in(house: House) -> None:
    """Ann's check-in with Mara has an hour, in a month, and no event yet."""
    for name in ("ann", "mara"):
        about = house.people[name]
        await house.add(
            Person(
                id=name,
                oid=about["id"],
                mail=about["mail"],
                name=about["name"],
                zone=where_it_is_noon(house.now),
                country=None,
                weekdays=list(range(7)),
                opens="00:00",
                closes="23:59",
                away=[],
                directory_read_at=house.now,
            )
        )
    start = house.now + timedelta(days=30)
    await house.add(
        PolicyRow(id="policy", name="Quarterly check-ins", starts_on=house.now.date()),
        PolicyRevision(
            policy_id="policy",
            number=1,
            document=Policy(name="Quarterly check-ins").model_dump(mode="json"),
            made_at=house.now,
        ),
        Reporting(person_id="ann", partner_id="mara", source="directory", since=house.now.date() - timedelta(days=90)),
        CheckInRow(
            id="c1",
            person_id="ann",
            partner_id="mara",
            period=1,
            due_on=start.date(),
            policy_id="policy",
            policy_revision=1,
            opened_at=house.now,
        ),
        Booking(
            check_in_id="c1",
            no=1,
            start_at=start,
            end_at=start + timedelta(minutes=45),
            zone="UTC",
            organizer=house.told["service_mailbox"],
            transaction_id="11111111-1111-4111-8111-111111111111",
            reasons=[],
            made_at=house.now,
        ),
    )


async def attempts(house: House, workflow_id: str, activity: str) -> list[int]:
    """Which attempt of each call of an activity was the one that ended."""
    history = await house.client.get_workflow_handle(workflow_id).fetch_history()
    scheduled = {
        each.event_id
        for each in history.events
        if each.activity_task_scheduled_event_attributes.activity_type.name == activity
    }
    return [
        each.activity_task_started_event_attributes.attempt
        for each in history.events
        if each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
        and each.activity_task_started_event_attributes.scheduled_event_id in scheduled
    ]


async def ends_in_the_middle(house: House, path: str) -> None:
    """A worker is told to end while its write is on the wire; it ends with 0, and a second worker comes."""
    process = house.start("worker.py")
    try:
        await until(house.met)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 40) == 0
    finally:
        if process.poll() is None:
            process.kill()
        if process.stderr:
            process.stderr.close()


async def works_on(house: House, until_true: Callable[[], Any]) -> None:
    process = house.start("worker.py")
    try:
        await until(until_true)
        await asyncio.sleep(1)  # What it might do a second time it would do now.
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 40)
        if process.stderr:
            process.stderr.close()


async def test_a_booking_in_flight_is_finished_and_not_repeated(house: House) -> None:
    await house.slow("/events$")
    await Pokes(house.client, "perennial").deliver("CheckIn", "c1")
    await ends_in_the_middle(house, "/events")
    assert (await house.first(Booking)).state == "booked", "what was begun was finished before the end"

    async def looked() -> bool:
        return len(await attempts(house, "CheckIn/c1", "check_ins.look")) >= 2

    await works_on(house, looked)
    assert await house.writes("/events") == 1
    assert await attempts(house, "CheckIn/c1", "calendar.book") == [1]


async def test_a_letter_in_flight_is_finished_and_not_repeated(house: House) -> None:
    item = LetterItem(
        key="learning/ann/2030-Q1",
        recipient_id="ann",
        kind="learning_moment",
        due_at=house.now,
        step="2030-Q1",
    )
    letter = Letter(
        id="letter",
        recipient_id="ann",
        counted=True,
        sender=house.told["service_mailbox"],
        minute=house.now,
        made_at=house.now,
    )
    await house.add(letter, item)
    async with house.database.transaction() as session:
        row = await session.get_one(LetterItem, item.key)
        row.state, row.letter_id = "taken", "letter"
    await house.slow("/send$")
    await Pokes(house.client, "perennial").deliver("Postbox", "ann")
    await ends_in_the_middle(house, "/send")
    assert (await house.first(Letter)).state == "sent"

    async def looked() -> bool:
        return len(await attempts(house, "Postbox/ann", "letters.sort")) >= 2

    await works_on(house, looked)
    assert await house.writes("/send") == 1
    assert await attempts(house, "Postbox/ann", "letters.deliver") == [1]


def signed_in_as(oid: str, tid: str) -> str:
    """The cookie of somebody signed in, as `web/sessions.py` writes it with Starlette's sessions."""
    account = {"oid": oid, "tid": tid, "roles": [], "no": 0}
    sealed = URLSafeTimedSerializer(SESSION_KEY, salt="signed in").dumps(account)
    told = base64.b64encode(json.dumps({"signed_in": sealed}).encode())
    return TimestampSigner(SESSION_KEY).sign(told).decode()


async def test_a_page_in_flight_is_answered_and_its_words_are_kept_once(house: House, database_url: str) -> None:
    site = house.env["PERENNIAL_PUBLIC_URL"]
    process = house.start("-m", "web.server")
    file = database_url.removeprefix("sqlite+aiosqlite:///")
    free = threading.Event()

    def hold_the_database() -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as holding:
            holding.execute("BEGIN IMMEDIATE")
            held.set()
            free.wait(20)
            holding.execute("ROLLBACK")

    held = threading.Event()
    try:
        cookies = {"perennial": signed_in_as(house.people["ann"]["id"], house.told["tenant_id"])}
        async with httpx.AsyncClient(base_url=site, trust_env=False, cookies=cookies, timeout=30) as browser:

            async def up() -> bool:
                try:
                    return (await browser.get("/healthz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(up)
            holder = asyncio.create_task(asyncio.to_thread(hold_the_database))
            await asyncio.to_thread(held.wait, 10)
            post = asyncio.create_task(
                browser.post(
                    "/check-ins/c1/notes",
                    data={"text": "Customers call me.", "form_token": "t1"},
                    headers={"Origin": site},
                )
            )
            await asyncio.sleep(1)  # It waits for the database now.
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(1)
            assert process.poll() is None, "it does not leave somebody without an answer"
            free.set()
            assert (await post).status_code == 303
            await holder
        assert await asyncio.to_thread(process.wait, 30) == 0
    finally:
        free.set()
        if process.poll() is None:
            process.kill()
        if process.stderr:
            process.stderr.close()
    async with house.database.reading() as session:
        assert [row.text for row in (await session.scalars(select(Note))).all()] == ["Customers call me."]
