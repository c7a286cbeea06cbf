"""Asks each thing Perennial needs how it is, one after the other; what is not well holds up no other question."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from cli.doctor.finding import Finding, fail, ok, warn
from cli.doctor.grant import NAME as PERMISSIONS
from cli.doctor.grant import compare
from cli.doctor.mailboxes import (
    Expectation,
    of_organizer,
    of_outsider,
    of_participant,
    of_sender,
    of_service,
    probe,
)
from cli.doctor.storage import DATABASE, KEYS, database, encryption_keys
from cli.doctor.tenant import clock_skew, passport
from cli.doctor.webhook import webhook
from cli.installation import Installation, open_installation
from config.settings import Settings
from integrations.clock import ClockUnreachable
from integrations.database.calendar_watches import organizers, watch_of
from integrations.database.connection import DatabaseUnreachable
from integrations.database.roster import Listed, roster
from integrations.database.tables import CalendarWatchRow
from integrations.entra.tokens import MsalTokens
from integrations.graph.plain import PlainGraph
from integrations.temporal.connect import TemporalUnreachable, connect

MOST_ORGANIZERS = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says that other questions need; empty where it does not answer."""

    watch: CalendarWatchRow | None = None
    now: datetime | None = None
    organizers: Sequence[str] = ()
    people: Sequence[Listed] = ()


async def examine(
    settings: Settings, participant: str | None = None, outsider: str | None = None
) -> AsyncIterator[Finding]:
    """`participant` and `outsider` are mail addresses whose mailboxes must, and must not, be reached."""
    known = Known()
    async with AsyncExitStack() as stack:
        try:
            installation = await stack.enter_async_context(open_installation(settings))
            yield await database(installation)
            yield await encryption_keys(installation)
            known = await _known(installation)
        except (DatabaseUnreachable, ClockUnreachable) as error:
            yield fail(DATABASE, str(error))
            yield warn(KEYS, "not looked at, since the database cannot be read.")
    yield await _temporal(settings)
    yield await clock_skew(settings)
    tokens = MsalTokens(settings)
    try:
        found = await passport(settings, tokens)
        yield found.finding
        if found.finding.state == "fail":
            yield warn(PERMISSIONS, "not looked at, nor any mailbox, since the app has no token.")
        else:
            for finding in compare(found.roles) if found.roles is not None else ():
                yield finding
            async with PlainGraph(settings, tokens) as graph:
                async for finding in probe(graph, _expected(settings, known, participant, outsider)):
                    yield finding
            for finding in _unprobed(known, participant, outsider):
                yield finding
    finally:
        tokens.close()
    yield await webhook(settings, known.watch, known.now)


async def _known(installation: Installation) -> Known:
    now = await installation.now()
    async with installation.database.reading() as session:
        return Known(
            watch=await watch_of(session, installation.settings.service_mailbox),
            now=now,
            organizers=await organizers(session, now),
            people=await roster(session, now.date()),
        )


async def _temporal(settings: Settings) -> Finding:
    try:
        await connect(settings)
    except TemporalUnreachable as error:
        return fail("Temporal", str(error))
    return ok("Temporal", f"it answers at {settings.temporal_address}.")


def _expected(settings: Settings, known: Known, participant: str | None, outsider: str | None) -> Iterator[Expectation]:
    managers = [each for each in known.organizers if each != settings.service_mailbox]
    # Where managers organize everything, the service mailbox need not.
    yield of_service(settings.service_mailbox, organizes=not managers or len(managers) < len(known.organizers))
    for sender in settings.sender_mailboxes:
        yield of_sender(sender)
    for manager in managers[:MOST_ORGANIZERS]:
        yield of_organizer(manager)
    someone = participant or _sample(known.people)
    if someone:
        leads = any(each.manager == someone for each in known.people)
        yield of_participant(someone, organizes=bool(managers) and leads)
    if outsider:
        yield of_outsider(outsider)


def _sample(people: Sequence[Listed]) -> str | None:
    """Somebody enrolled, and rather somebody who leads nobody."""
    leading = {each.manager for each in people}
    enrolled = [each.mail for each in people if each.policy]
    return next((mail for mail in enrolled if mail not in leading), enrolled[0] if enrolled else None)


def _unprobed(known: Known, participant: str | None, outsider: str | None) -> Iterator[Finding]:
    if not participant and not _sample(known.people):
        yield warn("Participant", "nobody is enrolled whose mailbox could be tried.", "Name one with --participant.")
    if not outsider:
        yield warn(
            "Outsider",
            "no mailbox was tried that must be refused.",
            "Name one that is in none of the groups with --outsider.",
        )
