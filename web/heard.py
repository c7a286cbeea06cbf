"""What each of the two heard, in a line, and what the other answers; nobody writes about a colleague in secret."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from cycle.sentences import Sentence
from integrations.database.heard import answer_heard, say_heard
from web.check_ins import pair_for, talk_page
from web.face import database_of
from web.pages import Unfit, go, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/check-ins/{check_in_id}/heard")


@router.post("")
async def say(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """The viewer's own line; an empty one takes it back."""
    typed = await typed_in(request)
    line = typed.get("heard", "")
    try:
        async with database_of(request).transaction() as session:
            shown = await pair_for(session, request, viewer, check_in_id, typed)
            if not shown.begun:
                raise Unfit(Sentence("You have not talked yet. Afterwards there is room for what you heard."), typed)
            await say_heard(session, check_in_id, viewer.id, line, request.state.now)
    except Refused as error:
        return await talk_page(request, viewer, check_in_id, status=422, typed=typed, errors={"heard": error.sentence})
    return go(f"/check-ins/{check_in_id}?saved={'heard' if line.strip() else 'heard-gone'}#heard")


@router.post("/answer")
async def answer(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """What the viewer says to the other's line."""
    typed = await typed_in(request)
    given, words, seen = (typed.get(name, "") for name in ("answer", "words", "seen"))
    try:
        async with database_of(request).transaction() as session:
            shown = await pair_for(session, request, viewer, check_in_id, typed)
            writer = shown.other(viewer.id).id
            await answer_heard(session, check_in_id, writer, given, words, seen, request.state.now)
    except Refused as error:
        return await talk_page(request, viewer, check_in_id, status=422, typed=typed, errors={"words": error.sentence})
    return go(f"/check-ins/{check_in_id}?saved=answer#heard")
