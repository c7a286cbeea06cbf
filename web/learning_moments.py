"""Where a manager tells, once a period, something that they learned; their people see it first."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.reflection import LEARNING_MOMENT
from integrations.database.learning_moments import (
    as_typed,
    keep_draft,
    moment_for_form,
    period_to_tell,
    save_moment,
    version,
)
from web.drafts import kept, key_of
from web.face import database_of
from web.pages import NotHere, go, page, typed_in
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/learning-moment")


@router.get("")
async def form(request: Request, viewer: Signed, saved: str = "") -> Response:
    async with database_of(request).reading() as session:
        period = await _period(session, request, viewer)
        moment = await moment_for_form(session, viewer.id, period)
    return page(
        request,
        "learning_moment.html",
        text=as_typed(moment),
        unsaved=moment is not None and moment.draft is not None,
        seen=version(moment),
        asks=LEARNING_MOMENT,
        saved=saved,
        keep=f"{viewer.id}.learning-{period}",
        lock=key_of(request, viewer.id),
    )


@router.post("")
async def save(request: Request, viewer: Signed) -> Response:
    async with database_of(request).transaction() as session:
        await _keep(session, request, viewer, save_moment)
    return go("/learning-moment?saved=yes")


@router.post("/draft")
async def draft(request: Request, viewer: Signed) -> Response:
    """Keeps what has been typed so far, for its writer alone: nobody is to read half a sentence."""
    async with database_of(request).transaction() as session:
        await _keep(session, request, viewer, keep_draft)
        moment = await moment_for_form(session, viewer.id, await _period(session, request, viewer))
    return kept(request, viewer, {"text": as_typed(moment), "seen": version(moment)})


async def _keep(session: AsyncSession, request: Request, viewer: Viewer, keep: Callable[..., Awaitable[None]]) -> None:
    typed, period = await typed_in(request), await _period(session, request, viewer)
    await keep(session, viewer.id, period, typed.get("text", "").strip(), request.state.now, typed.get("seen"))


async def _period(session: AsyncSession, request: Request, viewer: Viewer) -> str:
    period = await period_to_tell(session, viewer.id, request.state.now.date())
    if period is None:
        raise NotHere
    return period
