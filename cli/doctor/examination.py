"""Asks each thing Perennial needs how it is, one after the other; what is not well holds up no other question."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

from cli.doctor.finding import Finding, fail, ok, warn
from cli.doctor.grant import NAME as PERMISSIONS
from cli.doctor.grant import compare
from cli.doctor.mailboxes import (
    ORGANIZER,
    Expectation,
    of_organizer,
    of_outsider,
    of_participant,
    of_sender,
    of_service,
    probe,
)
from cli.doctor.proxy import proxy
from cli.doctor.storage import DATABASE, KEYS, database, encryption_keys
from cli.doctor.tenant import clock_skew, passport
from cli.doctor.webhook import webhook
from cli.installation import Installation, open_installation
from config.settings import Settings
from cycle.organizer import Organizer
from integrations.clock import ClockUnreachable
from integrations.database.calendar_watches import address_of_mailbox, organizers, watch_of
from integrations.database.connection import DatabaseUnreachable
from integrations.database.policies import organizers_in_force
from integrations.database.roster import Listed, roster
from integrations.database.tables import CalendarWatchRow
from integrations.entra.tokens import MsalTokens
from integrations.graph.plain import PlainGraph
from integrations.temporal.connect import TemporalUnreachable, connect

MOST_ORGANIZERS = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says that other questions need; empty where it does not answer.

    `organizers` are the mailboxes that have a talk which is to come, and `policies` says by name who organizes.
    """

    watch: CalendarWatchRow | None = None
    now: datetime | None = None
    organizers: Sequence[str] = ()
    people: Sequence[Listed] = ()
    policies: Mapping[str, frozenset[Organizer]] = field(default_factory=dict)

    @property
    def managers_organize(self) -> bool:
        return any("manager" in each for each in self.policies.values())

    def service_organizes(self, mailbox: str) -> bool | None:
        """None while nothing here says so either way."""
        if mailbox in self.organizers or any("service_mailbox" in each for each in self.policies.values()):
            return True
        return False if self.policies or self.organizers else None

    def managers(self, service_mailbox: str) -> list[str]:
        """Whoever organizes, or will once what their policies say is booked."""
        to_come = {each for each in self.organizers if each != service_mailbox}
        by_policy = {
            each.manager
            for each in self.people
            if each.manager and "manager" in self.policies.get(each.policy or "", ())
        }
        return sorted(to_come | by_policy)


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
            for finding in _unprobed(settings, known, participant, outsider):
                yield finding
    finally:
        tokens.close()
    yield await webhook(settings, known.watch, known.now)
    for finding in proxy(settings):
        yield finding


async def _known(installation: Installation) -> Known:
    now = await installation.now()
    async with installation.database.reading() as session:
        return Known(
            watch=await watch_of(session, installation.settings.service_mailbox),
            now=now,
            organizers=[await address_of_mailbox(session, each) for each in await organizers(session, now)],
            people=await roster(session, now.date()),
            policies=await organizers_in_force(session),
        )


async def _temporal(settings: Settings) -> Finding:
    try:
        await connect(settings)
    except TemporalUnreachable as error:
        return fail("Temporal", str(error))
    return ok("Temporal", f"it answers at {settings.temporal_address}.")


def _expected(settings: Settings, known: Known, participant: str | None, outsider: str | None) -> Iterator[Expectation]:
    managers = known.managers(settings.service_mailbox)
    # Where managers organize everything, the service mailbox need not.
    yield of_service(settings.service_mailbox, organizes=known.service_organizes(settings.service_mailbox))
    for sender in settings.sender_mailboxes:
        yield of_sender(sender)
    for manager in managers[:MOST_ORGANIZERS]:
        yield of_organizer(manager)
    someone = participant or _sample(known.people)
    if someone:
        leads = known.managers_organize and any(_same(each.manager, someone) for each in known.people)
        yield of_participant(someone, organizes=leads or any(_same(each, someone) for each in managers))
    if outsider:
        yield of_outsider(outsider)


def _same(address: str | None, other: str) -> bool:
    return address is not None and address.casefold() == other.casefold()


def _sample(people: Sequence[Listed]) -> str | None:
    """Somebody enrolled, and rather somebody who leads nobody."""
    leading = {each.manager for each in people}
    enrolled = [each.mail for each in people if each.policy]
    return next((mail for mail in enrolled if mail not in leading), enrolled[0] if enrolled else None)


def _unprobed(settings: Settings, known: Known, participant: str | None, outsider: str | None) -> Iterator[Finding]:
    if known.managers_organize and not known.managers(settings.service_mailbox):
        yield warn(ORGANIZER, "nobody is enrolled yet whose manager organizes, so no manager's calendar was tried.")
    if not participant and not _sample(known.people):
        yield warn("Participant", "nobody is enrolled whose mailbox could be tried.", "Name one with --participant.")
    if not outsider:
        yield warn(
            "Outsider",
            "no mailbox was tried that must be refused.",
            "Name one that is in none of the groups with --outsider.",
        )
