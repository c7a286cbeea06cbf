"""Actions agreed on in a talk: one line, the day as people say it, and a way back for whoever slipped."""

from datetime import date

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from cycle.natural_dates import Unreadable, read_day
from cycle.sentences import Sentence
from integrations.database.actions import make_action
from integrations.database.conversations import Conversation
from integrations.database.people import local_day
from integrations.database.taken_back import TakenBack, take_back_action
from web.check_ins import pair_for, talk_page
from web.face import database_of
from web.pages import go, typed_in, words_of
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/check-ins/{check_in_id}/actions")


@router.post("")
async def agree(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """Makes the action. What does not fit stands beside its field, with everything as it was typed."""
    typed = await typed_in(request)
    field = "title"
    try:
        async with database_of(request).transaction() as session:
            shown = await pair_for(session, request, viewer, check_in_id, typed)
            field = "due_on"
            due_on = _due(shown, viewer, typed, request)
            field = "owner"
            owner_id = _owner(shown, viewer, typed)
            field = "title"
            action_id = await make_action(
                session,
                check_in_id=check_in_id,
                plan_person_id=shown.pair.person.id,
                owner_id=owner_id,
                made_by_id=viewer.id,
                title=typed.get("title", "").strip(),
                success=typed.get("success", "").strip() or None,
                modality=typed.get("modality") or "stretch",
                due_on=due_on,
                private="private" in typed,
                form_token=typed.get("form_token") or None,
                now=request.state.now,
            )
    except Refused as error:
        return await talk_page(request, viewer, check_in_id, status=422, typed=typed, errors={field: error.sentence})
    return go(f"/check-ins/{check_in_id}?saved=action&made={action_id}#actions")


@router.post("/{action_id}/undo")
async def undo(request: Request, viewer: Signed, check_in_id: str, action_id: str) -> Response:
    """As if it had not been made; with `do=change` the form comes back, filled in with what it was."""
    typed = await typed_in(request)
    try:
        async with database_of(request).transaction() as session:
            await pair_for(session, request, viewer, check_in_id)
            was = await take_back_action(session, action_id, check_in_id, viewer.id, request.state.now)
    except Refused as error:
        return await talk_page(request, viewer, check_in_id, status=422, errors={"undo": error.sentence})
    if was is not None and typed.get("do") == "change":
        return await talk_page(request, viewer, check_in_id, typed=_as_typed(was, request), saved="action-again")
    return go(f"/check-ins/{check_in_id}?saved=action-gone#actions")


def _owner(shown: Conversation, viewer: Viewer, typed: dict[str, str]) -> str:
    owner_id = typed.get("owner") or viewer.id
    if owner_id not in {person.id for person in shown.pair.people}:
        raise Refused(Sentence("An action made here belongs to one of you two. Choose whose it is."))
    if shown.handed_over and owner_id != viewer.id:
        name = shown.other(viewer.id).first_name
        raise Refused(Sentence("{name} no longer holds your check-ins: take it on yourself.", name=name))
    return owner_id


def _due(shown: Conversation, viewer: Viewer, typed: dict[str, str], request: Request) -> date:
    """The day as it was written, on the writer's calendar; it must lie ahead. Raises Refused."""
    today = local_day(viewer.person, request.state.now)
    day = read_day(typed.get("due_on", ""), today, words_of(request).month_first)
    if day <= today:
        raise Unreadable(Sentence("That is {day}, which is not ahead of you. Choose tomorrow or a later day.", day=day))
    return day


def _as_typed(was: TakenBack, request: Request) -> dict[str, str]:
    shown = {
        "title": was.title,
        "success": was.success or "",
        "owner": was.owner_id,
        "modality": was.modality,
        "due_on": words_of(request).day(was.due_on),
    }
    return shown | ({"private": "yes"} if was.private else {})
