"""What is kept of a person and for how long, who read what of theirs, and all of it to take along."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.policy import Privacy
from cycle.sentences import Sentence
from integrations.database.action_views import actions_among
from integrations.database.assistants import name_assistant
from integrations.database.exports import export_of
from integrations.database.people import holds_check_ins, partner_of
from integrations.database.policies import policy_of_person
from integrations.database.readings import MOST, ReadBy, readings_of
from integrations.database.sharing import shared_by
from integrations.database.successors import handover_to
from integrations.database.supporters import supporting
from integrations.database.tables import Goal, Person, Plan
from web.changes import make_change
from web.exports import download
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.rate_limits import count_export
from web.sessions import Signed
from web.sign_in import local_path

router = APIRouter(prefix="/privacy")

WORDS = {
    "reflection": (Sentence("what you shared before a check-in"), "/reflections/{}"),
    "learning": (Sentence("what you learned lately"), "/learning-moment"),
    "pre-read": (Sentence("the page you both read before a check-in"), "/check-ins/{}"),
    "notes": (Sentence("your notes of a check-in"), "/check-ins/{}#notes"),
    "plan": (Sentence("your plan"), "/plan"),
    "action": (Sentence("an action"), "/actions/{}"),
    "stall": (Sentence("what you said is in the way"), "/stalls/{}"),
    "goal": (Sentence("a goal"), "/goals/{}"),
    "invitation": (Sentence("what you wrote to somebody whom you asked along"), "/plan"),
    "feedback": (Sentence("feedback that you gave or asked for"), "/feedback/{}"),
    "interest": (Sentence("a role or an opening that interests you"), "/pathways"),
}
"""What a kind of reading is called, and where the thing is."""

SOMETHING = (Sentence("something of yours"), "")
AS_SUPPORTER = Sentence("what you wrote as a supporter")


@dataclass(frozen=True, slots=True)
class ReadThat:
    """What one reader read on one day: (what it is called, where it is)."""

    day: date
    reader: str
    things: tuple[tuple[Sentence, str], ...]


@router.get("")
async def privacy(request: Request, viewer: Signed) -> Response:
    today = request.state.now.date()
    async with database_of(request).reading() as session:
        policy = await policy_of_person(session, viewer.id)
        readings = await readings_of(session, viewer.id)
        partner_id = await partner_of(session, viewer.id, today)
        partner = await session.get(Person, partner_id) if partner_id else None
        shared = await shared_by(session, viewer.person, partner, request.state.now)
        handover = await handover_to(session, viewer.id, partner_id)
        holds = await holds_check_ins(session, viewer.id, today)
        assistant = await session.get(Person, viewer.person.assistant_id) if viewer.person.assistant_id else None
        called = await _called(session, viewer.id, readings, request.state.now)
    return page(
        request,
        "privacy.html",
        days=[(day, list(of_day)) for day, of_day in groupby(_told(readings, called), lambda each: each.day)],
        older=len(readings) == MOST,
        shared=shared,
        partner=partner,
        handover=handover,
        rules=policy.privacy if policy else Privacy(),
        holds=holds,
        assistant=assistant,
    )


@router.post("/mailbox")
async def mailbox(request: Request, viewer: Signed) -> Response:
    """Whoever holds check-ins says whether others open their mailbox: what is written before a talk then stays out."""
    typed = await typed_in(request)
    answer = {"yes": True, "no": False}.get(typed.get("share-mailbox", ""))
    async with database_of(request).transaction() as session:
        if not await holds_check_ins(session, viewer.id, request.state.now.date()):
            raise NotHere
        if answer is None:
            raise Unfit(Sentence("Say yes or no: does anyone else open your mailbox?"))
        (await session.get_one(Person, viewer.id)).mailbox_shared = answer
    return go(local_path(typed.get("back", "/privacy")))


@router.post("/assistant")
async def assistant(request: Request, viewer: Signed) -> Response:
    """Whoever holds check-ins names somebody who chooses their hours, somebody else, or nobody any more."""
    typed = await typed_in(request)

    async def change(session: AsyncSession) -> None:
        if not await holds_check_ins(session, viewer.id, request.state.now.date()):
            raise NotHere
        await name_assistant(session, viewer.id, typed.get("assistant", ""), request.state.now)

    await make_change(request, change, typed)
    return go("/privacy#assistant")


@router.post("/export")
async def export(request: Request, viewer: Signed) -> Response:
    """A post, since it leaves traces: that it was asked for, and what others wrote as read."""
    await count_export(request, viewer.id)
    async with database_of(request).transaction() as session:
        everything = await export_of(session, viewer.person, request.state.now)
    return download(request, everything)


async def _called(
    session: AsyncSession, person_id: str, readings: Sequence[ReadBy], now: datetime
) -> dict[str, tuple[Sentence, str]]:
    """What goals and actions are called, and where they are, by what the reading is called: by the title that this
    person gave them; and those whose own pages are not theirs, such as a mentor's, are somewhere else.
    """
    goals, actions = ({each.about_id for each in readings if each.kind == kind} for kind in ("goal", "action"))
    if not goals and not actions:
        return {}
    own_goals = select(Goal).join(Plan).where(Goal.id.in_(goals), Plan.person_id == person_id)
    theirs = {
        f"goal/{goal.id}": (Sentence("the goal “{title}”", title=goal.title), "/goals/{}")
        for goal in await session.scalars(own_goals)
    }
    for view in await actions_among(session, person_id, actions, now):
        # Another's words would be read here.
        own = view.row.made_by_id == person_id
        theirs[f"action/{view.row.id}"] = (
            (Sentence("the action “{title}”", title=view.row.title), "/actions/{}") if own else WORDS["action"]
        )
    asked = {f"goal/{goal_id}" for goal_id in goals} | {f"action/{action_id}" for action_id in actions}
    pages = {each.subject.about: f"/supporting/{each.row.id}" for each in await supporting(session, person_id)}
    elsewhere = asked - theirs.keys()
    return theirs | {
        about: (AS_SUPPORTER, pages[about]) if about in pages else (SOMETHING[0], "") for about in elsewhere
    }


def _told(readings: Iterable[ReadBy], called: Mapping[str, tuple[Sentence, str]]) -> Iterable[ReadThat]:
    for (day, reader), of_reader in groupby(readings, lambda each: (each.day, each.reader)):
        yield ReadThat(day, reader, tuple(_thing(each, called) for each in of_reader))


def _thing(reading: ReadBy, called: Mapping[str, tuple[Sentence, str]]) -> tuple[Sentence, str]:
    known = called.get(f"{reading.kind}/{reading.about_id}")
    words, path = known or WORDS.get(reading.kind, SOMETHING)
    return words, path.format(reading.about_id)
