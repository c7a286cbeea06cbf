"""Who is to join: those whom a policy covers and nobody here knows yet, and the managers of those who take part."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from cycle.directory_watch import Population, Told, policy_for
from cycle.sentences import Sentence
from integrations.database.connection import Database
from integrations.database.directory_watches import (
    holder_of,
    never_enrolled,
    open_hands_of,
    people_by_oid,
    policies_of_teams,
    taking_part,
)
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import note_mailbox
from integrations.database.policies import populations
from integrations.database.tables import NeedsAHand, Person
from integrations.graph.directory import Directory, DirectoryUser
from integrations.graph.directory_delta import Round
from integrations.graph.errors import Garbled, NotAllowed, NoToken, Permanent, Transient

# Different mailboxes, so Graph's limit of four requests at a time in one mailbox is far away.
LOOK_UPS_AT_A_TIME = 8


class Joiners:
    """Whoever cannot take part yet waits as a line on HR's list, which says why."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory
        self._gate = asyncio.Semaphore(LOOK_UPS_AT_A_TIME)

    async def take_in(
        self, found: Round, known_until: datetime, now: datetime
    ) -> tuple[dict[str, str], Transient | None]:
        """Makes those known here whom a policy covers, and the managers of those who take part.

        Whoever is heard of first after `known_until`, when everybody was read, has just joined, if they take part.
        Returns policy id by object id, of those who are to live under one; and why a mailbox did not answer now, if one
        did not: whoever it belongs to comes in when the same changes are read again.
        """
        async with self._database.reading() as session:
            people = await people_by_oid(session)
            covering = await populations(session)
            teams = await policies_of_teams(session)
            behind = set(await open_hands_of(session, "directory"))
            waiting = set(await open_hands_of(session, "joiner"))
            idle = await never_enrolled(session)
            managers = {row.manager_oid for row in await taking_part(session)} - {None, "", *people}
        waiting |= {oid for oid, row in people.items() if row.id in behind}
        told = {oid for oid, said in found.told.items() if said.works_here is not False and said.member is not False}
        wanted = waiting | {oid for oid in told if oid not in people or oid in idle} if covering else waiting
        users = await self._users(wanted, found)
        to_join: dict[str, str] = {}
        for oid in sorted(wanted):
            user = users.get(oid)
            policy_id = _policy(user, covering, teams)
            if user is None or policy_id is None or (oid in people and oid not in idle):
                await self._no_joiner(oid, now)
            else:
                to_join[oid] = policy_id
        managers |= {users[oid].manager_oid for oid in to_join} - {None, "", *people, *to_join}
        bosses = await self._users({oid for oid in managers if oid}, None)
        strangers = [user for oid, user in {**users, **bosses}.items() if oid not in people]
        strangers = [user for user in strangers if user.enabled and (user.oid in to_join or user.oid in managers)]
        passing = await asyncio.gather(
            *(self._move_in(user, known_until if user.oid in to_join else now, now) for user in strangers)
        )
        return to_join, next((each for each in passing if each), None)

    async def _users(self, oids: Iterable[str], found: Round | None) -> dict[str, DirectoryUser]:
        """Those who are there; a round that told of everybody told all of them, otherwise they are looked up."""
        wanted = sorted(oids)
        if found and found.whole:
            users = [_user(found.told[oid]) if oid in found.told else None for oid in wanted]
        else:
            users = list(await asyncio.gather(*(self.look_up(oid) for oid in wanted)))
        return {user.oid: user for user in users if user}

    async def look_up(self, oid: str) -> DirectoryUser | None:
        """What the directory says of somebody today; None where it knows nobody of that id."""
        async with self._gate:
            return await self._directory.user(oid)

    async def _move_in(self, user: DirectoryUser, known_until: datetime, now: datetime) -> Transient | None:
        """Adds somebody with what their mailbox says; without one, or one that cannot be read or names no zone, they
        wait on HR's list and hold up nobody else. Where the directory names no day on which they were hired, it is the
        day on which they were heard of; nobody knows it of those who were there by `known_until`. Returns what will
        pass.
        """
        try:
            async with self._gate:
                facts = await self._directory.mailbox(user.oid)
        except NoToken:
            raise
        except Transient as trouble:
            return trouble
        except Permanent as trouble:
            await self._wait(user, _why_not(user, trouble), now)
            return None
        if facts.zone is None:
            await self._wait(user, _nowhere(user), now)
            return None
        async with self._database.transaction() as session:
            holder = await holder_of(session, user.mail)
            if holder is None:
                waits = await session.get(NeedsAHand, f"joiner/{user.oid}")
                heard_at = waits.since if waits and waits.mended_at is None else now
                row = Person(
                    oid=user.oid,
                    mail=user.mail,
                    name=user.name or user.mail,
                    zone=facts.zone,
                    country=user.country,
                    subdivision=user.subdivision,
                    hired_on=user.hired or (heard_at.date() if heard_at > known_until else None),
                    directory_name=user.name,
                    manager_oid=user.manager_oid or "",
                    away=[],
                )
                note_mailbox(row, facts.weekdays, facts.opens, facts.closes, facts.away, facts.language, now)
                session.add(row)
                return None
        if holder.oid != user.oid:
            await self._wait(user, _somebody_elses(user, holder), now)
        return None

    async def _wait(self, user: DirectoryUser, sentence: Sentence, now: datetime) -> None:
        async with self._database.transaction() as session:
            await ask_for_a_hand(session, f"joiner/{user.oid}", sentence, now)

    async def _no_joiner(self, oid: str, now: datetime) -> None:
        async with self._database.reading() as session:
            waits = oid in await open_hands_of(session, "joiner")
        if waits:
            async with self._database.transaction() as session:
                await mended(session, f"joiner/{oid}", now)


