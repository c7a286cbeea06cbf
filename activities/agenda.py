"""What a check-in needs next and from when: its anchors, turned into instants from what is known by now."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncSession

from activities.zones import moved_away
from cycle.anchors import opening_before
from cycle.check_in import CALLED_OFF, OPEN, Next, State, Step, conclusion
from cycle.mail_window import next_opening
from cycle.policy import Policy
from cycle.workdays import add_workdays, workdays_between
from integrations.database.check_ins import Pair, former_organizer, said_about
from integrations.database.leaves import pair_paused_until, pause_of
from integrations.database.letters import items_about
from integrations.database.offers import open_offer
from integrations.database.people import reader
from integrations.database.reflections import has_answered
from integrations.database.tables import Booking, LetterItem, Offer, Person

PEOPLE_READ_EVERY = timedelta(days=3)
"""How often the mailboxes of two people who have a talk before them are asked where they live."""


async def agenda(session: AsyncSession, pair: Pair, policy: Policy, now: datetime) -> list[Next]:
    """What the check-in needs next, each step with the instant from which it may be taken."""
    row, booking = pair.row, pair.open_booking
    first = Step.CLEAR_AWAY if await former_organizer(session, booking) else None
    if row.state in CALLED_OFF:
        return [Next(first or Step.CALL_OFF, now)] if pair.booking_in_calendar else []
    if row.state not in OPEN:
        return await _second_thoughts(session, pair, now)
    if await pause_of(session, pair, policy, now):
        return [Next(first or Step.PAUSE, now)]
    offer = await open_offer(session, row.id)
    if booking is None:
        given_up = pair.booking_in_calendar
        if given_up and given_up.heard_change_key is not None:
            return [Next(Step.REREAD, now)]
        if offer and offer.state == "picked":
            return [Next(Step.TAKE_SLOT, now)]
        rests = await pair_paused_until(session, pair, policy, now)
        return [Next(Step.PLAN, max(now, row.plan_again_at or now, rests or now)), *_about_offers(offer, now)]
    if booking.state == "intended":
        return [Next(first or Step.BOOK, max(now, booking.minute or now))]
    said = await said_about(session, row.id, booking.no)
    asked_out = await asked_out_at(session, pair, booking, policy)
    if conclusion(said, ids(pair), asked_out=False):
        return [Next(Step.CONCLUDE, now)]
    steps = [Next(Step.CONCLUDE, asked_out)] if asked_out else []
    if booking.heard_change_key is not None:
        steps.append(Next(Step.REREAD, now))
    if now < booking.start_at:
        steps += _about_offers(offer, now)
        steps += await _before(session, pair, booking, policy, now)
        steps.append(Next(Step.ASK_WHERE_THEY_LIVE, _asked_where_they_live(pair, booking, policy, now)))
    items = await items_about(session, check_in_id=row.id, kind="outcome_question")
    for person in await silent(session, pair):
        steps += [Next(Step.ASK_FOR_OUTCOME, at) for _, at in outcome_asks(pair, booking, person, policy, items)]
    return steps


def _about_offers(offer: Offer | None, now: datetime) -> list[Next]:
    """Three hours that are wanted are found; one that was chosen is taken."""
    if offer is None or offer.state == "open":
        return []
    if offer.state == "picked":
        return [Next(Step.TAKE_SLOT, now)]
    return [Next(Step.OFFER_SLOTS, max(offer.ask_at, now))]


async def _before(session: AsyncSession, pair: Pair, booking: Booking, policy: Policy, now: datetime) -> list[Next]:
    """Form, reminder and pre-read: what has not been done yet, at its anchor or now if that has passed."""
    items = await items_about(session, check_in_id=pair.row.id)
    steps = []
    form = items.get(f"form/{pair.row.id}")
    if form is None:
        at = _opening(pair.person, booking, policy, policy.reflection.workdays_before)
        steps.append(Next(Step.ASK_FOR_REFLECTION, max(at, now)))
    elif form.sent_at and f"form-reminder/{pair.row.id}" not in items:
        at = max(_opening(pair.person, booking, policy, policy.reflection.reminder_workdays_before), now)
        has_room = _has_room(pair.person, form.sent_at, at, pre_read_at(pair.person, booking, policy), policy)
        if has_room and not await has_answered(session, pair.row.id, pair.person.id):
            steps.append(Next(Step.REMIND_OF_REFLECTION, at))
    if not any(item.kind == "pre_read" and item.booking_no == booking.no for item in items.values()):
        first = min(pre_read_at(person, booking, policy) for person in pair.people)
        steps.append(Next(Step.SEND_PRE_READ, max(first, now)))
    return steps


def _asked_where_they_live(pair: Pair, booking: Booking, policy: Policy, now: datetime) -> datetime:
    """At once if somebody has moved, as far as we know; else some days after the last time, at a full hour.

    So those whose turns come near each other are read together, and a manager once for their whole team.
    """
    if moved_away(pair, policy, now):
        return now
    due = (pair.row.people_read_at or booking.made_at) + PEOPLE_READ_EVERY
    return max(now, datetime.combine(due.date(), time(due.hour), UTC) + timedelta(hours=1))


def _has_room(person: Person, form_at: datetime, remind_at: datetime, pre_read_at: datetime, policy: Policy) -> bool:
    """The reminder needs a workday between it and both the form and the pre-read."""
    week, _, _ = reader(person, policy.mail, remind_at.date())
    days = [week.local_day(each) for each in (form_at, remind_at, pre_read_at)]
    return all(workdays_between(week, a, b) >= 1 for a, b in pairwise(days))


def _opening(person: Person, booking: Booking, policy: Policy, workdays: int) -> datetime:
    """The opening of the person's mail window so many of their workdays before the talk."""
    who = reader(person, policy.mail, booking.start_at.date(), planning=True)
    return opening_before(*who, booking.start_at, workdays)


