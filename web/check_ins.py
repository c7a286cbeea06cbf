"""A check-in's page for its two people, and what they add to it: notes and actions."""

from datetime import date

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from integrations.database.actions import make_action
from integrations.database.columns import new_id
from integrations.database.conversations import Conversation, conversation_for, note_conversation_read
from integrations.database.notes import add_note
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/check-ins/{check_in_id}")

MODALITIES = {
    "stretch": "A stretch assignment",
    "mentoring": "Mentoring",
    "training": "Training",
    "rotation": "A rotation",
    "reading": "A reading group",
}
STATES = {
    "due": "An hour is being looked for.",
    "booked": "It stands in both calendars.",
    "ended": "The hour has passed.",
    "held": "You both said that you talked.",
    "did_not_happen": "You both said that it did not happen.",
    "unconfirmed": "Nobody knows for sure whether you talked.",
    "excused": "Left out this time.",
    "cancelled": "Called off.",
}


@router.get("")
async def show(request: Request, viewer: Signed, check_in_id: str, said: str = "", saved: str = "") -> Response:
    """`said`, from a letter's link, preselects an answer; only the button gives it."""
    async with database_of(request).transaction() as session:
        shown = await conversation_for(session, check_in_id, viewer.id, request.state.now)
        if shown is None:
            raise NotHere
        await note_conversation_read(session, shown, viewer.id, request.state.now)
    return page(
        request,
        "check_in.html",
        shown=shown,
        row=shown.pair.row,
        other=shown.other(viewer.id),
        mine=viewer.id == shown.pair.person.id,
        state=STATES["ended" if shown.over and shown.pair.row.state == "booked" else shown.pair.row.state],
        said=said or shown.said or "",
        saved=saved,
        form_token=new_id(),
        modalities=MODALITIES,
        today=request.state.now.date(),
    )


@router.post("/notes")
async def note(request: Request, viewer: Signed, check_in_id: str) -> Response:
    typed = await typed_in(request)
    text = typed.get("text", "").strip()
    async with database_of(request).transaction() as session:
        shown = await conversation_for(session, check_in_id, viewer.id, request.state.now)
        _must_be_one_of_the_two(shown, typed)
        if not text:
            raise Unfit("The note is empty. Go back, write a line, and save it again.", typed)
        token = typed.get("form_token") or None
        await add_note(session, check_in_id, viewer.id, text, token, request.state.now)
    return go(f"/check-ins/{check_in_id}?saved=note#notes")


@router.post("/actions")
async def action(request: Request, viewer: Signed, check_in_id: str) -> Response:
    typed = await typed_in(request)
    async with database_of(request).transaction() as session:
        shown = _must_be_one_of_the_two(
            await conversation_for(session, check_in_id, viewer.id, request.state.now), typed
        )
        owner_id = typed.get("owner") or viewer.id
        if owner_id not in {person.id for person in shown.pair.people}:
            raise Unfit("An action made here belongs to one of you two. Go back and choose whose it is.", typed)
        try:
            await make_action(
                session,
                check_in_id=check_in_id,
                plan_person_id=shown.pair.person.id,
                owner_id=owner_id,
                made_by_id=viewer.id,
                title=typed.get("title", "").strip(),
                success=typed.get("success", "").strip() or None,
                modality=typed.get("modality") or "stretch",
                due_on=_day(typed),
                private="private" in typed,
                form_token=typed.get("form_token") or None,
                now=request.state.now,
            )
        except Refused as error:
            raise Unfit(error.sentence, typed) from error
    return go(f"/check-ins/{check_in_id}?saved=action#actions")


def _must_be_one_of_the_two(shown: Conversation | None, typed: dict[str, str]) -> Conversation:
    if shown is None:
        raise NotHere
    if shown.access != "everything":
        raise Unfit("You no longer hold these check-ins, so nothing can be added here.", typed)
    return shown


def _day(typed: dict[str, str]) -> date:
    try:
        return date.fromisoformat(typed.get("due_on", ""))
    except ValueError as error:
        raise Unfit("The date is missing or is not one. Go back and choose a day, as 2030-03-19.", typed) from error
