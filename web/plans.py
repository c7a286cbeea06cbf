"""Plans, and what the holder of a stuck one answers. HR reads none of it; a GET changes nothing."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused
from integrations.database import plans, stalls
from integrations.database.action_views import actions_for, actions_of_plan
from integrations.database.actions import NotYours
from integrations.database.people import partner_of
from integrations.database.readings import note_reading
from integrations.database.successors import goals_for, handover_to
from integrations.database.tables import NeedsAHand, Person, Plan
from web.actions import day_of
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.sessions import Signed, Viewer

router = APIRouter()


@router.get("/plan")
async def own(request: Request, viewer: Signed) -> Response:
    async with database_of(request).reading() as session:
        plan = await plans.plan_of(session, viewer.id)
        return await _plan_page(request, session, viewer, plan, viewer.person)


@router.post("/plan/help")
async def ask_for_help(request: Request, viewer: Signed) -> Response:
    whom = (await typed_in(request)).get("whom", "")
    await _change(request, lambda s: plans.ask_for_help(s, viewer.id, whom, request.state.now))
    return go("/plan")


@router.get("/plans/{plan_id}")
async def show(request: Request, viewer: Signed, plan_id: str) -> Response:
    now: datetime = request.state.now
    async with database_of(request).reading() as session:
        plan = await plans.plan_for(session, plan_id, viewer.id, now)
        if plan is None:
            raise NotHere
        person = await session.get_one(Person, plan.person_id)
        answer = await _plan_page(request, session, viewer, plan, person)
    async with database_of(request).transaction() as session:
        day = plans.local_day(viewer.person, now)
        await note_reading(session, viewer.id, person.id, f"plan/{plan_id}", day)
    return answer


@router.post("/plans/{plan_id}/resume")
async def resume(request: Request, viewer: Signed, plan_id: str) -> Response:
    async with database_of(request).reading() as session:
        plan = await session.get(Plan, plan_id)
    if plan is None or plan.person_id != viewer.id:
        raise NotHere
    await _change(request, lambda s: plans.resume_plan(s, plan_id, viewer.id, request.state.now))
    return go("/plan")


async def _plan_page(
    request: Request, session: AsyncSession, viewer: Viewer, plan: Plan | None, person: Person
) -> Response:
    now: datetime = request.state.now
    mine = person.id == viewer.id
    views = await actions_of_plan(session, viewer.id, plan.id, now) if plan else []
    partner_id = await partner_of(session, person.id, now.date())
    elsewhere = await actions_for(session, viewer.id, viewer.id, now) if mine else []
    hand = await session.get(NeedsAHand, f"help/{viewer.id}") if mine else None
    return page(
        request,
        "plan.html",
        plan=plan,
        person=person,
        mine=mine,
        partner=await session.get(Person, partner_id) if partner_id else None,
        goals=await goals_for(session, plan, viewer.id) if plan else [],
        handover=await handover_to(session, person.id, partner_id),
        open_ones=[view for view in views if view.row.state == "open"],
        closed_ones=[view for view in views if view.row.state != "open"],
        elsewhere=[view for view in elsewhere if view.plan_person.id != viewer.id],
        hr_asked=hand is not None and hand.mended_at is None,
    )


# Stalls


@router.get("/stalls/{stall_id}")
async def show_stall(request: Request, viewer: Signed, stall_id: str) -> Response:
    now: datetime = request.state.now
    async with database_of(request).reading() as session:
        view = await stalls.stall_for(session, stall_id, viewer.id, now)
        if view is None:
            raise NotHere
        rules = (await plans.rules_of(session, view.plan_person.id)).stalled_plan
    if view.shared_reason is not None and view.other:
        async with database_of(request).transaction() as session:
            day = plans.local_day(viewer.person, now)
            await note_reading(session, viewer.id, view.other.id, f"stall/{stall_id}", day)
    answered = view.answer.reason if view.answer else ""
    return page(
        request,
        "stall.html",
        view=view,
        mine=view.plan_person.id == viewer.id,
        chosen=answered,
        can_keep_hr_out=rules.owner_can_keep_hr_out,
    )


@router.post("/stalls/{stall_id}/answer")
async def answer(request: Request, viewer: Signed, stall_id: str) -> Response:
    typed = await typed_in(request)
    reason, to_partner, to_hr = typed.get("reason", ""), "to_partner" in typed, "to_hr" in typed
    now = request.state.now
    await _change(request, lambda s: stalls.answer_stall(s, stall_id, viewer.id, reason, to_partner, to_hr, now))
    return go(f"/stalls/{stall_id}")


@router.post("/stalls/{stall_id}/smaller")
async def smaller(request: Request, viewer: Signed, stall_id: str) -> Response:
    typed = await typed_in(request)
    due_on = day_of(typed, "due_on") if typed.get("due_on") else None
    title, now = typed.get("title"), request.state.now
    await _change(request, lambda s: stalls.make_smaller(s, stall_id, viewer.id, now, title, due_on), typed)
    return go(f"/stalls/{stall_id}")


@router.post("/stalls/{stall_id}/pause")
async def pause(request: Request, viewer: Signed, stall_id: str) -> Response:
    await _change(request, lambda s: stalls.pause_plan(s, stall_id, viewer.id, request.state.now))
    return go(f"/stalls/{stall_id}")


@router.post("/stalls/{stall_id}/leave")
async def leave(request: Request, viewer: Signed, stall_id: str) -> Response:
    await _change(request, lambda s: stalls.leave_as_is(s, stall_id, viewer.id, request.state.now))
    return go(f"/stalls/{stall_id}")


@router.post("/stalls/{stall_id}/keep-hr-out")
async def keep_hr_out(request: Request, viewer: Signed, stall_id: str) -> Response:
    await _change(request, lambda s: stalls.keep_hr_out(s, stall_id, viewer.id, request.state.now))
    return go(f"/stalls/{stall_id}")


async def _change(
    request: Request,
    change: Callable[[AsyncSession], Awaitable[None]],
    typed: dict[str, str] | None = None,
) -> None:
    try:
        async with database_of(request).transaction() as session:
            await change(session)
    except NotYours as error:
        raise NotHere from error
    except Refused as error:
        raise Unfit(error.sentence, typed) from error
