"""`perennial doctor --calendars`: what differs between our tables and each organizer's calendar, and mending it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer

from activities import reconciliation_of
from activities.reconciliation import Reconciliation, in_words
from cli.installation import Installation, open_installation
from config.settings import Settings
from integrations.database.calendar_watches import name_of_mailbox, organizers
from integrations.entra.tokens import MsalTokens
from integrations.graph.client import open_graph
from integrations.graph.errors import GraphTrouble


async def compare_calendars(settings: Settings, mend: bool) -> int:
    """Prints a line a calendar and a difference; the exit code is 1 if there is any, or one cannot be read."""
    ill = False
    # Only what is mended wakes anybody.
    async with open_installation(settings, with_temporal=mend) as installation, _opened(installation) as comparison:
        now = await installation.now()
        async with installation.database.reading() as session:
            mailboxes = sorted({settings.service_mailbox, *await organizers(session, now)})
            names = [await name_of_mailbox(session, mailbox) for mailbox in mailboxes]
        for mailbox, name in zip(mailboxes, names, strict=True):
            try:
                findings = await comparison.differences(mailbox, now)
                if mend:
                    await comparison.mend(mailbox, findings, now)
            except GraphTrouble as trouble:
                typer.echo(f"{name}: {trouble}")
                ill = True
                continue
            typer.echo(f"{name}: {'as our tables have it.' if not findings else f'differences {len(findings)}.'}")
            for line in in_words(findings):
                typer.echo(f"  {line}")
            ill = ill or bool(findings)
    if ill:
        typer.echo("What is safe was mended; HR's list has the rest." if mend else "Nothing was changed: --mend does.")
    return 1 if ill else 0


@asynccontextmanager
async def _opened(installation: Installation) -> AsyncIterator[Reconciliation]:
    settings, tokens = installation.settings, MsalTokens(installation.settings)
    try:
        async with open_graph(settings, tokens) as graph:
            yield reconciliation_of(settings, installation.database, graph)
    finally:
        tokens.close()
