"""The form before a check-in: its employee's alone, each answer private until they share it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.reflection import LINE_WORDS, NOT_ASKED_AFTER_LEAVE, NOT_FOR, WHERE_HELP_IS
from integrations.database.reflections import (
    ReflectionForm,
    TypedAnswer,
    just_talk,
    lines_leave_at,
    reflection_for_form,
    save_answers,
)
from web.face import database_of
from web.pages import NotHere, go, page, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/reflections/{check_in_id}")


@router.get("")
async def form(request: Request, viewer: Signed, check_in_id: str, saved: str = "", do: str = "") -> Response:
    """`do=talk`, from a letter's link, puts "Let's just talk" first; only the button says it."""
    async with database_of(request).reading() as session:
        shown = await reflection_for_form(session, check_in_id, viewer.id)
        if shown is None:
            raise NotHere
        leaves_at = await lines_leave_at(session, check_in_id)
    return page(
        request,
        "reflection.html",
        form=shown,
        leaves_at=leaves_at if leaves_at and leaves_at > request.state.now else None,
        not_for=NOT_FOR,
        where_help_is=WHERE_HELP_IS,
        after_leave=NOT_ASKED_AFTER_LEAVE if shown.situation == "back_from_leave" else "",
        line_words=LINE_WORDS,
        saved=saved,
        talk_first=do == "talk",
    )


@router.post("")
async def save(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """Keeps what was typed, also with "Let's just talk", also after the talk."""
    typed = await typed_in(request)
    talk = typed.get("do") == "talk"
    async with database_of(request).transaction() as session:
        shown = await reflection_for_form(session, check_in_id, viewer.id)
        if shown is None:
            raise NotHere
        await save_answers(session, check_in_id, viewer.id, _answers(shown, typed), request.state.now)
        if talk:
            await just_talk(session, check_in_id, viewer.id, request.state.now)
    return go(f"/reflections/{check_in_id}?saved={'talk' if talk else 'answers'}")


def _answers(shown: ReflectionForm, typed: dict[str, str]) -> dict[str, TypedAnswer]:
    """What was typed for the questions of this form; a question that was not sent is left alone."""
    return {
        key: TypedAnswer(
            text=typed[f"text-{key}"],
            shared=f"share-{key}" in typed,
            line=_changed_line(typed, key),
            seen=typed.get(f"seen-{key}"),
        )
        for key in (answer.question.key for answer in shown.answers)
        if f"text-{key}" in typed
    }


def _changed_line(typed: dict[str, str], key: str) -> str | None:
    """The line, if it differs from the one that the form proposed; None when it was left alone."""
    line = typed.get(f"line-{key}", "").strip()
    return None if line == typed.get(f"shown-{key}", "").strip() else line
