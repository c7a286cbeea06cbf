"""Three hours in place of one that does not suit: offered, and the chosen one taken if it is still free."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.another_hour import owe_slots
from activities.meeting_changes import MeetingChanges
from activities.moment import Moment
from activities.team_plans import TeamPlans, still_free
from cycle.check_in import OPEN, State
from cycle.offers import offered
from cycle.team_plan import Caps, Choice
from cycle.workdays import Span
from integrations.database.check_ins import add_booking, check_in, lock_check_in, lock_people
from integrations.database.connection import Database
from integrations.database.needs_a_hand import mended
from integrations.database.offers import another_round, open_offer
from integrations.database.policies import policy_of_check_in
from integrations.database.tables import Booking, Offer


class Offers:
    """The activities of `CheckIn` about the hours that its two people choose from."""

    def __init__(self, database: Database, changes: MeetingChanges, plans: TeamPlans) -> None:
        self._database = database
        self._changes = changes
        self._plans = plans

    @activity.defn(name="offers.offer_slots")
    async def offer_slots(self, about: Moment) -> None:
        """Finds three hours that suit both and owes the letter that leads to them; without any, plans at once."""
        if await self._changes.changed(about.id, about.now):
            return
        wanted = await self._offer(about.id, "wanted")
        if wanted is None or wanted.ask_at > about.now:
            return
        choices = await self._plans.hours_for(about.id, about.now)
        three = [choices[slot] for slot in offered(list(choices), await self._zone(about.id))]
        async with self._database.transaction() as session:
            row = await lock_check_in(session, about.id)
            offer = await open_offer(session, about.id)
            if row.state not in OPEN or not _same(offer, wanted, "wanted"):
                return
            assert offer is not None
            if not three:
                offer.state = "none"
                if not offer.keeps_hour:
                    row.plan_again_at = about.now
                return
            offer.slots = [_stored(choice) for choice in three]
            offer.state = "open"
            await owe_slots(session, await check_in(session, about.id), offer, about.now, about.now)

    @activity.defn(name="offers.take_slot")
    async def take_slot(self, about: Moment) -> None:
        """Looks again whether the chosen hour is free in both calendars and our own books, and commits it as
        intended; if somebody was faster, three others are wanted.
        """
        picked = await self._offer(about.id, "picked")
        if picked is None or await self._changes.changed(about.id, about.now):
            return
        choice = _choice(picked, about.id)
        found = await self._plans.hours_for(about.id, about.now)
        free = any((slot.start, slot.end) == (choice.start, choice.end) for slot in found)
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            await lock_people(session, [pair.partner.id, pair.person.id])
            row = await lock_check_in(session, about.id)
            offer = await open_offer(session, about.id)
            if row.state not in OPEN or not _same(offer, picked, "picked"):
                return
            assert offer is not None
            policy = await policy_of_check_in(session, row)
            if not free or not await self._book(session, row.id, offer, choice, Caps.of(policy.booking), about.now):
                await another_round(session, offer, about.now)

    async def _book(
        self, session: AsyncSession, check_in_id: str, offer: Offer, choice: Choice, caps: Caps, now: datetime
    ) -> bool:
        """Gives the check-in the chosen hour, unless another booking of ours took it."""
        pair = await check_in(session, check_in_id)
        row, kept = pair.row, pair.open_booking
        before = row.state
        if kept:
            kept.state, row.state = "moved", State.DUE
            await session.flush()
        if not await still_free(session, row, choice, caps, pair.partner):
            if kept:
                kept.state, row.state = "booked", before
            return False
        organizer, zone = _of(pair.booking)
        span = Span(choice.start, choice.end)
        await add_booking(session, row.id, span, zone, organizer, choice.reasons, now)
        offer.state = "taken"
        row.plan_again_at = row.not_before = None
        await mended(session, f"no-hour/{row.id}", now)
        return True

    async def _offer(self, check_in_id: str, state: str) -> Offer | None:
        async with self._database.reading() as session:
            offer = await open_offer(session, check_in_id)
            return offer if offer and offer.state == state else None

    async def _zone(self, check_in_id: str) -> str:
        async with self._database.reading() as session:
            return (await check_in(session, check_in_id)).person.zone


def _same(now: Offer | None, then: Offer, state: str) -> bool:
    """Whether nobody settled it while the calendars were read."""
    return now is not None and (now.booking_no, now.round, now.state) == (then.booking_no, then.round, state)


def _of(booking: Booking | None) -> tuple[str, str]:
    assert booking is not None, "hours are offered in place of a booked one"
    return booking.organizer, booking.zone


def _stored(choice: Choice) -> dict[str, Any]:
    return {"start": choice.start.isoformat(), "end": choice.end.isoformat(), "reasons": list(choice.reasons)}


def _choice(offer: Offer, check_in_id: str) -> Choice:
    assert offer.picked is not None
    slot = offer.slots[offer.picked]
    start, end = datetime.fromisoformat(slot["start"]), datetime.fromisoformat(slot["end"])
    return Choice(check_in_id, start, end, tuple(slot["reasons"]))