def _user(told: Told) -> DirectoryUser:
    """Somebody of whom everything was told."""
    return DirectoryUser(
        oid=told.oid,
        mail=told.mail or "",
        name=told.name or "",
        country=told.country,
        subdivision=told.subdivision,
        hired=told.hired,
        enabled=told.works_here is not False,
        manager_oid=told.manager or None,
        department=told.department,
        member=told.member is not False,
    )


def _policy(
    user: DirectoryUser | None, covering: Mapping[str, Population], teams: Mapping[str, set[str]]
) -> str | None:
    """The policy that covers somebody who could take part; None for others."""
    if user is None or not user.enabled or not user.member or not user.mail:
        return None
    return policy_for(covering, user.department, teams.get(user.manager_oid or "", set()))


def _why_not(user: DirectoryUser, trouble: Permanent) -> Sentence:
    match trouble:
        case NotAllowed():
            return Sentence(
                "{name} has joined, and their mailbox is closed to Perennial: have the administrator put them into the "
                "participants' group of the grant, and they take part.",
                name=user.name,
            )
        case Garbled():
            return Sentence(
                "{name} has joined, and their mailbox settings cannot be read: have them save their working hours and "
                "automatic replies in Outlook again, and they take part.",
                name=user.name,
            )
    return Sentence("{name} has joined and has no mailbox: they take part once there is one.", name=user.name)


def _nowhere(user: DirectoryUser) -> Sentence:
    return Sentence(
        "{name} has joined, and their mailbox names no time zone that can be used: have them choose one in Outlook's "
        "settings, and they take part.",
        name=user.name,
    )


def _somebody_elses(user: DirectoryUser, holder: Person) -> Sentence:
    if holder.left_at is None:
        return Sentence(
            "{name} has joined with the address that {holder} has here: correct one of the two in the "
            "directory, and they take part.",
            name=user.name,
            holder=holder.name,
        )
    return Sentence(
        "{name} has joined with the address of {holder}, who has left. The same person: perennial people "
        "returned {mail}. Somebody else: the same with --somebody-else. Until then they do not take part, and "
        "nobody sees what was written.",
        name=user.name,
        holder=holder.name,
        mail=user.mail,
    )
