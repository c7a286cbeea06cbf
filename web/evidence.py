"""Lines about what came of a goal or an action: written by its owner on its page, and taken back by their writer."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database.evidence import check_owner, say_what_came_of_it, take_back
from integrations.database.supporters import Subject
from web.actions import action_page
from web.changes import change_once
from web.goals import goal_page
from web.pages import Unfit, go, typed_in
from web.sessions import Signed, Viewer

router = APIRouter()


@router.post("/actions/{action_id}/evidence")
async def of_action(request: Request, viewer: Signed, action_id: str) -> Response:
    return await _say(request, viewer, Subject("action", action_id))


@router.post("/goals/{goal_id}/evidence")
async def of_goal(request: Request, viewer: Signed, goal_id: str) -> Response:
    return await _say(request, viewer, Subject("goal", goal_id))


@router.post("/actions/{action_id}/evidence/{line_id}/remove")
async def remove_of_action(request: Request, viewer: Signed, action_id: str, line_id: str) -> Response:
    return await _remove(request, viewer, Subject("action", action_id), line_id)


@router.post("/goals/{goal_id}/evidence/{line_id}/remove")
async def remove_of_goal(request: Request, viewer: Signed, goal_id: str, line_id: str) -> Response:
    return await _remove(request, viewer, Subject("goal", goal_id), line_id)


async def _say(request: Request, viewer: Viewer, subject: Subject) -> Response:
    typed = await typed_in(request)
    text, now = typed.get("text", ""), request.state.now
    try:
        await change_once(request, viewer, typed, lambda s: say_what_came_of_it(s, subject, viewer.id, text, now))
    except Unfit as error:
        if subject.kind == "goal":
            return await goal_page(request, viewer, subject.id, error)
        return await action_page(request, viewer, subject.id, problem=error)
    return go(f"{subject.path}#evidence")


async def _remove(request: Request, viewer: Viewer, subject: Subject, line_id: str) -> Response:
    """A line that is gone already stays gone."""

    async def change(session: AsyncSession) -> None:
        await check_owner(session, subject, viewer.id)
        await take_back(session, subject, line_id, viewer.id)

    await change_once(request, viewer, {}, change)
    return go(f"{subject.path}#evidence")
