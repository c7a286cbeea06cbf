"""Who leaves, takes no part any more or comes back: what ends, what is kept for how long, and who hears of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.directory_watch import KEPT_AFTER_LEAVING
from cycle.sentences import Sentence
from integrations.database.assistants import end_assistance
from integrations.database.calls_for_help import take_call_back
from integrations.database.connection import poke
from integrations.database.directory_watches import wake_directory_watch
from integrations.database.handovers import call_off, pass_on, takes_part, to_come
from integrations.database.letters import owe_letter
from integrations.database.needs_a_hand import ask_for_a_hand, mended, mended_with
from integrations.database.people import holds_check_ins, partner_of
from integrations.database.plans import plan_of, rest_plan
from integrations.database.tables import ActionRow, CheckInRow, Enrolment, Person, Plan, Reporting


async def leave(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Ends somebody's time here; False when it had ended before.

    1. Nothing is booked or mailed for them any more, and what they wrote is kept until `delete_after`. 2. Their
    check-ins to come are called off, their own and those that they hold. 3. Whoever shares a plan with them hears
    which of its actions they had taken on, and chooses. 4. They assist nobody and nobody assists them any more, and
    what HR was asked to do for them is struck out.
    """
    if person.left_at:
        return False
    person.left_at, person.delete_after = now, (now + KEPT_AFTER_LEAVING).date()
    await _end_cycle(session, person, "has left", now)
    await _end_lines(session, person, now)
    await _leave_actions(session, person, now)
    await end_assistance(session, person, now)
    await mended_with(session, person.id, now)
    return True


async def end_enrolment(session: AsyncSession, person: Person, now: datetime) -> int | None:
    """HR ends somebody's part, and they stay, as do their lines, what they wrote and the check-ins that they hold.

    Returns how many check-ins to come were called off; None for somebody who does not take part, which changes nothing.
    """
    if not await takes_part(session, person.id):
        return None
    called_off = await _end_cycle(session, person, "takes no part any more", now)
    for partner_id in {row.partner_id for row in called_off}:
        poke(session, "Postbox", partner_id, "takes no part any more", now)
    await mended(session, f"partner/{person.id}", now)
    await take_call_back(session, person.id, "partner", now)
    if not await holds_check_ins(session, person.id, now.date()):
        for about in ("mailbox", "settings", "diary"):
            await mended(session, f"{about}/{person.id}", now)
    return len(called_off)


async def _end_cycle(session: AsyncSession, person: Person, reason: str, now: datetime) -> Sequence[CheckInRow]:
    """Ends the enrolment, calls off the person's own check-ins to come, which are returned, and lets their plan rest.

    The plan is taken up again by its person alone.
    """
    enrolment = await session.get(Enrolment, person.id)
    if enrolment and enrolment.ended_at is None:
        enrolment.ended_at = now
        poke(session, "DevelopmentCycle", person.id, reason, now)
    poke(session, "Postbox", person.id, reason, now)
    called_off = await to_come(session, person.id, now)
    for row in called_off:
        await call_off(session, row, reason, now)
    plan = await plan_of(session, person.id)
    if plan:
        await rest_plan(session, plan, "stopped", now)
    return called_off


async def come_back(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Somebody who had left is here again: their cycle goes on as it was, with whom HR had named; False when they had
    not left.
    """
    left_at, person.left_at, person.delete_after = person.left_at, None, None
    if left_at is None:
        return False
    enrolment = await session.get(Enrolment, person.id)
    if enrolment and enrolment.ended_at and enrolment.ended_at >= left_at:
        enrolment.ended_at = None
        poke(session, "DevelopmentCycle", person.id, "is back", now)
    await _open_lines(session, person, left_at, now)
    for action_id in await _open_actions(session, person.id):
        poke(session, "ActionChase", action_id, "its owner is back", now)
    return True


async def is_the_same(session: AsyncSession, person: Person, oid: str, manager_oid: str, now: datetime) -> None:
    """Somebody who had left is back with another account: what they left is theirs again."""
    person.oid, person.manager_oid = oid, manager_oid
    await come_back(session, person, now)
    await mended(session, f"joiner/{oid}", now)
    await wake_directory_watch(session, "somebody is back", now)


async def say_without_manager(session: AsyncSession, person: Person, now: datetime) -> None:
    """Puts somebody who takes part and has nobody to talk with on HR's list."""
    sentence = Sentence(
        "{name} has no manager: name a conversation partner, or end the enrolment with perennial people end {mail}.",
        name=person.name,
        mail=person.mail,
    )
    await ask_for_a_hand(session, f"partner/{person.id}", sentence, now, person.id)


async def _end_lines(session: AsyncSession, person: Person, now: datetime) -> None:
    """Ends the leaver's own lines, and those of whoever has their check-ins with them."""
    today = now.date()
    own = select(Reporting).where(Reporting.person_id == person.id, Reporting.until.is_(None))
    for line in (await session.scalars(own)).all():
        line.until = today
    theirs = select(Reporting).where(Reporting.partner_id == person.id, Reporting.until.is_(None))
    lines = (await session.scalars(theirs)).all()
    before = {line.person_id: await partner_of(session, line.person_id, today) for line in lines}
    for line in lines:
        line.until = today
    await session.flush()
    for report_id, former_id in before.items():
        successor_id = await partner_of(session, report_id, today)
        await pass_on(session, report_id, former_id, successor_id, now)
        enrolment = await session.get(Enrolment, report_id)
        if successor_id is None and enrolment and enrolment.ended_at is None:
            await say_without_manager(session, await session.get_one(Person, report_id), now)


async def _open_lines(session: AsyncSession, person: Person, left_at: datetime, now: datetime) -> None:
    """HR's own lines of and to somebody who is back go on, unless HR has named somebody else since.

    The directory's are settled by what it says.
    """
    ended = select(Reporting).where(
        or_(Reporting.person_id == person.id, Reporting.partner_id == person.id),
        Reporting.source == "override",
        Reporting.until == left_at.date(),
    )
    for line in (await session.scalars(ended.order_by(Reporting.id.desc()))).all():
        newer = exists().where(
            Reporting.person_id == line.person_id,
            Reporting.source == "override",
            or_(Reporting.until.is_(None), Reporting.until > line.until),
        )
        both = [await session.get_one(Person, each) for each in (line.person_id, line.partner_id)]
        if any(each.left_at for each in both) or await session.scalar(select(newer)):
            continue
        # While the line is the last that ended, whose check-ins it was can be told.
        former_id = await partner_of(session, line.person_id, now.date())
        await pass_on(session, line.person_id, former_id, line.partner_id, now)
        line.until = None
        await session.flush()


async def _leave_actions(session: AsyncSession, person: Person, now: datetime) -> None:
    for action_id, plan_id in (await _open_actions(session, person.id)).items():
        poke(session, "ActionChase", action_id, "its owner has left", now)
        plan_person = await session.get_one(Person, (await session.get_one(Plan, plan_id)).person_id)
        if plan_person.left_at is None:
            await owe_letter(
                session,
                f"orphan/{action_id}/{person.id}/{plan_person.id}",
                plan_person.id,
                "action_without_owner",
                now,
                now,
                action_id=action_id,
                plan_id=plan_id,
            )


async def _open_actions(session: AsyncSession, owner_id: str) -> dict[str, str]:
    """The ids of their plans by the actions' own: a text that does not open keeps nobody from leaving."""
    query = select(ActionRow.id, ActionRow.plan_id).where(ActionRow.owner_id == owner_id, ActionRow.state == "open")
    return dict((await session.execute(query)).all())
