"""One action: what its owner can do with it, and what the other may see of it. A GET changes nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.actions import Refused, asks_right_goal, can_reopen
from cycle.natural_dates import read_day
from cycle.sentences import Sentence
from cycle.time_block import LENGTHS, usual_block
from integrations.database import actions, milestones
from integrations.database.action_views import ActionView, action_for, events_for
from integrations.database.columns import new_id
from integrations.database.evidence import Line, lines_of, say_what_came_of_it
from integrations.database.people import local_day, partner_of, work_week
from integrations.database.plans import rules_of
from integrations.database.readings import note_readings, told_of_action, told_of_steps
from integrations.database.successors import goals_for
from integrations.database.supporters import Subject, Support, supporters_of
from integrations.database.tables import ActionEvent, Goal, Milestone, Person, Plan
from web.changes import change_once
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in, words_of
from web.plan_words import EVENTS, MODALITIES, ROLES
from web.sessions import Signed, Viewer

router = APIRouter(prefix="/actions/{action_id}")

CHOICES = ("done", "new-date", "help", "drop", "snooze", "time")


@dataclass(frozen=True, slots=True)
class _Shown:
    """An action's page: `other` is whom its owner can ask, `partner` the plan's person's partner of today.

    `readers` are those beside the owner who see it for their part in the plan.

    `goals` are those it could serve, for the plan's person; `supporters` are for the plan's person alone.
    """

    view: ActionView
    events: list[tuple[ActionEvent, Person | None]]
    other: Person | None
    readers: list[Person]
    partner: Person | None
    goal: Goal | None
    goals: list[Goal]
    steps: list[Milestone]
    lines: list[Line]
    supporters: list[Support]
    asks_right_goal: bool
    snooze_days: tuple[int, ...]
    can_reopen: bool
    today: date

    @property
    def whose_plan(self) -> Person:
        return self.view.plan_person

    @property
    def asks_reader(self) -> bool:
        """Whether its owner waits for this reader's help: nothing that they may see has happened since."""
        last = self.events[-1][0] if self.events else None
        waits = last is not None and last.what == "asked_help" and self.view.row.state == "open"
        return waits and not self.view.mine


@router.get("")
async def show(request: Request, viewer: Signed, action_id: str, choose: str = "") -> Response:
    return await action_page(request, viewer, action_id, choose)


async def action_page(
    request: Request, viewer: Viewer, action_id: str, choose: str = "", problem: Unfit | None = None
) -> Response:
    """The page, with `problem` on top of it where a form of it was sent that does not fit."""
    now: datetime = request.state.now

    async def ask(session: AsyncSession) -> tuple[_Shown, bool]:
        shown = await _shown(session, viewer, action_id, now)
        return shown, await _note_read(session, shown, viewer, now)

    shown, noted = await database_of(request).noting(ask)
    view, day = shown.view, local_day(viewer.person, now)
    open_and_mine = view.mine and view.row.state == "open"
    chosen = choose if open_and_mine and choose in CHOICES else ""
    return page(
        request,
        "action.html",
        422 if problem else 200,
        shown=shown,
        noted=noted,
        chosen=chosen,
        block=usual_block(work_week(view.owner, day), now) if chosen == "time" else None,
        lengths=LENGTHS,
        modalities=MODALITIES,
        event_words=EVENTS,
        roles=ROLES,
        form_token=new_id(),
        problem=problem.sentence if problem else None,
        typed=problem.typed if problem else {},
    )


async def _note_read(session: AsyncSession, shown: _Shown, viewer: Viewer, now: datetime) -> bool:
    """Notes the action, and its goal, for all whose words the page is about to show. Returns whether any learns."""
    view = shown.view
    writers = told_of_action(view.row, view.plan_person.id, viewer.id)
    writers |= {line.writer.id for line in shown.lines}
    writers |= {person.id for event, person in shown.events if event.note and person}
    of = [*((each, f"action/{view.row.id}") for each in writers), *told_of_steps(shown.steps)]
    if shown.goal:
        of.append((view.plan_person.id, f"goal/{shown.goal.id}"))
    return await note_readings(session, viewer.person, of, now)


async def _shown(session: AsyncSession, viewer: Viewer, action_id: str, now: datetime) -> _Shown:
    view = await action_for(session, viewer.id, action_id, now)
    if view is None:
        raise NotHere
    row, person = view.row, view.plan_person
    partner_id = await partner_of(session, person.id, now.date())
    partner = await session.get(Person, partner_id) if partner_id else None
    rules = (await rules_of(session, person.id)).actions
    plan = await session.get_one(Plan, row.plan_id)
    shares_plan = viewer.id in (person.id, partner_id)
    goals = await goals_for(session, plan, viewer.id) if shares_plan else []
    subject = Subject("action", row.id)
    closing = await actions.closing_event(session, row.id) if row.state != "open" else None
    today = local_day(view.owner, now)
    return _Shown(
        view=view,
        events=await events_for(session, viewer.id, row),
        other=partner if view.owner.id == person.id else person,
        readers=[each for each in (person, partner) if each and await _reads(session, each, view, now)],
        partner=partner,
        goal=next((each for each in goals if each.id == row.goal_id), None),
        goals=[each for each in goals if each.state == "open"] if viewer.id == person.id else [],
        steps=(await milestones.milestones_of(session, [row.id])).get(row.id, []),
        lines=await lines_of(session, subject, viewer.id, person.id),
        supporters=await supporters_of(session, person.id, subject) if viewer.id == person.id else [],
        asks_right_goal=asks_right_goal(row.extensions, rules.right_goal_question_at_extension),
        snooze_days=rules.snooze_days if row.snoozes < rules.snoozes else (),
        can_reopen=closing is not None
        and closing.person_id == viewer.id
        and can_reopen(local_day(view.owner, closing.at), today),
        today=today,
    )


