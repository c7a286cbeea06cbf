"""How far an action's reminder ladder has come, from the letters that were owed for its due date."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Rung, ladder_steps, next_rung
from cycle.policy import Actions
from integrations.database.letters import items_about
from integrations.database.people import leaves_of
from integrations.database.plans import rules_of
from integrations.database.tables import ActionRow, LetterItem, Person, Plan


async def rung_states(session: AsyncSession, row: ActionRow) -> tuple[set[int], set[int]]:
    """The offsets of the present due date that were sent or dropped, and those that wait to be sent."""
    items = (await items_about(session, action_id=row.id, subject_day=row.due_on)).values()
    return _split((item.state, item.step) for item in items)


async def ladder_of(session: AsyncSession, row: ActionRow) -> tuple[Rung, ...]:
    """The rungs of the present due date under the policy of the plan's person.

    After the due date, days of leave of the owner do not count.
    """
    plan = await session.get_one(Plan, row.plan_id)
    rules = (await rules_of(session, plan.person_id)).actions
    return _ladder(row, await session.get_one(Person, row.owner_id), rules)


async def actions_with_ladders(
    session: AsyncSession, plan_id: str, rules: Actions, today: date
) -> list[tuple[ActionRow, bool]]:
    """All actions of a plan, each with whether no rung is still to come or waiting to be sent; in two questions.

    `rules` are those of the policy under which the plan's person lives.
    """
    of_plan = select(ActionRow, Person).join(Person, Person.id == ActionRow.owner_id)
    rows = (await session.execute(of_plan.where(ActionRow.plan_id == plan_id).order_by(ActionRow.id))).all()
    items = await session.execute(
        select(LetterItem.action_id, LetterItem.state, LetterItem.step)
        .join(ActionRow, ActionRow.id == LetterItem.action_id)
        .where(ActionRow.plan_id == plan_id, LetterItem.subject_day == ActionRow.due_on)
    )
    states = defaultdict[str, list[tuple[str, str | None]]](list)
    for action_id, state, step in items:
        states[action_id or ""].append((state, step))
    found = []
    for row, owner in rows:
        spent, waiting = _split(states[row.id])
        found.append((row, not waiting and next_rung(_ladder(row, owner, rules), spent, today) is None))
    return found


def _ladder(row: ActionRow, owner: Person, rules: Actions) -> tuple[Rung, ...]:
    return ladder_steps(
        rules.remind_on_days,
        rules.first_reminder_if_over_days,
        row.due_on,
        row.agreed_on,
        row.chased_from,
        leaves_of(owner),
    )


def _split(items: Iterable[tuple[str, str | None]]) -> tuple[set[int], set[int]]:
    """The offsets of (state, step) that were sent or dropped, and those that wait to be sent."""
    spent: set[int] = set()
    waiting: set[int] = set()
    for state, step in items:
        (spent if state in ("sent", "dropped") else waiting).add(int(step or 0))
    return spent, waiting
