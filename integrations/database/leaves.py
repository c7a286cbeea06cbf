"""Leave as stored: what each source says, what of somebody's waits and moves for it, and HR's hold."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.cadence import period_number
from cycle.check_in import State
from cycle.leave import Leave, excuses, leave_in, merged, renewed, shifted
from cycle.mail_window import next_opening
from cycle.policy import Policy
from cycle.workdays import Span
from integrations.database.check_ins import Pair
from integrations.database.connection import poke
from integrations.database.people import leaves_of, reader, work_week
from integrations.database.tables import (
    ActionRow,
    Audit,
    CheckInRow,
    Enrolment,
    LetterItem,
    Person,
    Plan,
    PolicyRow,
)
from integrations.database.tables import Leave as LeaveRow

LOOK_AGAIN = timedelta(days=30)
"""How long what HR holds sleeps; a lost poke of the release costs this much at most."""

NEVER = date(2999, 12, 31)
"""Until when a source is taken to speak that has no end."""


# What waits


async def paused_until(session: AsyncSession, person_id: str, policy: Policy, now: datetime) -> datetime | None:
    """Until when this person's cycle rests: the first hour for mail after a leave; None when it does not rest.

    Held by HR, nobody knows until when: it is looked at again then, and a release pokes.
    """
    if await is_held(session, person_id):
        return now + LOOK_AGAIN
    return away_until(await session.get_one(Person, person_id), policy, now)


async def is_held(session: AsyncSession, person_id: str) -> bool:
    enrolment = await session.get(Enrolment, person_id)
    return enrolment is not None and enrolment.held


def away_until(person: Person, policy: Policy, now: datetime) -> datetime | None:
    """The first hour for mail after the leave that this person is on; None for somebody who is not on leave."""
    week, hours, away = reader(person, policy.mail, now.date(), planning=True)
    today = week.local_day(now)
    if not any(each.holds(today) for each in leaves_of(person)):
        return None
    return next_opening(week, hours, away, now)


async def pair_paused_until(session: AsyncSession, pair: Pair, policy: Policy, now: datetime) -> datetime | None:
    """Until when nothing is planned for a check-in: a hold of its person's cycle, or the leave of either of the two."""
    waits = [await paused_until(session, pair.person.id, policy, now), away_until(pair.partner, policy, now)]
    return max((each for each in waits if each), default=None)


async def pause_of(session: AsyncSession, pair: Pair, policy: Policy, now: datetime) -> str | None:
    """Why a check-in to come cannot stay as it is: "excused" or "paused"; None while it can."""
    row, booking = pair.row, pair.booking_in_calendar
    if row.state not in (State.DUE, State.BOOKED) or (pair.open_booking and pair.open_booking.start_at <= now):
        return None
    if await _is_excused(session, pair, policy, now):
        return "excused"
    if booking is None:
        return None
    inside = any(
        each.holds(work_week(person, now.date(), with_leave=False).local_day(booking.start_at))
        for person in pair.people
        for each in leaves_of(person)
    )
    return "paused" if inside or await is_held(session, pair.person.id) else None


async def _is_excused(session: AsyncSession, pair: Pair, policy: Policy, now: datetime) -> bool:
    row = pair.row
    if row.kind != "regular" or row.period < 1:
        return False
    starts_on = (await session.get_one(PolicyRow, row.policy_id)).starts_on
    period = period_number(starts_on, policy.rhythm.every_months, row.period)
    booking = pair.open_booking
    for person in pair.people:
        week = work_week(person, now.date(), with_leave=False)
        talk = week.local_day(booking.start_at) if booking else max(row.due_on, week.local_day(now))
        if excuses(period, leaves_of(person), talk):
            return True
    return False


async def is_about_a_held_cycle(session: AsyncSession, item: LetterItem) -> bool:
    """Whether a letter waits because HR holds the cycle that it is about: a check-in's, or a plan's."""
    # Columns, not rows: a text of theirs that cannot be read is no reason to judge nothing.
    if item.check_in_id:
        found = select(CheckInRow.person_id).where(CheckInRow.id == item.check_in_id)
    elif item.plan_id:
        found = select(Plan.person_id).where(Plan.id == item.plan_id)
    elif item.action_id:
        found = (
            select(Plan.person_id).join(ActionRow, ActionRow.plan_id == Plan.id).where(ActionRow.id == item.action_id)
        )
    else:
        return await is_held(session, item.recipient_id)
    return await is_held(session, (await session.scalars(found)).one())


