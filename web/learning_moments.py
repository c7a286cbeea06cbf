"""Where a manager tells, once a quarter, something that they learned; their people see it first."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.reflection import LEARNING_MOMENT, quarter_of
from integrations.database.learning_moments import holds_check_ins, learning_moment_of, save_moment
from web.face import database_of
from web.pages import NotHere, go, page, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/learning-moment")


@router.get("")
async def form(request: Request, viewer: Signed, saved: str = "") -> Response:
    today = request.state.now.date()
    async with database_of(request).reading() as session:
        if not await holds_check_ins(session, viewer.id, today):
            raise NotHere
        moment = await learning_moment_of(session, viewer.id, quarter_of(today))
    text = moment.text if moment else ""
    return page(request, "learning_moment.html", text=text, asks=LEARNING_MOMENT, saved=saved)


@router.post("")
async def save(request: Request, viewer: Signed) -> Response:
    now = request.state.now
    typed = await typed_in(request)
    async with database_of(request).transaction() as session:
        if not await holds_check_ins(session, viewer.id, now.date()):
            raise NotHere
        await save_moment(session, viewer.id, quarter_of(now.date()), typed.get("text", "").strip(), now)
    return go("/learning-moment?saved=yes")
