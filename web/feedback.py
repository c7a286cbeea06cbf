"""Feedback: asking colleagues, answering them, and what the asker does with an answer."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from cycle.feedback import (
    ABOUT_LETTERS,
    ANSWER_LETTERS,
    MOST_OPEN,
    PARTS,
    Advice,
    Part,
    about_of,
    advise_on,
    answer_of,
    closes_at,
)
from cycle.sentences import Sentence
from integrations.database import feedback
from integrations.database.feedback import FeedbackView
from integrations.database.people import partner_of
from integrations.database.tables import Person
from web.changes import make_change
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/feedback")

DONE = {
    "asked": Sentence("Your question goes out with their next letter. Until then you can undo it here."),
    "undone": Sentence("Undone. Nobody has heard of it."),
    "sent": Sentence("Thank you. It is there for them now."),
    "declined": Sentence("All right, not this time. Nobody is told."),
    "withdrawn": Sentence("Taken back. Nobody has read it."),
    "shown": Sentence("From now on you both can read it here."),
    "hidden": Sentence("It is yours alone again."),
}
NAMES = ("name-1", "name-2", "name-3")


@router.get("")
async def overview(request: Request, viewer: Signed, done: str = "") -> Response:
    return await _overview(request, viewer, done=done)


@router.post("")
async def ask(request: Request, viewer: Signed) -> Response:
    typed = await typed_in(request)
    names = [name for field in NAMES if (name := typed.get(field, "").strip())]
    try:
        async with database_of(request).transaction() as session:
            about = about_of(typed.get("about", ""))
            await feedback.ask_colleagues(session, viewer.id, names, about, request.state.now)
    except Refused as error:
        return await _overview(request, viewer, typed=typed, problem=error.args[0], status=422)
    return go("/feedback?done=asked")


async def _overview(
    request: Request,
    viewer: Viewer,
    *,
    done: str = "",
    typed: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    async with database_of(request).reading() as session:
        views = await feedback.feedback_of(session, viewer.id, request.state.now)
    asked = [each for each in views if each.reader == "asker"]
    return page(
        request,
        "feedback.html",
        status,
        asked=asked,
        of_me=[each for each in views if each.reader == "giver" and (each.can_write or each.answer)],
        shown=[each for each in views if each.reader == "partner"],
        room=max(0, MOST_OPEN - sum(each.is_open for each in asked)),
        most=MOST_OPEN,
        about_letters=ABOUT_LETTERS,
        names=NAMES,
        zone=ZoneInfo(viewer.zone),
        said=DONE.get(done),
        typed=dict(typed or {}),
        problem=problem,
    )


@router.get("/{request_id}")
async def show(request: Request, viewer: Signed, request_id: str, done: str = "") -> Response:
    async def ask(session: AsyncSession) -> Response:
        view = await feedback.feedback_for(session, request_id, viewer.id, request.state.now)
        if view is None or (view.reader == "asker" and view.answer is None):
            raise NotHere
        return await _show(request, session, view, said=DONE.get(done))

    return await database_of(request).noting(ask)


@router.post("/{request_id}/answer")
async def answer(request: Request, viewer: Signed, request_id: str) -> Response:
    """Sends it, unless a word of advice comes first; "send it as it is" passes that by."""
    typed = await typed_in(request)
    async with database_of(request).transaction() as session:
        view = await feedback.feedback_for(session, request_id, viewer.id, request.state.now)
        if view is None or view.reader != "giver":
            raise NotHere
        try:
            written = answer_of(typed)
            advice = advise_on(written, view.asker.first_name) if typed.get("do") != "as-is" else {}
            if view.can_write and advice:
                return await _show(request, session, view, typed=typed, advice=advice)
            await feedback.answer_request(session, request_id, viewer.id, written, request.state.now)
        except Refused as error:
            if not view.can_write:
                raise Unfit(error.sentence, {part: typed.get(part, "") for part in PARTS}) from error
            return await _show(request, session, view, typed=typed, problem=error.args[0], status=422)
    return go(f"/feedback/{request_id}?done=sent")


async def _show(
    request: Request,
    session: AsyncSession,
    view: FeedbackView,
    *,
    typed: Mapping[str, str] | None = None,
    advice: Mapping[Part, Sequence[Advice]] | None = None,
    said: Sentence | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    viewer: Viewer = request.state.viewer
    noted = await feedback.read_feedback(session, view, viewer.person, request.state.now)
    partner_id = await partner_of(session, view.asker.id, request.state.now.date())
    zone = ZoneInfo(viewer.zone)
    written = dict(view.answer.parts()) if view.answer else {}
    return page(
        request,
        "feedback_request.html",
        status,
        view=view,
        noted=noted,
        partner=await session.get(Person, partner_id) if partner_id else None,
        parts=PARTS,
        written=written,
        typed={**written, **(typed or {})},
        letters=ANSWER_LETTERS,
        closes_on=closes_at(view.row.asked_at).astimezone(zone).date(),
        zone=zone,
        advice=advice or {},
        said=said,
        problem=problem,
    )


@router.post("/{request_id}/decline")
async def decline(request: Request, viewer: Signed, request_id: str) -> Response:
    await make_change(request, lambda s: feedback.decline(s, request_id, viewer.id, request.state.now))
    return go("/feedback?done=declined")


@router.post("/{request_id}/withdraw")
async def withdraw(request: Request, viewer: Signed, request_id: str) -> Response:
    await make_change(request, lambda s: feedback.withdraw_answer(s, request_id, viewer.id, request.state.now))
    return go("/feedback?done=withdrawn")


@router.post("/{request_id}/undo")
async def undo(request: Request, viewer: Signed, request_id: str) -> Response:
    await make_change(request, lambda s: feedback.take_back_request(s, request_id, viewer.id, request.state.now))
    return go("/feedback?done=undone")


@router.post("/{request_id}/show")
async def show_to_partner(request: Request, viewer: Signed, request_id: str) -> Response:
    await make_change(request, lambda s: feedback.share_feedback(s, request_id, viewer.id, request.state.now))
    return go(f"/feedback/{request_id}?done=shown")


@router.post("/{request_id}/hide")
async def hide(request: Request, viewer: Signed, request_id: str) -> Response:
    await make_change(request, lambda s: feedback.stop_sharing(s, request_id, viewer.id))
    return go(f"/feedback/{request_id}?done=hidden")
