"""What two people took on since they last talked, and what has come of it: the start page's look back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import State
from integrations.database.action_views import ActionView, actions_for, actions_of_plan
from integrations.database.milestones import milestones_of
from integrations.database.plans import plan_of
from integrations.database.successors import goals_for
from integrations.database.tables import ActionEvent, Booking, CheckInRow, Goal, Milestone, Plan

A_WHILE = timedelta(days=92)
"""How far back to look where two have not talked yet: a quarter."""


@dataclass(frozen=True, slots=True)
class LookBack:
    """`mine` is what the reader took on, here and in others' plans; `theirs` what others did in the reader's plan.

    Both hold what is open, the nearest first, and then what was done since the last talk.
    """

    plan: Plan | None = None
    goals: Sequence[Goal] = ()
    mine: Sequence[ActionView] = ()
    theirs: Sequence[ActionView] = ()
    done: Sequence[ActionView] = ()
    steps: Sequence[Milestone] = ()
    """Milestones of what the reader took on that were reached since, of actions that are still open."""

    @property
    def open_in_plan(self) -> list[ActionView]:
        return [
            each
            for each in (*self.mine, *self.theirs)
            if each.row.state == "open" and self.plan and each.row.plan_id == self.plan.id
        ]


async def look_back(session: AsyncSession, person_id: str, now: datetime) -> LookBack:
    plan = await plan_of(session, person_id)
    in_plan = await actions_of_plan(session, person_id, plan.id, now) if plan else []
    elsewhere = [
        each
        for each in await actions_for(session, person_id, person_id, now, open_only=False)
        if each.plan_person.id != person_id
    ]
    since = await _last_talk(session, person_id, now)
    taken_on = [each for each in (*in_plan, *elsewhere) if each.row.accepted_at]
    done = await _done_since(session, taken_on, since)
    shown = sorted(
        (each for each in taken_on if each.row.state == "open" or each.row.id in done),
        key=lambda each: (each.row.state == "done", each.row.due_on, each.row.id),
    )
    return LookBack(
        plan=plan,
        goals=[each for each in await goals_for(session, plan, person_id) if each.state == "open"] if plan else [],
        mine=[each for each in shown if each.mine],
        theirs=[each for each in shown if not each.mine],
        done=[each for each in shown if each.row.state == "done"],
        steps=await _steps_since(session, [each for each in shown if each.mine], since),
    )


async def _last_talk(session: AsyncSession, person_id: str, now: datetime) -> datetime:
    """The start of the latest talk that this person had, in either role."""
    ended = await session.scalar(
        select(Booking.start_at)
        .join(CheckInRow, CheckInRow.id == Booking.check_in_id)
        .where(
            or_(CheckInRow.person_id == person_id, CheckInRow.partner_id == person_id),
            CheckInRow.state.in_((State.ENDED, State.HELD, State.UNCONFIRMED)),
            Booking.state == "booked",
            Booking.end_at <= now,
        )
        .order_by(Booking.start_at.desc())
        .limit(1)
    )
    return ended or now - A_WHILE


async def _steps_since(session: AsyncSession, views: Sequence[ActionView], since: datetime) -> list[Milestone]:
    steps = await milestones_of(session, [each.row.id for each in views if each.row.state == "open"])
    return [step for of_one in steps.values() for step in of_one if step.done_at and step.done_at >= since]


async def _done_since(session: AsyncSession, views: Sequence[ActionView], since: datetime) -> set[str]:
    ids = [each.row.id for each in views if each.row.state == "done"]
    if not ids:
        return set()
    found = await session.scalars(
        select(ActionEvent.action_id).where(
            ActionEvent.action_id.in_(ids), ActionEvent.what == "done", ActionEvent.at >= since
        )
    )
    return set(found)
