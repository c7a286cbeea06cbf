"""`perennial bench web`: what a page weighs, asks of the database and costs, and how fast pages come under load.

The load is an open loop: requests leave at instants that were fixed before, however slow the answers are, and each is
measured from the instant at which it should have left. A page that waits behind others counts its waiting.
"""

import asyncio
import gzip
import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Any

import httpx
import typer
from sqlalchemy import delete, event

from cli.benchmarked import Benchmarked, Visit, left_by_demo, seeded_year
from cli.demo.browser import Browser
from cli.demo.page import read_page
from cli.processes import stopped_by_signals
from integrations.database.tables import Reading
from integrations.entra.sign_in import SignIn
from web.app import build_app
from web.assets import ASSETS, VERSION

MOST_BYTES = 150_000
MOST_MILLISECONDS = 50.0
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Weight:
    """What one page costs, measured alone. `bytes` and `packed` are the page with everything that it links to."""

    bytes: int = 0
    packed: int = 0
    statements: int = 0
    writes: int = 0
    cpu: float = 0.0
    """Milliseconds of processor time in the application, all threads."""


@dataclass(slots=True)
class Figures:
    of: str
    """Of which database."""
    seconds: float
    rate: float
    load_before: float
    weights: Mapping[str, Weight] = field(default_factory=dict)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Milliseconds by page."""
    failed: int = 0
    server_cpu: float | None = None
    """Milliseconds of the web process's own time for each request of the load; None where the system does not say."""

    @property
    def everything(self) -> list[float]:
        return [each for times in self.took.values() for each in times]

    @property
    def heaviest(self) -> int:
        return max(each.bytes for each in self.weights.values())

    @property
    def hold(self) -> bool:
        """Whether both limits do, and nothing failed."""
        return self.heaviest <= MOST_BYTES and _p95(self.everything) < MOST_MILLISECONDS and not self.failed

    def lines(self) -> Iterable[str]:
        yield f"{'page':44} {'kB':>6} {'gzip':>6} {'SQL':>4} {'wr':>3} {'CPU ms':>7} {'p50':>6} {'p95':>6} {'max':>6}"
        for page, weight in sorted(self.weights.items(), key=lambda pair: -pair[1].cpu):
            times = self.took.get(page) or [float("nan")]
            yield (
                f"{page:44} {weight.bytes / 1000:6.1f} {weight.packed / 1000:6.1f} {weight.statements:4} "
                f"{weight.writes:3} {weight.cpu:7.1f} {median(times):6.1f} {_p95(times):6.1f} {max(times):6.1f}"
            )
        times, heaviest = self.everything, self.heaviest
        cores, load = os.cpu_count(), os.getloadavg()[0]
        if self.server_cpu:
            yield (
                f"the web process took {self.server_cpu:.1f} ms of processor time a request: a core to itself "
                f"serves {1000 / self.server_cpu:.0f} a second"
            )
        yield (
            f"{len(times)} requests in {self.seconds:.0f} s at {self.rate:g} a second, of {self.of}; "
            f"{self.failed} failed"
        )
        yield (
            f"one web process on a machine of {cores} cores; its load was {self.load_before:.1f} before "
            f"and is {load:.1f} now"
        )
        light = _word(heaviest <= MOST_BYTES)
        yield f"heaviest page {heaviest / 1000:.1f} kB (the limit is {MOST_BYTES // 1000}): {light}"
        yield (
            f"p50 {median(times):.1f} ms, p95 {_p95(times):.1f} ms (the limit is {MOST_MILLISECONDS:g}), "
            f"max {max(times):.1f} ms: {_word(_p95(times) < MOST_MILLISECONDS)}"
        )


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[18] if len(times) > 1 else times[0]


def _word(holds: bool) -> str:
    return "holds" if holds else "DOES NOT HOLD"


