"""Actions as stored: who may make and move one. Each move is written with its event and its wake-ups."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

import cycle.actions as rules
from cycle.actions import Action, Refused, State
from cycle.order import stepped
from cycle.sentences import Sentence
from integrations.database.calls_for_help import NOBODY_BUT_HR, call_hr, call_partner
from integrations.database.connection import poke
from integrations.database.people import local_day, partner_of
from integrations.database.plans import end_stalls, ensure_plan, rules_of
from integrations.database.tables import ActionEvent, ActionRow, CheckInRow, Goal, Person, Plan

CLOSING = ("done", "dropped")

IN_ORDER = (ActionRow.place, ActionRow.due_on, ActionRow.id)
"""A plan's actions as its person arranged them; as they come due where nobody did."""


class NotYours(Refused):
    """What was named does not exist or is somebody else's; nobody learns which."""

    def __init__(self) -> None:
        super().__init__(Sentence("There is nothing like this of yours."))


def facts(row: ActionRow) -> Action:
    """The row as the rules of `cycle.actions` know it."""
    state: State = "done" if row.state == "done" else "dropped" if row.state == "dropped" else "open"
    return Action(
        due_on=row.due_on,
        agreed_on=row.agreed_on,
        chased_from=row.chased_from,
        state=state,
        accepted=row.accepted_at is not None,
        extensions=row.extensions,
        snoozes=row.snoozes,
        snoozed_until=row.snoozed_until,
    )


# Making one


