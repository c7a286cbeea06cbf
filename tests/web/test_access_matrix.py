"""docs/access.md is true: every route, asked for by everybody it could concern, answers and shows what stands there.

Each cell is asked on a fresh copy of one planted database. On the way every page is looked at for markup that somebody
wrote, for its headers, and for the access log.
"""

import contextlib
import html
import io
import json
import re
import shutil
import sqlite3
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from icalendar import Calendar
from sqlalchemy import select, update

from integrations.database.columns import EncryptedText
from integrations.database.connection import open_database
from integrations.database.tables import Person, Reading, Table
from tests.web.planted import FORMS, PLACES, TEXTS, VIEWERS, choose_everything, plant, sentence
from web.app import build_app
from web.privacy import WORDS

PAPER = Path(__file__).parents[2] / "docs/access.md"

SEEING = {"sees": "all", "shared": "not private", "own words": "own", "page": "none"}
"""Words for a page that is shown: with which of the row's texts."""

ZONE = "Pacific/Honolulu"

TOLD = "The people whose words you read here can see that you did"
"""Begins the sentence by which a page tells its reader so."""

NO_PAGE = {"nothing": 404, "forbidden": 403, "refused": 422, "taken": 202}

NOT_BY_PEOPLE = {
    "calendar_watches.client_state": "a secret of ours",
    "directory_watches.client_state": "a secret of ours",
    "letters.subject": "our own words around what is planted elsewhere",
    "letters.html": "the same",
    "letters.text": "the same",
    "heard_lines.answer": "yes or not quite",
    "interests.about": "the key of a role or an opening",
    "pathway_lines.about": "the same",
    "worth_answers.worth": "yes, partly or no",
    "stall_answers.reason": "one of the words of cycle.support.REASONS",
}
"""Encrypted columns that nobody types into."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `cells` are the words by column."""

    method: str
    path: str
    which: str
    holds: tuple[str, ...]
    cells: dict[str, str] = field(hash=False)

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        which = self.which or "today"
        return re.sub(r"\{[\w:]+\}", lambda found: PLACES[found.group()][which], self.path)


def _table() -> Iterator[Row]:
    text = PAPER.read_text(encoding="utf-8")
    lines = [line for line in text[text.index("| route |") :].splitlines() if line.startswith("|")]
    header, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert header == ["route", "which", "what it can show", *VIEWERS]
    for route, which, holds, *cells in body:
        method, path = route.strip("`").split(" ", 1)
        names = tuple(each.strip() for each in holds.split(",") if each.strip())
        yield Row(method, path, which, names, dict(zip(VIEWERS, cells, strict=True)))


ROWS = list(_table())


@pytest.fixture
async def planted(world: Any) -> Any:
    await plant(world)
    async with world.database.transaction() as session:
        # Where it is still yesterday: a reading is noted on its reader's own day.
        await session.execute(update(Person).values(zone=ZONE))
        gone = world.clock.at - timedelta(days=1)
        await session.execute(update(Person).where(Person.id == "person-lena").values(left_at=gone))
    await world.database.close()
    with contextlib.closing(sqlite3.connect(world.file)) as connection:
        # All of it into the one file that is copied.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return world


@contextlib.asynccontextmanager
async def _copy(planted: Any, name: str) -> AsyncIterator[Any]:
    """The same world on a database of its own."""
    file = planted.file.with_name(f"{name.replace(' ', '-')}.db")
    shutil.copy(planted.file, file)
    keys = [key.get_secret_value() for key in planted.settings.encryption_keys]
    database = open_database(f"sqlite+aiosqlite:///{file}", keys, planted.pokes)
    app = build_app(planted.settings, database, planted.clock, planted.app.state.face.sign_in)
    try:
        yield replace(planted, app=app, database=database, file=file)
    finally:
        await database.close()
        file.unlink()


def test_the_table_has_every_route_once_and_no_other(world: Any) -> None:
    there = {
        f"{method} {route.path}"
        for route in iter_route_contexts(world.app.routes)
        for method in (route.methods or {"ANY"}) - {"HEAD"}
    }
    listed = {row.route for row in ROWS}
    assert sorted(there - listed) == [], "add these routes to docs/access.md"
    assert sorted(listed - there) == [], "these rows of docs/access.md have no route"
    twice = [key for key, count in Counter((row.route, row.which) for row in ROWS).items() if count > 1]
    assert twice == []


def test_for_every_route_there_is_somebody_for_whom_it_works() -> None:
    # Else a route that refuses everybody, or whose rows are not planted, would pass for a guarded one.
    works = {
        row.route for row in ROWS if set(row.cells.values()) - {*NO_PAGE, "sign-in"} or "taken" in row.cells.values()
    }
    assert sorted({row.route for row in ROWS} - works) == [], "plant what these need, in tests/web/planted.py"


