"""Check-ins and their bookings as stored."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import OPEN, State
from cycle.minutes import minute_of
from cycle.reasons import IN_PLACE
from cycle.workdays import Span
from integrations.database.calendar_watches import ensure_watch
from integrations.database.connection import poke
from integrations.database.locks import Lock, one_at_a_time
from integrations.database.minutes import place
from integrations.database.tables import (
    Booking,
    CheckInRow,
    Enrolment,
    Offer,
    OutcomeAnswer,
    Person,
    Plan,
    Reporting,
)

OPEN_BOOKING = ("intended", "booked")

OPEN_OFFER = ("wanted", "open", "picked")
BOOKINGS_A_MINUTE = 60
"""How many bookings at most a mailbox begins to write in a minute. Ours: two or three calls each are a tenth of the
10,000 in ten minutes that Exchange takes from an app in a mailbox (Outlook service limits), and as much again may come
from all else."""

IN_THE_CALENDAR = (*OPEN_BOOKING, "moved")
"""States of the newest booking whose event may stand: one that is to move keeps its event until it has another hour."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A check-in with its newest booking and the two people of it."""

    row: CheckInRow
    booking: Booking | None
    person: Person
    partner: Person

    @property
    def people(self) -> tuple[Person, Person]:
        return self.person, self.partner

    @property
    def open_booking(self) -> Booking | None:
        return self.booking if self.booking and self.booking.state in OPEN_BOOKING else None

    @property
    def booking_in_calendar(self) -> Booking | None:
        """The booking whose event is to be cancelled when the check-in is called off."""
        return self.booking if self.booking and self.booking.state in IN_THE_CALENDAR else None


async def check_in(session: AsyncSession, check_in_id: str) -> Pair:
    row = await session.get_one(CheckInRow, check_in_id)
    return Pair(
        row=row,
        booking=await newest_booking(session, check_in_id),
        person=await session.get_one(Person, row.person_id),
        partner=await session.get_one(Person, row.partner_id),
    )


async def lock_check_in(session: AsyncSession, check_in_id: str) -> CheckInRow:
    """The row as it is now, nobody else's to change until the transaction ends: what decides by its state reads this.

    What only refers to the row need not wait.
    """
    return await session.get_one(CheckInRow, check_in_id, with_for_update={"key_share": True}, populate_existing=True)


async def newest_booking(session: AsyncSession, check_in_id: str) -> Booking | None:
    return await session.scalar(
        select(Booking).where(Booking.check_in_id == check_in_id).order_by(Booking.no.desc()).limit(1)
    )


async def has_open_check_in(session: AsyncSession, person_id: str) -> bool:
    """Whether one of this person's check-ins, under whatever policy, has not come to its end."""
    is_open = exists().where(CheckInRow.person_id == person_id, CheckInRow.state.in_(OPEN))
    return bool(await session.scalar(select(is_open)))


async def next_check_in(session: AsyncSession, person_id: str) -> str | None:
    """The id of the person's check-in that can still be moved or left out; None when there is none."""
    return await session.scalar(
        select(CheckInRow.id)
        .where(CheckInRow.person_id == person_id, CheckInRow.state.in_((State.DUE, State.BOOKED)))
        .order_by(CheckInRow.due_on)
        .limit(1)
    )


async def last_period_of(session: AsyncSession, person_id: str, policy_id: str) -> int:
    """The highest period of this policy that this person has had a check-in for; 0 for none."""
    last = select(func.max(CheckInRow.period)).where(
        CheckInRow.person_id == person_id, CheckInRow.policy_id == policy_id
    )
    return max(0, await session.scalar(last) or 0)


async def last_talk_before(session: AsyncSession, person_id: str, check_in_id: str) -> Booking | None:
    """The hour at which this person's last talk took place, for its weekday and hour: not one that was given up."""
    return await session.scalar(
        select(Booking)
        .join(CheckInRow, CheckInRow.id == Booking.check_in_id)
        .where(
            CheckInRow.person_id == person_id,
            CheckInRow.id != check_in_id,
            CheckInRow.state == State.HELD,
            Booking.state == "booked",
        )
        .order_by(Booking.start_at.desc())
        .limit(1)
    )


