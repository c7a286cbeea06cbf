"""Keeps what we know of a person's mailbox (working hours, zone, automatic replies) fresh enough to act on."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from cycle.sentences import Sentence
from cycle.workdays import Span
from integrations.database.check_ins import booked_check_ins_of
from integrations.database.connection import Database, poke
from integrations.database.leaves import note_spans
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import note_mailbox, stale
from integrations.database.tables import Person
from integrations.graph.directory import Directory
from integrations.graph.errors import Garbled, NoMailbox, NoZone
from integrations.graph.times import iana_zone

FRESH_FOR = timedelta(hours=4)


class Mailboxes:
    """Reads mailbox settings at most every four hours a person."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory
        self._asking = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def refreshed(self, person_id: str, now: datetime, fresh_for: timedelta = FRESH_FOR) -> Person:
        """The person as their mailbox describes them now, did at most `fresh_for` ago, or while it could be read.

        A zone of the mailbox's own making, or none, leaves the one that is known. Raises NoMailbox, and NoZone where
        none is known at all, after telling HR. However many ask at once, the mailbox is asked once.
        """
        async with self._asking[person_id]:
            return await self._refreshed(person_id, now, fresh_for)

    async def _refreshed(self, person_id: str, now: datetime, fresh_for: timedelta) -> Person:
        async with self._database.reading() as session:
            person = await session.get_one(Person, person_id)
        if not stale(person, now, fresh_for):
            return person
        try:
            facts = await self._directory.mailbox(person.oid)
        except NoMailbox:
            async with self._database.transaction() as session:
                sentence = Sentence(
                    "{name} has no mailbox any more: give them one, or end their enrolment with perennial people end "
                    "{mail}. Until then nothing is booked or mailed for them.",
                    name=person.name,
                    mail=person.mail,
                )
                await ask_for_a_hand(session, f"mailbox/{person_id}", sentence, now, person_id)
            raise
        except Garbled:
            return await self._as_last_known(person_id, now)
        async with self._database.transaction() as session:
            person = await session.get_one(Person, person_id)
            note_mailbox(person, facts.weekdays, facts.opens, facts.closes, facts.away, facts.language, now)
            await mended(session, f"mailbox/{person_id}", now)
            await mended(session, f"settings/{person_id}", now)
            zone = facts.zone or iana_zone(person.zone)
            if zone:
                await self._note_zone(session, person, zone, now)
                # Spans are told in instants and kept as days, so the zone has to be known.
                await note_spans(session, person, "replies", (Span(*each) for each in facts.away), None, now)
                return person
            # Nothing can be timed for them: the next look must ask again.
            person.directory_read_at = None
            sentence = Sentence(
                "Nobody knows in which time zone {name} lives, and their mailbox names none that can be "
                "used: have them choose one in Outlook's settings, or write it into the people file. Until then "
                "nothing is booked or mailed for them.",
                name=person.name,
            )
            await ask_for_a_hand(session, f"zone/{person_id}", sentence, now, person_id)
        raise NoZone("tell the time where a person lives", "neither their mailbox nor the people file names a zone.")

    async def _note_zone(self, session: AsyncSession, person: Person, zone: str, now: datetime) -> None:
        """Who lives elsewhere by now may want another hour for what is booked: their check-ins look."""
        await mended(session, f"zone/{person.id}", now)
        if person.zone != zone:
            person.zone = zone
            for check_in_id in await booked_check_ins_of(session, person.id):
                poke(session, "CheckIn", check_in_id, "somebody lives in another zone", now)

    async def _as_last_known(self, person_id: str, now: datetime) -> Person:
        async with self._database.transaction() as session:
            person = await session.get_one(Person, person_id)
            person.directory_read_at = now
            sentence = Sentence(
                "The mailbox settings of {name} cannot be read: ask them to save their working hours and "
                "automatic replies in Outlook again. Until then what was known before holds.",
                name=person.name,
            )
            await ask_for_a_hand(session, f"settings/{person_id}", sentence, now, person_id)
        return person
