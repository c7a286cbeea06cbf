"""What the holder of a stuck plan answers and chooses: a reason, and one click that stops or shrinks it.

Whose plan it is can keep HR out, also where somebody else holds the stuck part.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.policy import StalledPlan
from cycle.sentences import Sentence
from cycle.support import REASONS, STEPS, Step, step_days
from integrations.database import actions
from integrations.database.connection import poke
from integrations.database.letters import items_about
from integrations.database.people import leaves_of, partner_of
from integrations.database.plans import end_stalls, rest_plan
from integrations.database.readings import note_readings, told_of_action
from integrations.database.tables import ActionRow, LetterItem, Person, Plan, Stall, StallAnswer


@dataclass(frozen=True, slots=True)
class StallView:
    """A stall for its reader, with their answer and, while it lasts, the other's reason if that was shared.

    `holds`: the stuck part is the reader's; else it is the `other`'s, in the reader's plan.
    """

    stall: Stall
    plan: Plan
    plan_person: Person
    holds: bool
    other: Person | None
    action: ActionRow | None
    answer: StallAnswer | None
    shared_reason: str | None


async def stall_for(session: AsyncSession, stall_id: str, person_id: str, now: datetime) -> StallView | None:
    """The stall for whoever holds the stuck part and, once the repairs went to both, for whose plan it is; None for
    anybody else.
    """
    stall = await session.get(Stall, stall_id)
    plan = await session.get_one(Plan, stall.plan_id) if stall else None
    if stall is None or plan is None:
        return None
    holds = person_id in await _holders(session, stall, plan, now)
    if not (holds or await _concerned(session, stall, plan, person_id)):
        return None
    other_id: str | None = plan.person_id
    if person_id == plan.person_id:
        other_id = await partner_of(session, person_id, now.date()) if holds else stall.holder_id
    action_id = _stuck_action(stall)
    theirs = await session.get(StallAnswer, (stall_id, other_id)) if other_id else None
    return StallView(
        stall=stall,
        plan=plan,
        plan_person=await session.get_one(Person, plan.person_id),
        holds=holds,
        other=await session.get(Person, other_id) if other_id else None,
        action=await session.get(ActionRow, action_id) if action_id else None,
        answer=await session.get(StallAnswer, (stall_id, person_id)),
        shared_reason=theirs.reason if theirs and theirs.to_partner and not stall.ended_at else None,
    )


async def note_stall_read(session: AsyncSession, view: StallView, reader: Person, now: datetime) -> bool:
    """Notes what of others' words the page is about to show: the stuck action, and while the stall lasts the other's
    reason. Returns whether anybody learns of it.
    """
    of = []
    if view.action:
        told = told_of_action(view.action, view.plan_person.id, reader.id)
        of += [(each, f"action/{view.action.id}") for each in told]
    if view.shared_reason is not None and view.other:
        of.append((view.other.id, f"stall/{view.stall.id}"))
    return await note_readings(session, reader, of, now)


async def answer_stall(
    session: AsyncSession,
    stall_id: str,
    person_id: str,
    reason: str,
    to_partner: bool,
    to_hr: bool,
    now: datetime,
) -> None:
    """Keeps what is in the way, and whom its writer shows it to. The ladder goes on. Raises Refused."""
    _stall, plan = await _held(session, stall_id, person_id, now)
    if reason not in REASONS:
        raise Refused(Sentence("Choose one of the answers on the page."))
    answer = await session.get(StallAnswer, (stall_id, person_id))
    if answer is None:
        answer = StallAnswer(stall_id=stall_id, person_id=person_id, reason=reason, answered_at=now)
        session.add(answer)
    answer.reason, answer.to_partner, answer.to_hr = reason, to_partner, to_hr
    answer.answered_at = now
    poke(session, "PlanWatch", plan.id, "stall answered", now)


async def make_smaller(
    session: AsyncSession,
    stall_id: str,
    person_id: str,
    now: datetime,
    title: str | None = None,
    due_on: date | None = None,
) -> None:
    """Ends the stall by making less of what is stuck; for an action perhaps with another title or date."""
    stall, plan = await _held(session, stall_id, person_id, now)
    if stall.ended_at:
        return
    action_id = _stuck_action(stall)
    if action_id:
        await actions.make_smaller(session, action_id, person_id, now, title, due_on)
    await end_stalls(session, plan.id, "helped", now, stall.cause)
    poke(session, "PlanWatch", plan.id, "made smaller", now)


async def pause_plan(session: AsyncSession, stall_id: str, person_id: str, now: datetime) -> None:
    """The whole plan rests until its person takes it up again."""
    stall, plan = await _held(session, stall_id, person_id, now)
    if not stall.ended_at:
        await rest_plan(session, plan, "stopped", now)


async def leave_as_is(session: AsyncSession, stall_id: str, person_id: str, now: datetime) -> None:
    """Nothing changes, and nobody hears of this stall again."""
    stall, plan = await _held(session, stall_id, person_id, now)
    if not stall.ended_at:
        await end_stalls(session, plan.id, "stopped", now, stall.cause)
        poke(session, "PlanWatch", plan.id, "left as it is", now)


async def keep_hr_out(session: AsyncSession, stall_id: str, person_id: str, now: datetime) -> None:
    """HR is not asked, says the plan's person; the rest of the ladder goes on. Raises Refused once HR was."""
    stall, plan = await _locked(session, stall_id)
    holds = person_id in await _holders(session, stall, plan, now)
    if person_id != plan.person_id or not (holds or await _concerned(session, stall, plan, person_id)):
        raise actions.NotYours
    if await hr_asked_at(session, stall_id):
        raise Refused(Sentence("HR has been asked by now. You can tell them that you need nothing."))
    if not stall.hr_kept_out:
        stall.hr_kept_out = True
        poke(session, "PlanWatch", plan.id, "hr kept out", now)


