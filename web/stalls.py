"""What the holder of a stuck plan answers, and the one click that stops or shrinks it. A GET changes nothing.

Whose plan it is keeps HR out here, also where somebody else holds the stuck part.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database import stalls
from integrations.database.people import local_day
from integrations.database.plans import rules_of
from integrations.database.policies import hr_partner_of
from web.actions import day_of
from web.changes import OfWhatWasTyped, change_on_page
from web.face import database_of
from web.pages import NotHere, Unfit, page
from web.plan_words import REASONS
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/stalls/{stall_id}")

HOLDERS_CHOICES, KEEP_HR_OUT = ("smaller", "pause", "leave"), "keep-hr-out"
CHOICES = (*HOLDERS_CHOICES, KEEP_HR_OUT)


@router.get("")
async def show(request: Request, viewer: Signed, stall_id: str, choose: str = "") -> Response:
    """`choose`, from a letter's link, puts the form that does it first; only its button does."""
    return await _page(request, viewer, stall_id, choose)


async def _page(
    request: Request, viewer: Viewer, stall_id: str, choose: str = "", problem: Unfit | None = None
) -> Response:
    now: datetime = request.state.now

    async def ask(session: AsyncSession) -> dict[str, Any]:
        view = await stalls.stall_for(session, stall_id, viewer.id, now)
        if view is None:
            raise NotHere
        rules = (await rules_of(session, view.plan_person.id)).stalled_plan
        later = await stalls.later_steps(session, view, rules, now)
        mine = view.plan_person.id == viewer.id
        asked_at = await stalls.hr_asked_at(session, stall_id)
        return {
            "view": view,
            "noted": await stalls.note_stall_read(session, view, viewer.person, now),
            "mine": mine,
            "can_keep_hr_out": mine and rules.owner_can_keep_hr_out and not (view.stall.hr_kept_out or asked_at),
            "hr_asked_on": local_day(viewer.person, asked_at) if asked_at else None,
            "later": {step: local_day(viewer.person, at) for step, at in later.items()},
            "hr": await hr_partner_of(session, view.plan_person.id) if "hr" in later else None,
        }

    shown = await database_of(request).noting(ask)
    view: stalls.StallView = shown["view"]
    offered = (HOLDERS_CHOICES if view.holds else ()) + ((KEEP_HR_OUT,) if shown["can_keep_hr_out"] else ())
    return page(
        request,
        "stall.html",
        422 if problem else 200,
        **shown,
        chosen=view.answer.reason if view.answer else "",
        choose=choose if choose in offered else "",
        reasons=REASONS,
        problem=problem.sentence if problem else None,
        typed=problem.typed if problem else {},
    )


@router.post("/answer")
async def answer(request: Request, viewer: Signed, stall_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        reason, to_partner, to_hr = typed.get("reason", ""), "to_partner" in typed, "to_hr" in typed
        await stalls.answer_stall(session, stall_id, viewer.id, reason, to_partner, to_hr, request.state.now)

    return await _move(request, viewer, stall_id, change)


@router.post("/smaller")
async def smaller(request: Request, viewer: Signed, stall_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        due_on = day_of(request, viewer, typed, "due_on") if typed.get("due_on", "").strip() else None
        await stalls.make_smaller(session, stall_id, viewer.id, request.state.now, typed.get("title"), due_on)

    return await _move(request, viewer, stall_id, change)


@router.post("/pause")
async def pause(request: Request, viewer: Signed, stall_id: str) -> Response:
    return await _move(
        request, viewer, stall_id, lambda s, _: stalls.pause_plan(s, stall_id, viewer.id, request.state.now)
    )


@router.post("/leave")
async def leave(request: Request, viewer: Signed, stall_id: str) -> Response:
    return await _move(
        request, viewer, stall_id, lambda s, _: stalls.leave_as_is(s, stall_id, viewer.id, request.state.now)
    )


@router.post("/keep-hr-out")
async def keep_hr_out(request: Request, viewer: Signed, stall_id: str) -> Response:
    return await _move(
        request, viewer, stall_id, lambda s, _: stalls.keep_hr_out(s, stall_id, viewer.id, request.state.now)
    )


async def _move(request: Request, viewer: Viewer, stall_id: str, change: OfWhatWasTyped) -> Response:
    return await change_on_page(
        request, viewer, change, lambda error: _page(request, viewer, stall_id, problem=error), f"/stalls/{stall_id}"
    )
