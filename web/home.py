"""The start page: what is next and when, the few things that wait, what was promised, and what has moved."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database.action_views import note_actions_read
from integrations.database.last_time import LookBack, look_back
from integrations.database.plans import local_day
from integrations.database.upcoming import Upcoming, Waiting, upcoming_talks, waiting_for
from web.face import database_of
from web.pages import page
from web.sessions import Signed

router = APIRouter()

MOST_WAITING = 3
"""More at once would only weigh; the rest is folded away."""
MOST_TALKS = 3
MOST_PROMISES = 4


@router.get("/")
async def home(request: Request, viewer: Signed) -> Response:
    now = request.state.now
    today = local_day(viewer.person, now)

    async def ask(session: AsyncSession) -> tuple[Sequence[Upcoming], list[Waiting], LookBack, bool]:
        talks = await upcoming_talks(session, viewer.id, now)
        waiting = await waiting_for(session, viewer.person, talks, now)
        back = await look_back(session, viewer.id, now)
        noted = await note_actions_read(session, (*back.mine, *back.theirs), viewer.id, today)
        return talks, waiting, back, noted

    talks, waiting, back, noted = await database_of(request).noting(ask)
    coming = [each for each in talks if not each.over]
    return page(
        request,
        "home.html",
        today=today,
        first=coming[0] if coming else None,
        others=coming[1:],
        most_talks=MOST_TALKS,
        waiting=waiting[:MOST_WAITING],
        folded=waiting[MOST_WAITING:],
        back=back,
        noted=noted,
        most_promises=MOST_PROMISES,
    )
