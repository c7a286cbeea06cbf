"""Notes of a talk: both read them; their writer may change one until the other has, and take back any."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from cycle.sentences import Sentence
from integrations.database.notes import add_note, change_note, put_back_note, take_back_note
from web.check_ins import pair_for, talk_page
from web.face import database_of
from web.pages import NotHere, go, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/check-ins/{check_in_id}/notes")

EMPTY = Sentence("The note is empty. Write a line, and save it again.")


@router.post("")
async def add(request: Request, viewer: Signed, check_in_id: str) -> Response:
    typed = await typed_in(request)
    text = typed.get("text", "").strip()
    async with database_of(request).transaction() as session:
        await pair_for(session, request, viewer, check_in_id, typed)
        if text:
            token = typed.get("form_token") or None
            await add_note(session, check_in_id, viewer.id, text, token, request.state.now)
    if not text:
        return await talk_page(request, viewer, check_in_id, status=422, typed=typed, errors={"text": EMPTY})
    return go(f"/check-ins/{check_in_id}?saved=note#notes")


@router.post("/{note_id}")
async def change(request: Request, viewer: Signed, check_in_id: str, note_id: str) -> Response:
    """`do`: save other words, take_back, or put_back. What can no longer be changed comes back as a new note."""
    typed = await typed_in(request)
    text, what = typed.get("changed", "").strip(), typed.get("do", "save")
    try:
        async with database_of(request).transaction() as session:
            shown = await pair_for(session, request, viewer, check_in_id, typed)
            if note_id not in {note.id for note in shown.notes if note.mine}:
                raise NotHere
            if what == "take_back":
                await take_back_note(session, note_id, viewer.id, request.state.now)
            elif what == "put_back":
                await put_back_note(session, note_id, viewer.id, request.state.now)
            elif not text:
                raise Refused(EMPTY)
            else:
                await change_note(session, note_id, viewer.id, text, request.state.now)
    except LookupError as error:
        raise NotHere from error
    except Refused as error:
        again = {"text": text} if text else {}
        return await talk_page(request, viewer, check_in_id, status=422, typed=again, errors={"text": error.sentence})
    saved = {"take_back": "note-gone", "put_back": "note-back"}.get(what, "note")
    return go(f"/check-ins/{check_in_id}?saved={saved}#notes")
