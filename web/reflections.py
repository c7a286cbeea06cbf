"""The form before a check-in: its employee's alone, each answer private until they share it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.pre_read import SharedLine
from cycle.reflection import LINE_WORDS, NOT_ASKED_AFTER_LEAVE, NOT_FOR, moment_period, where_help_is
from cycle.sentences import Sentence
from integrations.database.conversations import NOT_YET
from integrations.database.learning_moments import learning_moment_of
from integrations.database.people import partner_of
from integrations.database.readings import note_readings
from integrations.database.reflections import (
    FormAnswer,
    ReflectionForm,
    TypedAnswer,
    just_talk,
    lines_leave_at,
    reflection_for_form,
    save_answers,
)
from integrations.database.tables import LearningMoment
from web.drafts import kept, key_of
from web.face import database_of, face_of
from web.pages import NotHere, go, page, typed_in
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/reflections/{check_in_id}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the partner will see of one answer: in the letter its line, if it has one, or all of it; on our pages the
    whole.
    """

    label: Sentence
    question: Sentence
    in_letter: str
    text: str


@router.get("")
async def form(request: Request, viewer: Signed, check_in_id: str, saved: str = "", do: str = "") -> Response:
    """`do=talk`, from a letter's link, puts "Let's just talk" first; only the button says it."""
    async with database_of(request).reading() as session:
        shown = await _form(session, check_in_id, viewer.id)
    return await _shown(request, viewer, shown, {}, saved=saved, talk_first=do == "talk")