def web(
    people: Annotated[int, typer.Option(min=12, help="How many people who have a manager.")] = 60,
    seconds: Annotated[float, typer.Option(min=1, help="How long the load lasts.")] = 20,
    rate: Annotated[float, typer.Option(min=1, help="Requests a second.")] = 50,
    on: Annotated[
        Path | None,
        typer.Option(help="Instead of a seeded year: the folder of a `perennial demo --keep`.", metavar="DIR"),
    ] = None,
) -> None:
    """Open every page as signed-in people, and say what each weighs and how fast it comes under load.

    Exits 1 where a page is heavier or the answers come later than they may, or one failed.
    """
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        data = Path(folder)
        opened = left_by_demo(on, data, os.environ) if on else seeded_year(people, data, os.environ)
        figures = asyncio.run(_measured(opened, seconds, rate))
    for line in figures.lines():
        typer.echo(line)
    if not figures.hold:
        raise typer.Exit(1)


async def _measured(opened: AbstractAsyncContextManager[Benchmarked], seconds: float, rate: float) -> Figures:
    load = os.getloadavg()[0]
    async with stopped_by_signals(), opened as benchmarked:
        figures = Figures(benchmarked.of, seconds, rate, load)
        cookies = await _signed_in(benchmarked.site, {visit.mail for visit in benchmarked.visits})
        visits = await _still_there(benchmarked, benchmarked.visits, cookies)
        visits += await _still_there(benchmarked, await _typed_into(benchmarked, visits, cookies), cookies)
        await _weigh(benchmarked, visits, cookies, figures)
        await _load(benchmarked, visits, cookies, figures)
    return figures


async def _signed_in(site: str, mails: Iterable[str]) -> dict[str, str]:
    """Everybody's cookie, from a walk through the tenant's sign-in."""
    found = {}
    async with httpx.AsyncHTTPTransport(verify=False) as transport:
        for mail in sorted(mails):
            browser = Browser(mail, site, transport)
            await browser.visit("/privacy")
            found[mail] = browser.cookie_header
    return found


async def _still_there(benchmarked: Benchmarked, visits: Iterable[Visit], cookies: Mapping[str, str]) -> list[Visit]:
    """Without the pages that have gone since somebody opened them, such as hours to choose from."""
    lines = _Lines(benchmarked.settings.web_port)
    try:
        return [each for each in visits if await lines.ask(each, cookies[each.mail]) == 200]
    finally:
        lines.close()


async def _typed_into(benchmarked: Benchmarked, visits: Sequence[Visit], cookies: Mapping[str, str]) -> list[Visit]:
    """What the reflections among them send while somebody types: a draft to keep, and a question for a preview."""
    found: dict[str, list[Visit]] = {}
    async with httpx.AsyncClient(base_url=benchmarked.site, trust_env=False, timeout=60) as http:
        for visit in visits:
            page, path = (each.partition("?")[0] for each in (visit.page, visit.path))
            if page.count("/") != 2 or not page.startswith("/reflections/"):
                continue
            answer = await http.get(path, headers={"Cookie": cookies[visit.mail]})
            form = read_page(answer.text, path).form(path)
            assert form, path
            # Which text it was typed over is left out: each draft takes the place of the one before.
            typed = {name: text for name, text in form.values.items() if not name.startswith("seen")}
            found[path] = [
                Visit(f"{page}/{what}", f"{path}/{what}", visit.mail, typed, part)
                for what, part in (("draft", ""), ("preview", "preview"))
            ]
    return [each for both in found.values() for each in both]


