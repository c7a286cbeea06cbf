"""`perennial database`: bringing the tables up to date."""

import asyncio

import typer

from cli.installation import open_installation
from config.settings import Settings, load_settings
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
    async with open_installation(settings):
        await upgrade_async(settings.database_url)
