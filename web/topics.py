"""What to talk about: lines of either that go along from talk to talk until one of the two ticks them off."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from integrations.database.topics import add_topic, take_back_topic, tick, untick
from web.check_ins import pair_for, talk_page
from web.face import database_of
from web.pages import NotHere, Unfit, go, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/check-ins/{check_in_id}/topics")


@router.post("")
async def add(request: Request, viewer: Signed, check_in_id: str) -> Response:
    typed = await typed_in(request)
    try:
        async with database_of(request).transaction() as session:
            shown = await pair_for(session, request, viewer, check_in_id, typed)
            token = typed.get("form_token") or None
            await add_topic(session, shown.pair.row, viewer.id, typed.get("topic", ""), token, request.state.now)
    except Refused as error:
        return await talk_page(request, viewer, check_in_id, status=422, typed=typed, errors={"topic": error.sentence})
    return go(f"/check-ins/{check_in_id}?saved=topic#agenda")


@router.post("/{topic_id}")
async def change(request: Request, viewer: Signed, check_in_id: str, topic_id: str) -> Response:
    """`do`: tick, untick or take_back."""
    what = (await typed_in(request)).get("do", "")
    try:
        async with database_of(request).transaction() as session:
            shown = await pair_for(session, request, viewer, check_in_id)
            if what == "untick":
                await untick(session, shown, topic_id)
            elif what == "take_back":
                await take_back_topic(session, shown, topic_id, viewer.id)
            else:
                await tick(session, shown, topic_id, viewer.id, request.state.now)
    except LookupError as error:
        raise NotHere from error
    except Refused as error:
        raise Unfit(error.sentence) from error
    saved = {"untick": "topic-open", "take_back": "topic-gone"}.get(what, "topic-done")
    return go(f"/check-ins/{check_in_id}?saved={saved}#agenda")