async def team_under(session: AsyncSession, partner_id: str, policy_id: str, day: date) -> dict[str, str]:
    """oid -> person id of those who have their check-ins with `partner_id` under this policy on `day`.

    An override keeps somebody in their directory manager's order: the spread is about the manager's weeks.
    """
    rows = await session.execute(
        select(Person.oid, Person.id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(Reporting, Reporting.person_id == Person.id)
        .where(
            Enrolment.policy_id == policy_id,
            Enrolment.ended_at.is_(None),
            Reporting.partner_id == partner_id,
            or_(Reporting.until.is_(None), Reporting.until > day),
        )
    )
    return dict(rows.all())


async def unbooked_of_partner(
    session: AsyncSession, partner_id: str, policy_id: str, now: datetime
) -> Sequence[CheckInRow]:
    """A manager's check-ins under a policy that are due, have no open booking and are not waiting for a later try."""
    return (
        await session.scalars(
            select(CheckInRow)
            .where(
                CheckInRow.partner_id == partner_id,
                CheckInRow.policy_id == policy_id,
                CheckInRow.state == State.DUE,
                or_(CheckInRow.plan_again_at.is_(None), CheckInRow.plan_again_at <= now),
                ~exists().where(Booking.check_in_id == CheckInRow.id, Booking.state.in_(OPEN_BOOKING)),
            )
            .order_by(CheckInRow.due_on, CheckInRow.person_id)
        )
    ).all()


async def unbooked_of_person(session: AsyncSession, person_id: str) -> Sequence[CheckInRow]:
    """The check-ins of this person, as employee or as manager, that wait to be booked."""
    either = or_(CheckInRow.person_id == person_id, CheckInRow.partner_id == person_id)
    return (await session.scalars(select(CheckInRow).where(either, CheckInRow.state == State.DUE))).all()


async def open_spans(session: AsyncSession, person_id: str, *, as_partner_only: bool, since: datetime) -> list[Span]:
    """When this person's open bookings are: all of them, or those that they hold as the manager."""
    mine = CheckInRow.partner_id == person_id
    if not as_partner_only:
        mine = or_(mine, CheckInRow.person_id == person_id)
    rows = await session.execute(
        select(Booking.start_at, Booking.end_at)
        .join(CheckInRow, CheckInRow.id == Booking.check_in_id)
        .where(mine, Booking.state.in_(OPEN_BOOKING), Booking.end_at > since)
    )
    return [Span(start, end) for start, end in rows]


async def lock_people(session: AsyncSession, person_ids: Sequence[str]) -> None:
    """Lets one plan at a time decide about these people (on SQLite the transaction already does)."""
    await session.execute(select(Person.id).where(Person.id.in_(person_ids)).order_by(Person.id).with_for_update())


async def add_booking(
    session: AsyncSession,
    check_in_id: str,
    span: Span,
    zone: str,
    organizer: str,
    reasons: Sequence[str],
    now: datetime,
) -> Booking:
    """Commits the intent: the next booking number, keeping the event of the one before if it still stands.

    Hours that were offered instead are offered no more, and the plan hears of a move.
    It gets a place in a minute of its organizer, this one if there is room. Whoever locks rows does so before.
    """
    pair = await check_in(session, check_in_id)
    await one_at_a_time(session, Lock.BOOKINGS)
    _, minute = await place(session, Booking.organizer, Booking.minute, [organizer], minute_of(now), BOOKINGS_A_MINUTE)
    before = pair.booking
    number = before.no + 1 if before else 1
    booking = Booking(
        check_in_id=check_in_id,
        no=number,
        start_at=span.start,
        end_at=span.end,
        zone=zone,
        person_zone=pair.person.zone,
        partner_zone=pair.partner.zone,
        organizer=organizer,
        minute=minute,
        transaction_id=str(uuid5(NAMESPACE_URL, f"perennial:{check_in_id}:{number}")),
        event_id=before.event_id if before and before.state == "moved" else None,
        reasons=list(reasons),
        made_at=now,
    )
    session.add(booking)
    await ensure_watch(session, organizer, now)
    if before:
        await session.execute(
            update(Offer).where(Offer.check_in_id == check_in_id, Offer.state.in_(OPEN_OFFER)).values(state="over")
        )
        row = await session.get_one(CheckInRow, check_in_id)
        await _tell_the_plan(session, row.person_id, "a check-in was moved", now)
    return booking


async def booking_before(session: AsyncSession, booking: Booking) -> Booking | None:
    """The booking whose event this one keeps or replaces."""
    return await session.scalar(
        select(Booking).where(Booking.check_in_id == booking.check_in_id, Booking.no == booking.no - 1)
    )


async def former_organizer(session: AsyncSession, booking: Booking | None) -> str | None:
    """The mailbox that still has the event which an intended booking replaces, where another one organizes by now."""
    if booking is None or booking.state != "intended" or booking.event_id is None:
        return None
    before = await booking_before(session, booking)
    return before.organizer if before and before.organizer != booking.organizer else None


async def booked_check_ins_of(session: AsyncSession, person_id: str) -> Sequence[str]:
    """The ids of check-ins of this person, as employee or as manager, that stand in calendars."""
    either = or_(CheckInRow.person_id == person_id, CheckInRow.partner_id == person_id)
    return (await session.scalars(select(CheckInRow.id).where(either, CheckInRow.state == State.BOOKED))).all()


async def said_about(session: AsyncSession, check_in_id: str, booking_no: int) -> dict[str, str]:
    """person id -> held | moved | did_not_happen, for this booking."""
    rows = await session.execute(
        select(OutcomeAnswer.person_id, OutcomeAnswer.said).where(
            OutcomeAnswer.check_in_id == check_in_id, OutcomeAnswer.booking_no == booking_no
        )
    )
    return dict(rows.all())


async def close(session: AsyncSession, row: CheckInRow, state: State, now: datetime) -> None:
    """Ends a check-in, and owes a look to what waits for that: the cycle and the plan."""
    if row.state in OPEN:
        row.closed_at = now
    row.state = state
    poke(session, "DevelopmentCycle", row.person_id, "a check-in closed", now)
    await _tell_the_plan(session, row.person_id, "a check-in closed", now)


async def _tell_the_plan(session: AsyncSession, person_id: str, reason: str, now: datetime) -> None:
    plan_id = await session.scalar(select(Plan.id).where(Plan.person_id == person_id))
    if plan_id:
        poke(session, "PlanWatch", plan_id, reason, now)


async def count_moves(session: AsyncSession, check_in_id: str) -> int:
    """How often this check-in was moved to another hour.

    Who lives in another zone by now has not put it off, and making way for a leave is no move.
    """
    return moves_among((await session.scalars(select(Booking).where(Booking.check_in_id == check_in_id))).all())


def moves_among(bookings: Iterable[Booking]) -> int:
    """`count_moves` for whoever has all bookings of a check-in."""
    given = (each.reasons for each in bookings if each.state != "paused")
    hours = [reasons for reasons in given if not any(each.startswith(IN_PLACE) for each in reasons)]
    return max(0, len(hours) - 1)


async def check_ins_of(session: AsyncSession, person: Person) -> list[tuple[Pair, list[Booking]]]:
    """All check-ins of a person, each with all its bookings, the oldest first; in two questions however many."""
    of_person = select(CheckInRow, Person).join(Person, Person.id == CheckInRow.partner_id)
    rows = (await session.execute(of_person.where(CheckInRow.person_id == person.id).order_by(CheckInRow.id))).all()
    bookings = await session.scalars(
        select(Booking)
        .join(CheckInRow, CheckInRow.id == Booking.check_in_id)
        .where(CheckInRow.person_id == person.id)
        .order_by(Booking.check_in_id, Booking.no)
    )
    booked = defaultdict[str, list[Booking]](list)
    for each in bookings:
        booked[each.check_in_id].append(each)
    return [
        (Pair(row, booked[row.id][-1] if booked[row.id] else None, person, partner), booked[row.id])
        for row, partner in rows
    ]
