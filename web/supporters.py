"""Asking colleagues along for one goal or action, and the page of the one thing that a supporter sees."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.supporters import Move
from integrations.database import supporters
from integrations.database.columns import new_id
from integrations.database.evidence import Line, lines_of, say_a_word, take_back
from integrations.database.milestones import milestones_of
from integrations.database.readings import note_readings, told_of_action, told_of_steps
from integrations.database.supporters import Subject
from integrations.database.tables import ActionRow, Goal, Milestone
from web.actions import action_page
from web.changes import change_once
from web.face import database_of
from web.goals import goal_page
from web.pages import NotHere, Unfit, go, page, typed_in
from web.plan_words import GOAL_STATES, MODALITIES, ROLES
from web.sessions import Signed, Viewer

router = APIRouter()


# Inviting, from the item's page


@router.post("/goals/{goal_id}/supporters")
async def invite_to_goal(request: Request, viewer: Signed, goal_id: str) -> Response:
    return await _invite(request, viewer, Subject("goal", goal_id))


@router.post("/actions/{action_id}/supporters")
async def invite_to_action(request: Request, viewer: Signed, action_id: str) -> Response:
    return await _invite(request, viewer, Subject("action", action_id))


async def _invite(request: Request, viewer: Viewer, subject: Subject) -> Response:
    typed = await typed_in(request)
    words = {name: typed.get(name, "") for name in ("who", "role", "note")}
    try:
        await change_once(
            request, viewer, typed, lambda s: supporters.invite(s, viewer.id, subject, **words, now=request.state.now)
        )
    except Unfit as error:
        if subject.kind == "goal":
            return await goal_page(request, viewer, subject.id, error)
        return await action_page(request, viewer, subject.id, problem=error)
    return go(f"{subject.path}#supporters")


@router.post("/supporting/{support_id}/withdraw")
async def withdraw(request: Request, viewer: Signed, support_id: str) -> Response:
    """From this moment the invited sees nothing of it."""
    found: list[Subject] = []

    async def change(session: AsyncSession) -> None:
        found.append(await supporters.move(session, support_id, viewer.id, "withdraw", request.state.now))

    await change_once(request, viewer, {}, change)
    return go(f"{found[0].path}#supporters")


# Supporting


@router.get("/supporting/{support_id}")
async def show(request: Request, viewer: Signed, support_id: str) -> Response:
    """The invitation; once accepted, the one goal or action that it is about, which counts as a reading."""

    async def ask(session: AsyncSession) -> dict[str, Any]:
        support = await supporters.support_for(session, viewer.id, support_id)
        if support is None:
            raise NotHere
        goal, action, lines, steps = None, None, list[Line](), list[Milestone]()
        of = []
        if not support.open and support.row.note:
            of = [(support.person.id, supporters.invitation(support.row))]
        if support.open:
            subject = support.subject
            goal = await session.get(Goal, subject.id) if subject.kind == "goal" else None
            action = await session.get(ActionRow, subject.id) if subject.kind == "action" else None
            lines = await lines_of(session, subject, viewer.id, support.person.id)
            told = {support.person.id, *(line.writer.id for line in lines)}
            told |= told_of_action(action, support.person.id, viewer.id) if action else set()
            steps = (await milestones_of(session, [action.id])).get(action.id, []) if action else []
            of = [*((each, subject.about) for each in told), *told_of_steps(steps)]
        return {
            "support": support,
            "goal": goal,
            "action": action,
            "steps": steps,
            "lines": lines,
            "noted": await note_readings(session, viewer.person, of, request.state.now),
        }

    return page(
        request,
        "supporting.html",
        **await database_of(request).noting(ask),
        roles=ROLES,
        states=GOAL_STATES,
        modalities=MODALITIES,
        form_token=new_id(),
    )


@router.post("/supporting/{support_id}/accept")
async def accept(request: Request, viewer: Signed, support_id: str) -> Response:
    await _move(request, viewer, support_id, "accept")
    return go(f"/supporting/{support_id}")


@router.post("/supporting/{support_id}/decline")
async def decline(request: Request, viewer: Signed, support_id: str) -> Response:
    await _move(request, viewer, support_id, "decline")
    return go("/plan?done=declined")


@router.post("/supporting/{support_id}/step-back")
async def step_back(request: Request, viewer: Signed, support_id: str) -> Response:
    await _move(request, viewer, support_id, "step_back")
    return go("/plan?done=stepped_back")


@router.post("/supporting/{support_id}/words")
async def say(request: Request, viewer: Signed, support_id: str) -> Response:
    """A word of encouragement or feedback, for whoever invited."""
    typed = await typed_in(request)
    text = typed.get("text", "")

    async def change(session: AsyncSession) -> None:
        support = await supporters.support_for(session, viewer.id, support_id)
        if support is None:
            raise NotHere
        await say_a_word(session, support, text, request.state.now)

    await change_once(request, viewer, typed, change)
    return go(f"/supporting/{support_id}#words")


@router.post("/supporting/{support_id}/words/{line_id}/remove")
async def unsay(request: Request, viewer: Signed, support_id: str, line_id: str) -> Response:
    async def change(session: AsyncSession) -> None:
        support = await supporters.support_for(session, viewer.id, support_id)
        if support is None or not support.open:
            raise NotHere
        await take_back(session, support.subject, line_id, viewer.id)

    await change_once(request, viewer, {}, change)
    return go(f"/supporting/{support_id}#words")


async def _move(request: Request, viewer: Viewer, support_id: str, what: Move) -> None:
    await change_once(request, viewer, {}, lambda s: supporters.move(s, support_id, viewer.id, what, request.state.now))
