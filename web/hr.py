"""HR's page: who asks for support, and what cannot go on by itself, which is all that an administrator sees of it.

Names and sentences, nobody's text.
"""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.support import REASON_WORDS
from integrations.database.plans import local_day
from integrations.database.readings import note_readings
from integrations.database.stuck import try_again
from integrations.database.support_requests import open_hands, open_support_requests
from web.face import database_of
from web.pages import NotHere, go, page
from web.sessions import Signed

router = APIRouter()


@router.get("/hr")
async def hr(request: Request, viewer: Signed, again: str = "") -> Response:
    """`again` is set right after the button was pressed."""
    if not viewer.sees_faults:
        raise NotHere
    async with database_of(request).reading() as session:
        requests = await open_support_requests(session, request.state.now) if viewer.is_hr else ()
        hands = await open_hands(session, with_calls_for_help=viewer.is_hr)
    told = [each.answer for each in requests if each.answer]
    if told:
        day = local_day(viewer.person, request.state.now)
        what = [(answer.person_id, f"stall/{answer.stall_id}") for answer in told]
        await database_of(request).noting(lambda s: note_readings(s, viewer.id, what, day))
    return page(request, "hr.html", requests=requests, hands=hands, reasons=REASON_WORDS, again=bool(again))


@router.post("/hr/try-again")
async def again(request: Request, viewer: Signed) -> Response:
    """Wakes all that waits for a hand, now that somebody has mended something."""
    if not viewer.sees_faults:
        raise NotHere
    async with database_of(request).transaction() as session:
        await try_again(session, request.state.now)
    return go("/hr?again=1")
