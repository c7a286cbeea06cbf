"""What is next for a person, and what waits for them: the start page's few lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import OPEN
from cycle.privacy import access_to_check_in
from cycle.sentences import Sentence
from integrations.database.action_views import ActionView, actions_for, actions_of_plan, waiting_for_help
from integrations.database.check_ins import Pair
from integrations.database.feedback import feedback_of
from integrations.database.heard import lines_to_answer
from integrations.database.learning_moments import learning_moment_of, period_to_tell
from integrations.database.people import partner_of, partners_of
from integrations.database.plans import calls_for_help_to, plan_of
from integrations.database.reflections import has_answered
from integrations.database.stalls import stall_for
from integrations.database.successors import handover_to
from integrations.database.supporters import supporting
from integrations.database.tables import (
    Booking,
    CheckInRow,
    Enrolment,
    LetterItem,
    Offer,
    OutcomeAnswer,
    Person,
    Plan,
    Reporting,
    Stall,
)

FORM_OPEN = timedelta(days=10)
"""How long before a talk its questions are offered here, also when no letter has gone out."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody: a line to show and the page where it is done.

    `quotes` is the action whose words are in the line, if any are.
    """

    line: Sentence
    path: str
    quotes: ActionView | None = None


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A talk as far as the start page needs it. `said` is the reader's own word on it; `offered`: three hours are, in
    place of the booked one, or `beside` it.
    """

    pair: Pair
    booking: Booking | None
    said: str | None
    over: bool
    offered: bool
    beside: bool

    @property
    def can_say(self) -> bool:
        return self.over

    def other(self, reader_id: str) -> Person:
        return self.pair.partner if reader_id == self.pair.person.id else self.pair.person


async def upcoming_talks(session: AsyncSession, person_id: str, now: datetime) -> Sequence[Upcoming]:
    """A person's open check-ins, as employee or partner: the booked ones by hour, then the others."""
    rows = (
        await session.scalars(
            select(CheckInRow)
            .where(
                or_(CheckInRow.person_id == person_id, CheckInRow.partner_id == person_id),
                CheckInRow.state.in_(OPEN),
            )
            .order_by(CheckInRow.due_on, CheckInRow.id)
        )
    ).all()
    partners = await partners_of(session, {row.person_id for row in rows}, now.date())
    mine = [
        row
        for row in rows
        if access_to_check_in(person_id, row.person_id, row.partner_id, partners.get(row.person_id)) == "everything"
    ]
    talks = await _upcoming(session, mine, person_id, now)
    booked = sorted((each for each in talks if each.booking), key=_start)
    return (*booked, *(each for each in talks if each.booking is None))


async def takes_part(session: AsyncSession, person_id: str, day: date) -> bool:
    """Whether a next check-in comes for this person: their own, or as partner of somebody who has them."""
    enrolled = select(Enrolment.person_id).where(Enrolment.ended_at.is_(None))
    held = select(Reporting.person_id).where(
        Reporting.partner_id == person_id, or_(Reporting.until.is_(None), Reporting.until > day)
    )
    mine = enrolled.where(or_(Enrolment.person_id == person_id, Enrolment.person_id.in_(held)))
    return bool(await session.scalar(select(mine.exists())))


async def _upcoming(session: AsyncSession, rows: Sequence[CheckInRow], person_id: str, now: datetime) -> list[Upcoming]:
    """All of them from four questions, however many they are."""
    ids = [row.id for row in rows]
    both = {each for row in rows for each in (row.person_id, row.partner_id)}
    people = {each.id: each for each in await session.scalars(select(Person).where(Person.id.in_(both)))}
    bookings = {
        each.check_in_id: each
        for each in await session.scalars(
            select(Booking).where(Booking.check_in_id.in_(ids)).order_by(Booking.check_in_id, Booking.no)
        )
    }
    offers = {
        each.check_in_id: each
        for each in await session.scalars(
            select(Offer).where(Offer.check_in_id.in_(ids)).order_by(Offer.booking_no, Offer.round)
        )
    }
    said = {
        (each.check_in_id, each.booking_no): each.said
        for each in await session.scalars(
            select(OutcomeAnswer).where(OutcomeAnswer.check_in_id.in_(ids), OutcomeAnswer.person_id == person_id)
        )
    }
    found = []
    for row in rows:
        newest, offer = bookings.get(row.id), offers.get(row.id)
        booking = newest if newest and newest.state == "booked" else None
        offers_hours = offer is not None and offer.state == "open" and now < offer.until
        keeps_hour = offer is not None and offer.keeps_hour
        found.append(
            Upcoming(
                pair=Pair(row, newest, people[row.person_id], people[row.partner_id]),
                booking=booking,
                said=said.get((row.id, booking.no)) if booking else None,
                over=booking is not None and booking.end_at <= now,
                offered=offers_hours and not keeps_hour,
                beside=offers_hours and keeps_hour,
            )
        )
    return found


