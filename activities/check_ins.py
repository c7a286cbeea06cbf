"""The story of one check-in, step by step: what comes next, and doing it."""

from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.calendar import Calendar
from activities.moment import Moment
from activities.pre_reads import make_snapshot
from cycle.anchors import opening_before
from cycle.check_in import CALLED_OFF, OPEN, Next, State, Step, conclusion, first_of
from cycle.mail_window import next_opening
from cycle.policy import Policy
from cycle.reflection import quarter_of
from cycle.workdays import add_workdays, workdays_between
from integrations.database.check_ins import Pair, check_in, close, said_about
from integrations.database.connection import Database, poke
from integrations.database.learning_moments import learning_moment_of
from integrations.database.letters import items_about, owe_letter
from integrations.database.people import reader
from integrations.database.policies import policy_of_check_in
from integrations.database.reflections import has_answered
from integrations.database.tables import Booking, LetterItem, Person, PreRead


class CheckIns:
    """The activities of `CheckIn`, but for those that write calendars."""

    def __init__(self, database: Database, calendar: Calendar) -> None:
        self._database = database
        self._calendar = calendar

    @activity.defn(name="check_ins.look")
    async def look(self, about: Moment) -> Next | None:
        """What this check-in needs next and from when; None when nothing does, or only a poke can tell."""
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
            policy = await policy_of_check_in(session, pair.row)
            return first_of(await _steps(session, pair, policy, about.now))

    @activity.defn(name="check_ins.ask_for_reflection")
    async def ask_for_reflection(self, about: Moment) -> None:
        """Owes the employee the form, and the manager, once a quarter, the question what they learned."""
        if await self._calendar.changed(about.id, about.now):
            return
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            if pair.booking is None:
                return
            facts = {
                "check_in_id": about.id,
                "booking_no": pair.booking.no,
                "expires_at": pair.booking.start_at,
            }
            await owe_letter(
                session,
                f"form/{about.id}",
                pair.person.id,
                "reflection_request",
                about.now,
                about.now,
                **facts,
            )
            period = quarter_of(about.now.date())
            if await learning_moment_of(session, pair.partner.id, period) is None:
                await owe_letter(
                    session,
                    f"learning/{pair.partner.id}/{period}",
                    pair.partner.id,
                    "learning_moment",
                    about.now,
                    about.now,
                    step=period,
                )

    @activity.defn(name="check_ins.remind_of_reflection")
    async def remind_of_reflection(self, about: Moment) -> None:
        """Owes the employee the one reminder, unless they have answered."""
        if await self._calendar.changed(about.id, about.now):
            return
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            if pair.booking is None or await has_answered(session, about.id, pair.person.id):
                return
            policy = await policy_of_check_in(session, pair.row)
            await owe_letter(
                session,
                f"form-reminder/{about.id}",
                pair.person.id,
                "reflection_reminder",
                about.now,
                about.now,
                check_in_id=about.id,
                booking_no=pair.booking.no,
                expires_at=_pre_read_at(pair.person, pair.booking, policy),
            )

    @activity.defn(name="check_ins.send_pre_read")
    async def send_pre_read(self, about: Moment) -> None:
        """Freezes the snapshot and owes it to both, each at the opening of their own mail window."""
        if await self._calendar.changed(about.id, about.now):
            return
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            booking = pair.booking
            if booking is None:
                return
            policy = await policy_of_check_in(session, pair.row)
            snapshot = await make_snapshot(session, pair, policy, about.now)
            session.add(
                PreRead(
                    check_in_id=about.id,
                    booking_no=booking.no,
                    content=snapshot.model_dump_json(),
                    made_at=about.now,
                )
            )
            for person in pair.people:
                await owe_letter(
                    session,
                    f"pre-read/{about.id}/{booking.no}/1/{person.id}",
                    person.id,
                    "pre_read",
                    max(_pre_read_at(person, booking, policy), about.now),
                    about.now,
                    check_in_id=about.id,
                    booking_no=booking.no,
                    expires_at=booking.start_at,
                )

    @activity.defn(name="check_ins.ask_for_outcome")
    async def ask_for_outcome(self, about: Moment) -> None:
        """Owes those who have not said so yet the question whether they talked: the first time or the second."""
        if await self._calendar.changed(about.id, about.now):
            return
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            booking = pair.booking
            if booking is None or pair.row.state not in (State.BOOKED, State.ENDED):
                return
            pair.row.state = State.ENDED
            policy = await policy_of_check_in(session, pair.row)
            items = await items_about(session, check_in_id=about.id, kind="outcome_question")
            for person in await _silent(session, pair):
                asks = _outcome_asks(pair, booking, person, policy, items)
                due = [(number, at) for number, at in asks if at <= about.now]
                for number, at in due:
                    await owe_letter(
                        session,
                        f"outcome/{about.id}/{booking.no}/{number}/{person.id}",
                        person.id,
                        "outcome_question",
                        at,
                        about.now,
                        check_in_id=about.id,
                        booking_no=booking.no,
                        step=str(number),
                    )

    @activity.defn(name="check_ins.conclude")
    async def conclude(self, about: Moment) -> None:
        """Draws the conclusion from what the two said: closes the check-in, or sends it to find another hour."""
        async with self._database.transaction() as session:
            pair = await check_in(session, about.id)
            booking = pair.booking
            if booking is None:
                return
            policy = await policy_of_check_in(session, pair.row)
            asked_out = await _asked_out_at(session, pair, booking, policy)
            said = await said_about(session, about.id, booking.no)
            state = conclusion(said, _ids(pair), asked_out is not None and asked_out <= about.now)
            if state is None:
                return
            if state == State.DUE:
                (await session.get_one(Booking, booking.id)).state = "moved"
                pair.row.state = State.DUE
                poke(session, "CheckIn", about.id, "to be booked again", about.now)
            else:
                await close(session, pair.row, state, about.now)


