"""Reads what changed in the directory, and lets our people follow: who joined, left, came back, has a new manager."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import reduce

from temporalio import activity

from activities.directory import Mailboxes
from activities.failures import BROKEN_DATA
from activities.joiners import Joiners
from activities.moment import Moment
from activities.subscription_care import Say, SubscriptionCare, lock_row
from cycle.calendar_watch import TRY_AGAIN
from cycle.directory_watch import LOOK_EVERY_HOURS, Told, next_look
from cycle.sentences import Quote, Sentence
from integrations.database.columns import UnreadableText
from integrations.database.connection import Database
from integrations.database.directory_watches import (
    USERS,
    is_news,
    note_told,
    open_hands_of,
    people_by_oid,
    rename,
    reports,
    taking_part,
)
from integrations.database.leavers import come_back, leave, say_without_manager
from integrations.database.needs_a_hand import ask_for_a_hand, mended, mended_with
from integrations.database.people import partner_of, set_manager
from integrations.database.policies import enrol_person
from integrations.database.tables import DirectoryWatchRow, Person
from integrations.graph.directory import Directory, DirectoryUser
from integrations.graph.directory_delta import DirectoryDelta, Round
from integrations.graph.errors import NoMailbox, NotAllowed, NoToken, Permanent
from integrations.graph.subscriptions import Subscriptions

log = logging.getLogger(__name__)

A_FAULT = Sentence("It is a fault of ours: please report it.")


class DirectoryWatches:
    """The activity of `DirectoryWatch`."""

    def __init__(
        self,
        database: Database,
        delta: DirectoryDelta,
        directory: Directory,
        mailboxes: Mailboxes,
        subscriptions: Subscriptions,
        reached_at: str | None,
        look_every_hours: int = LOOK_EVERY_HOURS,
    ) -> None:
        self._look_every_hours = look_every_hours
        self._database = database
        self._delta = delta
        self._joiners = Joiners(database, directory)
        self._mailboxes = mailboxes
        self._care = SubscriptionCare(database, subscriptions, reached_at)

    @activity.defn(name="directory_watches.follow_directory")
    async def follow_directory(self, about: Moment) -> datetime | None:
        """Reads what changed since the last time, and returns when to look again; None when the watch is not there.

        1. The subscription is looked after; while there is none, reading by the clock does, and if the directory can
        be read all the same, it is said. 2. The changes are read.
        3. What they mean for people here is committed, one person at a time; then for those who are to join, for who
        reports to whom, and for who takes part. 4. From where to go on is committed: cut off before, the same changes
        are read again, and what has been done is found done.

        Data of one person that no rule can use ends what is followed of that person, and no more: HR hears whose it is,
        and each look tries again. A joiner's mailbox that does not answer now is raised last, and holds up nobody.
        """
        async with self._database.reading() as session:
            watch = await session.get(DirectoryWatchRow, about.id)
        if watch is None:
            # Temporal outlived the database that it waited for.
            return None
        at = next_look(about.now, self._look_every_hours)
        refusal = await self._care.tend(watch, USERS, about.now)
        found = await self._delta.go_on(watch.delta_link) if watch.delta_link else None
        found = found or await self._delta.begin()
        if refusal and await self._care.refused(watch, refusal, about.now, self._say_refused(about.now)):
            at = min(at, about.now + TRY_AGAIN)
        troubled = set[str]()
        await self._note_people(found, troubled, about.now)
        known_until = None if found.whole else watch.full_look_at
        to_join, passing = await self._joiners.take_in(found, known_until or about.now, about.now)
        await self._settle_lines(troubled, about.now)
        await self._enrol(to_join, troubled, about.now)
        await self._strike_out(troubled, about.now)
        await self._look_for_mailboxes(about.now)
        if passing:
            raise passing
        async with self._database.transaction() as session:
            row = await lock_row(session, watch)
            assert isinstance(row, DirectoryWatchRow)
            # Asked meanwhile to read everybody: the next look does.
            row.delta_link = found.link if row.delta_link == watch.delta_link else None
            row.looked_at = about.now
            row.full_look_at = about.now if found.whole else row.full_look_at
        return at

    # Who is here

    async def _note_people(self, found: Round, troubled: set[str], now: datetime) -> None:
        async with self._database.reading() as session:
            people = await people_by_oid(session)
            behind = set(await open_hands_of(session, "directory"))
        told = dict(found.told)
        # What was told of them before counts as well, and is not told twice.
        told |= await self._asked(oid for oid, row in people.items() if row.id in behind)
        if found.whole:
            absent = (oid for oid, row in people.items() if row.left_at is None and oid not in told)
            # Asked for each, so that an answer cut short ends nobody's time.
            told |= {oid: said for oid, said in (await self._asked(absent)).items() if said.gone}
        for oid, said in told.items():
            if oid in people and is_news(people[oid], said):
                async with self._alone(people[oid].id, troubled, now):
                    await self._note(people[oid].id, said, now)
        mails = {
            people[oid].id: said.mail
            for oid, said in told.items()
            if oid in people and said.mail and said.works_here is not False
            if said.mail.casefold() != people[oid].mail.casefold()
        }
        if mails:
            async with self._database.transaction() as session:
                await rename(session, mails, now)

    async def _note(self, person_id: str, said: Told, now: datetime) -> None:
        async with self._database.transaction() as session:
            person = await session.get_one(Person, person_id, with_for_update=True)
            if said.works_here is False:
                await leave(session, person, now)
            elif said.works_here:
                await come_back(session, person, now)
            await note_told(session, person, said)

    async def _asked(self, oids: Iterable[str]) -> dict[str, Told]:
        """All that the directory says of each of these today."""
        wanted = list(oids)
        users = await asyncio.gather(*(self._joiners.look_up(oid) for oid in wanted))
        return {oid: _told(user) if user else Told(oid, gone=True) for oid, user in zip(wanted, users, strict=True)}

    @asynccontextmanager
    async def _alone(self, person_id: str, troubled: set[str], now: datetime) -> AsyncIterator[None]:
        """Inside, one person's news is followed; data of theirs that no rule can use is told to HR, and passed over."""
        try:
            yield
        except BROKEN_DATA as error:
            log.warning("%s cannot follow the directory: %s", person_id, type(error).__name__)
            troubled.add(person_id)
            async with self._database.transaction() as session:
                person = await session.get_one(Person, person_id)
                remedy = error.words if isinstance(error, UnreadableText) else A_FAULT
                sentence = Sentence(
                    "What the directory says of {name} cannot be followed, and is tried again at each look at it. "
                    "{remedy}",
                    name=person.name,
                    remedy=remedy,
                )
                await ask_for_a_hand(session, f"directory/{person_id}", sentence, now, person_id)

    async def _strike_out(self, troubled: set[str], now: datetime) -> None:
        async with self._database.transaction() as session:
            for person_id in await open_hands_of(session, "directory"):
                if person_id not in troubled:
                    await mended(session, f"directory/{person_id}", now)

    async def _enrol(self, to_join: Mapping[str, str], troubled: set[str], now: datetime) -> None:
        async with self._database.reading() as session:
            people = await people_by_oid(session)
        for oid, policy_id in sorted(to_join.items()):
            person = people.get(oid)
            if person is None:
                continue
            async with self._alone(person.id, troubled, now), self._database.transaction() as session:
                if await partner_of(session, person.id, now.date()) is None:
                    sentence = Sentence(
                        "{name} has joined and has no manager: name one, and they take part.", name=person.name
                    )
                    await ask_for_a_hand(session, f"joiner/{oid}", sentence, now, person.id)
                else:
                    await enrol_person(session, person.id, policy_id, now)
                    await mended(session, f"joiner/{oid}", now)

    # Who reports to whom

    async def _settle_lines(self, troubled: set[str], now: datetime) -> None:
        async with self._database.reading() as session:
            found = await reports(session)
        for person_id, manager_id in found.lines.managers.items():
            if found.standing.get(person_id) != manager_id:
                async with self._alone(person_id, troubled, now), self._database.transaction() as session:
                    await set_manager(session, person_id, manager_id, now)
        await self._say_loops(found.lines.refused, now)
        async with self._database.transaction() as session:
            for person in await taking_part(session):
                if await partner_of(session, person.id, now.date()) is None:
                    await say_without_manager(session, person, now)

    async def _say_loops(self, refused: Iterable[tuple[str, ...]], now: datetime) -> None:
        loops = {loop[0]: loop for loop in refused}
        async with self._database.transaction() as session:
            for first, loop in loops.items():
                names = [(await session.get_one(Person, one)).name for one in (*loop, first)]
                sentence = Sentence(
                    "In the directory people report to themselves in the end: {chain}. Correct "
                    "one of their managers; until then the former ones hold the check-ins.",
                    chain=reduce(lambda one, other: Sentence("{one} reports to {other}", one=one, other=other), names),
                )
                await ask_for_a_hand(session, f"loop/{first}", sentence, now, first)
            for first in await open_hands_of(session, "loop"):
                if first not in loops:
                    await mended(session, f"loop/{first}", now)

    # Mailboxes

    async def _look_for_mailboxes(self, now: datetime) -> None:
        """Whoever had none, or settings that cannot be read, is asked again, so that HR's list forgets what was
        mended."""
        async with self._database.reading() as session:
            without = [*await open_hands_of(session, "mailbox"), *await open_hands_of(session, "settings")]
        for person_id in without:
            async with self._database.reading() as session:
                person = await session.get_one(Person, person_id)
            if person.left_at:
                async with self._database.transaction() as session:
                    await mended_with(session, person_id, now)
                continue
            try:
                await self._mailboxes.refreshed(person_id, now)
            except NoToken:
                raise
            except (NoMailbox, NotAllowed):
                # One that was made again may not be in the grant's scope yet.
                continue

    def _say_refused(self, now: datetime) -> Say:
        async def say(trouble: Permanent) -> None:
            sentence = Sentence(
                "Who joins, leaves or has a new manager is noticed twice a day only. Graph would tell at once, "
                "but: {trouble}",
                trouble=Quote(trouble),
            )
            async with self._database.transaction() as session:
                await ask_for_a_hand(session, f"notifications/{USERS}", sentence, now)

        return say


def _told(user: DirectoryUser) -> Told:
    return Told(
        oid=user.oid,
        enabled=user.enabled,
        member=user.member,
        mail=user.mail or None,
        name=user.name or None,
        country=user.country,
        subdivision=user.subdivision,
        department=user.department,
        hired=user.hired,
        manager=user.manager_oid or "",
    )