async def make_action(
    session: AsyncSession,
    *,
    check_in_id: str | None,
    plan_person_id: str,
    owner_id: str,
    made_by_id: str,
    title: str,
    success: str | None,
    modality: str,
    due_on: date,
    private: bool,
    form_token: str | None,
    now: datetime,
    goal_id: str | None = None,
    needs: str | None = None,
    granted_by: str | None = None,
) -> str:
    """Adds an action to somebody's plan, opening the plan if there is none, and returns its id.

    It is accepted at once when its owner makes it. The same form posted twice makes one. Raises Refused.
    """
    twin = await _twin(session, form_token, made_by_id)
    if twin:
        return twin
    owner = await _check_people(session, check_in_id, plan_person_id, owner_id, made_by_id, now)
    rules.check_words(title, modality)
    rules.check_needs(needs or "", granted_by or "")
    if private and not (owner_id == made_by_id == plan_person_id):
        raise Refused(Sentence("Only what you take on in your own plan can be kept to yourself."))
    begun = rules.begin(due_on, local_day(owner, now), accepted=owner_id == made_by_id)
    plan = await ensure_plan(session, plan_person_id, now)
    policy = await rules_of(session, plan_person_id)
    rules.check_room(await _open_count(session, plan.id, owner_id), policy.actions.open_per_owner)
    if goal_id:
        await _check_goal(session, plan, goal_id, made_by_id)
    last = await session.scalar(select(func.max(ActionRow.place)).where(ActionRow.plan_id == plan.id)) or 0
    row = ActionRow(
        plan_id=plan.id,
        goal_id=goal_id or None,
        check_in_id=check_in_id,
        owner_id=owner_id,
        made_by_id=made_by_id,
        title=title.strip(),
        success=(success or "").strip() or None,
        modality=modality,
        needs=(needs or "").strip() or None,
        granted_by=(granted_by or "").strip() or None,
        place=last + 1 if last else 0,
        due_on=begun.due_on,
        agreed_on=begun.agreed_on,
        chased_from=begun.chased_from,
        accepted_at=now if begun.accepted else None,
        private=private,
        form_token=form_token or None,
        made_at=now,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        twin = await _twin(session, form_token, made_by_id)
        if twin is None:
            raise
        return twin
    _note_event(session, row, made_by_id, "made", now)
    return row.id


async def _open_count(session: AsyncSession, plan_id: str, owner_id: str) -> int:
    open_ones = (ActionRow.plan_id == plan_id, ActionRow.owner_id == owner_id, ActionRow.state == "open")
    return await session.scalar(select(func.count()).where(*open_ones)) or 0


async def _twin(session: AsyncSession, form_token: str | None, made_by_id: str) -> str | None:
    if not form_token:
        return None
    return await session.scalar(
        select(ActionRow.id).where(ActionRow.form_token == form_token, ActionRow.made_by_id == made_by_id)
    )


async def _check_people(
    session: AsyncSession,
    check_in_id: str | None,
    plan_person_id: str,
    owner_id: str,
    made_by_id: str,
    now: datetime,
) -> Person:
    """The owner, when these people may agree on an action in this plan. Raises Refused."""
    if check_in_id:
        check_in = await session.get(CheckInRow, check_in_id)
        if check_in is None or check_in.person_id != plan_person_id:
            raise Refused(Sentence("An action belongs to the plan of the person whose check-in it is."))
        pair = {check_in.person_id, check_in.partner_id}
    else:
        partner_id = await partner_of(session, plan_person_id, now.date())
        pair = {plan_person_id, partner_id or plan_person_id}
    if made_by_id not in pair:
        raise Refused(Sentence("Only the two of a check-in can add to the plan."))
    owner = await session.get(Person, owner_id)
    if owner is None or (check_in_id and owner_id not in pair):
        raise Refused(Sentence("Choose one of the two of you to take this on."))
    if owner.left_at and owner.left_at <= now:
        raise Refused(Sentence("{name} has left and cannot take this on.", name=owner.name))
    return owner


async def _check_goal(session: AsyncSession, plan: Plan, goal_id: str, maker_id: str) -> None:
    """Raises NotYours unless this is an open goal of the plan that whoever makes the action may see."""
    goal = await session.get(Goal, goal_id)
    if goal is None or goal.plan_id != plan.id or (goal.private and maker_id != plan.person_id):
        raise NotYours
    if goal.state != "open":
        raise Refused(Sentence("That goal is closed. Choose another one, or open it again first."))


# Arranging a plan: only its person may


async def step_action(session: AsyncSession, action_id: str, person_id: str, way: str, now: datetime) -> None:
    """Moves an open action one place up or down among those of its goal. Raises Refused."""
    if way not in ("up", "down"):
        raise Refused(Sentence("An action moves up or down. Choose one of the two."))
    row, _ = await _in_my_plan(session, action_id, person_id)
    of_plan = select(ActionRow).where(ActionRow.plan_id == row.plan_id).with_for_update()
    rows = (await session.scalars(of_plan.order_by(*IN_ORDER))).all()
    beside = [each.id for each in rows if (each.goal_id, each.state) == (row.goal_id, row.state)]
    order = stepped([each.id for each in rows], row.id, "up" if way == "up" else "down", beside)
    for each in rows:
        each.place = order.index(each.id) + 1


async def put_under_goal(
    session: AsyncSession, action_id: str, person_id: str, goal_id: str | None, now: datetime
) -> None:
    """Says which goal an action serves, or none."""
    row, plan = await _in_my_plan(session, action_id, person_id)
    if goal_id:
        await _check_goal(session, plan, goal_id, person_id)
    row.goal_id = goal_id or None


async def _in_my_plan(session: AsyncSession, action_id: str, person_id: str) -> tuple[ActionRow, Plan]:
    """An action of this person's own plan; what another owner keeps to themselves is none. Raises NotYours."""
    row = await session.get(ActionRow, action_id, with_for_update=True, populate_existing=True)
    plan = await session.get(Plan, row.plan_id) if row else None
    if row is None or plan is None or plan.person_id != person_id or (row.private and row.owner_id != person_id):
        raise NotYours
    return row, plan


# Moving one: only its owner may


async def reword(
    session: AsyncSession,
    action_id: str,
    person_id: str,
    *,
    title: str,
    success: str,
    modality: str,
    needs: str,
    granted_by: str,
    now: datetime,
) -> None:
    """Says an open action in other words; nothing else about it changes."""
    row = await _mine(session, action_id, person_id)
    if row.state != "open":
        raise Refused(Sentence("This one is not open any more."))
    rules.check_words(title, modality)
    rules.check_needs(needs, granted_by)
    row.title, row.success, row.modality = title.strip(), success.strip() or None, modality
    row.needs, row.granted_by = needs.strip() or None, granted_by.strip() or None
    poke(session, "PlanWatch", row.plan_id, "reworded", now)


async def reopen(session: AsyncSession, action_id: str, person_id: str, now: datetime) -> None:
    """Takes "done" or "let go" back; whoever said it may, for some days. Raises Refused."""
    row = await session.get(ActionRow, action_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotYours
    closing = await closing_event(session, action_id)
    if closing is None or closing.person_id != person_id:
        raise NotYours
    owner = await session.get_one(Person, row.owner_id)
    before, today = facts(row), local_day(owner, now)
    after = rules.reopen(before, local_day(owner, closing.at), today)
    if after == before:
        return
    plan = await session.get_one(Plan, row.plan_id, with_for_update=True)
    rules.check_room(
        await _open_count(session, plan.id, row.owner_id),
        (await rules_of(session, plan.person_id)).actions.open_per_owner,
    )
    _write(row, after, now)
    _note_event(session, row, person_id, "reopened", now)


async def closing_event(session: AsyncSession, action_id: str) -> ActionEvent | None:
    """The last time that it was done or let go."""
    return await session.scalar(
        select(ActionEvent)
        .where(ActionEvent.action_id == action_id, ActionEvent.what.in_(CLOSING))
        .order_by(ActionEvent.at.desc(), ActionEvent.id.desc())
        .limit(1)
    )


async def accept(
    session: AsyncSession, action_id: str, person_id: str, now: datetime, due_on: date | None = None
) -> None:
    """Takes on what somebody else proposed, with its date or another. Raises Refused, as all moves do."""
    row = await _mine(session, action_id, person_id)
    await _move(session, row, "accepted", lambda action, today: rules.accept(action, today, due_on), now)


async def done(session: AsyncSession, action_id: str, person_id: str, now: datetime) -> None:
    row = await _mine(session, action_id, person_id)
    await _move(session, row, "done", lambda action, _today: rules.finish(action), now)


async def new_date(session: AsyncSession, action_id: str, person_id: str, due_on: date, now: datetime) -> None:
    """Moves the due date; no reason is asked."""
    row = await _mine(session, action_id, person_id)
    what = "new_date" if row.accepted_at else "accepted"
    await _move(session, row, what, lambda action, today: rules.extend(action, due_on, today), now)


async def snooze(session: AsyncSession, action_id: str, person_id: str, days: int, now: datetime) -> None:
    """Says nothing of it for `days`; nobody else learns of it, and a stall goes on."""
    row = await _mine(session, action_id, person_id)
    policy = await rules_of(session, (await session.get_one(Plan, row.plan_id)).person_id)
    await _move(
        session,
        row,
        "snoozed",
        lambda action, today: rules.snooze(action, days, today, policy.actions),
        now,
        unsticks=False,
    )


async def drop(session: AsyncSession, action_id: str, person_id: str, now: datetime) -> None:
    row = await _mine(session, action_id, person_id)
    await _move(session, row, "dropped", lambda action, _today: rules.drop(action), now)


async def choose_owner(
    session: AsyncSession, action_id: str, person_id: str, who: str, now: datetime, due_on: date | None = None
) -> None:
    """The plan's person says what becomes of an action whose owner has left: `me`, `partner`, or `nobody`.

    A partner is asked whether they take it on. Raises Refused.
    """
    row = await session.get(ActionRow, action_id, with_for_update=True, populate_existing=True)
    plan = await session.get(Plan, row.plan_id) if row else None
    owner = await session.get(Person, row.owner_id) if row else None
    if row is None or plan is None or owner is None or plan.person_id != person_id or owner.left_at is None:
        raise NotYours
    person = await session.get_one(Person, person_id)
    before, today = facts(row), local_day(person, now)
    if who == "nobody":
        _write(row, rules.drop(before), now)
        _note_event(session, row, person_id, "dropped", now)
    elif who == "me":
        after = rules.accept(replace(before, accepted=False), today, due_on)
        row.owner_id, row.accepted_at = person_id, None
        _write(row, after, now)
        _note_event(session, row, person_id, "accepted", now)
    elif who == "partner" and (partner_id := await partner_of(session, person_id, now.date())):
        if before.state != "open":
            raise Refused(Sentence("This one is not open any more."))
        row.owner_id, row.accepted_at, row.snoozed_until = partner_id, None, None
        _note_event(session, row, person_id, "handed_on", now)
    else:
        raise Refused(Sentence("Choose who does this now: you, your conversation partner, or nobody."))
    await end_stalls(session, row.plan_id, "helped", now, cause=f"action/{row.id}/")


async def progress(session: AsyncSession, action_id: str, person_id: str, now: datetime) -> None:
    """Something got done; a second time on the same day adds nothing."""
    row = await _mine(session, action_id, person_id)
    if not await _said_today(session, row, "progress", None, now):
        await _stir(session, row, "progress", now)


async def ask_help(
    session: AsyncSession, action_id: str, person_id: str, whom: str, note: str | None, now: datetime
) -> None:
    """Asks the other of the plan (`partner`), who alone sees the note, or `hr`, who gets the name alone."""
    if whom not in ("partner", "hr"):
        raise Refused(Sentence("Choose whom to ask: the other of this plan, or HR."))
    row = await _mine(session, action_id, person_id)
    if row.private and whom == "partner":
        raise Refused(Sentence("You keep this one to yourself, so nobody can be asked about it but HR."))
    if await _said_today(session, row, "asked_help", whom, now):
        return
    if whom == "hr":
        await _stir(session, row, "asked_help", now, whom=whom)
        await call_hr(session, person_id, now)
        return
    asked_id = await other_of_plan(session, row, now)
    if asked_id is None:
        raise Refused(NOBODY_BUT_HR)
    await _stir(session, row, "asked_help", now, whom=whom, asked_id=asked_id, note=(note or "").strip() or None)
    day = local_day(await session.get_one(Person, person_id), now)
    await call_partner(session, asked_id, day, now, action_id=row.id)


async def talked(session: AsyncSession, action_id: str, person_id: str, now: datetime) -> None:
    """Whoever was asked for help has talked with the owner, so that it waits for them no longer. Raises NotYours."""
    row = await session.get(ActionRow, action_id, with_for_update=True, populate_existing=True)
    about = (ActionEvent.action_id == action_id, ActionEvent.what.in_(("asked_help", "talked")))
    mine = or_(ActionEvent.asked_id == person_id, ActionEvent.person_id == person_id)
    last = await session.scalar(
        select(ActionEvent).where(*about, mine).order_by(ActionEvent.at.desc(), ActionEvent.id.desc()).limit(1)
    )
    if row is None or last is None or person_id != await other_of_plan(session, row, now):
        raise NotYours
    if last.what == "asked_help":
        _note_event(session, row, person_id, "talked", now, asked_id=last.person_id)


async def other_of_plan(session: AsyncSession, row: ActionRow, now: datetime) -> str | None:
    """Whom the owner of an action can ask about it: the plan's person or, if it is their own plan, their partner."""
    plan = await session.get_one(Plan, row.plan_id)
    return plan.person_id if row.owner_id != plan.person_id else await partner_of(session, plan.person_id, now.date())


async def make_smaller(
    session: AsyncSession,
    action_id: str,
    person_id: str,
    now: datetime,
    title: str | None = None,
    due_on: date | None = None,
) -> None:
    """Makes less of an action: another title, another date, or the bare decision to."""
    row = await _mine(session, action_id, person_id)
    if title and title.strip():
        rules.check_words(title, row.modality)
        row.title = title.strip()
    if due_on and due_on != row.due_on:
        await new_date(session, action_id, person_id, due_on, now)
    if not await _said_today(session, row, "smaller", None, now):
        await _stir(session, row, "smaller", now)


async def _mine(session: AsyncSession, action_id: str, person_id: str) -> ActionRow:
    row = await session.get(ActionRow, action_id, with_for_update=True, populate_existing=True)
    if row is None or row.owner_id != person_id:
        raise NotYours
    return row


async def _move(
    session: AsyncSession,
    row: ActionRow,
    what: str,
    change: Callable[[Action, date], Action],
    now: datetime,
    unsticks: bool = True,
) -> None:
    """Writes what `change` makes of the action; nothing at all when it leaves it as it is."""
    before = facts(row)
    after = change(before, local_day(await session.get_one(Person, row.owner_id), now))
    if after == before:
        return
    _write(row, after, now)
    _note_event(session, row, row.owner_id, what, now)
    if unsticks:
        await end_stalls(session, row.plan_id, "helped", now, cause=f"action/{row.id}/")


async def _stir(
    session: AsyncSession,
    row: ActionRow,
    what: str,
    now: datetime,
    **asked: str | None,
) -> None:
    """`asked` are the columns `whom`, `asked_id` and `note` of a call for help."""
    today = local_day(await session.get_one(Person, row.owner_id), now)
    _write(row, rules.stir(facts(row), today), now)
    _note_event(session, row, row.owner_id, what, now, **asked)
    await end_stalls(session, row.plan_id, "helped", now, cause=f"action/{row.id}/")


def _write(row: ActionRow, after: Action, now: datetime) -> None:
    if after.due_on != row.due_on:
        row.due_before_leave = None
    row.due_on, row.agreed_on, row.chased_from = after.due_on, after.agreed_on, after.chased_from
    row.state, row.extensions, row.snoozes = after.state, after.extensions, after.snoozes
    row.snoozed_until = after.snoozed_until
    if after.accepted and row.accepted_at is None:
        row.accepted_at = now


def _note_event(
    session: AsyncSession,
    row: ActionRow,
    person_id: str,
    what: str,
    now: datetime,
    **asked: str | None,
) -> None:
    session.add(ActionEvent(action_id=row.id, person_id=person_id, what=what, due_on=row.due_on, at=now, **asked))
    poke(session, "ActionChase", row.id, what, now)
    poke(session, "PlanWatch", row.plan_id, what, now)


async def _said_today(session: AsyncSession, row: ActionRow, what: str, whom: str | None, now: datetime) -> bool:
    owner = await session.get_one(Person, row.owner_id)
    same = select(func.max(ActionEvent.at)).where(
        ActionEvent.action_id == row.id, ActionEvent.what == what, ActionEvent.whom == whom
    )
    last = await session.scalar(same)
    return last is not None and local_day(owner, last) == local_day(owner, now)
