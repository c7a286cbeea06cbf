"""Undoing an action that was just made: as if it had never been, while nothing has come of it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.sentences import Sentence
from integrations.database.connection import poke
from integrations.database.tables import ActionEvent, ActionRow, LetterItem, Milestone, Supporter

FOR = timedelta(hours=1)
"""How long whoever made an action can take it back; after that it is let go like any other."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What it was, to be written anew."""

    title: str = field(repr=False)
    success: str | None = field(repr=False)
    owner_id: str
    modality: str
    due_on: date
    private: bool


async def can_take_back(session: AsyncSession, row: ActionRow, person_id: str, now: datetime) -> bool:
    """Whether this person made it within the hour, and nothing has happened to it since."""
    if row.made_by_id != person_id or row.state != "open" or now - row.made_at > FOR:
        return False
    events = await session.scalar(select(func.count()).where(ActionEvent.action_id == row.id))
    begun = or_(
        exists().where(LetterItem.action_id == row.id),
        exists().where(Milestone.action_id == row.id),
        exists().where(Supporter.action_id == row.id),
    )
    return events == 1 and not await session.scalar(select(begun))


async def take_back_action(
    session: AsyncSession, action_id: str, check_in_id: str, person_id: str, now: datetime
) -> TakenBack | None:
    """Removes it; None when it is gone already, or is not this person's. Raises Refused when it is too late."""
    row = await session.get(ActionRow, action_id, with_for_update=True, populate_existing=True)
    if row is None or row.made_by_id != person_id or row.check_in_id != check_in_id:
        return None
    if not await can_take_back(session, row, person_id, now):
        raise Refused(Sentence("Something has come of it already. On its own page you can change or drop it."))
    was = TakenBack(row.title, row.success, row.owner_id, row.modality, row.due_on, row.private)
    await session.execute(delete(ActionEvent).where(ActionEvent.action_id == row.id))
    await session.delete(row)
    for workflow, target in (("ActionChase", row.id), ("PlanWatch", row.plan_id)):
        poke(session, workflow, target, "an action was taken back", now)
    return was