# What is told


async def note_spans(
    session: AsyncSession, person: Person, source: str, spans: Iterable[Span], until: datetime | None, now: datetime
) -> None:
    """Takes what a mailbox says from now on, as instants; `until`: how far it was asked, None for without an end."""
    week = work_week(person, now.date(), with_leave=False)
    found = [days for span in spans if (days := leave_in(span, week))]
    await note_leave(session, person, source, found, now, until=week.local_day(until) if until else NEVER)


async def note_leave(
    session: AsyncSession,
    person: Person,
    source: str,
    found: Sequence[tuple[date, date]],
    now: datetime,
    until: date = NEVER,
) -> bool:
    """Takes what a source says about leave from today until `until`: (first day, last day), both away.

    What it no longer says is taken back, but for days that have been lived. When anything changed, the person's
    action dates move with it, and whatever waits for or stands in a leave is looked at again. Returns whether it did.
    """
    week = work_week(person, now.date(), with_leave=False)
    today = week.local_day(now)
    rows = (
        await session.scalars(
            select(LeaveRow).where(LeaveRow.person_id == person.id, LeaveRow.source == source).with_for_update()
        )
    ).all()
    known = [Leave(row.first_day, row.last_day, row.known_on) for row in rows]
    told = renewed(known, found, today, until, today)
    if told == sorted(known, key=lambda each: (each.first, each.last)):
        return False
    for row in rows:
        await session.delete(row)
    session.add_all(
        LeaveRow(person_id=person.id, first_day=each.first, last_day=each.last, source=source, known_on=each.known_on)
        for each in told
    )
    await session.flush()
    everything = await session.scalars(select(LeaveRow).where(LeaveRow.person_id == person.id))
    leaves = merged((Leave(row.first_day, row.last_day, row.known_on) for row in everything), week)
    there = await session.get_one(Person, person.id)
    there.leave = person.leave = [
        [each.first.isoformat(), each.last.isoformat(), each.known_on.isoformat()] for each in leaves
    ]
    await _move_dates(session, person.id, leaves, now)
    await look_again(session, person.id, "leave", now)
    return True


async def _move_dates(session: AsyncSession, person_id: str, leaves: Sequence[Leave], now: datetime) -> None:
    """Each open action that the person owns is due where its agreed date and all known leave put it."""
    mine = select(ActionRow).where(ActionRow.owner_id == person_id, ActionRow.state == "open").with_for_update()
    for row in (await session.scalars(mine)).all():
        agreed = row.due_before_leave or row.due_on
        due_on = shifted(agreed, row.agreed_on, leaves)
        if due_on != row.due_on:
            row.due_on, row.due_before_leave = due_on, agreed if due_on != agreed else None
            poke(session, "PlanWatch", row.plan_id, "a date moved with leave", now)


async def look_again(session: AsyncSession, person_id: str, reason: str, now: datetime) -> None:
    """Wakes whatever rests or goes on with this person's leave or hold."""
    if await session.get(Enrolment, person_id):
        poke(session, "DevelopmentCycle", person_id, reason, now)
    talks = select(CheckInRow.id).where(
        or_(CheckInRow.person_id == person_id, CheckInRow.partner_id == person_id),
        CheckInRow.state.in_((State.DUE, State.BOOKED)),
    )
    plans = select(Plan.id).where(Plan.person_id == person_id)
    own = ActionRow.owner_id == person_id
    actions = select(ActionRow.id).where(or_(own, ActionRow.plan_id.in_(plans)), ActionRow.state == "open")
    for workflow, query in (("CheckIn", talks), ("ActionChase", actions), ("PlanWatch", plans)):
        for target in (await session.scalars(query)).all():
            poke(session, workflow, target, reason, now)
    poke(session, "Postbox", person_id, reason, now)


# HR's hold


async def set_hold(session: AsyncSession, person_id: str, held: bool, by: str, now: datetime) -> bool:
    """HR holds somebody's cycle or lets it go on; to everybody else it looks like any pause. False if nothing changed.

    Raises LookupError for somebody who is not enrolled.
    """
    enrolment = await session.get(Enrolment, person_id, with_for_update=True)
    if enrolment is None:
        raise LookupError(f"{person_id} is not enrolled.")
    if enrolment.held == held:
        return False
    enrolment.held = held
    session.add(Audit(at=now, who=by, did="held a cycle" if held else "released a cycle", subject_id=person_id))
    await look_again(session, person_id, "held" if held else "released", now)
    return True
