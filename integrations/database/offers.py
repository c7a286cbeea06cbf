"""The hours that are offered in place of one that does not suit, and what was chosen."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.sentences import Sentence
from integrations.database.check_ins import OPEN_OFFER, lock_check_in
from integrations.database.connection import poke
from integrations.database.once import insert_once
from integrations.database.tables import Offer


async def want_offers(
    session: AsyncSession,
    check_in_id: str,
    booking_no: int,
    *,
    ask_at: datetime,
    until: datetime,
    keeps_hour: bool = False,
    for_person_id: str | None = None,
) -> bool:
    """Asks for three hours in place of this booking, once: a second ask changes nothing. True if it is the first."""
    return await insert_once(
        session,
        Offer,
        check_in_id=check_in_id,
        booking_no=booking_no,
        round=1,
        state="wanted",
        keeps_hour=keeps_hour,
        for_person_id=for_person_id,
        ask_at=ask_at,
        until=until,
        slots=[],
    )


async def newest_offer(session: AsyncSession, check_in_id: str) -> Offer | None:
    return await session.scalar(
        select(Offer)
        .where(Offer.check_in_id == check_in_id)
        .order_by(Offer.booking_no.desc(), Offer.round.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


async def open_offer(session: AsyncSession, check_in_id: str) -> Offer | None:
    """The newest, if it has not come to its end."""
    offer = await newest_offer(session, check_in_id)
    return offer if offer and offer.state in OPEN_OFFER else None


async def another_round(session: AsyncSession, gone: Offer, now: datetime) -> None:
    """Somebody was faster than the click: three fresh hours are wanted."""
    gone.state = "gone"
    session.add(
        Offer(
            check_in_id=gone.check_in_id,
            booking_no=gone.booking_no,
            round=gone.round + 1,
            state="wanted",
            keeps_hour=gone.keeps_hour,
            for_person_id=gone.for_person_id,
            ask_at=now,
            until=gone.until,
            slots=[],
        )
    )


async def choose(
    session: AsyncSession, check_in_id: str, booking_no: int, number: int, slot: int, person_id: str, now: datetime
) -> bool:
    """Keeps that this person chose the slot (from 0) of this round; False when it is not offered any more.

    The first click counts, and the check-in wakes to look whether the hour is still free. Raises Refused where the
    hour beside which it was offered would begin before that is done: it would be kept, and never taken.
    """
    offer = await session.get(Offer, (check_in_id, booking_no, number))
    if offer is None or not 0 <= slot < len(offer.slots):
        return False
    if offer.keeps_hour and offer.state == "open" and now >= offer.until:
        raise Refused(
            Sentence(
                "The booked hour begins in a few minutes or has begun, so it is not moved from here any more. "
                "If it does not suit, say so on the check-in's page."
            )
        )
    chosen = await session.execute(
        update(Offer)
        .where(
            Offer.check_in_id == check_in_id,
            Offer.booking_no == booking_no,
            Offer.round == number,
            Offer.state == "open",
        )
        .values(state="picked", picked=slot, picked_by_id=person_id, picked_at=now)
    )
    if cast(CursorResult[object], chosen).rowcount != 1:
        return False
    poke(session, "CheckIn", check_in_id, "an hour was chosen", now)
    return True


async def none_suits(session: AsyncSession, check_in_id: str, booking_no: int, number: int, now: datetime) -> bool:
    """None of this round suits: the booked hour stays where it can, else one is found on later days. False when the
    round is over.
    """
    row = await lock_check_in(session, check_in_id)
    offer = await open_offer(session, check_in_id)
    if offer is None or (offer.booking_no, offer.round, offer.state) != (booking_no, number, "open"):
        return False
    offer.state = "none"
    if not offer.keeps_hour:
        latest = max(datetime.fromisoformat(each["start"]) for each in offer.slots)
        row.not_before, row.plan_again_at = latest.date() + timedelta(days=1), now
    poke(session, "CheckIn", check_in_id, "none of the hours suits", now)
    return True
