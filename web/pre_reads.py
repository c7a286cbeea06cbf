"""The page that both read before a talk: the same as the letter, and who has read it."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database.conversations import Conversation, conversation_for
from integrations.database.pre_reads import ReadOn, leaves_at, note_pre_read_read, readers_of_pre_read
from web.face import database_of
from web.pages import NotHere, page
from web.sessions import Signed

router = APIRouter(prefix="/check-ins/{check_in_id}/pre-read")


@router.get("")
async def show(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """For the two of today; before it has left, when it goes."""
    now = request.state.now

    async def ask(session: AsyncSession) -> tuple[Conversation, Sequence[ReadOn], datetime | None]:
        shown = await conversation_for(session, check_in_id, viewer.id, now)
        if shown is None or shown.access != "everything":
            raise NotHere
        await note_pre_read_read(session, shown, viewer.person, now)
        return shown, await readers_of_pre_read(session, check_in_id), await leaves_at(session, shown, now)

    shown, readers, goes_at = await database_of(request).noting(ask)
    return page(
        request,
        "pre_read.html",
        shown=shown,
        row=shown.pair.row,
        other=shown.other(viewer.id),
        mine=viewer.id == shown.pair.person.id,
        readers=readers if shown.snapshot else (),
        leaves_at=goes_at,
    )
