"""What happened before Perennial: check-ins already held, and plans with their actions, taken over from a file.

Only what is still to come is chased: rungs of days before the import are spent without a letter.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.connection import poke
from integrations.database.people import partner_of
from integrations.database.policies import UnknownName, policy_in_force, revision_number
from integrations.database.tables import (
    ActionEvent,
    ActionRow,
    Booking,
    CheckInRow,
    Enrolment,
    Goal,
    Person,
    Plan,
)

# Periods are numbered from 1 on; what lies before the policy belongs to none of them.
BEFORE_THE_FIRST_PERIOD = 0

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Mail = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^@\s]+@[^@\s]+$")]


def _as_written(value: object) -> object:
    """YAML reads an unquoted 10:00 as the number 600."""
    if value is not None and not isinstance(value, str | time):
        raise ValueError("an hour is written in quotes")
    return value


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HeldCheckIn(_Row):
    """A talk that took place: its day and, where known, its hour, both on the employee's clock."""

    held_on: date
    hour: Annotated[time | None, BeforeValidator(_as_written)] = None


class PastGoal(_Row):
    title: Title
    why: Words | None = None


class PastAction(_Row):
    """An action as it stands: `quiet_since` is the day on which something last happened to it."""

    title: Title
    owner: Mail
    success: Words | None = None
    modality: Literal["stretch", "mentoring", "training", "rotation", "reading"] = "stretch"
    agreed_on: date
    due_on: date
    state: Literal["open", "done", "dropped"] = "open"
    quiet_since: date


class PastPlan(_Row):
    goals: tuple[PastGoal, ...] = ()
    actions: tuple[PastAction, ...] = ()


class PersonHistory(_Row):
    person: Mail
    check_ins: tuple[HeldCheckIn, ...] = ()
    plan: PastPlan | None = None


class History(_Row):
    people: Annotated[tuple[PersonHistory, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class HistorySaved:
    """How many rows were added; what an earlier import of the same file brought is not added again."""

    check_ins: int
    actions: int


async def save_history(session: AsyncSession, history: History, now: datetime) -> HistorySaved:
    """Adds each person's past and owes wake-ups to their plan and open actions. Raises UnknownName.

    Everybody named must be here, and whoever has held check-ins must be enrolled with a manager.
    """
    check_ins = actions = 0
    for past in history.people:
        person = await _person(session, past.person)
        for held in past.check_ins:
            check_ins += await _save_held(session, person, held, now)
        if past.plan:
            actions += await _save_plan(session, person, past.plan, now)
    return HistorySaved(check_ins, actions)


async def _person(session: AsyncSession, mail: str) -> Person:
    person = await session.scalar(select(Person).where(func.lower(Person.mail) == mail.lower()))
    if person is None:
        raise UnknownName(f"Nobody with the address {mail} is here: import them first with perennial people import.")
    return person


async def _save_held(session: AsyncSession, person: Person, held: HeldCheckIn, now: datetime) -> bool:
    enrolment = await session.get(Enrolment, person.id)
    partner_id = await partner_of(session, person.id, now.date())
    if enrolment is None or partner_id is None:
        raise UnknownName(
            f"{person.mail} has held check-ins but lives under no policy: enrol them first with perennial people enrol."
        )
    already = await session.scalar(
        select(CheckInRow.id).where(
            CheckInRow.person_id == person.id, CheckInRow.kind == "regular", CheckInRow.due_on == held.held_on
        )
    )
    if already:
        return False
    policy = await policy_in_force(session, enrolment.policy_id)
    start = datetime.combine(held.held_on, held.hour or time(12), ZoneInfo(person.zone)).astimezone(UTC)
    end = start + timedelta(minutes=policy.rhythm.conversation_minutes)
    row = CheckInRow(
        person_id=person.id,
        partner_id=partner_id,
        kind="regular",
        period=BEFORE_THE_FIRST_PERIOD,
        due_on=held.held_on,
        state="held",
        policy_id=enrolment.policy_id,
        policy_revision=await revision_number(session, enrolment.policy_id),
        opened_at=start,
        closed_at=end,
    )
    session.add(row)
    await session.flush()
    if held.hour:
        session.add(
            Booking(
                check_in_id=row.id,
                no=1,
                start_at=start,
                end_at=end,
                zone=person.zone,
                organizer=person.mail,
                state="booked",
                transaction_id=str(uuid5(NAMESPACE_URL, f"perennial:{row.id}:1")),
                reasons=[],
                made_at=start,
            )
        )
    return True


async def _save_plan(session: AsyncSession, person: Person, past: PastPlan, now: datetime) -> int:
    plan = await session.scalar(select(Plan).where(Plan.person_id == person.id))
    if plan is None:
        opened = min((action.agreed_on for action in past.actions), default=now.date())
        plan = Plan(person_id=person.id, opened_at=min(_noon(opened), now))
        session.add(plan)
        await session.flush()
        for goal in past.goals:
            session.add(Goal(plan_id=plan.id, title=goal.title, why=goal.why, made_at=plan.opened_at))
    added, like = 0, Counter[tuple[str, date, date]]()
    for action in past.actions:
        alike = (action.owner, action.agreed_on, action.due_on)
        like[alike] += 1
        # Made of what cannot tell anything about the words, and the same each time the file is read.
        token = f"history/{person.id}/{'/'.join(map(str, alike))}/{like[alike]}"
        if await session.scalar(select(ActionRow.id).where(ActionRow.form_token == token)):
            continue
        await _save_action(session, plan, action, token, now)
        added += 1
    poke(session, "PlanWatch", plan.id, "history", now)
    return added


async def _save_action(session: AsyncSession, plan: Plan, past: PastAction, token: str, now: datetime) -> None:
    owner = await _person(session, past.owner)
    agreed = _noon(past.agreed_on)
    row = ActionRow(
        plan_id=plan.id,
        owner_id=owner.id,
        made_by_id=plan.person_id,
        title=past.title,
        success=past.success,
        modality=past.modality,
        due_on=past.due_on,
        agreed_on=past.agreed_on,
        accepted_at=agreed,
        state=past.state,
        chased_from=now.date(),
        form_token=token,
        made_at=agreed,
    )
    session.add(row)
    await session.flush()
    happened = [("made", plan.person_id, past.agreed_on), ("accepted", owner.id, past.agreed_on)]
    last = {"open": "progress", "done": "done", "dropped": "dropped"}[past.state]
    if past.state != "open" or past.quiet_since > past.agreed_on:
        happened.append((last, owner.id, past.quiet_since))
    for what, who, day in happened:
        session.add(ActionEvent(action_id=row.id, person_id=who, what=what, due_on=past.due_on, at=_noon(day)))
    if past.state == "open":
        poke(session, "ActionChase", row.id, "history", now)


def _noon(day: date) -> datetime:
    """History knows days, not hours."""
    return datetime.combine(day, time(12), UTC)
