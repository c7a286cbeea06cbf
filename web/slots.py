"""The page with three hours to choose from. A link shows them; only a button chooses, and calendars are read again.

It is for the two of a check-in, and for whoever assists the one who holds it, who sees nothing else of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from cycle.check_in import State, conclusion
from cycle.reasons import recalled
from cycle.sentences import Sentence
from integrations.database.check_ins import count_moves, said_about
from integrations.database.conversations import Conversation, hours_for
from integrations.database.offers import choose, newest_offer, none_suits
from integrations.database.tables import Booking, Offer, Person
from web.changes import make_change
from web.face import database_of
from web.pages import NotHere, Unfit, go, page, typed_in
from web.sessions import Signed

router = APIRouter(prefix="/check-ins/{check_in_id}/slots")

Stage = Literal["choose", "looking", "checking", "settled", "nothing"]
"""What the page shows: three hours; that they are being found; that the chosen one is looked at again; the hour that
the talk has now; or that there is nothing to choose.
"""


@dataclass(frozen=True, slots=True)
class Hour:
    start: datetime
    end: datetime
    reasons: tuple[Sentence, ...]


@router.get("")
async def show(request: Request, viewer: Signed, check_in_id: str, late: str = "", seen: str = "") -> Response:
    """`seen`, asked by the page itself, is the stage that it shows: while that is so, there is nothing to answer."""
    async with database_of(request).reading() as session:
        shown = await _mine(session, request, viewer.id, check_in_id)
        offer = await newest_offer(session, check_in_id)
        moves = await count_moves(session, check_in_id)
        newest = shown.pair.booking
        stage = await stage_of(session, shown, offer, request.state.now)
        overtaken = _overtaken(offer, newest, request.state.now)
        picked = None if overtaken else await _picked(session, offer, newest)
    if seen == stage and "hx-request" in request.headers:
        return Response(status_code=204)
    return page(
        request,
        "slots.html",
        shown=shown,
        row=shown.pair.row,
        other=shown.other(viewer.id),
        assists=shown.pair.partner if shown.access == "hours" else None,
        stage=stage,
        offer=offer,
        hours=_hours(offer) if stage == "choose" else (),
        before=newest if newest and newest.state == "moved" and newest.start_at > request.state.now else None,
        moves=moves,
        again=bool(offer and offer.round > 1),
        late=late,
        overtaken=overtaken,
        chosen_at=picked[0] if picked else None,
        chosen_by=picked[1] if picked else None,
    )


@router.post("")
async def choose_one(request: Request, viewer: Signed, check_in_id: str) -> Response:
    """Takes one of the three, or says that none suits. Where it is not offered any more, the page says what is."""
    typed = await typed_in(request)
    numbers = [typed.get(name, "") for name in ("booking_no", "round")]
    if not all(each.isdecimal() for each in numbers):
        raise Unfit(Sentence("Open the page again and choose one of the hours on it."))
    booking_no, number = map(int, numbers)
    slot = typed.get("slot", "")
    taken = False

    async def take(session: AsyncSession) -> None:
        nonlocal taken
        await _mine(session, request, viewer.id, check_in_id)
        if slot == "none":
            taken = await none_suits(session, check_in_id, booking_no, number, request.state.now)
        elif slot.isdecimal():
            taken = await choose(session, check_in_id, booking_no, number, int(slot), viewer.id, request.state.now)
        else:
            raise Unfit(Sentence("Choose one of the three hours, or say that none of them suits."))

    await make_change(request, take, typed)
    return go(f"/check-ins/{check_in_id}/slots{'' if taken else '?late=yes'}")


async def stage_of(session: AsyncSession, shown: Conversation, offer: Offer | None, now: datetime) -> Stage:
    """What there is to choose for these two; `offer` is the check-in's newest."""
    row, newest = shown.pair.row, shown.pair.booking
    if row.state not in (State.DUE, State.BOOKED, State.ENDED):
        return "nothing"
    if offer is not None and newest is not None and offer.booking_no == newest.no:
        if offer.state == "picked" and now < (newest.start_at if offer.keeps_hour else offer.until):
            return "checking"
        if offer.state == "open" and now < offer.until:
            return "choose"
        if offer.state == "wanted" and now < offer.until:
            return "looking"
    if newest is not None and newest.state == "intended":
        return "checking"
    said = await said_about(session, row.id, newest.no) if newest else {}
    if (
        shown.booking is not None
        and conclusion(said, (shown.pair.person.id, shown.pair.partner.id), asked_out=False) is not State.DUE
    ):
        return "nothing" if shown.over else "settled"
    return "looking" if newest is not None else "nothing"


def _overtaken(offer: Offer | None, newest: Booking | None, now: datetime) -> bool:
    """Whether the booked hour began before the one chosen beside it was put in: then it stays."""
    if offer is None or newest is None or (offer.booking_no, newest.state) != (newest.no, "booked"):
        return False
    return offer.keeps_hour and offer.state == "picked" and now >= newest.start_at


def _hours(offer: Offer | None) -> list[Hour]:
    return [
        Hour(
            datetime.fromisoformat(each["start"]),
            datetime.fromisoformat(each["end"]),
            tuple(map(recalled, each["reasons"])),
        )
        for each in (offer.slots if offer else ())
    ]


async def _picked(
    session: AsyncSession, offer: Offer | None, newest: Booking | None
) -> tuple[datetime, Person | None] | None:
    """The hour that one of the two chose, and who; None once something else is booked, or nothing was chosen."""
    if offer is None or newest is None or offer.picked is None or offer.state not in ("picked", "taken"):
        return None
    start = datetime.fromisoformat(offer.slots[offer.picked]["start"])
    if offer.state == "taken" and newest.start_at != start:
        return None
    return start, await session.get(Person, offer.picked_by_id) if offer.picked_by_id else None


async def _mine(session: AsyncSession, request: Request, viewer_id: str, check_in_id: str) -> Conversation:
    shown = await hours_for(session, check_in_id, viewer_id, request.state.now)
    if shown is None:
        raise NotHere
    return shown
