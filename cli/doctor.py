"""`perennial doctor`: asks each thing Perennial needs whether it answers, with a remedy for each that does not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from cli.calendar_comparison import compare_calendars
from cli.installation import open_installation
from cli.people import open_directory
from cli.refusal import Refused
from config.settings import Settings, SettingsError, load_settings
from integrations.clock import ClockUnreachable
from integrations.database.connection import DatabaseUnreachable
from integrations.database.roster import roster
from integrations.graph.errors import GraphTrouble
from integrations.temporal.connect import TemporalUnreachable, connect


def doctor(
    calendars: Annotated[bool, typer.Option(help="Only compare the organizers' calendars with our tables.")] = False,
    mend: Annotated[bool, typer.Option(help="With --calendars: mend what is safe, as is done each night.")] = False,
) -> None:
    """Check settings, database, Temporal and tenant."""
    if mend and not calendars:
        raise Refused("--mend goes with --calendars only.")
    try:
        settings = load_settings()
    except SettingsError as error:
        for problem in error.problems:
            typer.echo(f"Settings: {problem}")
        raise typer.Exit(1) from error
    typer.echo(f"Settings: complete, for {'a sandbox' if settings.mode == 'sandbox' else 'a real'} tenant.")
    raise typer.Exit(asyncio.run(compare_calendars(settings, mend) if calendars else _examine(settings)))


async def _examine(settings: Settings) -> int:
    ill = 0
    async for name, well, sentence in findings(settings):
        typer.echo(f"{name}: {sentence}")
        ill += not well
    return 1 if ill else 0


async def findings(settings: Settings) -> AsyncIterator[tuple[str, bool, str]]:
    """For each thing: its name, whether it is well, and a sentence that says so or what to do."""
    yield "Database", *await _database(settings)
    yield "Temporal", *await _temporal(settings)
    yield "Tenant", *await _tenant(settings)


async def _database(settings: Settings) -> tuple[bool, str]:
    try:
        async with open_installation(settings) as installation, installation.database.reading() as session:
            people = await roster(session, (await installation.now()).date())
    except (DatabaseUnreachable, ClockUnreachable) as error:
        return False, str(error)
    enrolled = sum(1 for each in people if each.policy)
    return True, f"it answers; people {len(people)}, enrolled {enrolled}."


async def _temporal(settings: Settings) -> tuple[bool, str]:
    try:
        await connect(settings)
    except TemporalUnreachable as error:
        return False, str(error)
    return True, f"it answers at {settings.temporal_address}."


async def _tenant(settings: Settings) -> tuple[bool, str]:
    try:
        async with open_directory(settings) as directory:
            mailbox = await directory.user(settings.service_mailbox)
            if mailbox is None:
                return False, (
                    f"it answers, but knows no {settings.service_mailbox}; "
                    "make that mailbox, or correct PERENNIAL_SERVICE_MAILBOX."
                )
            await directory.mailbox(mailbox.oid)
    except GraphTrouble as error:
        return False, str(error)
    return True, f"it answers, and {settings.service_mailbox} has a mailbox."
