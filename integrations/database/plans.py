"""Development plans as stored: whose one is, who may read it, what rests and resumes it, and who helps."""

from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.policy import Policy
from cycle.sentences import Sentence
from integrations.database.calls_for_help import NOBODY_BUT_HR, call_hr, call_partner
from integrations.database.connection import poke
from integrations.database.people import local_day, partner_of, partners_of
from integrations.database.policies import policy_of_person
from integrations.database.remembered import once_a_reading
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Person,
    Plan,
    Reporting,
    Stall,
)

Ended = Literal["helped", "stopped", "rested"]


async def plan_of(session: AsyncSession, person_id: str) -> Plan | None:
    mine = select(Plan).where(Plan.person_id == person_id)
    return await once_a_reading(session, ("plan", person_id), lambda: session.scalar(mine))


async def ensure_plan(session: AsyncSession, person_id: str, now: datetime) -> Plan:
    """The person's plan, opened now when there is none; its row stays locked until the transaction ends."""
    mine = select(Plan).where(Plan.person_id == person_id).with_for_update()
    plan = await session.scalar(mine)
    if plan is None:
        try:
            async with session.begin_nested():
                session.add(Plan(person_id=person_id, opened_at=now))
        except IntegrityError:
            pass  # Somebody else opened it at the same moment.
        plan = await session.scalar(mine)
        assert plan is not None
    return plan


async def partner_since(session: AsyncSession, person_id: str, partner_id: str, now: datetime) -> date | None:
    """Since when `partner_id` holds this person's check-ins; None when they do not hold them today."""
    today = now.date()
    if await partner_of(session, person_id, today) != partner_id:
        return None
    since = select(func.min(Reporting.since)).where(
        Reporting.person_id == person_id,
        Reporting.partner_id == partner_id,
        or_(Reporting.until.is_(None), Reporting.until > today),
    )
    return await once_a_reading(session, ("since", person_id, partner_id, today), lambda: session.scalar(since))


async def plan_for(session: AsyncSession, plan_id: str, reader_id: str, now: datetime) -> Plan | None:
    """The plan, for its person and their conversation partner of today; None for anybody else."""
    plan = await session.get(Plan, plan_id)
    if plan is None or plan.person_id == reader_id:
        return plan
    return plan if await partner_of(session, plan.person_id, now.date()) == reader_id else None


async def rules_of(session: AsyncSession, person_id: str) -> Policy:
    """The policy somebody lives under, or the shipped numbers for somebody who is not enrolled."""
    return await policy_of_person(session, person_id) or Policy(name="Quarterly check-ins")


async def quiet_since(session: AsyncSession, plan: Plan) -> datetime:
    """The instant of the last sign of life in a plan: an event, an answer that ended a stall, its opening."""
    last_event = await session.scalar(
        select(func.max(ActionEvent.at)).join(ActionRow).where(ActionRow.plan_id == plan.id)
    )
    last_end = await session.scalar(select(func.max(Stall.ended_at)).where(Stall.plan_id == plan.id))
    signs = (plan.opened_at, plan.resumed_at, last_event, last_end)
    return max(sign for sign in signs if sign)


async def end_stalls(session: AsyncSession, plan_id: str, how: Ended, now: datetime, cause: str | None = None) -> None:
    """Ends the plan's open stalls, or those whose cause begins with `cause`: no further letter for them.

    The weekly letters that were silent meanwhile go on.
    """
    open_ones = update(Stall).where(Stall.plan_id == plan_id, Stall.ended_at.is_(None))
    if cause:
        open_ones = open_ones.where(Stall.cause.startswith(cause, autoescape=True))
    ended = await session.execute(open_ones.values(ended_at=now, ended=how).returning(Stall.id))
    if ended.all():
        await wake_chases(session, plan_id, "a stall ended", now)


async def rest_plan(session: AsyncSession, plan: Plan, how: Ended, now: datetime) -> None:
    """No letter about the plan until its person resumes it. A resting plan stays as it is."""
    await end_stalls(session, plan.id, how, now)
    if plan.state != "resting":
        plan.state = "resting"
        await wake_chases(session, plan.id, "plan rests", now)
    poke(session, "PlanWatch", plan.id, "plan rests", now)


