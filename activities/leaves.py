"""Looks for leave in people's mailboxes and calendars, once a week a person."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.directory import Mailboxes
from activities.failures import BROKEN_DATA
from activities.moment import Moment
from cycle.workdays import Span
from integrations.database.connection import Database
from integrations.database.leaves import note_spans
from integrations.database.people import partner_of
from integrations.database.tables import Enrolment, Person
from integrations.graph.calendars import Calendars
from integrations.graph.errors import GraphTrouble, NoMailbox, NoToken

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(days=6)
"""A look a week, also where one came some hours late."""

AHEAD = timedelta(days=100)
"""How far calendars are searched: beyond every hour that is booked, a leave has time to be noticed."""


class Leaves:
    """The activity of `DevelopmentCycle` that asks the tenant."""

    def __init__(self, database: Database, calendars: Calendars, mailboxes: Mailboxes) -> None:
        self._database = database
        self._calendars = calendars
        self._mailboxes = mailboxes

    @activity.defn(name="leaves.find_leave")
    async def find_leave(self, about: Moment) -> None:
        """Reads automatic replies (their dates, never the text) and times out of office of a person and their partner.

        Nothing is asked within a week of the last time, or of the enrolment. Many cycles ask for one manager at a time:
        the first has the look, and gives it back if it fails. A partner's mailbox that cannot be read holds up nobody
        else's cycle.
        """
        async with self._database.reading() as session:
            enrolment = await session.get(Enrolment, about.id)
            if enrolment is None or enrolment.ended_at:
                return
            partner_id = await partner_of(session, about.id, about.now.date())
            people = [await session.get_one(Person, each) for each in (about.id, partner_id) if each]
        for person in people:
            read_at = person.leave_read_at or enrolment.enrolled_at
            if person.left_at is None and about.now - read_at >= LOOK_EVERY:
                try:
                    async with self._look_of(person, about.now) as mine:
                        if mine:
                            await self._read(person.id, about.now)
                except (GraphTrouble, *BROKEN_DATA) as trouble:
                    if person.id == about.id or isinstance(trouble, NoToken):
                        raise
                    log.warning("the leave of %s is not read: %s", person.id, type(trouble).__name__)

    @asynccontextmanager
    async def _look_of(self, person: Person, now: datetime) -> AsyncIterator[bool]:
        """Whether this week's look at the person is ours to take; what fails inside leaves it to whoever is next."""
        before, done = person.leave_read_at, False
        async with self._database.transaction() as session:
            ours = await _swap(session, person.id, before, now)
        try:
            yield ours
            done = True
        finally:
            if ours and not done:
                async with self._database.transaction() as session:
                    await _swap(session, person.id, now, before)

    async def _read(self, person_id: str, now: datetime) -> None:
        try:
            person = await self._mailboxes.refreshed(person_id, now)
            # Asked in their own mailbox: the service mailbox is asked from its own queue only.
            schedules = await self._calendars.schedules(person.oid, [person.mail], now, now + AHEAD)
        except NoMailbox:
            # HR has been told.
            return
        schedule = schedules[person.mail]
        async with self._database.transaction() as session:
            person = await session.get_one(Person, person_id)
            if schedule.trouble is None:
                away = [Span(each.start, each.end) for each in schedule.busy if each.status == "oof"]
                await note_spans(session, person, "calendar", away, now + AHEAD, now)


async def _swap(session: AsyncSession, person_id: str, known: datetime | None, new: datetime | None) -> bool:
    """Sets when somebody's leave was read last, unless somebody else did since it was `known`."""
    found = update(Person).where(Person.id == person_id, Person.leave_read_at.is_not_distinct_from(known))
    return (await session.scalar(found.values(leave_read_at=new).returning(Person.id))) is not None