async def waiting_for(session: AsyncSession, person: Person, talks: Sequence[Upcoming], now: datetime) -> list[Waiting]:
    """What waits for this person, what others wait for first. `talks` are their `upcoming_talks`."""
    return [
        *(
            Waiting(
                Sentence("Did you and {name} talk?", name=each.other(person.id).first_name),
                f"/check-ins/{each.pair.row.id}",
            )
            for each in talks
            if each.can_say and each.said is None
        ),
        *[
            Waiting(
                Sentence("Three hours for you and {name}", name=each.other(person.id).first_name),
                f"/check-ins/{each.pair.row.id}/slots",
            )
            for each in talks
            if each.offered
        ],
        *(
            Waiting(
                Sentence("{name} asks for your help", name=_other(each, person).first_name), f"/actions/{each.row.id}"
            )
            for each in await waiting_for_help(session, person.id, now)
        ),
        *(
            Waiting(Sentence("{name} asks for your help with a plan", name=each.first_name), f"/plans/{plan.id}")
            for plan, each in await calls_for_help_to(session, person.id, now)
        ),
        *(
            Waiting(
                Sentence("Would you take this on? “{title}”", title=each.row.title), f"/actions/{each.row.id}", each
            )
            for each in await actions_for(session, person.id, person.id, now)
            if each.row.accepted_at is None
        ),
        *(
            Waiting(Sentence("{name} would like you along", name=each.person.first_name), f"/supporting/{each.row.id}")
            for each in await supporting(session, person.id)
            if not each.open
        ),
        *(
            Waiting(Sentence("{name} wrote what they heard", name=writer.first_name), f"/check-ins/{check_in_id}#heard")
            for check_in_id, writer in await lines_to_answer(session, person.id, now)
        ),
        *await _without_owner(session, person.id, now),
        *[
            Waiting(
                Sentence("Your questions before the talk with {name}", name=each.pair.partner.first_name),
                f"/reflections/{each.pair.row.id}",
            )
            for each in talks
            if await _form_waits(session, person.id, each, now)
        ],
        *await _handover(session, person.id, now),
        *await _feedback(session, person.id, now),
        *await _stalls(session, person.id, now),
        *await _learning_moment(session, person.id, now),
    ]


def _start(talk: Upcoming) -> datetime:
    assert talk.booking is not None
    return talk.booking.start_at


def _other(view: ActionView, person: Person) -> Person:
    return view.owner if view.plan_person.id == person.id else view.plan_person


async def _form_waits(session: AsyncSession, person_id: str, talk: Upcoming, now: datetime) -> bool:
    if talk.pair.person.id != person_id or talk.booking is None or talk.booking.start_at <= now:
        return False
    item = await session.get(LetterItem, f"form/{talk.pair.row.id}")
    asked = bool(item and item.sent_at) or talk.booking.start_at - now <= FORM_OPEN
    return asked and not await has_answered(session, talk.pair.row.id, person_id)


async def _without_owner(session: AsyncSession, person_id: str, now: datetime) -> list[Waiting]:
    """What somebody had taken on in this person's plan who has left."""
    plan = await plan_of(session, person_id)
    views = await actions_of_plan(session, person_id, plan.id, now) if plan else []
    return [
        Waiting(Sentence("Who does this now? “{title}”", title=each.row.title), f"/actions/{each.row.id}", each)
        for each in views
        if each.row.state == "open" and each.owner.left_at
    ]


async def _handover(session: AsyncSession, person_id: str, now: datetime) -> list[Waiting]:
    """A choice of what the new partner may see that has not been made."""
    partner_id = await partner_of(session, person_id, now.date())
    row = await handover_to(session, person_id, partner_id)
    if row is None or row.answered_at:
        return []
    partner = await session.get_one(Person, row.successor_id)
    return [
        Waiting(Sentence("What may {name} see of the time before?", name=partner.first_name), f"/handovers/{row.id}")
    ]


async def _feedback(session: AsyncSession, person_id: str, now: datetime) -> list[Waiting]:
    """What colleagues have written and is not read yet, and who would value this person's view."""
    found = []
    for each in await feedback_of(session, person_id, now):
        path = f"/feedback/{each.row.id}"
        if each.reader == "asker" and each.answer and each.row.read_at is None:
            found.append(Waiting(Sentence("{name} has written to you", name=each.giver.first_name), path))
        elif each.reader == "giver" and each.row.state == "asked" and each.can_write:
            found.append(Waiting(Sentence("{name} would value your view", name=each.asker.first_name), path))
    return found


async def _stalls(session: AsyncSession, person_id: str, now: datetime) -> list[Waiting]:
    """The open stalls whose note reached this person."""
    ids = await session.scalars(
        select(Stall.id)
        .join(Plan, Plan.id == Stall.plan_id)
        .join(LetterItem, LetterItem.stall_id == Stall.id)
        .where(
            Stall.ended_at.is_(None),
            LetterItem.recipient_id == person_id,
            LetterItem.kind == "support_note",
            LetterItem.sent_at.is_not(None),
        )
        .distinct()
    )
    views = [await stall_for(session, stall_id, person_id, now) for stall_id in ids.all()]
    return [
        Waiting(Sentence("What is in the way of the plan?"), f"/stalls/{view.stall.id}")
        for view in views
        if view and view.answer is None
    ]


async def _learning_moment(session: AsyncSession, person_id: str, now: datetime) -> list[Waiting]:
    period = await period_to_tell(session, person_id, now.date())
    item = await session.get(LetterItem, f"learning/{person_id}/{period}") if period else None
    if period is None or item is None or item.sent_at is None or await learning_moment_of(session, person_id, period):
        return []
    return [Waiting(Sentence("Something that you learned lately, for your people"), "/learning-moment")]
