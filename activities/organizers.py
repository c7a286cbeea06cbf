"""Whose calendar an event stands in, and whom it invites. Of a manager who organizes without a mailbox HR hears, with
what to do, until there is one again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from cycle.organizer import invited
from cycle.sentences import Sentence
from integrations.database.check_ins import Pair
from integrations.database.connection import Database
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import person_by_oid
from integrations.database.stuck import line_of_mailbox
from integrations.database.tables import Booking, NeedsAHand
from integrations.graph.errors import NoMailbox


@asynccontextmanager
async def calendar_of(
    database: Database, organizer: str, now: datetime, *, for_the_last_time: bool = False
) -> AsyncIterator[None]:
    """Inside, somebody asks for the calendar of `organizer`, as `Booking.organizer` has it.

    A manager's that is gone comes onto HR's list, as the one line about that mailbox, and the trouble goes on; one that
    is there again is struck out. One that is closed is said for the whole grant (`activities/failures.py`), and so is
    the service mailbox, which is nobody's. Nobody waits for a mailbox that is gone where it is asked
    `for_the_last_time`.
    """
    async with database.reading() as session:
        manager = await person_by_oid(session, organizer)
        line = await line_of_mailbox(session, organizer)
        listed = await session.get(NeedsAHand, line)
    try:
        yield
    except NoMailbox:
        if manager and not for_the_last_time:
            async with database.transaction() as session:
                sentence = Sentence(
                    "{name} has no mailbox any more, and organizes check-ins in it: give them one, name somebody "
                    "else as manager, or let the policy have the service mailbox organize what is booked from then on.",
                    name=manager.name,
                )
                await ask_for_a_hand(session, line, sentence, now, manager.id)
        raise
    if manager and listed and listed.mended_at is None:
        async with database.transaction() as session:
            await mended(session, line, now)


def invited_of(pair: Pair, booking: Booking) -> list[str]:
    """The mail addresses of those of the two whom the event invites: whoever organizes it is not among them."""
    guests = invited(booking.organizer, tuple(person.oid for person in pair.people))
    return [person.mail.lower() for person in pair.people if person.oid in guests]
