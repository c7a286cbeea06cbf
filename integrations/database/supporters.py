"""Supporters as stored: invited item by item, answered by the invited, and ended by either at any moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

import cycle.supporters as rules
from cycle.actions import Refused
from cycle.sentences import Sentence
from cycle.supporters import STANDING, Move, opens_item
from integrations.database.actions import NotYours
from integrations.database.letters import owe_letter
from integrations.database.tables import ActionRow, Goal, Person, Plan, Supporter


@dataclass(frozen=True, slots=True)
class Subject:
    """What somebody is invited to: one goal or one action."""

    kind: Literal["goal", "action"]
    id: str

    @property
    def about(self) -> str:
        """What a reading of it is called."""
        return f"{self.kind}/{self.id}"

    @property
    def path(self) -> str:
        """Its page, for those who share the plan."""
        return f"/{self.kind}s/{self.id}"


@dataclass(frozen=True, slots=True)
class Support:
    """One invitation, with who invites and who is invited. `open` is whether the item can be seen."""

    row: Supporter
    person: Person
    supporter: Person

    @property
    def subject(self) -> Subject:
        return subject_of(self.row)

    @property
    def open(self) -> bool:
        return opens_item(self.row.state)


def invitation(row: Supporter) -> str:
    """What a reading of what it says is called."""
    return f"invitation/{row.id}"


def subject_of(row: Supporter) -> Subject:
    return Subject("goal", row.goal_id) if row.goal_id else Subject("action", row.action_id or "")


async def invite(
    session: AsyncSession, person_id: str, subject: Subject, *, who: str, role: str, note: str, now: datetime
) -> str:
    """Asks a colleague along, by one letter, for one item of one's own plan; returns the invitation's id.

    Raises Refused.
    """
    await _check_own(session, person_id, subject)
    colleague = await colleague_named(session, who)
    others = await _standing(session, subject)
    rules.check_invitation(
        note,
        len(others),
        already=any(each.supporter_id == colleague.id for each in others),
        themselves=colleague.id == person_id,
        name=colleague.name,
    )
    row = Supporter(
        person_id=person_id,
        supporter_id=colleague.id,
        goal_id=subject.id if subject.kind == "goal" else None,
        action_id=subject.id if subject.kind == "action" else None,
        role=rules.check_role(role),
        note=note.strip() or None,
        invited_at=now,
    )
    session.add(row)
    await session.flush()
    await owe_letter(session, letter_key(row), colleague.id, "supporter_invitation", now, now)
    return row.id


def letter_key(row: Supporter) -> str:
    return f"supporter/{row.id}/{row.supporter_id}"


async def move(session: AsyncSession, support_id: str, person_id: str, what: Move, now: datetime) -> Subject:
    """Answers or ends an invitation: its writer withdraws, the invited does the rest. Raises Refused."""
    row = await session.get(Supporter, support_id, with_for_update=True, populate_existing=True)
    if row is None or person_id != (row.person_id if what == "withdraw" else row.supporter_id):
        raise NotYours
    after = rules.moved(row.state, what)
    if after != row.state:
        row.state = after
        if what in ("accept", "decline"):
            row.answered_at = now
        if after not in STANDING:
            row.ended_at = now
    return subject_of(row)


async def support_for(session: AsyncSession, reader_id: str, support_id: str) -> Support | None:
    """A standing invitation for the invited; None for anybody else, and from the moment on in which it ended."""
    row = await session.get(Supporter, support_id)
    if row is None or row.supporter_id != reader_id or row.state not in STANDING:
        return None
    person = await session.get_one(Person, row.person_id)
    if person.left_at:
        return None
    return Support(row, person, await session.get_one(Person, reader_id))


async def supporters_of(session: AsyncSession, person_id: str, subject: Subject) -> list[Support]:
    """Whom this person asked along for an item, and what became of it; those who declined or left are gone."""
    person = await session.get_one(Person, person_id)
    found = await session.execute(
        select(Supporter, Person)
        .join(Person, Person.id == Supporter.supporter_id)
        .where(_of(subject), Supporter.person_id == person_id, Person.left_at.is_(None))
        .where(Supporter.state.in_((*STANDING, "declined")))
        .order_by(Supporter.id)
    )
    return [Support(row, person, colleague) for row, colleague in found]


async def supporting(session: AsyncSession, reader_id: str) -> list[Support]:
    """What colleagues asked this person along for: invitations to answer, and what they stand by."""
    reader = await session.get_one(Person, reader_id)
    found = await session.execute(
        select(Supporter, Person)
        .join(Person, Person.id == Supporter.person_id)
        .where(Supporter.supporter_id == reader_id, Supporter.state.in_(STANDING), Person.left_at.is_(None))
        .order_by(Supporter.state.desc(), Supporter.id)
    )
    return [Support(row, person, reader) for row, person in found]


async def _check_own(session: AsyncSession, person_id: str, subject: Subject) -> None:
    """Raises NotYours unless it is a goal of one's own plan, or an action there that one owns; locks the plan."""
    item: Goal | ActionRow | None
    item = await (session.get(Goal, subject.id) if subject.kind == "goal" else session.get(ActionRow, subject.id))
    plan = await session.get(Plan, item.plan_id, with_for_update=True) if item else None
    if item is None or plan is None or plan.person_id != person_id:
        raise NotYours
    if isinstance(item, ActionRow) and item.owner_id != person_id:
        raise NotYours


async def _standing(session: AsyncSession, subject: Subject) -> list[Supporter]:
    return list(await session.scalars(select(Supporter).where(_of(subject), Supporter.state.in_(STANDING))))


async def colleague_named(session: AsyncSession, who: str) -> Person:
    """The one person with this address or name. Raises Refused."""
    typed = " ".join(who.split())
    if not typed:
        raise Refused(Sentence("Whom would you like to invite? Type their name or their work address."))
    # SQLite lowers ASCII letters only: a name with others counts as it is spelled.
    wanted = typed.lower()
    named = or_(func.lower(Person.mail) == wanted, func.lower(Person.name) == wanted, Person.name == typed)
    found = (await session.scalars(select(Person).where(named, Person.left_at.is_(None)).limit(2))).all()
    if not found:
        raise Refused(
            Sentence("Nobody here has the name or address {who}. Check the spelling, or type the address.", who=who)
        )
    if len(found) > 1:
        raise Refused(Sentence("More than one person here is called {who}. Type their work address.", who=who))
    return found[0]


def _of(subject: Subject) -> Any:
    return (Supporter.goal_id if subject.kind == "goal" else Supporter.action_id) == subject.id