async def hr_asked_at(session: AsyncSession, stall_id: str) -> datetime | None:
    """When HR was asked to offer help; None as long as nobody was."""
    asked = (LetterItem.stall_id == stall_id, LetterItem.kind == "support_request")
    return await session.scalar(select(func.min(LetterItem.sent_at)).where(*asked))


async def steps_sent(session: AsyncSession, stall_id: str) -> dict[Step, datetime | None]:
    """When each step taken so far reached the first of its readers; None while none has it."""
    items = await items_about(session, stall_id=stall_id)
    sent: dict[Step, datetime | None] = {}
    for step in STEPS:
        of_step = [item for item in items.values() if item.step == step]
        if of_step:
            left = [item.sent_at or (item.due_at if item.state == "dropped" else None) for item in of_step]
            sent[step] = min((each for each in left if each), default=None)
    return sent


async def later_steps(
    session: AsyncSession, view: StallView, rules: StalledPlan, now: datetime
) -> dict[Step, datetime]:
    """The steps that are still to come and when, as the note named them; none before the note has left."""
    sent = await steps_sent(session, view.stall.id)
    noted_at = sent.get("note")
    if view.stall.ended_at or noted_at is None:
        return {}
    days = step_days(noted_at, rules, leaves_of(view.plan_person))
    if view.stall.hr_kept_out and rules.owner_can_keep_hr_out:
        del days["hr"]
    taken = max(STEPS.index(step) for step in sent)
    # What is due already waits for its reader's hours.
    return {step: max(at, now) for step, at in days.items() if STEPS.index(step) > taken}


async def reason_for_hr(session: AsyncSession, stall_id: str) -> str | None:
    """The reason that HR may be told."""
    answer = await answer_for_hr(session, stall_id)
    return answer.reason if answer else None


async def answer_for_hr(session: AsyncSession, stall_id: str) -> StallAnswer | None:
    """The latest answer whose writer allowed HR to be told."""
    return (await answers_for_hr(session, [stall_id])).get(stall_id)


async def answers_for_hr(session: AsyncSession, stall_ids: Collection[str]) -> dict[str, StallAnswer]:
    """That of each of these, by stall."""
    rows = await session.scalars(
        select(StallAnswer)
        .where(StallAnswer.stall_id.in_(stall_ids), StallAnswer.to_hr)
        .order_by(StallAnswer.answered_at, StallAnswer.person_id.desc())
    )
    return {row.stall_id: row for row in rows}


async def _held(session: AsyncSession, stall_id: str, person_id: str, now: datetime) -> tuple[Stall, Plan]:
    stall, plan = await _locked(session, stall_id)
    if person_id not in await _holders(session, stall, plan, now):
        raise actions.NotYours
    return stall, plan


async def _locked(session: AsyncSession, stall_id: str) -> tuple[Stall, Plan]:
    stall = await session.get(Stall, stall_id, with_for_update=True)
    plan = await session.get(Plan, stall.plan_id, with_for_update=True) if stall else None
    if stall is None or plan is None:
        raise actions.NotYours
    return stall, plan


async def _concerned(session: AsyncSession, stall: Stall, plan: Plan, person_id: str) -> bool:
    """Whether it is this person's plan and they know: the note was for its holder alone, the repairs go to both."""
    return person_id == plan.person_id and "repairs" in await steps_sent(session, stall.id)


async def _holders(session: AsyncSession, stall: Stall, plan: Plan, now: datetime) -> set[str]:
    if stall.holder_id:
        return {stall.holder_id}
    partner_id = await partner_of(session, plan.person_id, now.date())
    return {plan.person_id, partner_id or plan.person_id}


def _stuck_action(stall: Stall) -> str | None:
    kind, of, *_ = stall.cause.split("/")
    return of if kind == "action" else None
