"""Plans: one's own, and the one shared with whoever holds its person's check-ins. HR reads none of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.sentences import Sentence
from integrations.database import plans
from integrations.database.action_views import ActionView, actions_for, actions_of_plan, note_actions_read
from integrations.database.actions import make_action
from integrations.database.calls_for_help import calls_by, take_call_back
from integrations.database.columns import new_id
from integrations.database.goals import set_goal
from integrations.database.milestones import milestones_of
from integrations.database.people import partner_of
from integrations.database.readings import note_reading
from integrations.database.successors import goals_for, handover_to
from integrations.database.supporters import supporting
from integrations.database.tables import Goal, Person, Plan
from web.actions import day_of
from web.changes import change_once, make_change
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.plan_words import GOAL_STATES, MODALITIES, ROLES
from web.sessions import Signed, Viewer

router = APIRouter()

DONE = {
    "goal": Sentence("Your goal stands. A first small action makes it move."),
    "action": Sentence("It is written down."),
    "declined": Sentence("You declined. That is a fine answer, and nobody asks why."),
    "stepped_back": Sentence("You stepped back, and see nothing of it any more."),
}


@dataclass(frozen=True, slots=True)
class _Group:
    """A goal, or None for what serves none, with its open actions in their order."""

    goal: Goal | None
    actions: list[ActionView]


@router.get("/plan")
async def own(request: Request, viewer: Signed, done: str = "", goal: str = "", part: str = "") -> Response:
    """`goal` is preselected for a new action; `part` names the form that stands open: goal | action."""
    return await _own(request, viewer, done, goal, part)


@router.post("/plan/help")
async def ask_for_help(request: Request, viewer: Signed) -> Response:
    typed = await typed_in(request)
    whom = typed.get("whom", "")
    await change_once(request, viewer, typed, lambda s: plans.ask_for_help(s, viewer.id, whom, request.state.now))
    return go("/plan")


@router.post("/plan/help/take-back")
async def take_back(request: Request, viewer: Signed) -> Response:
    """What HR was asked for leaves their list again."""
    about = (await typed_in(request)).get("about", "")
    await make_change(request, lambda s: take_call_back(s, viewer.id, about, request.state.now))
    return go("/plan")


@router.post("/plan/goals")
async def add_goal(request: Request, viewer: Signed) -> Response:
    typed = await typed_in(request)

    async def change(session: AsyncSession) -> None:
        words = {name: typed.get(name, "") for name in ("title", "why", "priority")}
        await set_goal(session, viewer.id, **words, private="private" in typed, now=request.state.now)

    try:
        await change_once(request, viewer, typed, change)
    except Unfit as error:
        return await _own(request, viewer, part="goal", problem=error)
    return go("/plan?done=goal")


@router.post("/plan/actions")
async def add_own_action(request: Request, viewer: Signed) -> Response:
    typed = await typed_in(request)
    try:
        await change_once(request, viewer, typed, lambda s: _make(s, request, viewer, viewer.id, typed))
    except Unfit as error:
        return await _own(request, viewer, part="action", problem=error)
    return go("/plan?done=action")


@router.post("/plans/{plan_id}/actions")
async def add_action(request: Request, viewer: Signed, plan_id: str) -> Response:
    """Whoever holds the person's check-ins proposes an action, or takes one on."""
    typed = await typed_in(request)
    plan = await _shared_plan(request, viewer, plan_id)
    try:
        await change_once(request, viewer, typed, lambda s: _make(s, request, viewer, plan.person_id, typed))
    except Unfit as error:
        return await _shared(request, viewer, plan_id, part="action", problem=error)
    return go(f"/plans/{plan_id}?done=action")


async def _make(
    session: AsyncSession, request: Request, viewer: Viewer, person_id: str, typed: Mapping[str, str]
) -> None:
    now: datetime = request.state.now
    await make_action(
        session,
        check_in_id=None,
        plan_person_id=person_id,
        owner_id=person_id if typed.get("owner") == "person" else viewer.id,
        made_by_id=viewer.id,
        title=typed.get("title", ""),
        success=typed.get("success"),
        modality=typed.get("modality") or "stretch",
        due_on=day_of(request, viewer, typed, "due_on"),
        private="private" in typed,
        form_token=None,
        now=now,
        goal_id=typed.get("goal") or None,
        needs=typed.get("needs"),
        granted_by=typed.get("granted_by"),
    )


