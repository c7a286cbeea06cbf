"""Where a manager tells, once a quarter, something that they learned; their people see it first."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.reflection import LEARNING_MOMENT, quarter_of
from integrations.database.learning_moments import (
    as_typed,
    holds_check_ins,
    keep_draft,
    moment_for_form,
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
    today = request.state.now.date()
    quarter = quarter_of(today)
    async with database_of(request).reading() as session:
        if not await holds_check_ins(session, viewer.id, today):
            raise NotHere
        moment = await moment_for_form(session, viewer.id, quarter)
    return page(
        request,
        "learning_moment.html",
        text=as_typed(moment),
        unsaved=moment is not None and moment.draft is not None,
        seen=version(moment),
        asks=LEARNING_MOMENT,
        saved=saved,
        keep=f"{viewer.id}.learning-{quarter}",
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
        moment = await moment_for_form(session, viewer.id, quarter_of(request.state.now.date()))
    return kept(request, viewer, {"text": as_typed(moment), "seen": version(moment)})


async def _keep(session: AsyncSession, request: Request, viewer: Viewer, keep: Callable[..., Awaitable[None]]) -> None:
    typed, now = await typed_in(request), request.state.now
    if not await holds_check_ins(session, viewer.id, now.date()):
        raise NotHere
    quarter, text = quarter_of(now.date()), typed.get("text", "").strip()
    await keep(session, viewer.id, quarter, text, now, typed.get("seen"))
