"""Goals as stored: set, reworded, closed and opened again by the person whose plan it is, and nobody else."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import cycle.goals as rules
from integrations.database.actions import NotYours
from integrations.database.connection import poke
from integrations.database.plans import ensure_plan, plan_for
from integrations.database.successors import goals_for
from integrations.database.tables import Goal, Person, Plan


@dataclass(frozen=True, slots=True)
class GoalView:
    """A goal as its person (`mine`) or their conversation partner of today may see it."""

    row: Goal
    plan: Plan
    person: Person
    mine: bool


async def goal_for(session: AsyncSession, reader_id: str, goal_id: str, now: datetime) -> GoalView | None:
    """The goal for its person and, unless kept to oneself, their partner; None for anybody else."""
    row = await session.get(Goal, goal_id)
    plan = await plan_for(session, row.plan_id, reader_id, now) if row else None
    if row is None or plan is None:
        return None
    mine = plan.person_id == reader_id
    if not mine and row.id not in {each.id for each in await goals_for(session, plan, reader_id)}:
        return None
    return GoalView(row, plan, await session.get_one(Person, plan.person_id), mine)


async def set_goal(
    session: AsyncSession, person_id: str, *, title: str, why: str, priority: str, private: bool, now: datetime
) -> str:
    """Adds a goal to one's own plan, opening the plan if there is none; returns its id. Raises Refused."""
    rules.check_goal(title, why, priority)
    plan = await ensure_plan(session, person_id, now)
    await _check_room(session, plan.id)
    row = Goal(plan_id=plan.id, made_at=now, private=private, title="")
    _write(row, title, why, priority)
    session.add(row)
    await session.flush()
    poke(session, "PlanWatch", plan.id, "goal set", now)
    return row.id


async def reword_goal(
    session: AsyncSession,
    goal_id: str,
    person_id: str,
    *,
    title: str,
    why: str,
    priority: str,
    private: bool,
    now: datetime,
) -> None:
    """Says a goal in other words, or shows it to one's partner or no longer. Raises Refused."""
    row = await _mine(session, goal_id, person_id)
    rules.check_goal(title, why, priority)
    row.private = private
    _write(row, title, why, priority)
    poke(session, "PlanWatch", row.plan_id, "goal reworded", now)


async def close_goal(session: AsyncSession, goal_id: str, person_id: str, how: str, now: datetime) -> None:
    """Ends a goal; its actions stay as they are. Raises Refused."""
    row = await _mine(session, goal_id, person_id)
    state = rules.check_ending(how)
    if row.state == state:
        return
    row.state, row.closed_at = state, now
    poke(session, "PlanWatch", row.plan_id, "goal closed", now)


async def reopen_goal(session: AsyncSession, goal_id: str, person_id: str, now: datetime) -> None:
    """Takes a goal up again, whenever it was closed. Raises Refused."""
    row = await _mine(session, goal_id, person_id)
    if row.state == "open":
        return
    await _check_room(session, row.plan_id)
    row.state, row.closed_at = "open", None
    poke(session, "PlanWatch", row.plan_id, "goal reopened", now)


async def _mine(session: AsyncSession, goal_id: str, person_id: str) -> Goal:
    row = await session.get(Goal, goal_id)
    plan = await session.get(Plan, row.plan_id, with_for_update=True) if row else None
    if row is None or plan is None or plan.person_id != person_id:
        raise NotYours
    return await session.get_one(Goal, goal_id, with_for_update=True, populate_existing=True)


async def _check_room(session: AsyncSession, plan_id: str) -> None:
    open_ones = select(func.count()).where(Goal.plan_id == plan_id, Goal.state == "open")
    rules.check_room(await session.scalar(open_ones) or 0)


def _write(row: Goal, title: str, why: str, priority: str) -> None:
    row.title, row.why, row.priority = title.strip(), why.strip() or None, priority.strip() or None
