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

from cli.demo.page import read_page
from cli.screenshots import StoppedClock
from cli.showcase.cast import ids_of
from cli.showcase.house import House, open_house
from cli.showcase.shots import SHOTS, Shot
from cli.showcase.story import end_talk, send_pre_read
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
        cast, who = self._house.cast, query["as"]
        roles = {cast.hr.oid: frozenset({"HR"}), cast.administrator.oid: frozenset({"Admin"})}.get(who, frozenset())
        return SignedIn(who, self._house.settings.tenant_id, "", "", roles)


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[dict[str, Opened]]:
    """Every page that is photographed, by the name of its picture."""
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
        act = "before"
        for shot in SHOTS:
            if shot.act != act:
                act, clock.at = shot.act, TIMES.pre_read if shot.act == "pre-read" else TIMES.afterwards
                async with house.database.transaction() as session:
                    await (send_pre_read if act == "pre-read" else end_talk)(session, house.cast, TIMES)
            # The sign-in is the tenant's own page, and what is inside of a file is linked to nothing.
            if shot.path == "/sign-in" or shot.inside:
                continue
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url=house.site, headers={"Origin": house.site}
            ) as http:
                if shot.who:
                    await http.get("/sign-in")
                    await http.get("/sign-in/done", params={"as": house.cast.named(shot.who).oid})
                for _ in range(2):
                    statements.clear()
                    answer = await photographed(http, shot, shot.path.format_map(ids_of(house.cast)))
                found[shot.name] = Opened(answer.status_code, answer.text, tuple(statements))
        yield found


async def photographed(http: httpx.AsyncClient, shot: Shot, path: str) -> httpx.Response:
    """The page, or what its form answers to what is typed into it."""
    answer = await http.get(path)
    if shot.press is None:
        return answer
    form = next(
        form
        for form in read_page(answer.text, str(answer.url)).forms
        if shot.press in [label for _, _, label in form.buttons]
    )
    kept = httpx.Cookies(http.cookies)
    if shot.signed_out:
        http.cookies.clear()
    answer = await http.post(form.action, data=form.values | dict(shot.typed))
    http.cookies.update(kept)
    return answer


async def test_no_page_is_heavy_or_asks_much_or_writes_again(pages: dict[str, Opened]) -> None:
    refused = {"trouble": 404, "signed-out-meanwhile": 401}
    assert {name: each.status for name, each in pages.items() if each.status != 200} == refused
    assert "<mark>" in pages["history-search"].html
    assert "advice" in pages["feedback-advice"].html
    assert "htmx.min.js" in pages["slots-chosen"].html
    assert {name: each.bytes for name, each in pages.items() if each.bytes > MOST_BYTES} == {}
    asked = {name: len(each.statements) for name, each in pages.items()}
    assert {name: count for name, count in asked.items() if count > MOST_STATEMENTS} == {}
    # Advice is what a change that was begun ends in.
    assert [name for name, each in pages.items() if each.writes] == ["feedback-advice"]
    ran = {name: found for name, each in pages.items() if (found := RAN_TOGETHER.findall(each.html))}
    assert ran == {}, "a space is missing"
