"""`perennial database`: bringing the tables up to date."""

import asyncio

import typer

from config.settings import Settings, load_settings
from integrations.database.connection import check_reachable, open_database
from integrations.database.migrate import upgrade_async

app = typer.Typer(no_args_is_help=True, help="Look after the database.")


@app.callback()
def database() -> None:
    """Look after the database."""


@app.command("upgrade")
def upgrade_command() -> None:
    """Make or update the tables; running it twice changes nothing."""
    asyncio.run(_upgrade(load_settings()))
    typer.echo("The tables are up to date.")


async def _upgrade(settings: Settings) -> None:
    keys = tuple(key.get_secret_value() for key in settings.encryption_keys)
    database = open_database(settings.database_url, keys, None)
    try:
        await check_reachable(database, may_begin=True)
    finally:
        await database.close()
    await upgrade_async(settings.database_url)
