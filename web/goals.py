"""One goal of a plan: its person sets, rewords, closes and reopens it; their partner reads. A GET changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from integrations.database import goals
from integrations.database.action_views import actions_of_plan, note_actions_read
from integrations.database.columns import new_id
from integrations.database.evidence import lines_of
from integrations.database.people import partner_of
from integrations.database.readings import note_readings
from integrations.database.supporters import Subject, supporters_of
from integrations.database.tables import Person
from web.changes import OfWhatWasTyped, change_on_page
from web.face import database_of
from web.pages import NotHere, Unfit, page
from web.plan_words import GOAL_ENDINGS, GOAL_STATES, ROLES
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/goals/{goal_id}")


@router.get("")
async def show(request: Request, viewer: Signed, goal_id: str) -> Response:
    return await goal_page(request, viewer, goal_id)


@router.post("/words")
async def reword(request: Request, viewer: Signed, goal_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        words = {name: typed.get(name, "") for name in ("title", "why", "priority")}
        await goals.reword_goal(session, goal_id, viewer.id, **words, private="private" in typed, now=request.state.now)

    return await _change(request, viewer, goal_id, change)


@router.post("/close")
async def close(request: Request, viewer: Signed, goal_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        await goals.close_goal(session, goal_id, viewer.id, typed.get("how", ""), request.state.now)

    return await _change(request, viewer, goal_id, change)


@router.post("/reopen")
async def reopen(request: Request, viewer: Signed, goal_id: str) -> Response:
    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await goals.reopen_goal(session, goal_id, viewer.id, request.state.now)

    return await _change(request, viewer, goal_id, change)


async def _change(request: Request, viewer: Viewer, goal_id: str, change: OfWhatWasTyped) -> Response:
    return await change_on_page(
        request, viewer, change, lambda error: goal_page(request, viewer, goal_id, error), f"/goals/{goal_id}"
    )


async def goal_page(request: Request, viewer: Viewer, goal_id: str, problem: Unfit | None = None) -> Response:
    now: datetime = request.state.now

    async def ask(session: AsyncSession) -> dict[str, Any]:
        view = await goals.goal_for(session, viewer.id, goal_id, now)
        if view is None:
            raise NotHere
        subject = Subject("goal", goal_id)
        views = await actions_of_plan(session, viewer.id, view.plan.id, now)
        of_goal = [each for each in views if each.row.goal_id == goal_id]
        partner_id = await partner_of(session, view.person.id, now.date())
        lines = await lines_of(session, subject, viewer.id, view.person.id)
        of = [(each, f"goal/{goal_id}") for each in (view.person.id, *(line.writer.id for line in lines))]
        told = await note_readings(session, viewer.person, of, now)
        return {
            "view": view,
            "partner": await session.get(Person, partner_id) if partner_id else None,
            "actions": of_goal,
            "lines": lines,
            "supporters": await supporters_of(session, view.person.id, subject) if view.mine else [],
            "noted": await note_actions_read(session, of_goal, viewer.person, now) or told,
        }

    return page(
        request,
        "goal.html",
        422 if problem else 200,
        **await database_of(request).noting(ask),
        states=GOAL_STATES,
        endings=GOAL_ENDINGS,
        roles=ROLES,
        form_token=new_id(),
        problem=problem.sentence if problem else None,
        typed=problem.typed if problem else {},
    )