async def resume_plan(session: AsyncSession, plan_id: str, person_id: str, now: datetime) -> None:
    """Its person takes a resting plan up again; what came due meanwhile is not asked for belatedly."""
    plan = await session.get(Plan, plan_id, with_for_update=True)
    if plan is None or plan.person_id != person_id:
        raise Refused(Sentence("Only the person whose plan it is can take it up again."))
    if plan.state == "active":
        return
    plan.state, plan.resumed_at = "active", now
    tomorrow = local_day(await session.get_one(Person, person_id), now) + timedelta(days=1)
    meanwhile = (ActionRow.plan_id == plan.id, ActionRow.state == "open", ActionRow.chased_from < tomorrow)
    await session.execute(update(ActionRow).where(*meanwhile).values(chased_from=tomorrow))
    await wake_chases(session, plan.id, "plan resumed", now)
    poke(session, "PlanWatch", plan.id, "plan resumed", now)


async def wake_chases(session: AsyncSession, plan_id: str, reason: str, now: datetime) -> None:
    """Owes a wake-up to the chase of each open action of the plan."""
    open_ones = select(ActionRow.id).where(ActionRow.plan_id == plan_id, ActionRow.state == "open")
    for action_id in (await session.scalars(open_ones)).all():
        poke(session, "ActionChase", action_id, reason, now)


async def ask_for_help(session: AsyncSession, person_id: str, whom: str, now: datetime) -> None:
    """Somebody asks for help with their plan as a whole: their partner, or HR unseen by everybody else.

    With `another`, HR is asked just so for another conversation partner.

    A partner who was asked and has not talked with them yet is not asked a second time. Raises Refused.
    """
    if whom == "hr":
        await call_hr(session, person_id, now)
        return
    if whom == "another":
        await call_hr(session, person_id, now, about="partner")
        return
    if whom != "partner":
        raise Refused(Sentence("Choose whom to ask: your conversation partner, or HR."))
    partner_id = await partner_of(session, person_id, now.date())
    if partner_id is None:
        raise Refused(NOBODY_BUT_HR)
    plan = await ensure_plan(session, person_id, now)
    if plan.help_asked_at and plan.help_asked_id == partner_id:
        return
    plan.help_asked_at, plan.help_asked_id = now, partner_id
    poke(session, "PlanWatch", plan.id, "help asked", now)
    day = local_day(await session.get_one(Person, person_id), now)
    await call_partner(session, partner_id, day, now, plan_id=plan.id)


async def end_call_for_help(session: AsyncSession, plan_id: str, seen: str) -> None:
    """The two have talked. `seen` is since when the call stood on the page: a later one stays."""
    plan = await session.get_one(Plan, plan_id, with_for_update=True)
    if plan.help_asked_at and plan.help_asked_at.isoformat() == seen:
        plan.help_asked_at = plan.help_asked_id = None


async def calls_for_help_to(session: AsyncSession, person_id: str, now: datetime) -> list[tuple[Plan, Person]]:
    """The plans whose person, who has their check-ins with this one today, asks them for help with it as a whole."""
    asked = (
        select(Plan, Person)
        .join(Person, Person.id == Plan.person_id)
        .where(Plan.help_asked_id == person_id, Plan.help_asked_at.is_not(None))
        .order_by(Plan.help_asked_at, Plan.id)
    )
    rows = (await session.execute(asked)).all()
    partners = await partners_of(session, [person.id for _, person in rows], now.date()) if rows else {}
    return [(plan, person) for plan, person in rows if partners.get(person.id) == person_id]


async def open_stall(session: AsyncSession, plan_id: str) -> Stall | None:
    """The pass down the support ladder that this plan is on, if it is on one."""
    return await session.scalar(select(Stall).where(Stall.plan_id == plan_id, Stall.ended_at.is_(None)).limit(1))
