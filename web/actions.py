"""One action: what its owner can do with it, and what the other may see of it. A GET changes nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused, asks_right_goal
from integrations.database import actions
from integrations.database.action_views import ActionView, action_for, events_for
from integrations.database.people import partner_of
from integrations.database.plans import local_day, rules_of
from integrations.database.readings import note_reading
from integrations.database.tables import ActionEvent, Person
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.sessions import Signed

router = APIRouter()

CHOICES = ("done", "new-date", "help", "drop", "snooze")


@dataclass(frozen=True, slots=True)
class _Shown:
    """An action's page: `other` is the other of its plan, `partner` the plan's person's partner of today."""

    view: ActionView
    events: list[tuple[ActionEvent, Person | None]]
    other: Person | None
    partner: Person | None
    asks_right_goal: bool
    snooze_days: tuple[int, ...]
    today: date


@router.get("/actions/{action_id}")
async def show(request: Request, viewer: Signed, action_id: str, choose: str = "") -> Response:
    now: datetime = request.state.now
    async with database_of(request).reading() as session:
        shown = await _shown(session, viewer.id, action_id, now)
    if not shown.view.mine:
        async with database_of(request).transaction() as session:
            owner_id, day = shown.view.owner.id, local_day(viewer.person, now)
            await note_reading(session, viewer.id, owner_id, f"action/{action_id}", day)
    open_and_mine = shown.view.mine and shown.view.row.state == "open"
    chosen = choose if open_and_mine and choose in CHOICES else ""
    return page(request, "action.html", shown=shown, chosen=chosen)


async def _shown(session: AsyncSession, reader_id: str, action_id: str, now: datetime) -> _Shown:
    view = await action_for(session, reader_id, action_id, now)
    if view is None:
        raise NotHere
    partner_id = await partner_of(session, view.plan_person.id, now.date())
    partner = await session.get(Person, partner_id) if partner_id else None
    rules = (await rules_of(session, view.plan_person.id)).actions
    row = view.row
    return _Shown(
        view=view,
        events=await events_for(session, reader_id, row),
        other=partner if view.owner.id == view.plan_person.id else view.plan_person,
        partner=partner,
        asks_right_goal=asks_right_goal(row.extensions, rules.right_goal_question_at_extension),
        snooze_days=rules.snooze_days if row.snoozes < rules.snoozes else (),
        today=local_day(view.owner, now),
    )


@router.post("/actions/{action_id}/accept")
async def accept(request: Request, viewer: Signed, action_id: str) -> Response:
    typed = await typed_in(request)
    due_on = day_of(typed, "due_on") if typed.get("due_on") else None
    return await _move(
        request,
        action_id,
        lambda s: actions.accept(s, action_id, viewer.id, request.state.now, due_on),
        typed,
    )


@router.post("/actions/{action_id}/done")
async def done(request: Request, viewer: Signed, action_id: str) -> Response:
    return await _move(request, action_id, lambda s: actions.done(s, action_id, viewer.id, request.state.now))


@router.post("/actions/{action_id}/new-date")
async def new_date(request: Request, viewer: Signed, action_id: str) -> Response:
    typed = await typed_in(request)
    due_on = day_of(typed, "due_on")
    return await _move(
        request,
        action_id,
        lambda s: actions.new_date(s, action_id, viewer.id, due_on, request.state.now),
        typed,
    )


@router.post("/actions/{action_id}/help")
async def ask_help(request: Request, viewer: Signed, action_id: str) -> Response:
    typed = await typed_in(request)
    whom, note = typed.get("whom", ""), typed.get("note")
    return await _move(
        request,
        action_id,
        lambda s: actions.ask_help(s, action_id, viewer.id, whom, note, request.state.now),
        typed,
    )


@router.post("/actions/{action_id}/drop")
async def drop(request: Request, viewer: Signed, action_id: str) -> Response:
    return await _move(request, action_id, lambda s: actions.drop(s, action_id, viewer.id, request.state.now))


@router.post("/actions/{action_id}/owner")
async def owner(request: Request, viewer: Signed, action_id: str) -> Response:
    """What becomes of it, now that its owner has left."""
    typed = await typed_in(request)
    due_on = day_of(typed, "due_on") if typed.get("due_on") else None
    return await _move(
        request,
        action_id,
        lambda s: actions.choose_owner(s, action_id, viewer.id, typed.get("who", ""), request.state.now, due_on),
        typed,
    )


@router.post("/actions/{action_id}/snooze")
async def snooze(request: Request, viewer: Signed, action_id: str) -> Response:
    days = (await typed_in(request)).get("days", "")
    if not (days.isascii() and days.isdecimal() and len(days) < 4):
        raise Unfit("Choose for how many days nothing should be heard of it.")
    return await _move(
        request, action_id, lambda s: actions.snooze(s, action_id, viewer.id, int(days), request.state.now)
    )


@router.post("/actions/{action_id}/progress")
async def progress(request: Request, viewer: Signed, action_id: str) -> Response:
    return await _move(request, action_id, lambda s: actions.progress(s, action_id, viewer.id, request.state.now))


async def _move(
    request: Request,
    action_id: str,
    move: Callable[[AsyncSession], Awaitable[None]],
    typed: dict[str, str] | None = None,
) -> Response:
    try:
        async with database_of(request).transaction() as session:
            await move(session)
    except actions.NotYours as error:
        raise NotHere from error
    except Refused as error:
        raise Unfit(error.sentence, typed) from error
    return go(f"/actions/{action_id}")


def day_of(typed: dict[str, str], name: str) -> date:
    """The day in a form's date field. Raises Unfit."""
    try:
        return date.fromisoformat(typed.get(name, "").strip())
    except ValueError as error:
        raise Unfit("Choose a day, written as year-month-day: 2030-03-11.", typed) from error
