"""The database of a run: an SQLite file of its own, or an empty PostgreSQL database that somebody names."""

import asyncio
import csv
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import MetaData, inspect, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from cli.demo.kept import DATABASE
from cli.demo.line import Line, line_to
from cli.processes import Children, python
from cli.refusal import Refused


class RunDatabase(Protocol):
    """`url`: as PERENNIAL_DATABASE_URL has it."""

    @property
    def url(self) -> str: ...

    def away(self) -> AbstractAsyncContextManager[None]:
        """Inside, nobody can read or write."""
        ...

    async def files(self) -> Sequence[Path]:
        """Whatever it holds, just as it holds it."""
        ...


@asynccontextmanager
async def run_database(url: str | None, data: Path, started: Children) -> AsyncIterator[RunDatabase]:
    """The one at `url`, else a file in `data`. Raises Refused where `url` cannot be lived in."""
    if url is None:
        yield DatabaseFile(data / DATABASE, started)
        return
    served = _postgresql(url)
    await _check_empty(served)
    async with line_to(_server(served)) as line:
        host, _, port = line.address.rpartition(":")
        yield ServedDatabase(served.set(host=host, port=int(port), query={}), line, data)


def _postgresql(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("none")
    if parsed.drivername != "postgresql+asyncpg":
        raise Refused("This is no PostgreSQL database: write --database postgresql+asyncpg://user@host:5432/name.")
    return parsed


async def _check_empty(url: URL) -> None:
    engine = create_async_engine(url)
    where = url.render_as_string()
    try:
        async with engine.connect() as connection:
            tables = await connection.run_sync(lambda each: inspect(each).get_table_names())
    except (DBAPIError, OSError) as error:
        raise Refused(
            f"The database at {where} does not answer ({error}): is the server running, and the name right?"
        ) from error
    finally:
        await engine.dispose()
    if tables:
        raise Refused(f"The database at {where} has tables already; name an empty one, as createdb makes it.")


def _server(url: URL) -> str:
    """Where it listens: host and port, or the path of a socket where the query names a folder."""
    port = url.port or url.query.get("port") or 5432
    folder = url.query.get("host")
    return f"{folder}/.s.PGSQL.{port}" if folder else f"{url.host or '127.0.0.1'}:{port}"


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    file: Path
    started: Children

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.file}"

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        command = python("-m", "cli.demo.shut_database", str(self.file))
        doorkeeper = await self.started.start("shut-database", command, {}, speaks=True)
        self.started.forget(doorkeeper)
        try:
            assert doorkeeper.process.stdout
            await doorkeeper.process.stdout.readline()
            yield
        finally:
            await doorkeeper.kill()

    async def files(self) -> Sequence[Path]:
        return sorted(self.file.parent.glob(f"{self.file.name}*"))


@dataclass(frozen=True, slots=True)
class ServedDatabase:
    """Everybody reaches it by `line`; its rows are written into `data` as CSV, a file a table."""

    at: URL
    line: Line
    data: Path

    @property
    def url(self) -> str:
        return self.at.render_as_string(hide_password=False)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        self.line.cut()
        try:
            yield
        finally:
            self.line.mend()

    async def files(self) -> Sequence[Path]:
        engine = create_async_engine(self.at)
        tables, files = MetaData(), []
        try:
            async with engine.connect() as connection:
                await connection.run_sync(tables.reflect)
                for table in tables.sorted_tables:
                    rows = (await connection.execute(select(table))).all()
                    files.append(self.data / f"{DATABASE}.{table.name}.csv")
                    await asyncio.to_thread(_write, files[-1], rows)
        finally:
            await engine.dispose()
        return files


def _write(file: Path, rows: Sequence[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        for row in rows:
            csv.writer(opened).writerow([each.decode() if isinstance(each, bytes) else each for each in row])
