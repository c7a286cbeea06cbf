"""Connections and transactions: one writer at a time on SQLite, and wake-ups delivered by whoever commits them."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import delete, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from integrations.database.columns import give_cipher, new_id
from integrations.database.remembered import MustNote, remembering
from integrations.database.sqlite_driver import connect
from integrations.database.tables import WakeUp
from integrations.temporal.pokes import NotTaken, Undelivered

log = logging.getLogger(__name__)

T = TypeVar("T")


class DatabaseUnreachable(Exception):
    """Says which database does not answer, without its password, and what to check."""


class Delivery(NamedTuple):
    """How many wake-ups arrived, and whether Temporal answered to the last."""

    arrived: int
    answered: bool


class Deliverer(Protocol):
    async def deliver(self, workflow: str, target: str, reason: str) -> None:
        """Wakes or starts `workflow/target`.

        Raises Undelivered when Temporal does not answer, NotTaken when it refuses this one alone.
        """


def poke(session: AsyncSession, workflow: str, target: str, reason: str, now: datetime) -> None:
    """Owes `workflow/target` a wake-up, committed with the change that caused it."""
    row = {"id": new_id(), "workflow": workflow, "target": target, "reason": reason, "made_at": now}
    session.info.setdefault("owed", []).append(row)


class Database:
    """The one door to the tables.

    `transaction()` writes (BEGIN IMMEDIATE on SQLite, so that two writers queue instead of failing) and,
    once committed, delivers the wake-ups that were owed in it. `reading()` reads.
    """

    def __init__(self, engine: AsyncEngine, pokes: Deliverer | None = None) -> None:
        self.engine = engine
        self._reading = engine.execution_options(reading=True)
        self._pokes = pokes
        # The writers of one process take turns; left to SQLite, each asks again and again and the luckiest is next.
        self._turn: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    @property
    def where(self) -> str:
        """Its URL without the password, for people."""
        return self.engine.url.render_as_string(hide_password=True)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._turn, AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
            await session.flush()
            owed = _once_each(session.info.pop("owed", []))
            session.add_all(WakeUp(**row) for row in owed)
        if owed and self._pokes:
            await self.deliver(owed)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._reading, expire_on_commit=False) as session:
            remembering(session)
            yield session

    async def noting(self, ask: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """What `ask` finds, and notes as read. Only where something is new to note does it ask in a transaction."""
        try:
            async with self.reading() as session:
                return await ask(session)
        except MustNote:
            async with self.transaction() as session:
                return await ask(session)

    async def deliver(self, owed: list[dict[str, Any]], asks: int = 1) -> Delivery:
        """Delivers these wake-ups and forgets those that arrived.

        One that is refused holds up nobody. When Temporal does not answer to so many `asks` in a row, the others are
        not tried either: each would take seconds to learn the same.
        """
        assert self._pokes is not None
        arrived, unanswered = [], 0
        for row in owed:
            try:
                await self._pokes.deliver(row["workflow"], row["target"], row["reason"])
            except NotTaken as error:
                log.error("wake-up of %s/%s was refused: %s", row["workflow"], row["target"], error)
                continue
            except Undelivered as error:
                log.warning("wake-up of %s/%s waits: %s", row["workflow"], row["target"], error)
                unanswered += 1
                if unanswered == asks:
                    break
                continue
            unanswered = 0
            arrived.append(row["id"])
        if arrived:
            async with self.transaction() as session:
                await session.execute(delete(WakeUp).where(WakeUp.id.in_(arrived)))
        return Delivery(len(arrived), answered=unanswered < asks)

    async def close(self) -> None:
        await self.engine.dispose()


def _once_each(owed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(row["workflow"], row["target"]): row for row in owed}.values())


def open_database(url: str, keys: Sequence[str], pokes: Deliverer | None = None) -> Database:
    """Opens `url` (sqlite+aiosqlite:// or postgresql+asyncpg://); nothing is asked of the server yet."""
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    options: dict[str, Any] = (
        {"connect_args": {"timeout": 10, "async_creator_fn": connect}} if sqlite else {"pool_pre_ping": True}
    )
    # A failed statement must not put what people wrote into a log.
    engine = create_async_engine(parsed, hide_parameters=True, **options)
    give_cipher(engine.dialect, keys)
    if sqlite:
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return Database(engine, pokes)


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside one writer, and foreign keys that hold."""
    # The driver must not begin by itself: it would begin deferred, and a deferred writer can fail.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    reading = connection.get_execution_options().get("reading", False)
    driver = connection.connection.driver_connection
    # Whoever has become the one writer waits for nobody any more.
    driver.in_place = reading
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
    driver.in_place = True


async def check_reachable(database: Database, *, may_begin: bool = False) -> None:
    """Raises DatabaseUnreachable with a sentence when the database does not answer.

    An SQLite file that is not there is made only if it `may_begin`: at a mistyped path there would be an empty one.
    """
    url = database.engine.url
    try:
        if url.get_backend_name() == "sqlite" and url.database:
            # A file that does not open would leave the asynchronous driver's thread behind, with a traceback.
            if not may_begin and await asyncio.to_thread(_would_begin, Path(url.database)):
                raise DatabaseUnreachable(
                    f"There is no database file {url.database}: correct PERENNIAL_DATABASE_URL, or to begin one there "
                    "run perennial database upgrade."
                )
            await asyncio.to_thread(_open_file, url.database)
        async with database.reading() as session:
            await session.connection()
    except (DBAPIError, sqlite3.Error, OSError) as error:
        raise DatabaseUnreachable(
            f"The database at {database.where} does not answer ({_short(error)}). "
            "Check PERENNIAL_DATABASE_URL and that the server is running."
        ) from error


def _would_begin(file: Path) -> bool:
    return file.parent.is_dir() and not file.exists()


def _open_file(name: str) -> None:
    with closing(sqlite3.connect(name)) as connection:
        connection.execute("PRAGMA schema_version")


def _short(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
