"""Who may see which actions, and what happened to them; everybody else sees nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from cycle.privacy import may_read_action, may_read_event
from cycle.successors import Change
from integrations.database.actions import CLOSING, IN_ORDER
from integrations.database.plans import partner_since
from integrations.database.readings import note_readings, told_of_action
from integrations.database.remembered import once_a_reading
from integrations.database.successors import changes_to, may_see_action_closed_at
from integrations.database.tables import ActionEvent, ActionRow, Person, Plan

# Made once: putting them together takes longer than asking.
_OWNER, _PERSON, _WORD = aliased(Person), aliased(Person), aliased(ActionEvent)
_CLOSED_AT = (
    select(func.max(ActionEvent.at))
    .where(ActionEvent.action_id == ActionRow.id, ActionEvent.what.in_(CLOSING))
    .scalar_subquery()
)
_PEOPLE_OF_ACTIONS = (
    select(ActionRow.id, _OWNER, _PERSON, _CLOSED_AT)
    .join(Plan, Plan.id == ActionRow.plan_id)
    .join(_PERSON, _PERSON.id == Plan.person_id)
    .join(_OWNER, _OWNER.id == ActionRow.owner_id)
    .where(ActionRow.id.in_(bindparam("ids", expanding=True)))
)
_LATEST_WORD = (
    select(func.max(_WORD.id))
    .where(_WORD.action_id == ActionRow.id, _WORD.what != "snoozed", _WORD.whom.is_distinct_from("hr"))
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action as one reader may see it; `mine` when the reader owns it."""

    row: ActionRow
    owner: Person
    plan_person: Person
    mine: bool


async def action_for(session: AsyncSession, reader_id: str, action_id: str, now: datetime) -> ActionView | None:
    """The action for its owner, the plan's person and, unless kept to oneself, their partner; else None."""
    row = await session.get(ActionRow, action_id)
    views = await _views(session, reader_id, [row], now) if row else []
    return views[0] if views else None


async def actions_for(
    session: AsyncSession, reader_id: str, owner_id: str, now: datetime, open_only: bool = True
) -> list[ActionView]:
    """What `owner_id` took on, as far as the reader may see it, in the order in which it comes due."""
    mine = select(ActionRow).where(ActionRow.owner_id == owner_id)
    if open_only:
        mine = mine.where(ActionRow.state == "open")
    rows = (await session.scalars(mine.order_by(ActionRow.due_on, ActionRow.id))).all()
    return await _views(session, reader_id, list(rows), now)


async def actions_of_plan(session: AsyncSession, reader_id: str, plan_id: str, now: datetime) -> list[ActionView]:
    """All actions of a plan that the reader may see, in the order that its person gave them."""
    return await once_a_reading(
        session, ("actions of plan", reader_id, plan_id), lambda: _of_plan(session, reader_id, plan_id, now)
    )


async def _of_plan(session: AsyncSession, reader_id: str, plan_id: str, now: datetime) -> list[ActionView]:
    of_plan = select(ActionRow).where(ActionRow.plan_id == plan_id)
    rows = (await session.scalars(of_plan.order_by(*IN_ORDER))).all()
    return await _views(session, reader_id, list(rows), now)


async def actions_of_check_ins(
    session: AsyncSession, reader_id: str, check_in_ids: Collection[str], now: datetime
) -> list[ActionView]:
    """What was agreed in these talks, as far as the reader may see it."""
    agreed = select(ActionRow).where(ActionRow.check_in_id.in_(check_in_ids)).order_by(ActionRow.due_on, ActionRow.id)
    return await _views(session, reader_id, list((await session.scalars(agreed)).all()), now)


async def actions_among(
    session: AsyncSession, reader_id: str, action_ids: Collection[str], now: datetime
) -> list[ActionView]:
    """Those of these that the reader may see."""
    rows = await session.scalars(select(ActionRow).where(ActionRow.id.in_(action_ids)).order_by(ActionRow.id))
    return await _views(session, reader_id, list(rows.all()), now)


async def note_actions_read(
    session: AsyncSession, views: Iterable[ActionView], reader: Person, now: datetime, besides: str = ""
) -> bool:
    """Notes that the reader is shown these, for all whom `told_of_action` names but `besides`, who learns of it
    otherwise. Returns whether anybody does.
    """
    of = [
        (each, f"action/{view.row.id}")
        for view in views
        for each in told_of_action(view.row, view.plan_person.id, reader.id) - {besides}
    ]
    return await note_readings(session, reader, of, now)


async def events_for(
    session: AsyncSession, reader_id: str, action: ActionRow
) -> list[tuple[ActionEvent, Person | None]]:
    """What happened to it, oldest first, as far as this reader of the action may see it."""
    rows = await session.execute(
        select(ActionEvent, Person)
        .outerjoin(Person, Person.id == ActionEvent.person_id)
        .where(ActionEvent.action_id == action.id)
        .order_by(ActionEvent.at, ActionEvent.id)
    )
    return [
        (event, person)
        for event, person in rows
        if may_read_event(reader_id, event.what, event.person_id, event.asked_id)
    ]


async def waiting_for_help(session: AsyncSession, reader_id: str, now: datetime) -> list[ActionView]:
    """Open actions whose owner's latest word asks this reader for help, as long as they may see them."""
    asked = (
        select(ActionRow)
        .join(ActionEvent, ActionEvent.id == _LATEST_WORD)
        .where(
            ActionEvent.asked_id == reader_id,
            ActionEvent.what == "asked_help",
            ActionRow.state == "open",
            ActionRow.owner_id != reader_id,
        )
        .order_by(ActionRow.due_on, ActionRow.id)
    )
    return await _views(session, reader_id, list((await session.scalars(asked)).all()), now)


async def _views(session: AsyncSession, reader_id: str, rows: list[ActionRow], now: datetime) -> list[ActionView]:
    """Those the reader may see. A later manager sees nothing closed before their time, unless it was chosen."""
    partner_from: dict[str, date | None] = {}
    changes: dict[str, list[Change]] = {}
    views = []
    for row, owner, person, closed_at in await _with_people(session, rows):
        if person.id not in partner_from:
            partner_from[person.id] = await partner_since(session, person.id, reader_id, now)
            changes[person.id] = await changes_to(session, person.id, reader_id)
        since, came_by = partner_from[person.id], changes[person.id]
        if not may_read_action(reader_id, owner.id, person.id, reader_id if since else None, row.private):
            continue
        if since and not came_by and owner.id != reader_id and _closed_before(row, closed_at, since, reader_id):
            continue
        if since and not may_see_action_closed_at(row, closed_at, reader_id, came_by):
            continue
        views.append(ActionView(row, owner, person, mine=owner.id == reader_id))
    return views


async def _with_people(
    session: AsyncSession, rows: list[ActionRow]
) -> list[tuple[ActionRow, Person, Person, datetime | None]]:
    """Each action with its owner, its plan's person and when it was closed last, in one question however many."""
    if not rows:
        return []
    found = await session.execute(_PEOPLE_OF_ACTIONS, {"ids": [row.id for row in rows]})
    facts = {action_id: (its_owner, its_person, at) for action_id, its_owner, its_person, at in found}
    return [(row, *facts[row.id]) for row in rows]


def _closed_before(row: ActionRow, closed_at: datetime | None, day: date, reader_id: str) -> bool:
    if row.state == "open" or row.made_by_id == reader_id:
        return False
    return closed_at is not None and closed_at.date() < day
