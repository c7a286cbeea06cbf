"""HR's page: who asks for support, and what cannot go on by itself, which is all that an administrator sees of it.

Names and sentences, nobody's text.
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.sentences import Sentence
from cycle.support import REASON_WORDS
from integrations.database.actions import NotYours
from integrations.database.calls_for_help import calls_of, end_call
from integrations.database.people import local_day, partner_of
from integrations.database.readings import note_readings
from integrations.database.stuck import try_again
from integrations.database.support_requests import open_hands, open_support_requests
from integrations.database.worth import closed_periods, count_period
from web.face import database_of
from web.pages import NotHere, go, page, typed_in
from web.sessions import Signed

router = APIRouter()

MOST_PERIODS = 6
WORTH = {"yes": Sentence("Yes"), "partly": Sentence("Partly"), "no": Sentence("No")}


@router.get("/hr")
async def hr(request: Request, viewer: Signed, again: str = "") -> Response:
    """`again` is set right after everything was tried again."""
    if not viewer.sees_faults:
        raise NotHere
    now: datetime = request.state.now

    async def ask(session: AsyncSession) -> dict[str, Any]:
        requests = await open_support_requests(session, now) if viewer.is_hr else ()
        hands = await open_hands(session, viewer.id, now, with_calls_for_help=viewer.is_hr)
        periods = await closed_periods(session, local_day(viewer.person, now)) if viewer.is_hr else ()
        calls = {key: about for each in hands if each.person_id for about, key in calls_of(each.person_id).items()}
        of = [(each.answer.person_id, f"stall/{each.answer.stall_id}") for each in requests if each.answer]
        return {
            "requests": requests,
            "hands": hands,
            "calls": calls,
            "stuck": any(each.key not in calls for each in hands),
            "periods": periods[:MOST_PERIODS],
            "noted": await note_readings(session, viewer.person, of, now),
        }

    return page(
        request,
        "hr.html",
        **await database_of(request).noting(ask),
        worth_words=WORTH,
        reasons=REASON_WORDS,
        again=bool(again),
    )


@router.post("/hr/worth")
async def count(request: Request, viewer: Signed) -> Response:
    """Counts once, for good, how many said in a closed period that their talk was worth the time."""
    if not viewer.is_hr:
        raise NotHere
    typed = await typed_in(request)
    policy_id, _, number = typed.get("period", "").rpartition("/")
    try:
        async with database_of(request).transaction() as session:
            await count_period(
                session, policy_id, int(number) if number.isdecimal() and len(number) < 6 else 0, request.state.now
            )
    except NotYours as error:
        raise NotHere from error
    return go("/hr#worth")


@router.post("/hr/calls/{person_id}/talked")
async def talked(request: Request, viewer: Signed, person_id: str) -> Response:
    """HR talked with somebody who asked for help, or for another partner: the call leaves the list, and their plan
    stops telling of it.
    """
    if not viewer.is_hr:
        raise NotHere
    typed = await typed_in(request)
    async with database_of(request).transaction() as session:
        about, seen = typed.get("about", "plan"), typed.get("seen", "")
        holds = await partner_of(session, person_id, request.state.now.date()) == viewer.id
        there = not holds and await end_call(session, person_id, about, seen, request.state.now)
    if not there:
        raise NotHere
    return go("/hr#hands")


@router.post("/hr/try-again")
async def again(request: Request, viewer: Signed) -> Response:
    """Wakes all that waits for a hand, now that somebody has mended something."""
    if not viewer.sees_faults:
        raise NotHere
    async with database_of(request).transaction() as session:
        await try_again(session, request.state.now)
    return go("/hr?again=1")
