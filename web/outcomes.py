"""What becomes of a talk: held, moved or not; another hour; left out. A link asks, only a button answers."""

from typing import get_args

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from cycle.check_in import Said
from cycle.sentences import Sentence
from integrations.database.conversations import Conversation, conversation_for
from integrations.database.excuses import excuse
from integrations.database.offers import newest_offer
from integrations.database.outcomes import answer_outcome
from integrations.database.worth import say_worth
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.sessions import Signed, Viewer
from web.slots import stage_of

router = APIRouter(prefix="/check-ins/{check_in_id}")

WORDS: dict[str, Said] = {said: said for said in get_args(Said)}


@router.post("/outcome")
async def outcome(request: Request, viewer: Signed, check_in_id: str) -> Response:
    typed = await typed_in(request)
    said = WORDS.get(typed.get("said", ""))
    async with database_of(request).transaction() as session:
        shown = await _mine(session, request, viewer, check_in_id)
        if said is None:
            raise Unfit(
                Sentence("Choose one of the three answers: you talked, you want another hour, or it did not happen.")
            )
        if shown.booking is None or typed.get("booking_no", str(shown.booking.no)) != str(shown.booking.no):
            raise Unfit(
                Sentence("This talk has been given another hour in the meantime. Open its page again to see when.")
            )
        if not shown.can_say:
            raise Unfit(Sentence("The talk is not over yet. You will be asked afterwards."))
        await answer_outcome(session, check_in_id, shown.booking.no, viewer.id, said, request.state.now)
        stage = await stage_of(session, shown, await newest_offer(session, check_in_id), request.state.now)
        leads_on = said == "moved" and stage != "nothing"
    return go(f"/check-ins/{check_in_id}/slots" if leads_on else f"/check-ins/{check_in_id}?saved=outcome#outcome")


@router.post("/worth")
async def worth(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """The private question: whether it was worth the time. No answer takes the one before back."""
    said = (await typed_in(request)).get("worth", "")
    try:
        async with database_of(request).transaction() as session:
            shown = await _mine(session, request, viewer, check_in_id)
            if not shown.begun:
                raise Unfit(Sentence("You have not talked yet. You will be asked afterwards."))
            await say_worth(session, check_in_id, viewer.id, said, request.state.now)
    except Refused as error:
        raise Unfit(error.sentence) from error
    return go(f"/check-ins/{check_in_id}?saved={'worth' if said else 'worth-gone'}#worth")


@router.get("/another-time")
async def ask_another_time(request: Request, viewer: Signed, check_in_id: str) -> Response:
    return await _ask(request, viewer, check_in_id, "another_time.html")


@router.post("/another-time")
async def another_time(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """Frees the booked hour, and leads to the three that are found in its place."""
    typed = await typed_in(request)
    async with database_of(request).transaction() as session:
        shown = await _mine(session, request, viewer, check_in_id)
        if shown.over:
            raise Unfit(Sentence("The booked hour has passed. Say on the check-in's page what became of it."))
        booking = shown.booking
        # Posted again after the move, the same form must not free the new hour too.
        if booking and typed.get("booking_no", str(booking.no)) == str(booking.no) and shown.can_move:
            await answer_outcome(session, check_in_id, booking.no, viewer.id, "moved", request.state.now)
    return go(f"/check-ins/{check_in_id}/slots")


@router.get("/not-this-time")
async def ask_not_this_time(request: Request, viewer: Signed, check_in_id: str) -> Response:
    return await _ask(request, viewer, check_in_id, "not_this_time.html")


@router.post("/not-this-time")
async def not_this_time(request: Request, viewer: Signed, check_in_id: str) -> Response:
    async with database_of(request).transaction() as session:
        shown = await _mine(session, request, viewer, check_in_id)
        if shown.over or not await excuse(session, check_in_id, viewer.id, request.state.now):
            raise Unfit(Sentence("This check-in is over or was called off already, so it cannot be left out any more."))
    return go(f"/check-ins/{check_in_id}?saved=not-this-time")


async def _ask(request: Request, viewer: Viewer, check_in_id: str, template: str) -> Response:
    async with database_of(request).reading() as session:
        shown = await _mine(session, request, viewer, check_in_id)
    return page(request, template, shown=shown, other=shown.other(viewer.id), row=shown.pair.row)


async def _mine(session: AsyncSession, request: Request, viewer: Viewer, check_in_id: str) -> Conversation:
    shown = await conversation_for(session, check_in_id, viewer.id, request.state.now)
    if shown is None or shown.access != "everything":
        raise NotHere
    return shown
