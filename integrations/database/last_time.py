"""What two people took on since they last talked, and what has come of it: the start page's look back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import State
from integrations.database.action_views import ActionView, actions_for, actions_of_plan
from integrations.database.milestones import milestones_of
from integrations.database.people import partner_of
from integrations.database.plans import plan_of
from integrations.database.successors import goals_for
from integrations.database.tables import ActionEvent, Booking, CheckInRow, Goal, Milestone, Plan

A_WHILE = timedelta(days=92)
"""How far back to look where two have not talked yet: a quarter."""


@dataclass(frozen=True, slots=True)
class LookBack:
    """`mine` is what the reader took on, here and in others' plans, and no secret; `theirs` what others did in the
    reader's plan. Both hold what is open, the nearest first, and then what was done since the last talk.
    """

    plan: Plan | None = None
    goals: Sequence[Goal] = ()
    mine: Sequence[ActionView] = ()
    theirs: Sequence[ActionView] = ()
    kept: Sequence[ActionView] = ()
    """What the reader has open and keeps to themselves: nothing that they promised anybody."""
    done: Sequence[ActionView] = ()
    steps: Sequence[Milestone] = ()
    """Milestones of what the reader took on that were reached since, of actions that are still open."""

    @property
    def open_in_plan(self) -> list[ActionView]:
        return [
            each
            for each in (*self.mine, *self.theirs, *self.kept)
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
    talks = await _last_talks(session, person_id, now)
    partner_id = await partner_of(session, person_id, now.date())

    def since(view: ActionView) -> datetime:
        """The last talk of the two whose talks the action's plan is for; of those with others it tells nothing."""
        theirs = view.plan_person.id
        return talks.get((theirs, (partner_id or "") if theirs == person_id else person_id), now - A_WHILE)

    taken_on = [each for each in (*in_plan, *elsewhere) if each.row.accepted_at]
    done_at = await _done_at(session, taken_on)
    done = {each.row.id for each in taken_on if each.row.id in done_at and done_at[each.row.id] >= since(each)}
    shown = sorted(
        (each for each in taken_on if each.row.state == "open" or each.row.id in done),
        key=lambda each: (each.row.state == "done", each.row.due_on, each.row.id),
    )
    return LookBack(
        plan=plan,
        goals=[each for each in await goals_for(session, plan, person_id) if each.state == "open"] if plan else [],
        mine=[each for each in shown if each.mine and not each.row.private],
        theirs=[each for each in shown if not each.mine],
        kept=[each for each in shown if each.row.private and each.row.state == "open"],
        done=[each for each in shown if each.row.state == "done"],
        steps=await _steps_since(
            session, {each.row.id: since(each) for each in shown if each.mine and each.row.state == "open"}
        ),
    )


async def last_talk_of(session: AsyncSession, person_id: str, partner_id: str, now: datetime) -> datetime:
    """The start of the latest talk that the two had, this one as employee; a while ago where there was none."""
    talks = await _last_talks(session, person_id, now)
    return talks.get((person_id, partner_id), now - A_WHILE)


async def _last_talks(session: AsyncSession, person_id: str, now: datetime) -> dict[tuple[str, str], datetime]:
    """(employee, partner) -> the start of their latest talk, for all of this person's, in either role."""
    rows = await session.execute(
        select(CheckInRow.person_id, CheckInRow.partner_id, func.max(Booking.start_at))
        .join(Booking, Booking.check_in_id == CheckInRow.id)
        .where(
            or_(CheckInRow.person_id == person_id, CheckInRow.partner_id == person_id),
            CheckInRow.state.in_((State.ENDED, State.HELD, State.UNCONFIRMED)),
            Booking.state == "booked",
            Booking.end_at <= now,
        )
        .group_by(CheckInRow.person_id, CheckInRow.partner_id)
    )
    return {(employee, partner): start_at for employee, partner, start_at in rows}


async def _steps_since(session: AsyncSession, since: Mapping[str, datetime]) -> list[Milestone]:
    """Those reached of these actions (id -> from when on)."""
    steps = await milestones_of(session, list(since))
    return [
        step
        for action_id, of_one in steps.items()
        for step in of_one
        if step.done_at and step.done_at >= since[action_id]
    ]


async def _done_at(session: AsyncSession, views: Sequence[ActionView]) -> dict[str, datetime]:
    """When these were last done, those that are."""
    ids = [each.row.id for each in views if each.row.state == "done"]
    if not ids:
        return {}
    rows = await session.execute(
        select(ActionEvent.action_id, func.max(ActionEvent.at))
        .where(ActionEvent.action_id.in_(ids), ActionEvent.what == "done")
        .group_by(ActionEvent.action_id)
    )
    return dict(rows.all())
