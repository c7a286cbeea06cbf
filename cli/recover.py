"""`perennial recover`: after Temporal lost its data, wakes everything that is open; nothing happens twice."""

import asyncio

import typer

from cli.installation import Installation, open_installation
from config.settings import Settings, load_settings
from integrations.database.stuck import forget_stuck
from integrations.database.wake_ups import deliver_owed, owe_everything


async def recover_everything(installation: Installation) -> int:
    """Owes and delivers a wake-up to every open id; returns how many were owed."""
    now = await installation.now()
    async with installation.database.transaction() as session:
        await forget_stuck(session, now)
        count = await owe_everything(session, now)
    while await deliver_owed(installation.database):
        pass
    return count


def recover() -> None:
    """Rebuild what waits in Temporal from the database. Safe to run at any time."""
    asyncio.run(_recover(load_settings()))


async def _recover(settings: Settings) -> None:
    async with open_installation(settings, with_temporal=True) as installation:
        count = await recover_everything(installation)
    typer.echo(f"{count} open things were woken. The worker goes on with them.")
