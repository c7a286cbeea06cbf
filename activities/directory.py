"""Keeps what we know of a person's mailbox (working hours, zone, automatic replies) fresh enough to act on."""

from datetime import datetime, timedelta

from integrations.database.connection import Database
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import note_mailbox, stale
from integrations.database.tables import Person
from integrations.graph.directory import Directory
from integrations.graph.errors import Garbled, NoMailbox

FRESH_FOR = timedelta(hours=4)


class Mailboxes:
    """Reads mailbox settings at most every four hours a person."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    async def refreshed(self, person_id: str, now: datetime) -> Person:
        """The person as their mailbox describes them now, or did while its settings could still be read.

        Raises NoMailbox, after telling HR.
        """
        async with self._database.reading() as session:
            person = await session.get_one(Person, person_id)
        if not stale(person, now, FRESH_FOR):
            return person
        try:
            facts = await self._directory.mailbox(person.oid)
        except NoMailbox:
            async with self._database.transaction() as session:
                sentence = (
                    f"{person.name} has no mailbox any more: give them one, or end their enrolment. "
                    "Until then nothing is booked or mailed for them."
                )
                await ask_for_a_hand(session, f"mailbox/{person_id}", sentence, now, person_id)
            raise
        except Garbled:
            return await self._as_last_known(person_id, now)
        async with self._database.transaction() as session:
            person = await session.get_one(Person, person_id)
            note_mailbox(person, facts.weekdays, facts.opens, facts.closes, facts.away, now)
            if facts.zone:
                person.zone = facts.zone
            await mended(session, f"mailbox/{person_id}", now)
        return person

    async def _as_last_known(self, person_id: str, now: datetime) -> Person:
        async with self._database.transaction() as session:
            person = await session.get_one(Person, person_id)
            person.directory_read_at = now
            sentence = (
                f"The mailbox settings of {person.name} cannot be read: ask them to save their working hours and "
                "automatic replies in Outlook again. Until then what was known before holds."
            )
            await ask_for_a_hand(session, f"mailbox/{person_id}", sentence, now, person_id)
        return person