@router.post("/plans/{plan_id}/talked")
async def talked(request: Request, viewer: Signed, plan_id: str) -> Response:
    """Either of the two says that they have talked about the help that was asked for."""
    typed = await typed_in(request)
    plan = await _shared_plan(request, viewer, plan_id)
    await change_once(request, viewer, typed, lambda s: plans.end_call_for_help(s, plan_id, typed.get("seen", "")))
    return go("/plan" if plan.person_id == viewer.id else f"/plans/{plan_id}")


@router.get("/plans/{plan_id}")
async def show(request: Request, viewer: Signed, plan_id: str, done: str = "", part: str = "") -> Response:
    return await _shared(request, viewer, plan_id, done, part)


@router.post("/plans/{plan_id}/resume")
async def resume(request: Request, viewer: Signed, plan_id: str) -> Response:
    async with database_of(request).reading() as session:
        plan = await session.get(Plan, plan_id)
    if plan is None or plan.person_id != viewer.id:
        raise NotHere
    await change_once(request, viewer, {}, lambda s: plans.resume_plan(s, plan_id, viewer.id, request.state.now))
    return go("/plan")


async def _shared_plan(request: Request, viewer: Viewer, plan_id: str) -> Plan:
    async with database_of(request).reading() as session:
        plan = await plans.plan_for(session, plan_id, viewer.id, request.state.now)
    if plan is None:
        raise NotHere
    return plan


async def _own(
    request: Request, viewer: Viewer, done: str = "", goal: str = "", part: str = "", problem: Unfit | None = None
) -> Response:
    async def ask(session: AsyncSession) -> Response:
        plan = await plans.plan_of(session, viewer.id)
        return await _page(request, session, viewer, plan, viewer.person, done, goal, part, problem)

    return await database_of(request).noting(ask)


async def _shared(
    request: Request, viewer: Viewer, plan_id: str, done: str = "", part: str = "", problem: Unfit | None = None
) -> Response:
    """The plan for whoever may read it; another's plan counts as read."""
    plan = await _shared_plan(request, viewer, plan_id)

    async def ask(session: AsyncSession) -> Response:
        person = await session.get_one(Person, plan.person_id)
        await note_reading(session, viewer.person, person.id, f"plan/{plan_id}", request.state.now)
        return await _page(request, session, viewer, plan, person, done, "", part, problem)

    return await database_of(request).noting(ask)


async def _page(
    request: Request,
    session: AsyncSession,
    viewer: Viewer,
    plan: Plan | None,
    person: Person,
    done: str,
    goal: str,
    part: str,
    problem: Unfit | None,
) -> Response:
    now: datetime = request.state.now
    mine = person.id == viewer.id
    views = await actions_of_plan(session, viewer.id, plan.id, now) if plan else []
    partner_id = await partner_of(session, person.id, now.date())
    elsewhere = await actions_for(session, viewer.id, viewer.id, now) if mine else []
    goals = await goals_for(session, plan, viewer.id) if plan else []
    elsewhere = [view for view in elsewhere if view.plan_person.id != viewer.id]
    # Of another's plan, its person learns by the plan itself.
    noted = await note_actions_read(session, [*views, *elsewhere], viewer.person, now, besides=person.id) or not mine
    return page(
        request,
        "plan.html",
        422 if problem else 200,
        plan=plan,
        person=person,
        mine=mine,
        partner=await session.get(Person, partner_id) if partner_id else None,
        goals=[each for each in goals if each.state == "open"],
        closed_goals=[each for each in goals if each.state != "open"],
        groups=_groups(goals, views),
        handover=await handover_to(session, person.id, partner_id),
        closed_ones=[view for view in views if view.row.state != "open"],
        steps=await milestones_of(session, [view.row.id for view in views]),
        elsewhere=elsewhere,
        noted=noted,
        supporting=await supporting(session, viewer.id) if mine else [],
        hr_asked=await calls_by(session, viewer.id) if mine else (),
        said=DONE.get(done),
        part=part,
        goal_chosen=goal,
        modalities=MODALITIES,
        roles=ROLES,
        goal_states=GOAL_STATES,
        form_token=new_id(),
        problem=problem.sentence if problem else None,
        typed=problem.typed if problem else {},
    )


def _groups(goals: list[Goal], views: list[ActionView]) -> list[_Group]:
    """Open goals with their open actions, and last the actions whose goal is closed, not shown, or none."""
    open_ones = [view for view in views if view.row.state == "open"]
    groups = [
        _Group(goal, [view for view in open_ones if view.row.goal_id == goal.id])
        for goal in goals
        if goal.state == "open"
    ]
    placed = {view.row.id for group in groups for view in group.actions}
    rest = [view for view in open_ones if view.row.id not in placed]
    return [*groups, _Group(None, rest)] if rest else groups
