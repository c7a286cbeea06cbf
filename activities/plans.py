"""Watches one plan: notices when it is stuck, and walks it down the support ladder, once."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.moment import Moment
from activities.slip import last_day_for
from cycle.check_in import State
from cycle.mail_window import next_opening
from cycle.plan import ActionFacts, CheckInFacts, PlanFacts, could_stall_at, stalled_since
from cycle.policy import Policy
from cycle.sentences import Sentence
from cycle.support import NextStep, Step, next_step
from integrations.database.check_ins import OPEN_BOOKING, Pair, check_ins_of, moves_among
from integrations.database.connection import Database
from integrations.database.ladders import actions_with_ladders
from integrations.database.leaves import paused_until
from integrations.database.letters import add_overtaken, owe_letter
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.people import leaves_of, partner_of, reader
from integrations.database.plans import open_stall, quiet_since, rest_plan, rules_of
from integrations.database.policies import hr_partner_of
from integrations.database.stalls import steps_sent
from integrations.database.tables import Person, Plan, Stall

KINDS: dict[Step, str] = {
    "note": "support_note",
    "repairs": "support_repairs",
    "hr": "support_request",
    "rest": "support_rest",
}


class Plans:
    """The activities of `PlanWatch`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="plans.watch")
    async def watch(self, about: Moment) -> datetime | None:
        """Takes the support step that is due, if one is, and returns when to look again; None to wait for news.

        It rests while the plan's person is on leave, or HR holds their cycle.
        """
        async with self._database.transaction() as session:
            plan = await session.get(Plan, about.id)
            # None: Temporal outlived the database that it waited for.
            if plan is None or plan.state == "resting":
                return None
            person = await session.get_one(Person, plan.person_id)
            policy = await rules_of(session, plan.person_id)
            rests = await paused_until(session, plan.person_id, policy, about.now)
            if rests:
                return rests
            stall = await open_stall(session, plan.id)
            if stall is None:
                facts = await _facts(session, plan, person, policy, about.now)
                today = _local_day(person, policy, about.now)
                found = stalled_since(facts, policy.stalled_plan, today)
                if found is None:
                    day = could_stall_at(facts, policy.stalled_plan, today)
                    return reader(person, policy.mail, day)[0].instant(day, time()) if day else None
                stall = Stall(plan_id=plan.id, cause=found.cause, holder_id=found.holder_id, began_at=about.now)
                session.add(stall)
                await session.flush()
            return await self._support(session, plan, stall, policy, about.now)

    async def _support(
        self, session: AsyncSession, plan: Plan, stall: Stall, policy: Policy, now: datetime
    ) -> datetime | None:
        person = await session.get_one(Person, plan.person_id)
        while True:
            step = next_step(
                await steps_sent(session, stall.id),
                stall.hr_kept_out,
                False,
                stall.began_at,
                policy.stalled_plan,
                leaves_of(person),
            )
            if step is None:
                return None
            recipients = await _recipients(session, plan, stall, step, now)
            if not recipients:
                await _nobody_to_ask(session, plan, stall, step, now)
                continue
            openings = {
                each.id: next_opening(*reader(each, policy.mail, now.date(), planning=True), step.at)
                for each in recipients
            }
            if min(openings.values()) > now:
                return min(openings.values())
            for each in recipients:
                await owe_letter(
                    session,
                    f"support/{plan.id}/{stall.id}/{step.step}/{each.id}",
                    each.id,
                    KINDS[step.step],
                    max(openings[each.id], now),
                    now,
                    plan_id=plan.id,
                    stall_id=stall.id,
                    step=step.step,
                )
            if step.step == "rest":
                await rest_plan(session, plan, "rested", now)
            return None


async def _facts(session: AsyncSession, plan: Plan, person: Person, policy: Policy, now: datetime) -> PlanFacts:
    today = _local_day(person, policy, now)
    actions = await actions_with_ladders(session, plan.id, policy.actions, today)
    check_ins = await check_ins_of(session, person)
    stalls = (await session.scalars(select(Stall).where(Stall.plan_id == plan.id))).all()
    return PlanFacts(
        actions=[
            ActionFacts(
                id=row.id,
                owner_id=row.owner_id,
                due_on=row.due_on,
                open=row.state == "open",
                accepted=row.accepted_at is not None,
                private=row.private,
                ladder_spent=spent,
                snoozed_until=row.snoozed_until,
            )
            for row, spent in actions
        ],
        check_ins=[
            CheckInFacts(
                id=pair.row.id,
                due_on=pair.row.due_on,
                state=pair.row.state,
                moves=moves_among(bookings),
                closed_on=_local_day(person, policy, pair.row.closed_at) if pair.row.closed_at else None,
                slipped=_slipped(pair, policy, today),
            )
            for pair, bookings in check_ins
        ],
        quiet_since=_lived(person, _local_day(person, policy, await quiet_since(session, plan)), today),
        resting=plan.state == "resting",
        last_pass_began=max((_local_day(person, policy, each.began_at) for each in stalls), default=None),
        causes=frozenset(each.cause for each in stalls),
    )


def _slipped(pair: Pair, policy: Policy, today: date) -> bool:
    """Whether its hour is on the last day to which it may slip, or none was found by then."""
    last, row, booking = last_day_for(pair, policy, today), pair.row, pair.booking
    if row.state == State.CANCELLED:
        return row.closed_at is not None and _local_day(pair.person, policy, row.closed_at) > last
    if booking is None or booking.state not in OPEN_BOOKING:
        return today > last
    return _local_day(pair.person, policy, booking.start_at) >= last


def _lived(person: Person, since: date, today: date) -> date:
    """`since`, moved by the days of leave that the plan's person has had since: those were not quiet, they were off."""
    away = (max(0, (min(each.last, today) - max(each.first, since)).days + 1) for each in leaves_of(person))
    return since + timedelta(days=sum(away))


async def _recipients(session: AsyncSession, plan: Plan, stall: Stall, step: NextStep, now: datetime) -> list[Person]:
    """The note to whoever holds the stuck part, repairs to both, the request to HR, the rest to the plan's person."""
    partner_id = await partner_of(session, plan.person_id, now.date())
    both = [plan.person_id, *([partner_id] if partner_id else [])]
    if step.step == "hr":
        hr = await hr_partner_of(session, plan.person_id)
        return [hr] if hr else []
    if step.step == "rest":
        ids = [plan.person_id]
    else:
        ids = [stall.holder_id] if step.step == "note" and stall.holder_id else both
    people = [await session.get_one(Person, each) for each in ids]
    return [person for person in people if person.left_at is None]


async def _nobody_to_ask(session: AsyncSession, plan: Plan, stall: Stall, step: NextStep, now: datetime) -> None:
    """A step without a reader is passed over; that nobody in HR can be asked, HR's list says."""
    await add_overtaken(
        session,
        f"support/{plan.id}/{stall.id}/{step.step}/nobody",
        plan.person_id,
        KINDS[step.step],
        step.at,
        "there is nobody to ask",
        stall_id=stall.id,
        step=step.step,
    )
    if step.step == "hr":
        sentence = Sentence(
            "A plan needs support and its policy names no HR partner: name one with perennial policy import."
        )
        await ask_for_a_hand(session, f"hr-partner/{plan.person_id}", sentence, now, plan.person_id)
    await session.flush()


def _local_day(person: Person, policy: Policy, at: datetime) -> date:
    return reader(person, policy.mail, at.date())[0].local_day(at)
