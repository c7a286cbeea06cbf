"""Milestones as stored: the small steps of an action, which its owner adds, ticks, unticks and takes away."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.milestones import check_milestone
from cycle.sentences import Sentence
from integrations.database.actions import NotYours, progress
from integrations.database.people import local_day
from integrations.database.tables import ActionRow, Milestone, Person


async def milestones_of(session: AsyncSession, action_ids: Sequence[str]) -> dict[str, list[Milestone]]:
    """The steps of each of these actions, those with a day first, in the order in which they come."""
    if not action_ids:
        return {}
    rows = await session.scalars(select(Milestone).where(Milestone.action_id.in_(action_ids)))
    found = defaultdict[str, list[Milestone]](list)
    for row in sorted(rows, key=lambda each: (each.due_on is None, each.due_on or date.min, each.id)):
        found[row.action_id].append(row)
    return dict(found)


async def add_milestone(
    session: AsyncSession, action_id: str, person_id: str, title: str, due_on: date | None, now: datetime
) -> None:
    """Adds a step to an open action of one's own. Raises Refused."""
    action = await _own_action(session, action_id, person_id)
    so_far = await session.scalar(select(func.count()).where(Milestone.action_id == action_id)) or 0
    today = local_day(await session.get_one(Person, person_id), now)
    check_milestone(title, due_on, today, so_far)
    step = Milestone(action_id=action.id, writer_id=person_id, title=title.strip(), due_on=due_on, made_at=now)
    session.add(step)


async def tick(session: AsyncSession, action_id: str, milestone_id: str, person_id: str, now: datetime) -> None:
    """A step is done, which is progress of its action. Raises Refused."""
    row = await _mine(session, action_id, milestone_id, person_id)
    if row.done_at is None:
        row.done_at = now
        await progress(session, action_id, person_id, now)


async def untick(session: AsyncSession, action_id: str, milestone_id: str, person_id: str) -> None:
    """It is not done after all. Raises Refused."""
    (await _mine(session, action_id, milestone_id, person_id)).done_at = None


async def take_away(session: AsyncSession, action_id: str, milestone_id: str, person_id: str) -> None:
    """The step is gone. Raises Refused."""
    await session.delete(await _mine(session, action_id, milestone_id, person_id))


async def _mine(session: AsyncSession, action_id: str, milestone_id: str, person_id: str) -> Milestone:
    await _own_action(session, action_id, person_id)
    row = await session.get(Milestone, milestone_id)
    if row is None or row.action_id != action_id:
        raise NotYours
    return row


async def _own_action(session: AsyncSession, action_id: str, person_id: str) -> ActionRow:
    row = await session.get(ActionRow, action_id, with_for_update=True, populate_existing=True)
    if row is None or row.owner_id != person_id:
        raise NotYours
    if row.state != "open":
        raise Refused(Sentence("This one is not open any more. Open it again first, if it goes on after all."))
    return row
