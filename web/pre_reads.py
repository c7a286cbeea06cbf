"""The page that both read before a talk: the same as the letter, and who has read it."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database.conversations import conversation_for, note_pre_read_read
from integrations.database.pre_reads import leaves_at, readers_of_pre_read
from web.face import database_of
from web.pages import NotHere, page
from web.sessions import Signed

router = APIRouter(prefix="/check-ins/{check_in_id}/pre-read")


@router.get("")
async def show(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """For the two of today; before it has left, when it goes."""
    now = request.state.now

    async def ask(session: AsyncSession) -> dict[str, Any]:
        shown = await conversation_for(session, check_in_id, viewer.id, now)
        if shown is None or shown.access != "everything":
            raise NotHere
        return {
            "shown": shown,
            "row": shown.pair.row,
            "other": shown.other(viewer.id),
            "mine": viewer.id == shown.pair.person.id,
            "noted": await note_pre_read_read(session, shown, viewer.person, now),
            "readers": await readers_of_pre_read(session, check_in_id) if shown.snapshot else (),
            "leaves_at": await leaves_at(session, shown, now),
        }

    return page(request, "pre_read.html", **await database_of(request).noting(ask))
