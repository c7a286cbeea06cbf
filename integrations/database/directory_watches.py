"""The watched directory as stored: its watch, and what it said of the people who are here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.directory_watch import Lines, Told, settle_lines
from cycle.sentences import Sentence
from integrations.database.columns import new_id
from integrations.database.connection import poke
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.once import insert_once
from integrations.database.tables import DirectoryWatchRow, Enrolment, NeedsAHand, Person, Reporting

USERS = "/users"


async def ensure_directory_watch(session: AsyncSession, now: datetime) -> None:
    """Has the tenant's directory watched from now on; nothing if it is."""
    if await insert_once(session, DirectoryWatchRow, id=new_id(), resource=USERS, opened_at=now):
        await wake_directory_watch(session, "watched from now on", now)


async def wake_directory_watch(session: AsyncSession, reason: str, now: datetime) -> None:
    for watch_id in (await session.scalars(select(DirectoryWatchRow.id))).all():
        poke(session, "DirectoryWatch", watch_id, reason, now)


async def read_directory_anew(session: AsyncSession, now: datetime) -> None:
    """Has everybody in the directory looked at, since who belongs here is another question now."""
    for row in (await session.scalars(select(DirectoryWatchRow))).all():
        row.delta_link = None
    await wake_directory_watch(session, "read everybody", now)


async def watches_of_users(session: AsyncSession, subscription_ids: Collection[str]) -> dict[str, DirectoryWatchRow]:
    """By subscription id; those that are nobody's are left out."""
    rows = (await session.scalars(select(DirectoryWatchRow))).all()
    return {row.subscription_id: row for row in rows if row.subscription_id and row.subscription_id in subscription_ids}


# What is told of people


async def people_by_oid(session: AsyncSession) -> dict[str, Person]:
    return {row.oid: row for row in (await session.scalars(select(Person))).all()}


def is_news(person: Person, told: Told) -> bool:
    """Whether this changes anything that we keep of the person, their address apart."""
    if told.works_here is not None and told.works_here != (person.left_at is None):
        return True
    return (
        told.name not in (None, person.directory_name)
        or told.manager not in (None, person.manager_oid)
        or _place(person, told) != (person.country, person.subdivision)
        or (told.hired is not None and person.hired_on is None)
    )


async def note_told(session: AsyncSession, person: Person, told: Told) -> None:
    """Keeps what the directory says. Whose manager it says counts once the lines are settled.

    Told for the first time, what HR's file said stands: a name stays, another manager overrides the directory's.
    """
    if told.name and told.name != person.directory_name:
        if person.directory_name is not None:
            person.name = told.name
        person.directory_name = told.name
    person.country, person.subdivision = _place(person, told)
    person.hired_on = person.hired_on or told.hired
    if told.manager is not None:
        if person.manager_oid is None:
            await _keep_the_files_word(session, person, told.manager)
        person.manager_oid = told.manager


def _place(person: Person, told: Told) -> tuple[str | None, str | None]:
    """Country and part of it. A part that is not told again stays while the country does."""
    if told.country in (None, person.country):
        return person.country, told.subdivision or person.subdivision
    return told.country, told.subdivision


async def _keep_the_files_word(session: AsyncSession, person: Person, manager_oid: str) -> None:
    row = await session.execute(
        select(Reporting, Person.oid)
        .join(Person, Person.id == Reporting.partner_id)
        .where(Reporting.person_id == person.id, Reporting.source == "directory", Reporting.until.is_(None))
    )
    for line, oid in row:
        if oid != manager_oid:
            line.source = "override"


async def rename(session: AsyncSession, mails: Mapping[str, str], now: datetime) -> None:
    """Gives people (ids) their new addresses, also where two swap theirs. One that somebody else here has is not taken
    over; of somebody who left it is.
    """
    rows = {each.id: each for each in await session.scalars(select(Person).where(Person.id.in_(list(mails))))}
    before = {person_id: row.mail for person_id, row in rows.items()}
    for row in rows.values():
        set_aside(row)
    await session.flush()
    for person_id, row in rows.items():
        holder = await holder_of(session, mails[person_id])
        if holder and holder.left_at:
            set_aside(holder)
            await session.flush()
        if holder and holder.left_at is None:
            row.mail = before[person_id]
            sentence = Sentence(
                "The directory gives {name} the address that {holder} has here: correct one of the two "
                "there. Until then letters go to the former address.",
                name=row.name,
                holder=holder.name,
            )
            await ask_for_a_hand(session, f"mail/{person_id}", sentence, now, person_id)
        else:
            row.has_address(mails[person_id], before[person_id])
            await mended(session, f"mail/{person_id}", now)
        await session.flush()


def set_aside(person: Person) -> None:
    """Frees the address of somebody for whoever has it by now."""
    person.mail = f"{person.oid}@nowhere.invalid"


async def holder_of(session: AsyncSession, mail: str) -> Person | None:
    """Who is known here under this address, also somebody who has left."""
    return await session.scalar(select(Person).where(func.lower(Person.mail) == mail.lower()))


# Who reports to whom


@dataclass(frozen=True, slots=True)
class Reports:
    """`lines` are those that are to stand, `standing` those that do; all by person id."""

    lines: Lines
    standing: Mapping[str, str]


async def reports(session: AsyncSession) -> Reports:
    """What the directory's word makes of everybody's manager."""
    people = {row.id: row for row in await session.scalars(select(Person).where(Person.left_at.is_(None)))}
    by_oid = {row.oid: row.id for row in people.values()}
    open_lines = (await session.scalars(select(Reporting).where(Reporting.until.is_(None)))).all()
    standing = {line.person_id: line.partner_id for line in open_lines if line.source == "directory"}
    overrides = {line.person_id: line.partner_id for line in open_lines if line.source == "override"}
    wanted = {
        person_id: standing.get(person_id) if row.manager_oid is None else by_oid.get(row.manager_oid)
        for person_id, row in people.items()
    }
    return Reports(settle_lines(wanted, standing, overrides), standing)


async def taking_part(session: AsyncSession) -> Sequence[Person]:
    """Everybody who lives under a policy and is here."""
    query = (
        select(Person)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.ended_at.is_(None), Person.left_at.is_(None))
        .order_by(Person.id)
    )
    return (await session.scalars(query)).all()


async def policies_of_teams(session: AsyncSession) -> dict[str, set[str]]:
    """By a manager's object id: the policies that people live under whose check-ins they hold."""
    rows = await session.execute(
        select(Person.oid, Enrolment.policy_id)
        .join(Reporting, Reporting.partner_id == Person.id)
        .join(Enrolment, Enrolment.person_id == Reporting.person_id)
        .where(Reporting.until.is_(None), Enrolment.ended_at.is_(None))
        .distinct()
    )
    found: dict[str, set[str]] = {}
    for oid, policy_id in rows:
        found.setdefault(oid, set()).add(policy_id)
    return found


async def never_enrolled(session: AsyncSession) -> set[str]:
    """The object ids of those who are known and here, and whom nobody has enrolled or ended yet."""
    rows = await session.scalars(
        select(Person.oid)
        .outerjoin(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.person_id.is_(None), Person.left_at.is_(None))
    )
    return set(rows)


async def open_hands_of(session: AsyncSession, kind: str) -> list[str]:
    """What follows the slash in the keys of this kind that are on HR's list."""
    query = select(NeedsAHand.key).where(NeedsAHand.mended_at.is_(None), NeedsAHand.key.startswith(f"{kind}/"))
    return [key.partition("/")[2] for key in await session.scalars(query)]