async def _weigh(
    benchmarked: Benchmarked, visits: Sequence[Visit], cookies: Mapping[str, str], figures: Figures
) -> None:
    """Asks an application in this process, where statements and processor time can be counted."""
    sign_in = SignIn(benchmarked.settings)
    app = build_app(benchmarked.settings, benchmarked.database, benchmarked.clock, sign_in)
    counted: list[str] = []
    number = count(1)
    engine = benchmarked.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: counted.append(statement))
    try:
        weights: dict[str, Weight] = {}
        for visit in {each.page: each for each in visits}.values():
            # The second time: who opens a page again writes no more readings, and its template is compiled.
            await _asked(app, visit, cookies, next(number))
            counted.clear()
            html = await _asked(app, visit, cookies, next(number))
            statements = [each for each in counted if not each.startswith(("BEGIN", "COMMIT", "PRAGMA"))]
            linked = {*re.findall(rf"/static/{VERSION}/([^\"]+)", html.decode())}
            linked |= {*_imported()} if "perennial.css" in linked else set()
            began = time.process_time()
            for _ in range(10):
                await _asked(app, visit, cookies, next(number))
            weights[visit.page] = Weight(
                bytes=len(html) + sum(len(ASSETS[name].plain) for name in linked),
                packed=len(gzip.compress(html)) + sum(len(ASSETS[name].packed) for name in linked),
                statements=len(statements),
                writes=sum(not each.lstrip().startswith(("SELECT", "WITH")) for each in statements),
                cpu=(time.process_time() - began) * 100,
            )
        figures.weights = weights
    finally:
        sign_in.close()


def _imported() -> Iterable[str]:
    """What the style sheet brings along."""
    return re.findall(r'@import url\("([^"]+)"\)', ASSETS["perennial.css"].plain.decode())


async def _asked(app: Any, visit: Visit, cookies: Mapping[str, str], number: int) -> bytes:
    """The page itself, without a client that would cost more than it."""
    path, _, query = visit.path.partition("?")
    body = visit.body(number)
    told_of = visit.headers | {"Host": "127.0.0.1", "Cookie": cookies[visit.mail], "Content-Length": str(len(body))}
    if visit.typed:
        told_of["Content-Type"] = FORM
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": visit.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in told_of.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "root_path": "",
    }
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    await app(scope, receive, send)
    assert told[0]["status"] == 200, (visit, told[0]["status"])
    return b"".join(each.get("body", b"") for each in told[1:])


# The load


async def _load(
    benchmarked: Benchmarked, visits: Sequence[Visit], cookies: Mapping[str, str], figures: Figures
) -> None:
    lines, server = _Lines(benchmarked.settings.web_port), benchmarked.server.process.pid
    # Who opens others' words for the first time on a day has it noted, and that is a part of the load.
    async with benchmarked.database.transaction() as session:
        await session.execute(delete(Reading))
    used, began = _processor_time(server), time.perf_counter() + 0.5

    async def visited(number: int) -> None:
        visit, due = visits[number % len(visits)], began + number / figures.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        status = await lines.ask(visit, cookies[visit.mail], number)
        figures.took[visit.page].append((time.perf_counter() - due) * 1000)
        figures.failed += status != 200

    await asyncio.gather(*(visited(number) for number in range(int(figures.rate * figures.seconds))))
    lines.close()
    if used is not None and (now_used := _processor_time(server)) is not None:
        figures.server_cpu = (now_used - used) * 1000 / len(figures.everything)


def _processor_time(process: int) -> float | None:
    """Seconds that a process has computed so far; proc(5) has them as the 14th and 15th word, in clock ticks."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class _Lines:
    """Connections that are kept open and taken in turn. Just enough HTTP to cost next to nothing beside the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, visit: Visit, cookie: str, number: int = 0) -> int:
        """The status, once the last byte has come."""
        # The server hangs up where nothing was asked for five seconds.
        while self._idle and self._idle[-1][0].at_eof():
            self._idle.pop()[1].close()
        line = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = line
        body = visit.body(number)
        headers = visit.headers | {"Host": f"127.0.0.1:{self._port}", "Cookie": cookie, "Accept-Encoding": "gzip"}
        if visit.typed:
            headers |= {"Content-Type": FORM, "Content-Length": str(len(body))}
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{visit.method} {visit.path} HTTP/1.1\r\n{said}\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"content-length: (\d+)", head)
        assert length, "our pages say how long they are"
        await reader.readexactly(int(length[1]))
        self._idle.append(line)
        return int(head.split()[1])

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
