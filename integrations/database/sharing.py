"""What somebody shares just now and can take back, beyond the plan that their partner sees anyway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.sentences import Sentence
from cycle.supporters import opens_item
from integrations.database.pathways import interests_of, pathways_now
from integrations.database.supporters import subject_of
from integrations.database.tables import (
    ActionRow,
    Answer,
    CheckInRow,
    FeedbackRequest,
    Goal,
    Person,
    ReflectionRow,
    Supporter,
)

PATHWAYS = "/pathways"


@dataclass(frozen=True, slots=True)
class Shared:
    """One thing, and the page where it is taken back; of a check-in so many `answers`."""

    line: Sentence
    path: str
    answers: int = 0


async def shared_by(session: AsyncSession, person: Person, partner: Person | None, now: datetime) -> Sequence[Shared]:
    """What this person shows to the partner of today (None: nobody), to HR as a count, and to supporters.

    A former partner sees nothing of it any more, so nothing of the time with them is here.
    """
    with_partner = (
        [
            *await _answers(session, person, partner),
            *await _feedback(session, person, partner),
        ]
        if partner
        else []
    )
    return [*with_partner, *await _interests(session, person, partner, now), *await _supporters(session, person)]


async def _answers(session: AsyncSession, person: Person, partner: Person) -> list[Shared]:
    """By check-in, the newest first; neither what was kept nor what was withdrawn."""
    rows = await session.execute(
        select(CheckInRow.id, CheckInRow.due_on, func.count(Answer.id))
        .join(ReflectionRow, ReflectionRow.check_in_id == CheckInRow.id)
        .join(Answer, Answer.reflection_id == ReflectionRow.id)
        .where(
            ReflectionRow.writer_id == person.id,
            CheckInRow.partner_id == partner.id,
            Answer.shared_at.is_not(None),
            Answer.withdrawn_at.is_(None),
        )
        .group_by(CheckInRow.id, CheckInRow.due_on)
        .order_by(CheckInRow.due_on.desc(), CheckInRow.id)
    )
    return [
        Shared(
            Sentence("Before the check-in around {day} with {name}", day=day, name=partner.name),
            f"/reflections/{check_in_id}",
            answers,
        )
        for check_in_id, day, answers in rows
    ]


async def _feedback(session: AsyncSession, person: Person, partner: Person) -> list[Shared]:
    rows = await session.execute(
        select(FeedbackRequest.id, Person)
        .join(Person, Person.id == FeedbackRequest.giver_id)
        .where(FeedbackRequest.asker_id == person.id, FeedbackRequest.shared_with_id == partner.id)
        .order_by(FeedbackRequest.id.desc())
    )
    return [
        Shared(
            Sentence("Feedback from {giver}, with {name}", giver=giver.name, name=partner.name),
            f"/feedback/{request_id}",
        )
        for request_id, giver in rows
    ]


async def _interests(session: AsyncSession, person: Person, partner: Person | None, now: datetime) -> list[Shared]:
    """Of those that the catalogue still has, whoever sees them today."""
    found = []
    for each in await interests_of(session, person, await pathways_now(session), now):
        if each.named is None:
            continue
        role = each.named.role.name
        if partner and "partner" in each.audience:
            found.append(
                Shared(Sentence("Your interest in “{role}”, with {name}", role=role, name=partner.name), PATHWAYS)
            )
        if "hr" in each.audience:
            found.append(Shared(Sentence("Your interest in “{role}”, with HR as one of a count", role=role), PATHWAYS))
    return found


async def _supporters(session: AsyncSession, person: Person) -> list[Shared]:
    """Who can open one goal or action of theirs."""
    rows = await session.execute(
        select(Supporter, Person.name, Goal, ActionRow)
        .join(Person, Person.id == Supporter.supporter_id)
        .outerjoin(Goal, Goal.id == Supporter.goal_id)
        .outerjoin(ActionRow, ActionRow.id == Supporter.action_id)
        .where(Supporter.person_id == person.id, Person.left_at.is_(None))
        .order_by(Supporter.id)
    )
    return [
        Shared(
            Sentence("“{title}”, with {name}", title=goal.title if goal else action.title, name=name),
            subject_of(row).path,
        )
        for row, name, goal, action in rows
        if opens_item(row.state)
    ]
