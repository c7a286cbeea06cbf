"""Pages with a year of talks in them: none is heavy or asks the database much, and opened again none writes."""

import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from cli.screenshots import StoppedClock
from cli.showcase.cast import ids_of
from cli.showcase.house import House, open_house
from cli.showcase.shots import BEFORE, PRE_READ
from cli.showcase.story import send_pre_read
from cli.showcase.times import Times
from integrations.entra.sign_in import SignedIn
from web.app import build_app
from web.assets import ASSETS, VERSION

TIMES = Times(datetime(2030, 3, 14, 9, tzinfo=UTC))
MOST_BYTES = 150_000
MOST_STATEMENTS = 60
"""Well above what any page asks now: what comes near it asks once for each of many rows."""
RAN_TOGETHER = re.compile(r"[a-z0-9][.:;](?:</?(?:a|strong|em|span)\b[^>]*>)*[A-Z]|[a-z]:<a\b")
"""The end of a sentence, or the beginning of a list, without a space behind it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as it was opened the second time; `statements` are what that asked of the database."""

    status: int
    html: str
    statements: tuple[str, ...]

    @property
    def bytes(self) -> int:
        imported = re.findall(r'@import url\("([^"]+)"\)', ASSETS["perennial.css"].plain.decode())
        linked = {*re.findall(rf"/static/{VERSION}/([^\"]+)", self.html), *imported}
        return len(self.html.encode()) + sum(len(ASSETS[name].plain) for name in linked)

    @property
    def writes(self) -> bool:
        return any(each.startswith(("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE")) for each in self.statements)


class Door:
    """Vouches for whoever the query names: /sign-in/done?as=<oid>."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def start(self, redirect_uri: str) -> tuple[str, dict[str, Any]]:
        return redirect_uri, {"state": "1"}

    async def finish(self, flow: dict[str, Any], query: Mapping[str, str]) -> SignedIn:
        roles = frozenset({"HR"} if query["as"] == self._house.cast.hr.oid else ())
        return SignedIn(query["as"], self._house.settings.tenant_id, "", "", roles)


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[dict[str, Opened]]:
    """Every page that is photographed until the day before the talk, by its name."""
    async with open_house(tmp_path, os.environ, 12, TIMES) as house:
        clock = StoppedClock(TIMES.questions)
        app = build_app(house.settings, house.database, clock, Door(house))
        statements: list[str] = []
        event.listen(
            house.database.engine.sync_engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_: statements.append(statement),
        )
        found = {}
        for shot in (*BEFORE, *PRE_READ):
            if shot.act == "pre-read" and clock.at != TIMES.pre_read:
                clock.at = TIMES.pre_read
                async with house.database.transaction() as session:
                    await send_pre_read(session, house.cast, TIMES)
            if shot.who is None:
                continue
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url=house.site, headers={"Origin": house.site}
            ) as http:
                await http.get("/sign-in")
                await http.get("/sign-in/done", params={"as": house.cast.named(shot.who).oid})
                path = shot.path.format_map(ids_of(house.cast))
                for _ in range(2):
                    statements.clear()
                    answer = await http.get(path)
                found[shot.name] = Opened(answer.status_code, answer.text, tuple(statements))
        yield found


async def test_no_page_is_heavy_or_asks_much_or_writes_again(pages: dict[str, Opened]) -> None:
    assert {name: each.status for name, each in pages.items() if each.status != 200} == {"trouble": 404}
    assert {name: each.bytes for name, each in pages.items() if each.bytes > MOST_BYTES} == {}
    asked = {name: len(each.statements) for name, each in pages.items()}
    assert {name: count for name, count in asked.items() if count > MOST_STATEMENTS} == {}
    assert [name for name, each in pages.items() if each.writes] == []
    ran = {name: found for name, each in pages.items() if (found := RAN_TOGETHER.findall(each.html))}
    assert ran == {}, "a space is missing"