@router.post("")
async def save(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """Keeps what was typed, also with "Let's just talk", also after the talk."""
    typed = await typed_in(request)
    talk = typed.get("do") == "talk"
    async with database_of(request).transaction() as session:
        shown = await _form(session, check_in_id, viewer.id)
        await save_answers(session, check_in_id, viewer.id, _answers(shown, typed), request.state.now)
        if talk:
            await just_talk(session, check_in_id, viewer.id, request.state.now)
    return go(f"/reflections/{check_in_id}?saved={'talk' if talk else 'answers'}")


@router.post("/draft")
async def draft(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """Keeps what has been typed so far. Once the lines have left, what is shared waits for its writer to save it:
    nobody is to read half a sentence.
    """
    typed = await typed_in(request)
    async with database_of(request).transaction() as session:
        shown = await _form(session, check_in_id, viewer.id)
        answers = _answers(shown, typed)
        waiting = [key for key, each in answers.items() if each.shared and shown.left_at]
        taken = {key: each for key, each in answers.items() if key not in waiting}
        await save_answers(session, check_in_id, viewer.id, taken, request.state.now)
        now_there = await _form(session, check_in_id, viewer.id)
    fields: dict[str, str] = {}
    for answer in now_there.answers:
        key = answer.question.key
        if key in taken:
            fields |= {f"seen-{key}": answer.version, f"shown-{key}": answer.line, f"line-{key}": answer.line}
            fields[f"text-{key}"] = answer.text
    return kept(request, viewer, fields, [f"text-{key}" for key in waiting])


@router.post("/preview")
async def preview(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """What the partner would see if this were saved. It is not: the page comes back as it was typed."""
    typed = await typed_in(request)
    async with database_of(request).reading() as session:
        shown = await _form(session, check_in_id, viewer.id)
    return await _shown(request, viewer, shown, typed)


async def _form(session: AsyncSession, check_in_id: str, reader_id: str) -> ReflectionForm:
    shown = await reflection_for_form(session, check_in_id, reader_id)
    if shown is None:
        raise NotHere
    return shown


async def _shown(
    request: Request,
    viewer: Viewer,
    form: ReflectionForm,
    typed: Mapping[str, str],
    saved: str = "",
    talk_first: bool = False,
) -> Response:
    """The page; what is `typed` stands in it in place of what is kept."""
    now: datetime = request.state.now
    settings = face_of(request).settings

    async def ask(session: AsyncSession) -> tuple[datetime | None, LearningMoment | None, bool]:
        first = await _went_first(session, form, now)
        of = [(first.person_id, f"learning/{first.id}")] if first else []
        noted = await note_readings(session, viewer.person, of, now)
        return await lines_leave_at(session, form.check_in.id), first, noted

    leaves_at, first, noted = await database_of(request).noting(ask)
    answers = _answers(form, typed)
    return page(
        request,
        "reflection.html",
        form=replace(form, answers=tuple(_as_typed(each, answers.get(each.question.key)) for each in form.answers)),
        seen=_seen(form, answers),
        typed=typed,
        leaves_at=leaves_at if leaves_at and leaves_at > now else None,
        first=first.text if first else None,
        noted=noted,
        link_only=form.link_only,
        not_for=NOT_FOR,
        where_help_is=where_help_is(settings.help_contact),
        help_link=settings.help_links.get(viewer.person.country or ""),
        after_leave=NOT_ASKED_AFTER_LEAVE if form.situation == "back_from_leave" else "",
        line_words=LINE_WORDS,
        saved=saved,
        talk_first=talk_first,
        keep=f"{viewer.id}.{form.check_in.id}",
        lock=key_of(request, viewer.id),
    )


async def _went_first(session: AsyncSession, form: ReflectionForm, now: datetime) -> LearningMoment | None:
    """What the partner learned lately: ahead of the talk, and of nobody who holds these check-ins no longer."""
    over = form.booking is not None and form.booking.end_at <= now
    if over or form.check_in.state not in NOT_YET:
        return None
    if await partner_of(session, form.check_in.person_id, now.date()) != form.partner.id:
        return None
    period = moment_period(form.check_in.policy_id, form.check_in.period)
    return await learning_moment_of(session, form.partner.id, period)


def _seen(form: ReflectionForm, typed: Mapping[str, TypedAnswer]) -> list[Seen]:
    found = []
    for answer in form.answers:
        now_typed = typed.get(answer.question.key)
        text = now_typed.text.strip() if now_typed else answer.text
        if text and (now_typed.shared if now_typed else answer.shared):
            line = answer.line_of(now_typed) if now_typed else answer.line
            whole = form.may_be_whole and (answer.whole if now_typed is None else bool(now_typed.whole))
            # As `cycle.pre_read` will take it.
            given = SharedLine(question=answer.question.key, line=line, whole=text if whole else None).given
            found.append(Seen(answer.question.label, answer.question.text, given, text))
    return found


def _as_typed(answer: FormAnswer, typed: TypedAnswer | None) -> FormAnswer:
    if typed is None:
        return answer
    line = answer.line if typed.line is None else typed.line
    return replace(
        answer,
        text=typed.text,
        shared=typed.shared,
        line=line,
        version=typed.seen or answer.version,
        whole=answer.whole if typed.whole is None else typed.whole,
    )


def _answers(shown: ReflectionForm, typed: Mapping[str, str]) -> dict[str, TypedAnswer]:
    """What was typed for the questions of this form; a question that was not sent is left alone."""
    return {
        key: TypedAnswer(
            text=typed[f"text-{key}"],
            shared=typed.get(f"share-{key}", "no") != "no",
            line=_changed_line(typed, key),
            seen=typed.get(f"seen-{key}"),
            # A form that was open while the policy changed, and has no such choice, says no to it.
            whole=typed.get(f"share-{key}") == "whole" if shown.may_be_whole else None,
        )
        for key in (answer.question.key for answer in shown.answers)
        if f"text-{key}" in typed
    }


def _changed_line(typed: Mapping[str, str], key: str) -> str | None:
    """The line, if it differs from the one that the form proposed; None when it was left alone."""
    line = typed.get(f"line-{key}", "").strip()
    return None if line == typed.get(f"shown-{key}", "").strip() else line