async def _steps(session: AsyncSession, pair: Pair, policy: Policy, now: datetime) -> list[Next]:
    row, booking = pair.row, pair.open_booking
    if row.state in CALLED_OFF:
        return [Next(Step.CALL_OFF, now)] if booking else []
    if row.state not in OPEN:
        return await _second_thoughts(session, pair, now)
    if booking is None:
        return [Next(Step.PLAN, max(now, row.plan_again_at or now))]
    if booking.state == "intended":
        return [Next(Step.BOOK, now)]
    said = await said_about(session, row.id, booking.no)
    asked_out = await _asked_out_at(session, pair, booking, policy)
    if conclusion(said, _ids(pair), asked_out=False):
        return [Next(Step.CONCLUDE, now)]
    steps = [Next(Step.CONCLUDE, asked_out)] if asked_out else []
    if now < booking.start_at:
        steps += await _before(session, pair, booking, policy, now)
    items = await items_about(session, check_in_id=row.id, kind="outcome_question")
    for person in await _silent(session, pair):
        steps += [Next(Step.ASK_FOR_OUTCOME, at) for _, at in _outcome_asks(pair, booking, person, policy, items)]
    return steps


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
        has_room = _has_room(pair.person, form.sent_at, at, _pre_read_at(pair.person, booking, policy), policy)
        if has_room and not await has_answered(session, pair.row.id, pair.person.id):
            steps.append(Next(Step.REMIND_OF_REFLECTION, at))
    if not any(item.kind == "pre_read" and item.booking_no == booking.no for item in items.values()):
        first = min(_pre_read_at(person, booking, policy) for person in pair.people)
        steps.append(Next(Step.SEND_PRE_READ, max(first, now)))
    return steps


def _has_room(person: Person, form_at: datetime, remind_at: datetime, pre_read_at: datetime, policy: Policy) -> bool:
    """The reminder needs a workday between it and both the form and the pre-read."""
    week, _, _ = reader(person, policy.mail, remind_at.date())
    days = [week.local_day(each) for each in (form_at, remind_at, pre_read_at)]
    return all(workdays_between(week, a, b) >= 1 for a, b in pairwise(days))


def _opening(person: Person, booking: Booking, policy: Policy, workdays: int) -> datetime:
    """The opening of the person's mail window so many of their workdays before the talk."""
    who = reader(person, policy.mail, booking.start_at.date(), planning=True)
    return opening_before(*who, booking.start_at, workdays)


def _pre_read_at(person: Person, booking: Booking, policy: Policy) -> datetime:
    return _opening(person, booking, policy, policy.pre_read.workdays_before)


def _outcome_asks(
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


async def _asked_out_at(session: AsyncSession, pair: Pair, booking: Booking, policy: Policy) -> datetime | None:
    """When everybody silent has had their time after the second ask; None while an ask is still to go out."""
    items = await items_about(session, check_in_id=pair.row.id, kind="outcome_question")
    ends = []
    for person in await _silent(session, pair):
        second = items.get(f"outcome/{pair.row.id}/{booking.no}/2/{person.id}")
        left = _left_at(second) if second else None
        if left is None:
            return None
        ends.append(_workdays_after(left, person, policy))
    return max(ends, default=None)


async def _silent(session: AsyncSession, pair: Pair) -> list[Person]:
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
    late = conclusion(said, _ids(pair), asked_out=False)
    return [Next(Step.CONCLUDE, now)] if late in (State.HELD, State.DID_NOT_HAPPEN) else []


def _ids(pair: Pair) -> tuple[str, str]:
    return pair.person.id, pair.partner.id
