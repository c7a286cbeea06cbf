"""How far an action's reminder ladder has come, from the letters that were owed for its due date."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Rung, ladder_steps, next_rung
from integrations.database.letters import items_about
from integrations.database.people import leaves_of
from integrations.database.plans import rules_of
from integrations.database.tables import ActionRow, Person, Plan


async def rung_states(session: AsyncSession, row: ActionRow) -> tuple[set[int], set[int]]:
    """The offsets of the present due date that were sent or dropped, and those that wait to be sent."""
    spent: set[int] = set()
    waiting: set[int] = set()
    for item in (await items_about(session, action_id=row.id, subject_day=row.due_on)).values():
        (spent if item.state in ("sent", "dropped") else waiting).add(int(item.step or 0))
    return spent, waiting


async def ladder_of(session: AsyncSession, row: ActionRow) -> tuple[Rung, ...]:
    """The rungs of the present due date under the policy of the plan's person.

    After the due date, days of leave of the owner do not count.
    """
    plan = await session.get_one(Plan, row.plan_id)
    rules = (await rules_of(session, plan.person_id)).actions
    leaves = leaves_of(await session.get_one(Person, row.owner_id))
    return ladder_steps(
        rules.remind_on_days,
        rules.first_reminder_if_over_days,
        row.due_on,
        row.agreed_on,
        row.chased_from,
        leaves,
    )


async def ladder_spent(session: AsyncSession, row: ActionRow, today: date) -> bool:
    """Whether no rung is still to come or waiting to be sent."""
    spent, waiting = await rung_states(session, row)
    return not waiting and next_rung(await ladder_of(session, row), spent, today) is None
