"""Lines about what came of a goal or an action, and supporters' words, as stored: who writes one, and who sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.evidence import Kind, check_line
from cycle.sentences import Sentence
from integrations.database.actions import NotYours
from integrations.database.supporters import Subject, Support
from integrations.database.tables import ActionRow, Evidence, Goal, Person, Plan


@dataclass(frozen=True, slots=True)
class Line:
    row: Evidence
    writer: Person


async def lines_of(session: AsyncSession, subject: Subject, reader_id: str, person_id: str) -> list[Line]:
    """The lines beside an item, oldest first, for somebody who may see it.

    A supporter's word is theirs and that of `person_id`, who invited them: nobody else's.
    """
    found = await session.execute(
        select(Evidence, Person)
        .join(Person, Person.id == Evidence.writer_id)
        .where(_of(subject))
        .order_by(Evidence.made_at, Evidence.id)
    )
    return [Line(row, writer) for row, writer in found if row.kind != "word" or reader_id in (row.writer_id, person_id)]


async def say_what_came_of_it(
    session: AsyncSession, subject: Subject, person_id: str, text: str, now: datetime
) -> None:
    """A line by its owner about an item that is closed: first its outcome, later what changed. Raises Refused."""
    owner_id, state = await _owner_and_state(session, subject)
    if owner_id != person_id:
        raise NotYours
    if state == "open":
        raise Refused(Sentence("It is still open. What came of it can be said once it is closed."))
    so_far = await session.scalars(select(Evidence.kind).where(_of(subject), Evidence.kind != "word"))
    kinds = so_far.all()
    await _add(session, subject, person_id, "change" if "outcome" in kinds else "outcome", text, len(kinds), now)


async def say_a_word(session: AsyncSession, support: Support, text: str, now: datetime) -> None:
    """A supporter's word, for whoever invited them. Raises Refused."""
    if not support.open:
        raise NotYours
    mine = (_of(support.subject), Evidence.writer_id == support.supporter.id, Evidence.kind == "word")
    so_far = await session.scalar(select(func.count()).where(*mine)) or 0
    await _add(session, support.subject, support.supporter.id, "word", text, so_far, now)


async def take_back(session: AsyncSession, subject: Subject, line_id: str, writer_id: str) -> None:
    """Its writer takes a line away; one that is gone already stays gone. Raises NotYours for somebody else's."""
    row = await session.scalar(select(Evidence).where(Evidence.id == line_id, _of(subject)))
    if row is None:
        return
    if row.writer_id != writer_id:
        raise NotYours
    await session.delete(row)


async def check_owner(session: AsyncSession, subject: Subject, person_id: str) -> None:
    """Raises NotYours unless this person owns the action, or the plan that the goal is in."""
    if (await _owner_and_state(session, subject))[0] != person_id:
        raise NotYours


async def _owner_and_state(session: AsyncSession, subject: Subject) -> tuple[str | None, str]:
    if subject.kind == "action":
        action = await session.get(ActionRow, subject.id, with_for_update=True)
        return (action.owner_id, action.state) if action else (None, "")
    goal = await session.get(Goal, subject.id, with_for_update=True)
    plan = await session.get(Plan, goal.plan_id) if goal else None
    return (plan.person_id, goal.state) if goal and plan else (None, "")


async def _add(
    session: AsyncSession, subject: Subject, writer_id: str, kind: Kind, text: str, so_far: int, now: datetime
) -> None:
    check_line(text, so_far)
    session.add(
        Evidence(
            goal_id=subject.id if subject.kind == "goal" else None,
            action_id=subject.id if subject.kind == "action" else None,
            writer_id=writer_id,
            kind=kind,
            text=text.strip(),
            made_at=now,
        )
    )


def _of(subject: Subject) -> Any:
    return (Evidence.goal_id if subject.kind == "goal" else Evidence.action_id) == subject.id
