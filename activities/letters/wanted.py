"""Whether something that waits to be told is still worth telling, at the moment its message is made."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import State
from cycle.feedback import closes_at
from cycle.workdays import add_workdays
from integrations.database.action_views import waiting_for_help
from integrations.database.assistants import assistant_of
from integrations.database.check_ins import check_in, said_about
from integrations.database.handovers import takes_part
from integrations.database.learning_moments import learning_moment_of
from integrations.database.offers import open_offer
from integrations.database.people import away_without_end, local_day, partner_of, work_week
from integrations.database.plans import calls_for_help_to
from integrations.database.policies import policy_of_check_in
from integrations.database.reflections import has_answered
from integrations.database.tables import (
    ActionRow,
    CheckInRow,
    FeedbackRequest,
    Handover,
    LetterItem,
    Person,
    Plan,
    Stall,
    Supporter,
)

ABOUT_A_TALK = ("reflection_request", "reflection_reminder", "pre_read", "moves")


async def overtaken(session: AsyncSession, item: LetterItem, now: datetime) -> str | None:
    """Why the item is not sent any more, in a few words for the books; None while it is wanted."""
    recipient = await session.get_one(Person, item.recipient_id)
    if recipient.left_at:
        return "they have left"
    if await _theirs_no_more(session, item, now):
        return "somebody else holds the check-ins now"
    if item.kind == "handover":
        return await _handover_overtaken(session, item, now)
    if item.kind == "feedback_request":
        return await _feedback_overtaken(session, item, now)
    if item.kind == "supporter_invitation":
        return await _invitation_overtaken(session, item)
    if item.kind == "help_asked":
        return await _call_overtaken(session, item, now)
    if item.kind == "action_without_owner":
        return await _choice_overtaken(session, item)
    # The form's time is that of the talk, wherever it was moved since.
    if item.kind != "reflection_request" and item.expires_at and now >= item.expires_at:
        return "its time has passed"
    if item.kind in ABOUT_A_TALK:
        return await _talk_overtaken(session, item, now)
    if item.kind == "slots":
        return await _slots_overtaken(session, item)
    if item.kind == "outcome_question":
        return await _outcome_overtaken(session, item, recipient, now)
    if item.kind == "learning_moment":
        assert item.step is not None
        return "answered" if await learning_moment_of(session, item.recipient_id, item.step) else None
    if item.action_id:
        return await _action_overtaken(session, item, local_day(recipient, now))
    if item.stall_id:
        return await _stall_overtaken(session, item)
    if item.kind == "weekly":
        return None if await open_past_due(session, item.recipient_id, now.date()) else "nothing is open"
    return None


async def _theirs_no_more(session: AsyncSession, item: LetterItem, now: datetime) -> bool:
    """Whether the item is about talks or a plan that the recipient shared, or whose hours they could choose as
    somebody's assistant, until there was another.
    """
    if item.check_in_id:
        person_id = (await session.get_one(CheckInRow, item.check_in_id)).person_id
    elif item.kind in ("support_note", "support_repairs"):
        person_id = (await session.get_one(Plan, item.plan_id)).person_id
    else:
        return False
    partner_id = await partner_of(session, person_id, now.date())
    if item.recipient_id in (person_id, partner_id):
        return False
    assists = item.kind == "slots" and partner_id is not None and await assistant_of(session, partner_id)
    return item.recipient_id != assists


async def _handover_overtaken(session: AsyncSession, item: LetterItem, now: datetime) -> str | None:
    handover = await session.get_one(Handover, item.key.split("/")[1])
    if handover.answered_at:
        return "answered"
    if not await takes_part(session, handover.person_id):
        return "they do not take part any more"
    newest = await partner_of(session, handover.person_id, now.date())
    return None if newest == handover.successor_id else "there is another partner by now"


async def _feedback_overtaken(session: AsyncSession, item: LetterItem, now: datetime) -> str | None:
    request = await session.get_one(FeedbackRequest, item.key.split("/")[1])
    if request.state != "asked":
        return request.state
    if now >= closes_at(request.asked_at):
        return "its time has passed"
    return "whoever asked has left" if (await session.get_one(Person, request.asker_id)).left_at else None


async def _invitation_overtaken(session: AsyncSession, item: LetterItem) -> str | None:
    row = await session.get_one(Supporter, item.key.split("/")[1])
    if row.state != "invited":
        return row.state
    return "whoever asked has left" if (await session.get_one(Person, row.person_id)).left_at else None


async def _call_overtaken(session: AsyncSession, item: LetterItem, now: datetime) -> str | None:
    if item.plan_id:
        waiting = {plan.id for plan, _ in await calls_for_help_to(session, item.recipient_id, now)}
    else:
        waiting = {view.row.id for view in await waiting_for_help(session, item.recipient_id, now)}
    return None if (item.plan_id or item.action_id) in waiting else "they have talked, or it goes on without"


async def _choice_overtaken(session: AsyncSession, item: LetterItem) -> str | None:
    action = await session.get_one(ActionRow, item.action_id)
    if action.state != "open":
        return action.state
    owner = await session.get_one(Person, action.owner_id)
    return None if owner.left_at else "it has an owner"


async def open_past_due(session: AsyncSession, owner_id: str, day: date) -> int:
    """How many accepted actions of this owner, in plans that do not rest, are open past their day."""
    count = await session.scalar(
        select(func.count())
        .select_from(ActionRow)
        .join(Plan, Plan.id == ActionRow.plan_id)
        .where(
            ActionRow.owner_id == owner_id,
            ActionRow.state == "open",
            ActionRow.accepted_at.is_not(None),
            ActionRow.due_on < day,
            Plan.state == "active",
        )
    )
    return count or 0


async def _talk_overtaken(session: AsyncSession, item: LetterItem, now: datetime) -> str | None:
    assert item.check_in_id is not None
    pair = await check_in(session, item.check_in_id)
    if pair.row.state != State.BOOKED or pair.booking is None:
        return "the check-in is not booked any more"
    if now >= pair.booking.start_at:
        return "its time has passed"
    if item.kind == "pre_read" and pair.booking.no != item.booking_no:
        return "the check-in was moved"
    if item.kind == "reflection_reminder" and await has_answered(session, item.check_in_id, item.recipient_id):
        return "answered"
    return None


async def _slots_overtaken(session: AsyncSession, item: LetterItem) -> str | None:
    assert item.check_in_id is not None
    row = await session.get_one(CheckInRow, item.check_in_id)
    offer = await open_offer(session, item.check_in_id)
    if row.state not in (State.DUE, State.BOOKED):
        return "the check-in is not to be booked any more"
    if offer is None or offer.booking_no != item.booking_no:
        return "it has another hour, or none of these suited"
    return "an hour was chosen" if offer.state == "picked" else None


async def _outcome_overtaken(session: AsyncSession, item: LetterItem, recipient: Person, now: datetime) -> str | None:
    assert item.check_in_id is not None
    pair = await check_in(session, item.check_in_id)
    if pair.row.state != State.ENDED or pair.booking is None or pair.booking.no != item.booking_no:
        return "the question is settled"
    said = await said_about(session, item.check_in_id, pair.booking.no)
    if item.recipient_id in said:
        return "answered"
    # Nothing reaches them, and their cycle waits for the end of this check-in.
    week, again = work_week(recipient, now.date()), (await policy_of_check_in(session, pair.row)).afterwards
    unanswered_on = add_workdays(week, week.local_day(item.due_at), again.ask_again_workdays)
    if away_without_end(recipient) and week.local_day(now) >= unanswered_on:
        return "nobody can tell when they are back"
    return None


async def _action_overtaken(session: AsyncSession, item: LetterItem, today: date) -> str | None:
    action = await session.get_one(ActionRow, item.action_id)
    plan = await session.get_one(Plan, action.plan_id)
    if action.state != "open":
        return action.state
    if action.due_on != item.subject_day:
        return "it has a new date"
    if action.snoozed_until and today < action.snoozed_until:
        return "snoozed"
    if plan.state == "resting":
        return "the plan rests"
    if action.chased_from > item.due_at.date():
        return "its owner has answered since"
    step = int(item.step or 0)
    return "the day is here" if step < 0 and today >= action.due_on else None


async def _stall_overtaken(session: AsyncSession, item: LetterItem) -> str | None:
    stall = await session.get_one(Stall, item.stall_id)
    if item.step == "rest":
        return None
    if stall.ended_at:
        return stall.ended
    return "HR is kept out" if item.step == "hr" and stall.hr_kept_out else None
