"""HR's page: who asks for support, and what cannot go on by itself. Names and sentences, nobody's text."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from integrations.database.support_requests import open_hands, open_support_requests
from web.face import database_of
from web.pages import NotHere, page
from web.sessions import Signed

router = APIRouter()

REASONS = {
    "time": "time",
    "goal": "the goal changed",
    "access": "access or budget",
    "help": "would like help",
    "rather_not_say": "rather not say",
}


@router.get("/hr")
async def hr(request: Request, viewer: Signed) -> Response:
    if not viewer.is_hr:
        raise NotHere
    async with database_of(request).reading() as session:
        requests = await open_support_requests(session, request.state.now)
        hands = await open_hands(session)
    return page(request, "hr.html", requests=requests, hands=hands, reasons=REASONS)
