"""The people of the showcase: those of the sandbox tenant, under one policy, each with the pathways of the example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cli.demo.tenant_state import read_people
from cli.showcase.times import Times
from config.pathway_files import EXAMPLE, read_pathways
from cycle.pathways import Catalogue
from cycle.policy import Pathways, Policy
from integrations.database.people import NewPerson, save_people
from integrations.database.policies import save_policy
from integrations.database.tables import Enrolment, PathwaysRevision, Person, PolicyRow, Reporting

POLICY = Policy(name="Quarterly check-ins", pathways=Pathways(interest_visible_to="partner_and_hr"))


@dataclass(frozen=True, slots=True)
class Member:
    """An employee, and everybody around them. `place` is which of their manager's people they are, from 0 on."""

    person: Person
    partner: Person
    former: Person
    colleagues: Sequence[Person]
    place: int

    def key(self, name: str) -> str:
        """The id of something of theirs."""
        return f"{self.person.mail.partition('@')[0].replace('.', '-')}-{name}"


@dataclass(frozen=True, slots=True)
class Cast:
    members: Sequence[Member]
    hr: Person
    administrator: Person
    policy_id: str

    def named(self, first_name: str) -> Person:
        everybody = [each for member in self.members for each in (member.person, member.partner)]
        return next(each for each in (self.hr, self.administrator, *everybody) if each.first_name == first_name)


def ids_of(cast: Cast) -> Mapping[str, str]:
    """By {ann-talk} the id of Ann's talk; made when it is asked for."""
    return _Named(cast)


class _Named(dict[str, str]):
    def __init__(self, cast: Cast) -> None:
        super().__init__()
        self._cast = cast

    def __missing__(self, name: str) -> str:
        who, _, what = name.partition("-")
        member = next(each for each in self._cast.members if each.person.first_name.lower() == who)
        return member.key(what)


async def settle(session: AsyncSession, organization: Mapping[str, Any], times: Times) -> Cast:
    """Everybody of the tenant, as if they had been here for a year; all with a manager are enrolled."""
    told = {each["mail"]: each for each in organization["people"]}
    found = {mail: each for mail, each in read_people(organization).items() if mail in told}
    long_ago = times.long_ago
    await save_people(session, [_new_person(told[mail], each, times) for mail, each in found.items()], long_ago)
    hr_mail, administrator_mail = organization["hr_partner"].lower(), organization["administrator"].lower()
    await save_policy(session, POLICY, times.long_ago.date(), hr_mail, long_ago)
    await session.flush()
    people = {each.mail.lower(): each for each in await session.scalars(select(Person))}
    (policy,) = await session.scalars(select(PolicyRow))
    session.add(PathwaysRevision(number=1, document=_catalogue(times).model_dump(mode="json"), made_at=long_ago))
    administrator = people.pop(administrator_mail)
    members = _members(people, {mail: each.manager for mail, each in found.items()}, hr_mail)
    for member in members:
        session.add(Enrolment(person_id=member.person.id, policy_id=policy.id, enrolled_at=long_ago))
    return Cast(members, people[hr_mail], administrator, policy.id)


def _new_person(told: Mapping[str, Any], found: Any, times: Times) -> NewPerson:
    return NewPerson(
        oid=told["id"],
        mail=found.mail,
        name=found.name,
        zone=told["zone"],
        country=told["country"],
        hired_on=times.long_ago.date(),
        weekdays=found.weekdays,
        opens=found.opens,
        closes=found.closes,
        away=(),
        manager_mail=found.manager,
    )


def _members(people: Mapping[str, Person], manager_of: Mapping[str, str | None], hr: str) -> list[Member]:
    working = [mail for mail in people if mail != hr]
    teams: dict[str, list[str]] = {}
    # Who leads nobody comes first in a team: what happens to others happens to them.
    leaders = set(manager_of.values())
    for mail in sorted(working, key=lambda each: (each in leaders, not each.startswith("ann."), each)):
        if manager := manager_of[mail]:
            teams.setdefault(manager, []).append(mail)
    return [
        Member(
            person=people[mail],
            partner=people[manager],
            former=people[next(each for each in (*teams, hr) if each not in (manager, mail))],
            colleagues=[people[each] for each in _around(working, mail) if each != manager][:3],
            place=place,
        )
        for manager, team in teams.items()
        for place, mail in enumerate(team)
    ]


def _around(everybody: Sequence[str], mail: str) -> list[str]:
    """Everybody else, from the next one on."""
    at = everybody.index(mail)
    return [*everybody[at + 1 :], *everybody[:at]]


def _catalogue(times: Times) -> Catalogue:
    """The example's, with openings that can be applied for now and soon."""
    catalogue = read_pathways([(EXAMPLE.name, Path(EXAMPLE).read_text(encoding="utf-8"))]).catalogue
    first, second = catalogue.openings
    now = first.model_copy(update={"opens_on": times.day(-40), "closes_on": times.day(15)})
    soon = second.model_copy(update={"opens_on": times.day(4), "closes_on": times.day(47)})
    return catalogue.model_copy(update={"openings": (now, soon)})


async def change_partner(session: AsyncSession, member: Member, times: Times) -> None:
    """The former partner held the check-ins until two weeks before the talk."""
    changed = times.day(-13)
    await session.execute(
        update(Reporting).where(Reporting.person_id == member.person.id).values(since=changed, until=None)
    )
    session.add(
        Reporting(
            person_id=member.person.id,
            partner_id=member.former.id,
            source="directory",
            since=times.long_ago.date() - timedelta(days=1),
            until=changed,
        )
    )
