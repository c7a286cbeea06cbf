"""Pathways: everybody sees the roles, tracks and openings; what of them is somebody's own, only that person.

Whom an interest is shown to stands beside the button before it is pressed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.pathways import Audience, Catalogue, Named, audience
from cycle.policy import InterestVisibleTo
from cycle.sentences import Sentence
from integrations.database import pathways
from integrations.database.pathways import InterestView, LinesView
from integrations.database.people import local_day, partner_of
from integrations.database.plans import rules_of
from integrations.database.readings import note_readings
from integrations.database.reflections import lines_leave_at
from integrations.database.tables import Person
from web.changes import make_change
from web.face import database_of
from web.pages import NotHere, go, page, typed_in
from web.sessions import Signed, Viewer

router = APIRouter()

DONE = {
    "role": Sentence("Saved. The ladders below show where you are."),
    "interested": Sentence("Noted. You can take it back whenever you like."),
    "removed": Sentence("Taken back, as if it had never been said."),
    "shown": Sentence("They see it from now on."),
    "hidden": Sentence("They do not see it any more."),
    "put": Sentence("It will stand on the page that you both get before your talk."),
    "out": Sentence("Taken out."),
}


@dataclass(frozen=True, slots=True)
class _Mine:
    """What of the pathways is one viewer's own. `told` is the policy's word on who sees an interest."""

    catalogue: Catalogue
    today: date
    role: str | None
    interests: tuple[InterestView, ...]
    openings: tuple[Named, ...]
    lines: LinesView | None
    leaves_at: datetime | None
    told: InterestVisibleTo
    smallest: int
    partner: Person | None

    def interest_in(self, about: str) -> InterestView | None:
        return next((each for each in self.interests if each.row.about == about), None)

    @property
    def who_will_see(self) -> Sentence:
        """Who sees an interest that is said now."""
        return self.seen_by(audience(self.told, self.told, shared=False))

    def seen_by(self, seen: frozenset[Audience]) -> Sentence:
        partner = self.partner.first_name if self.partner and "partner" in seen else ""
        if partner and "hr" in seen:
            return Sentence(
                "You and {name} see it. HR sees no names, only how many, from {smallest} people on.",
                name=partner,
                smallest=self.smallest,
            )
        if partner:
            return Sentence("You and {name} see it. HR does not.", name=partner)
        if "hr" in seen:
            return Sentence(
                "Only you see it. HR sees no names, only how many, from {smallest} people on.", smallest=self.smallest
            )
        return Sentence("Only you see it, unless you show it to somebody yourself.")


async def _mine(session: AsyncSession, viewer: Viewer, now: datetime) -> _Mine:
    catalogue, today = await pathways.pathways_now(session), local_day(viewer.person, now)
    role = await pathways.role_of(session, viewer.id, catalogue)
    interests = tuple(await pathways.interests_of(session, viewer.person, catalogue, now))
    partner_id = await partner_of(session, viewer.id, now.date())
    lines = await pathways.next_lines(session, viewer.id, catalogue, now)
    rules = await rules_of(session, viewer.id)
    return _Mine(
        catalogue=catalogue,
        today=today,
        role=role,
        interests=interests,
        openings=tuple(pathways.openings_for(catalogue, role, interests, today)),
        lines=lines,
        leaves_at=await lines_leave_at(session, lines.check_in_id) if lines and lines.open else None,
        told=rules.pathways.interest_visible_to,
        smallest=rules.privacy.smallest_group,
        partner=await session.get(Person, partner_id) if partner_id else None,
    )


@router.get("/pathways")
async def overview(request: Request, viewer: Signed, done: str = "") -> Response:
    now: datetime = request.state.now
    async with database_of(request).reading() as session:
        mine = await _mine(session, viewer, now)
        shown = await pathways.interests_shown_to(session, viewer.id, mine.catalogue, now)
    return page(request, "pathways.html", mine=mine, shown=bool(shown), said=DONE.get(done))


@router.get("/pathways/roles/{key}")
async def role(request: Request, viewer: Signed, key: str, done: str = "") -> Response:
    async with database_of(request).reading() as session:
        mine = await _mine(session, viewer, request.state.now)
    found = mine.catalogue.role_by_key.get(key)
    if found is None:
        raise NotHere
    return page(request, "pathway_role.html", mine=mine, role=found, said=DONE.get(done))


@router.get("/pathways/shown")
async def shown_to_me(request: Request, viewer: Signed) -> Response:
    """What the people whose check-ins the viewer holds show them; each learns that it was read."""
    now: datetime = request.state.now

    async def ask(session: AsyncSession) -> tuple[Sequence[InterestView], bool]:
        catalogue = await pathways.pathways_now(session)
        shown = await pathways.interests_shown_to(session, viewer.id, catalogue, now)
        of = [(each.person.id, f"interest/{each.row.id}") for each in shown]
        return shown, await note_readings(session, viewer.person, of, now)

    shown, noted = await database_of(request).noting(ask)
    return page(request, "pathways_shown.html", shown=shown, noted=noted)


@router.get("/hr/pathways")
async def for_hr(request: Request, viewer: Signed) -> Response:
    """How many are interested in what: no names, and no groups so small that they would be one."""
    if not viewer.is_hr:
        raise NotHere
    async with database_of(request).reading() as session:
        catalogue = await pathways.pathways_now(session)
        counts = await pathways.interest_counts(session, request.state.now)
    named = [(each, counts[about]) for about in counts if (each := catalogue.named(about))]
    named.sort(key=lambda pair: (-pair[1], pair[0].role.name))
    return page(request, "pathways_counts.html", counts=named, since=request.state.now.date().replace(day=1))


# What one does


@router.post("/pathways/role")
async def choose_role(request: Request, viewer: Signed) -> Response:
    key = (await typed_in(request)).get("role", "")
    await make_change(request, lambda s: pathways.choose_role(s, viewer.id, key, request.state.now))
    return go("/pathways?done=role")


@router.post("/pathways/interests")
async def interested(request: Request, viewer: Signed) -> Response:
    typed = await typed_in(request)
    about, told = typed.get("about", ""), typed.get("told", "")
    await make_change(request, lambda s: pathways.say_interested(s, viewer.id, about, told, request.state.now))
    return _back(typed, "interested")


@router.post("/pathways/interests/{interest_id}/remove")
async def remove(request: Request, viewer: Signed, interest_id: str) -> Response:
    typed = await typed_in(request)
    await make_change(request, lambda s: pathways.take_interest_back(s, viewer.id, interest_id))
    return _back(typed, "removed")


@router.post("/pathways/interests/{interest_id}/show")
async def show(request: Request, viewer: Signed, interest_id: str) -> Response:
    now = request.state.now
    await make_change(request, lambda s: pathways.show_interest(s, viewer.id, interest_id, True, now))
    return go("/pathways?done=shown#mine")


@router.post("/pathways/interests/{interest_id}/hide")
async def hide(request: Request, viewer: Signed, interest_id: str) -> Response:
    now = request.state.now
    await make_change(request, lambda s: pathways.show_interest(s, viewer.id, interest_id, False, now))
    return go("/pathways?done=hidden#mine")


@router.post("/pathways/pre-read")
async def pre_read(request: Request, viewer: Signed) -> Response:
    """Puts something into the pre-read of the next check-in, or takes it out."""
    typed = await typed_in(request)
    about, out = typed.get("about", ""), typed.get("do") == "out"
    change = pathways.take_line_out if out else pathways.put_line
    await make_change(request, lambda s: change(s, viewer.id, about, request.state.now))
    return _back(typed, "out" if out else "put")


def _back(typed: dict[str, str], done: str) -> Response:
    """To the role's page, where the button was pressed there."""
    key = typed.get("from", "")
    if key and all(each.isascii() and (each.isalnum() or each == "-") for each in key):
        return go(f"/pathways/roles/{key}?done={done}")
    return go(f"/pathways?done={done}#mine")
