"""Brings a database to the tables this version knows."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import create_async_engine

from integrations.database.connection import Database, DatabaseUnreachable, check_reachable, prepare_sqlite
from integrations.database.tables import Table

MIGRATIONS = Path(__file__).parent / "migrations"


class TablesOutdated(DatabaseUnreachable):
    """The database answers, but its tables are not those of this version; says how to get them."""


async def check_current(database: Database) -> None:
    """Raises DatabaseUnreachable, or TablesOutdated unless every migration of this version, and no other, has run."""
    await check_reachable(database)
    async with database.reading() as session:
        done = await (await session.connection()).run_sync(
            lambda connection: MigrationContext.configure(connection).get_current_heads()
        )
    if set(done) != set(ScriptDirectory(str(MIGRATIONS)).get_heads()):
        raise TablesOutdated(
            f"The database at {database.where} does not have the tables of this version: "
            "run perennial database upgrade."
        )


def upgrade(url: str) -> None:
    """Runs every migration that `url` has not seen; a second time changes nothing."""
    asyncio.run(upgrade_async(url))


async def upgrade_async(url: str) -> None:
    """As `upgrade`, for a caller with an event loop."""
    await _on_connection(url, lambda connection: command.upgrade(_config(connection), "head"))


async def make_revision(url: str, number: str, message: str) -> None:
    """For developers: writes a migration for what the tables have and the database at `url` lacks.

    `number` is its place in the row, "0002".
    """

    def write(connection: Connection) -> None:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)

    await _on_connection(url, write)


async def differences(url: str) -> list[object]:
    """What the tables have and the migrations forgot; empty when they agree."""
    found: list[object] = []

    def compare(connection: Connection) -> None:
        found.extend(compare_metadata(MigrationContext.configure(connection), Table.metadata))

    await _on_connection(url, compare)
    return found


async def _on_connection(url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