def test_every_sentence_is_planted_and_shown_to_somebody() -> None:
    shown = {name for row in ROWS for name in row.holds}
    shown |= {name for row in ROWS for cell in row.cells.values() for name in cell.removeprefix("sees ").split(", ")}
    assert shown >= set(TEXTS)
    assert {name for row in ROWS for name in row.holds} <= set(TEXTS)


async def test_every_text_that_people_write_is_planted(planted: Any) -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, EncryptedText)
    }
    async with _copy(planted, "columns") as world, world.database.reading() as session:
        empty = {
            name
            for name in columns - set(NOT_BY_PEOPLE)
            if not any("<script>" in (text or "") for text in await session.scalars(select(_column(name))))
        }
    assert empty == set(), "plant a sentence there, in tests/web/planted.py"
    assert set(NOT_BY_PEOPLE) <= columns


def _column(name: str) -> Any:
    table, _, column = name.partition(".")
    return Table.metadata.tables[table].columns[column]


def test_whoever_wrote_something_learns_that_it_was_read_and_finds_the_thing() -> None:
    assert [name for name, text in TEXTS.items() if text.writer not in text.tells] == []
    called = {what.partition("/")[0] for text in TEXTS.values() for whats in text.tells.values() for what in whats}
    assert called == set(WORDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.route} {row.which}".strip())
async def test_everybody_gets_what_the_table_says(planted: Any, row: Row) -> None:
    found = {}
    for column, name in VIEWERS.items():
        async with _copy(planted, column) as world:
            found[column] = await _asked(world, row, row.cells[column], name)
    assert found == row.cells


async def test_an_assistant_gets_the_hours_and_otherwise_what_any_colleague_gets(planted: Any) -> None:
    found, said = {}, {}
    for row in (each for each in ROWS if "{" in each.path and each.cells["colleague"] == "nothing"):
        async with _copy(planted, "assistant") as world:
            async with world.database.transaction() as session:
                await session.execute(
                    update(Person).where(Person.id == "person-mara").values(assistant_id="person-otto")
                )
            found[row] = await _asked(world, row, "nothing", "otto")
            said[row] = row.cells["manager"] if row.path.endswith("/slots") else "nothing"
    assert {row.route: word for row, word in found.items() if word != said[row]} == {}
    assert sorted(word for word in found.values() if word != "nothing") == ["does", "page"]


@pytest.mark.parametrize("row", [row for row in ROWS if "does" in row.cells.values()], ids=lambda row: row.route)
async def test_a_form_that_does_not_fit_comes_back_on_a_page_that_is_noted_as_any_other(planted: Any, row: Row) -> None:
    for column, name in VIEWERS.items():
        if name is not None and row.cells[column] == "does":
            async with _copy(planted, column) as world:
                answer = await (await world.browser(name)).post(row.address, data={"form_token": "t"})
                await _check_the_log(world, row, name, answer, _texts_in(_shown(answer)))


def _texts_in(shown: str) -> set[str]:
    text = html.unescape(shown)
    return {name for name, each in TEXTS.items() if any(look in text for look in each.looks or [sentence(name)])}


async def _asked(world: Any, row: Row, said: str, viewer: str | None) -> str:
    """The word for what this viewer gets; and what must hold whatever the table says."""
    if row.which == "chosen":
        await choose_everything(world)
    browser = await world.browser(viewer)
    before = _everything(world.file)
    form = FORMS.get(row.route)
    sent = {"params": form} if row.method == "GET" else {"data": form}
    answer = await browser.request(row.method, row.address, **sent)
    shown = _shown(answer)
    assert "<script>steal" not in shown, "somebody's text is markup on this page"
    assert "'unsafe-" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    seen = _texts_in(shown)
    word = _word(row, answer, seen, viewer)
    await _check_the_log(world, row, viewer, answer, seen)
    if row.method == "GET" or word not in {"does", "taken"}:
        changed = {table for table, rows in _everything(world.file).items() if rows != before[table]}
        logs = {"readings", "audit"} if _is_file(answer) else {"readings"}
        assert changed <= logs, f"{said} changed {changed}"
    if row.method == "POST" and not row.path.startswith("/graph/"):
        await _check_from_elsewhere(world, row, viewer)
    return word


def _word(row: Row, answer: httpx.Response, seen: set[str], viewer: str | None) -> str:
    to = answer.headers.get("location", "")
    if answer.status_code == 401 or to.startswith("/sign-in"):
        return "sign-in"
    if answer.status_code == 303:
        assert to.startswith("/") or row.path == "/sign-in", to
        return "does" if row.method == "POST" else "leads on"
    if row.method == "POST" and _is(answer, "application/json"):
        assert all(viewer in TEXTS[name].owners for name in seen), "a draft is told to its writer alone"
        return "does"
    if answer.status_code == 200:
        listed = "sees " + ", ".join(sorted(seen, key=lambda name: (*row.holds, *TEXTS).index(name)))
        return next((word for word, which in SEEING.items() if seen == _of(row, which, viewer)), listed)
    # What does not fit is said on the page that it was typed on.
    assert not seen or answer.status_code == 422
    named = {status: word for word, status in NO_PAGE.items()}
    return named.get(answer.status_code, str(answer.status_code))


