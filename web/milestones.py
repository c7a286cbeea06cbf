"""The small steps of an action: added, ticked, unticked and taken away by its owner, from its page."""

from collections.abc import Mapping

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database import milestones
from web.actions import action_page, day_of
from web.changes import OfWhatWasTyped, change_on_page
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/actions/{action_id}/milestones")


@router.post("")
async def add(request: Request, viewer: Signed, action_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        now = request.state.now
        day = day_of(request, viewer, typed, "step_by") if typed.get("step_by", "").strip() else None
        await milestones.add_milestone(session, action_id, viewer.id, typed.get("step", ""), day, now)

    return await _change(request, viewer, action_id, change)


@router.post("/{milestone_id}/tick")
async def tick(request: Request, viewer: Signed, action_id: str, milestone_id: str) -> Response:
    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await milestones.tick(session, action_id, milestone_id, viewer.id, request.state.now)

    return await _change(request, viewer, action_id, change)


@router.post("/{milestone_id}/untick")
async def untick(request: Request, viewer: Signed, action_id: str, milestone_id: str) -> Response:
    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await milestones.untick(session, action_id, milestone_id, viewer.id)

    return await _change(request, viewer, action_id, change)


@router.post("/{milestone_id}/remove")
async def remove(request: Request, viewer: Signed, action_id: str, milestone_id: str) -> Response:
    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await milestones.take_away(session, action_id, milestone_id, viewer.id)

    return await _change(request, viewer, action_id, change)


async def _change(request: Request, viewer: Viewer, action_id: str, change: OfWhatWasTyped) -> Response:
    return await change_on_page(
        request,
        viewer,
        change,
        lambda error: action_page(request, viewer, action_id, problem=error),
        f"/actions/{action_id}#steps",
    )
