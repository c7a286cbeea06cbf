"""The list of people that an operator sees: who is here, who holds their check-ins, and under which policy."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.tables import Enrolment, Person, PolicyRow, Reporting


@dataclass(frozen=True, slots=True)
class Listed:
    """One person; `manager` is the mail address of whoever holds their check-ins, `policy` a policy's name."""

    name: str
    mail: str
    zone: str
    manager: str | None
    policy: str | None


async def roster(session: AsyncSession, day: date) -> tuple[Listed, ...]:
    """Everybody who has not left, by name, as things stand on `day`."""
    people = (await session.scalars(select(Person).where(Person.left_at.is_(None)).order_by(Person.name))).all()
    mails = {person.id: person.mail for person in people}
    lines = await session.scalars(select(Reporting).where(or_(Reporting.until.is_(None), Reporting.until > day)))
    # "override" sorts after "directory" and so wins.
    partners = {line.person_id: line.partner_id for line in sorted(lines, key=lambda line: line.source)}
    enrolled = await session.execute(
        select(Enrolment.person_id, PolicyRow.name)
        .join(PolicyRow, PolicyRow.id == Enrolment.policy_id)
        .where(Enrolment.ended_at.is_(None))
    )
    policies = dict(enrolled.all())
    return tuple(
        Listed(
            person.name,
            person.mail,
            person.zone,
            mails.get(partners.get(person.id, "")),
            policies.get(person.id),
        )
        for person in people
    )