def _is(answer: httpx.Response, kind: str) -> bool:
    return str(answer.headers.get("content-type", "")).partition(";")[0] == kind


def _is_file(answer: httpx.Response) -> bool:
    return _is(answer, "application/zip")


def _shown(answer: httpx.Response) -> str:
    """The HTML; of a calendar file its texts; of an export that of its page, and after it every text of its JSON."""
    if _is(answer, "application/json"):
        # No browser takes this for a page: it is told not to guess.
        return "\n".join(map(html.escape, _strings(answer.json())))
    if _is(answer, "text/calendar"):
        # Nor this, whose texts are folded and escaped in a way of their own.
        (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
        return html.escape(f"{event['summary']}\n{event['description']}")
    if not _is_file(answer):
        # What was looked for is marked in the middle of a sentence.
        return re.sub("</?mark>", "", answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        page, texts = files.read("perennial.html").decode(), _strings(json.loads(files.read("perennial.json")))
    return "\n".join([page, *map(html.escape, texts)])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _of(row: Row, which: str, viewer: str | None) -> set[str] | None:
    """Those of the row's texts that a word stands for; a word never stands for no text where there is a plainer one."""
    if which == "none":
        return set()
    wanted = {
        name
        for name in row.holds
        if which == "all"
        or (which == "not private" and not TEXTS[name].private)
        or (which == "own" and viewer in TEXTS[name].owners)
    }
    return wanted or None


async def _check_the_log(world: Any, row: Row, viewer: str | None, answer: httpx.Response, seen: set[str]) -> None:
    """Whoever must learn that this was read finds it in the log, by its name and on the reader's day; nobody finds
    what was not read; and the page tells its reader that somebody finds something.
    """
    async with world.database.reading() as session:
        rows = (await session.scalars(select(Reading))).all()
    noted = {(each.owner_id.removeprefix("person-"), each.what) for each in rows}
    today = world.clock.at.astimezone(ZoneInfo(ZONE)).date()
    assert {(each.reader_id, each.day) for each in rows} <= {(f"person-{viewer}", today)}
    known = set[tuple[str, str]]()
    for name in seen:
        for owner, whats in TEXTS[name].told_of(viewer).items():
            called = {(owner, what) for each in whats for what in _names(row, each)}
            assert called & noted, f"{viewer} saw {name!r}, which {owner} does not learn"
            known |= called
    assert noted <= known, "a reading of something that was not shown"
    if _is(answer, "text/html") and "hx-request" not in answer.request.headers:
        assert (TOLD in answer.text) == bool(rows), "the page and the log do not say the same"


def _names(row: Row, what: str) -> list[str]:
    """What a reading is called on this row's page; on a page of many things, what each of them is called."""
    kind, _, about = what.partition("/")
    if about not in PLACES:
        return [what]
    places = PLACES[about]
    meant = [places[row.which or "today"]] if about in row.path else places.values()
    return [f"{kind}/{each}" for each in meant]


async def _check_from_elsewhere(world: Any, row: Row, viewer: str | None) -> None:
    browser = await world.browser(viewer)
    before = _everything(world.file)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await browser.post(row.address, data=FORMS.get(row.route), headers=headers)
        assert answer.status_code == 403, headers
    assert _everything(world.file) == before


def _everything(file: Path) -> dict[str, list[Any]]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return {
            name: connection.execute(f"SELECT {', '.join(_lasting(table))} FROM {name}").fetchall()
            for name, table in Table.metadata.tables.items()
        }


def _lasting(table: Any) -> list[str]:
    """All columns but that somebody has read it, which is what a page may note."""
    return [f'"{name}"' for name in table.columns.keys() if name != "read_at"]  # noqa: SIM118 - no mapping


@pytest.mark.parametrize("path", ["/nowhere", "/check-ins/none", "/actions/none", "/plans/none", "/handovers/none"])
async def test_what_does_not_exist_looks_like_what_is_not_yours(planted: Any, path: str) -> None:
    async with _copy(planted, "none") as world:
        browser = await world.browser("otto")
        answer, other = await browser.get(path), await browser.get("/check-ins/check-in-1")
    assert answer.status_code == other.status_code == 404
    if path != "/nowhere":
        assert answer.text == other.text


@pytest.mark.parametrize("path", ["/nowhere", "/static/nothing.css", "/sign-in/done?state=x", "/graph/notifications"])
async def test_errors_have_the_same_headers(world: Any, path: str) -> None:
    answer = await (await world.browser()).get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