def pre_read_at(person: Person, booking: Booking, policy: Policy) -> datetime:
    """The opening of this reader's mail window at which the pre-read leaves."""
    return _opening(person, booking, policy, policy.pre_read.workdays_before)


def outcome_asks(
    pair: Pair, booking: Booking, person: Person, policy: Policy, items: dict[str, LetterItem]
) -> list[tuple[int, datetime]]:
    """(1 | 2, instant) of the asks that this person has not been sent yet and that can be told by now."""
    key = f"outcome/{pair.row.id}/{booking.no}/{{}}/{person.id}"
    who = reader(person, policy.mail, booking.end_at.date(), planning=True)
    first = items.get(key.format(1))
    if first is None:
        return [(1, next_opening(*who, booking.end_at + timedelta(hours=policy.afterwards.ask_hours_after)))]
    if key.format(2) in items or _left_at(first) is None:
        return []
    return [(2, _workdays_after(_left_at(first), person, policy))]


def _left_at(item: LetterItem) -> datetime | None:
    """When an item was sent, or was due if it was dropped; None while it waits."""
    return item.sent_at or (item.due_at if item.state == "dropped" else None)


def _workdays_after(at: datetime | None, person: Person, policy: Policy) -> datetime:
    """The opening of the person's mail window `ask_again_workdays` after an ask was sent."""
    assert at is not None
    who = reader(person, policy.mail, at.date(), planning=True)
    day = add_workdays(who[0], who[0].local_day(at), policy.afterwards.ask_again_workdays)
    return next_opening(*who, who[0].instant(day, who[0].hours[0]))


async def asked_out_at(session: AsyncSession, pair: Pair, booking: Booking, policy: Policy) -> datetime | None:
    """When everybody silent has had their time after the second ask; None while an ask is still to go out."""
    items = await items_about(session, check_in_id=pair.row.id, kind="outcome_question")
    ends = []
    for person in await silent(session, pair):
        second = items.get(f"outcome/{pair.row.id}/{booking.no}/2/{person.id}")
        left = _left_at(second) if second else None
        if left is None:
            return None
        ends.append(_workdays_after(left, person, policy))
    return max(ends, default=None)


async def silent(session: AsyncSession, pair: Pair) -> list[Person]:
    """Those of the two who have not said what became of the talk."""
    if pair.booking is None:
        return []
    said = await said_about(session, pair.row.id, pair.booking.no)
    return [person for person in pair.people if person.id not in said]


async def _second_thoughts(session: AsyncSession, pair: Pair, now: datetime) -> list[Next]:
    """An answer that came late can still settle what was unconfirmed."""
    if pair.row.state != State.UNCONFIRMED or pair.booking is None:
        return []
    said = await said_about(session, pair.row.id, pair.booking.no)
    late = conclusion(said, ids(pair), asked_out=False)
    return [Next(Step.CONCLUDE, now)] if late in (State.HELD, State.DID_NOT_HAPPEN) else []


def ids(pair: Pair) -> tuple[str, str]:
    return pair.person.id, pair.partner.id