async def _reads(session: AsyncSession, reader: Person, view: ActionView, now: datetime) -> bool:
    return reader.id != view.owner.id and await action_for(session, reader.id, view.row.id, now) is not None


@router.post("/accept")
async def accept(request: Request, viewer: Signed, action_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        due_on = _day_if_any(request, viewer, typed)
        await actions.accept(session, action_id, viewer.id, request.state.now, due_on)

    return await _move(request, viewer, action_id, change)


@router.post("/done")
async def done(request: Request, viewer: Signed, action_id: str) -> Response:
    """With a line about what came of it, if there is one."""

    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        await actions.done(session, action_id, viewer.id, request.state.now)
        if typed.get("outcome", "").strip():
            subject = Subject("action", action_id)
            await say_what_came_of_it(session, subject, viewer.id, typed["outcome"], request.state.now)

    return await _move(request, viewer, action_id, change, "done")


@router.post("/new-date")
async def new_date(request: Request, viewer: Signed, action_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        due_on = day_of(request, viewer, typed, "due_on")
        await actions.new_date(session, action_id, viewer.id, due_on, request.state.now)

    return await _move(request, viewer, action_id, change, "new-date")


@router.post("/help")
async def ask_help(request: Request, viewer: Signed, action_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        whom, note = typed.get("whom", ""), typed.get("note")
        await actions.ask_help(session, action_id, viewer.id, whom, note, request.state.now)

    return await _move(request, viewer, action_id, change, "help")


@router.post("/talked")
async def talked(request: Request, viewer: Signed, action_id: str) -> Response:
    """Whoever was asked for help has talked with the owner."""

    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await actions.talked(session, action_id, viewer.id, request.state.now)

    return await _move(request, viewer, action_id, change)


@router.post("/drop")
async def drop(request: Request, viewer: Signed, action_id: str) -> Response:
    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await actions.drop(session, action_id, viewer.id, request.state.now)

    return await _move(request, viewer, action_id, change, "drop")


@router.post("/reopen")
async def reopen(request: Request, viewer: Signed, action_id: str) -> Response:
    """Done or let go by mistake: for a while, whoever said so takes it back."""

    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await actions.reopen(session, action_id, viewer.id, request.state.now)

    return await _move(request, viewer, action_id, change)


@router.post("/owner")
async def owner(request: Request, viewer: Signed, action_id: str) -> Response:
    """What becomes of it, now that its owner has left."""

    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        due_on = _day_if_any(request, viewer, typed)
        await actions.choose_owner(session, action_id, viewer.id, typed.get("who", ""), request.state.now, due_on)

    return await _move(request, viewer, action_id, change)


@router.post("/snooze")
async def snooze(request: Request, viewer: Signed, action_id: str) -> Response:
    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        days = typed.get("days", "")
        if not (days.isascii() and days.isdecimal() and len(days) < 4):
            raise Refused(Sentence("Choose for how many days nothing should be heard of it."))
        await actions.snooze(session, action_id, viewer.id, int(days), request.state.now)

    return await _move(request, viewer, action_id, change, "snooze")


@router.post("/progress")
async def progress(request: Request, viewer: Signed, action_id: str) -> Response:
    async def change(session: AsyncSession, _typed: Mapping[str, str]) -> None:
        await actions.progress(session, action_id, viewer.id, request.state.now)

    return await _move(request, viewer, action_id, change)


@router.post("/words")
async def reword(request: Request, viewer: Signed, action_id: str) -> Response:
    """Its owner says it in other words."""

    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        words = {name: typed.get(name, "") for name in ("title", "success", "modality", "needs", "granted_by")}
        await actions.reword(session, action_id, viewer.id, **words, now=request.state.now)

    return await _move(request, viewer, action_id, change, "words")


@router.post("/goal")
async def serve_goal(request: Request, viewer: Signed, action_id: str) -> Response:
    """Which goal of their plan it serves, its plan's person says."""

    async def change(session: AsyncSession, typed: Mapping[str, str]) -> None:
        await actions.put_under_goal(session, action_id, viewer.id, typed.get("goal") or None, request.state.now)

    return await _move(request, viewer, action_id, change)


@router.post("/step")
async def step(request: Request, viewer: Signed, action_id: str) -> Response:
    """One place up or down in the plan, whose page it is done on."""
    typed = await typed_in(request)
    way = typed.get("way", "")
    await change_once(
        request, viewer, typed, lambda s: actions.step_action(s, action_id, viewer.id, way, request.state.now)
    )
    return go(f"/plan#action-{action_id}")


async def _move(
    request: Request,
    viewer: Viewer,
    action_id: str,
    move: Callable[[AsyncSession, Mapping[str, str]], Awaitable[None]],
    choose: str = "",
) -> Response:
    """Makes a move, and goes back to the action; what does not fit is said above the form of `choose`."""
    typed = await typed_in(request)
    try:
        await change_once(request, viewer, typed, lambda session: move(session, typed))
    except Unfit as error:
        return await action_page(request, viewer, action_id, choose, error)
    return go(f"/actions/{action_id}")


def _day_if_any(request: Request, viewer: Viewer, typed: Mapping[str, str]) -> date | None:
    return day_of(request, viewer, typed, "due_on") if typed.get("due_on") else None


def day_of(request: Request, viewer: Viewer, typed: Mapping[str, str], name: str) -> date:
    """The day in a form's field, as its writer writes one: "in two weeks", "19.3.", 2030-03-11. Raises Refused."""
    today = local_day(viewer.person, request.state.now)
    return read_day(typed.get(name, ""), today, words_of(request).month_first)
