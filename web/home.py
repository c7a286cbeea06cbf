"""The start page: what is next and when, the few things that wait, and one's open actions."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from integrations.database.action_views import actions_for
from integrations.database.upcoming import upcoming_talks, waiting_for
from web.face import database_of
from web.pages import page
from web.sessions import Signed

router = APIRouter()

MOST_WAITING = 3
"""More at once would only weigh."""


@router.get("/")
async def home(request: Request, viewer: Signed) -> Response:
    now = request.state.now
    async with database_of(request).reading() as session:
        talks = await upcoming_talks(session, viewer.id, now)
        waiting = await waiting_for(session, viewer.person, talks, now)
        actions = await actions_for(session, viewer.id, viewer.id, now)
    return page(
        request,
        "home.html",
        talks=[each for each in talks if not each.over],
        waiting=waiting[:MOST_WAITING],
        actions=[each for each in actions if each.row.accepted_at],
    )
