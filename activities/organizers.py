"""Manager's calendars that are closed to us: HR hears which one, and what to do, until it is open again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from cycle.sentences import Sentence
from integrations.database.connection import Database
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import person_by_oid
from integrations.database.tables import NeedsAHand, Person
from integrations.graph.errors import NoMailbox, NotAllowed


@asynccontextmanager
async def calendar_of(
    database: Database, organizer: str, now: datetime, *, for_the_last_time: bool = False
) -> AsyncIterator[None]:
    """Inside, somebody asks for the calendar of `organizer`, as `Booking.organizer` has it.

    A manager's that is closed comes onto HR's list, once a manager, and the trouble goes on; one that opens again is
    struck out. The service mailbox is nobody's, and no one in HR can do anything about it. Nobody waits for a mailbox
    that is gone where it is asked `for_the_last_time`.
    """
    async with database.reading() as session:
        manager = await person_by_oid(session, organizer)
        listed = await session.get(NeedsAHand, _key(manager)) if manager else None
    try:
        yield
    except (NotAllowed, NoMailbox) as trouble:
        if manager and not (for_the_last_time and isinstance(trouble, NoMailbox)):
            async with database.transaction() as session:
                await ask_for_a_hand(session, _key(manager), _sentence(manager, trouble), now, manager.id)
        raise
    if manager and listed and listed.mended_at is None:
        async with database.transaction() as session:
            await mended(session, _key(manager), now)


def _key(manager: Person) -> str:
    return f"organizer/{manager.id}"


def _sentence(manager: Person, trouble: NotAllowed | NoMailbox) -> str:
    if isinstance(trouble, NoMailbox):
        return Sentence(
            "{name} has no mailbox any more, and organizes check-ins in it: give them one, name somebody "
            "else as manager, or let the policy have the service mailbox organize what is booked from then on.",
            name=manager.name,
        )
    return Sentence(
        "The calendar of {name}, who organizes check-ins in it, is closed to Perennial: have the "
        "administrator put them into the managers' group of the grant, or let the policy have the service mailbox "
        "organize what is booked from then on.",
        name=manager.name,
    )
