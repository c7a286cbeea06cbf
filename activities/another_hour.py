"""What follows when a booked hour does not suit: it is given up for one of three others, or three stand beside it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.slip import last_day_for
from cycle.check_in import State
from cycle.offers import choose_beside_until, choose_until
from cycle.policy import Policy
from integrations.database.assistants import assistant_of
from integrations.database.check_ins import Pair, count_moves
from integrations.database.connection import poke
from integrations.database.letters import owe_letter
from integrations.database.offers import open_offer, want_offers
from integrations.database.people import work_week
from integrations.database.tables import Booking, Offer

HEARD_OF_MOVES = 2
"""After so many moves both hear kindly that it moved again."""


async def give_up_hour(
    session: AsyncSession, pair: Pair, policy: Policy, now: datetime, ask_at: datetime, *, gone: bool = False
) -> None:
    """The booked hour counts no more; its event stands until there is another, unless it is `gone`.

    Both get three hours to choose from. If neither does, or there is no time to choose, one is found without them.
    """
    assert pair.booking is not None
    pair.booking.state = "cancelled" if gone else "moved"
    row = pair.row
    row.state = State.DUE
    mine, theirs = (work_week(person, now.date()) for person in pair.people)
    last = last_day_for(pair, policy, now.date())
    day = choose_until(mine, theirs, mine.local_day(now), last)
    row.plan_again_at = None
    if day is not None:
        until = mine.instant(day, mine.hours[0])
        offer = await open_offer(session, row.id)
        if offer and offer.booking_no == pair.booking.no:
            # Three hours stand beside this one already, perhaps for one of the two only.
            offer.keeps_hour, offer.for_person_id, offer.until, row.plan_again_at = False, None, until, until
            if offer.state == "open":
                await owe_slots(session, pair, offer, ask_at, now)
        elif await want_offers(session, row.id, pair.booking.no, ask_at=ask_at, until=until):
            row.plan_again_at = until
    poke(session, "CheckIn", row.id, "to be booked again", now)


async def offer_beside(session: AsyncSession, pair: Pair, for_person_id: str | None, ask_at: datetime) -> None:
    """The hour stays, and whoever wants another has three to choose from until shortly before it begins."""
    assert pair.booking is not None
    until = choose_beside_until(pair.booking.start_at)
    if ask_at >= until:
        return
    await want_offers(
        session,
        pair.row.id,
        pair.booking.no,
        ask_at=ask_at,
        until=until,
        keeps_hour=True,
        for_person_id=for_person_id,
    )


async def owe_slots(session: AsyncSession, pair: Pair, offer: Offer, due_at: datetime, now: datetime) -> None:
    """Owes the letter about the three hours to whom it is for, once each however often hours are offered.

    Whoever assists the partner gets the partner's as well.
    """
    asked = {person.id for person in pair.people if offer.for_person_id in (None, person.id)}
    if pair.partner.id in asked and (assistant_id := await assistant_of(session, pair.partner.id)):
        asked.add(assistant_id)
    for person_id in sorted(asked):
        await owe_letter(
            session,
            f"slots/{pair.row.id}/{offer.booking_no}/{person_id}",
            person_id,
            "slots",
            due_at,
            now,
            check_in_id=pair.row.id,
            booking_no=offer.booking_no,
            expires_at=offer.until,
        )


async def tell_of_moves(session: AsyncSession, pair: Pair, booking: Booking, now: datetime) -> None:
    """Owes both, once a check-in, the kind word about an hour that moved twice."""
    if await count_moves(session, pair.row.id) < HEARD_OF_MOVES or booking.start_at <= now:
        return
    for person in pair.people:
        await owe_letter(
            session,
            f"moves/{pair.row.id}/{person.id}",
            person.id,
            "moves",
            now,
            now,
            check_in_id=pair.row.id,
            booking_no=booking.no,
            expires_at=booking.start_at,
        )
