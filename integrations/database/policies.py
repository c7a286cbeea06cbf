"""Cycle policies as stored: numbered revisions, who lives under which, and which revision is in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import OPEN
from cycle.directory_watch import Population, read_population
from cycle.organizer import Organizer
from cycle.policy import Policy
from integrations.database.connection import poke
from integrations.database.directory_watches import read_directory_anew
from integrations.database.people import partner_of
from integrations.database.remembered import once_a_reading
from integrations.database.tables import CheckInRow, Enrolment, Person, PolicyRevision, PolicyRow


class UnknownName(Exception):
    """A policy or a person that was named is not here; says which and what to do."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Mail addresses: who lives under the policy now, and who could not since nobody holds their check-ins."""

    enrolled: tuple[str, ...]
    without_manager: tuple[str, ...]


async def save_policy(
    session: AsyncSession,
    policy: Policy,
    starts_on: date,
    hr_partner_mail: str | None,
    now: datetime,
    population: str | None = None,
) -> int:
    """Appends a revision (or keeps the newest when nothing changed) and returns its number.

    `starts_on` counts only when the policy is new: periods never shift. `population` None leaves it as it is; another
    one has the whole directory read again. Raises UnknownName.
    """
    row = await session.scalar(select(PolicyRow).where(PolicyRow.name == policy.name))
    if row is None:
        row = PolicyRow(name=policy.name, starts_on=starts_on)
        session.add(row)
    if hr_partner_mail:
        row.hr_partner_id = (await person_named(session, hr_partner_mail)).id
    if population is not None and population != row.population:
        row.population = population
        await read_directory_anew(session, now)
    await session.flush()
    document = policy.model_dump(mode="json")
    newest = await _newest(session, row.id)
    if newest and newest.document == document:
        return newest.number
    number = newest.number + 1 if newest else 1
    session.add(PolicyRevision(policy_id=row.id, number=number, document=document, made_at=now))
    return number


async def enrol(session: AsyncSession, policy_name: str, mails: Sequence[str], now: datetime) -> Enrolled:
    """Puts these people under the policy from now on; who is under another moves over. Raises UnknownName."""
    policy = await session.scalar(select(PolicyRow).where(PolicyRow.name == policy_name))
    if policy is None:
        raise UnknownName(f'There is no policy "{policy_name}": import it first with perennial policy import.')
    enrolled, without_manager = [], []
    for mail in mails:
        person = await person_named(session, mail)
        if await partner_of(session, person.id, now.date()) is None:
            without_manager.append(person.mail)
            continue
        await enrol_person(session, person.id, policy.id, now)
        enrolled.append(person.mail)
    return Enrolled(tuple(enrolled), tuple(without_manager))


async def enrol_person(session: AsyncSession, person_id: str, policy_id: str, now: datetime) -> None:
    """Puts somebody whose check-ins have a holder under the policy, and wakes their cycle."""
    row = await session.get(Enrolment, person_id)
    if row is None:
        session.add(Enrolment(person_id=person_id, policy_id=policy_id, enrolled_at=now))
    else:
        row.policy_id, row.ended_at = policy_id, None
    poke(session, "DevelopmentCycle", person_id, "enrolled", now)


async def populations(session: AsyncSession) -> dict[str, Population]:
    """By policy id: who lives under it without being enrolled by name."""
    rows = await session.execute(select(PolicyRow.id, PolicyRow.population))
    read = {policy_id: read_population(text) for policy_id, text in rows}
    return {policy_id: population for policy_id, population in read.items() if population}


async def policy_in_force(session: AsyncSession, policy_id: str, revision: int | None = None) -> Policy:
    """The pinned revision overlaid by the newest one's `NOW` fields; without a revision, the newest."""
    newest = await _newest(session, policy_id)
    assert newest is not None, "a policy row is saved together with its first revision"
    current = Policy.model_validate(newest.document)
    if revision is None or revision == newest.number:
        return current
    pinned_row = await session.get(PolicyRevision, (policy_id, revision))
    assert pinned_row is not None, "revisions are never deleted"
    return Policy.model_validate(pinned_row.document).overlaid_now_by(current)


async def organizers_in_force(session: AsyncSession) -> dict[str, frozenset[Organizer]]:
    """By policy's name: who organizes under its newest revision, and under those that open check-ins still have."""
    newest = select(PolicyRevision.policy_id, func.max(PolicyRevision.number)).group_by(PolicyRevision.policy_id)
    pinned = select(CheckInRow.policy_id, CheckInRow.policy_revision).where(CheckInRow.state.in_(OPEN))
    rows = await session.execute(
        select(PolicyRow.name, PolicyRevision.document)
        .join(PolicyRow, PolicyRow.id == PolicyRevision.policy_id)
        .where(tuple_(PolicyRevision.policy_id, PolicyRevision.number).in_(newest.union(pinned)))
    )
    found: dict[str, set[Organizer]] = {}
    for name, document in rows:
        found.setdefault(name, set()).add(Policy.model_validate(document).booking.organizer)
    return {name: frozenset(organizers) for name, organizers in found.items()}


async def policy_of_check_in(session: AsyncSession, check_in: CheckInRow) -> Policy:
    return await policy_in_force(session, check_in.policy_id, check_in.policy_revision)


async def policy_of_person(session: AsyncSession, person_id: str) -> Policy | None:
    """The newest policy that a person lives under; None for somebody not enrolled."""
    enrolment = await session.get(Enrolment, person_id)
    return await policy_in_force(session, enrolment.policy_id) if enrolment else None


async def hr_partner_of(session: AsyncSession, person_id: str) -> Person | None:
    """Who in HR offers help to this person's population: the partner, or the deputy while there is none."""
    enrolment = await session.get(Enrolment, person_id)
    policy = await session.get_one(PolicyRow, enrolment.policy_id) if enrolment else None
    for candidate in (policy.hr_partner_id, policy.deputy_id) if policy else ():
        person = await session.get(Person, candidate) if candidate else None
        if person and person.left_at is None:
            return person
    return None


async def revision_number(session: AsyncSession, policy_id: str) -> int:
    number = await session.scalar(select(func.max(PolicyRevision.number)).where(PolicyRevision.policy_id == policy_id))
    assert number is not None
    return number


async def _newest(session: AsyncSession, policy_id: str) -> PolicyRevision | None:
    newest = (
        select(PolicyRevision)
        .where(PolicyRevision.policy_id == policy_id)
        .order_by(PolicyRevision.number.desc())
        .limit(1)
    )
    return await once_a_reading(session, ("policy", policy_id), lambda: session.scalar(newest))


async def person_named(session: AsyncSession, mail: str) -> Person:
    """Whoever has this mail address. Raises UnknownName."""
    person = await session.scalar(select(Person).where(func.lower(Person.mail) == mail.lower()))
    if person is None:
        raise UnknownName(f"Nobody with the address {mail} is here: import them with perennial people import.")
    return person
