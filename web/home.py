"""The start page: what is next and when, the few things that wait, what was promised, and what has moved."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database.action_views import note_actions_read
from integrations.database.last_time import LookBack, look_back
from integrations.database.people import local_day
from integrations.database.readings import note_readings, told_of_steps
from integrations.database.upcoming import Upcoming, Waiting, takes_part, upcoming_talks, waiting_for
from web.face import database_of
from web.pages import page
from web.sessions import Signed

router = APIRouter()

MOST_WAITING = 3
"""More at once would only weigh; the rest is folded away."""
MOST_TALKS = 3
MOST_PROMISES = 4


@dataclass(frozen=True, slots=True)
class _Home:
    """What the page is made of. `noted`: others learn that their words were read; `takes_part`: a check-in comes."""

    talks: Sequence[Upcoming]
    waiting: list[Waiting]
    back: LookBack
    noted: bool
    takes_part: bool


@router.get("/")
async def home(request: Request, viewer: Signed) -> Response:
    now = request.state.now
    today = local_day(viewer.person, now)

    async def ask(session: AsyncSession) -> _Home:
        talks = await upcoming_talks(session, viewer.id, now)
        waiting = await waiting_for(session, viewer.person, talks, now)
        back = await look_back(session, viewer.id, now)
        quoted = [each.quotes for each in waiting if each.quotes]
        noted = await note_actions_read(session, (*back.mine, *back.theirs, *quoted), viewer.person, now)
        noted |= await note_readings(session, viewer.person, told_of_steps(back.steps), now)
        return _Home(talks, waiting, back, noted, bool(talks) or await takes_part(session, viewer.id, today))

    shown = await database_of(request).noting(ask)
    waiting = shown.waiting
    coming = [each for each in shown.talks if not each.over]
    return page(
        request,
        "home.html",
        today=today,
        first=coming[0] if coming else None,
        others=coming[1:],
        most_talks=MOST_TALKS,
        waiting=waiting[:MOST_WAITING],
        folded=waiting[MOST_WAITING:],
        back=shown.back,
        noted=shown.noted,
        takes_part=shown.takes_part,
        most_promises=MOST_PROMISES,
    )
