"""Workflows that cannot go on by themselves: written down with their cause, told to HR a line a cause, woken again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.check_in import State
from cycle.stuck import Kind, line_key, permission_for, sentence
from integrations.database.calendar_watches import name_of_mailbox
from integrations.database.connection import poke
from integrations.database.locks import Lock, one_at_a_time
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import person_by_oid
from integrations.database.senders import pass_nobody_over
from integrations.database.tables import ActionRow, CheckInRow, Person, Plan, Stuck

MENDED = "somebody says that it is mended"


async def note_stuck(
    session: AsyncSession, workflow: str, target: str, kind: Kind, about: str, subject: str, now: datetime
) -> None:
    """Writes down that `workflow/target` waits for a hand, and why. Again with the same reason changes nothing.

    `subject` is the mailbox or fault that it is about; for what is about a person, they are found by the target.
    """
    await one_at_a_time(session, Lock.LINES)
    person = await _person_of(session, workflow, target) if kind is Kind.ZONE else None
    line = line_key(kind, person.id if person else subject)
    if kind is Kind.NO_MAILBOX:
        line = await line_of_mailbox(session, subject)
    row = await session.get(Stuck, (workflow, target))
    if row is None:
        session.add(Stuck(workflow=workflow, target=target, line=line, kind=kind, about=about, since=now))
        lines = [line]
    elif (row.line, row.about) == (line, about):
        return
    else:
        lines = list(dict.fromkeys((row.line, line)))
        row.line, row.kind, row.about = line, kind, about
    await session.flush()
    for each in lines:
        await _tell(session, each, now)


async def line_of_mailbox(session: AsyncSession, mailbox: str) -> str:
    """The one line on HR's list about a mailbox that is gone, whoever comes upon it: its owner's, if it is somebody's.

    `mailbox` is an object id or an address, as a booking's organizer has it.
    """
    owner = await person_by_oid(session, mailbox)
    return f"mailbox/{owner.id}" if owner else line_key(Kind.NO_MAILBOX, mailbox)


async def note_unstuck(session: AsyncSession, workflow: str, target: str, now: datetime) -> None:
    """It went on. The last one of a line strikes it out."""
    await one_at_a_time(session, Lock.LINES)
    row = await session.get(Stuck, (workflow, target))
    if row is not None:
        await session.delete(row)
        await session.flush()
        await _tell(session, row.line, now)


async def forget_stuck(session: AsyncSession, now: datetime) -> None:
    """Before everything is woken anew: what still cannot go on says so again, and its line is as old as it was."""
    for row in (await session.scalars(select(Stuck))).all():
        await note_unstuck(session, row.workflow, row.target, now)


async def try_again(session: AsyncSession, now: datetime) -> int:
    """Owes a look to all that wait for a hand, and to check-ins that wait for another day; returns to how many.

    Senders that refused us are asked again with the next letter.
    """
    await pass_nobody_over(session, now)
    stuck = (await session.scalars(select(Stuck).order_by(Stuck.since))).all()
    for row in stuck:
        poke(session, row.workflow, row.target, MENDED, now)
    put_off = await session.scalars(
        select(CheckInRow).where(CheckInRow.state == State.DUE, CheckInRow.plan_again_at > now)
    )
    check_ins = put_off.all()
    for check_in in check_ins:
        check_in.plan_again_at = None
        poke(session, "CheckIn", check_in.id, MENDED, now)
    return len(stuck) + len(check_ins)


async def _tell(session: AsyncSession, line: str, now: datetime) -> None:
    """Writes the line for all that wait behind it, or strikes it out."""
    waiting = select(Stuck.kind, Stuck.about).where(Stuck.line == line).order_by(Stuck.since)
    rows = (await session.execute(waiting)).all()
    if not rows:
        await mended(session, line, now)
        return
    kind = Kind(rows[0].kind)
    person = await session.get(Person, line.rpartition("/")[2]) if kind in (Kind.ZONE, Kind.NO_MAILBOX) else None
    words = sentence(kind, await _by_name(session, kind, [row.about for row in rows]), person.name if person else "")
    await ask_for_a_hand(session, line, words, now, person.id if person else None)


async def _by_name(session: AsyncSession, kind: Kind, abouts: Sequence[str]) -> list[str]:
    """What things wait for, with the name of whoever a mailbox belongs to where it would be said by its object id."""
    if kind is Kind.NO_MAILBOX:
        return [await name_of_mailbox(session, abouts[-1])] * len(abouts)
    if kind is not Kind.NOT_ALLOWED:
        return list(abouts)
    asked = [about.partition(" ")[::2] for about in abouts]
    of_each = defaultdict[str, set[str]](set)
    for permission, mailbox in asked:
        of_each[permission].add(mailbox)
    # Of several mailboxes only their number is said.
    alone = {mailbox for mailboxes in of_each.values() if len(mailboxes) == 1 for mailbox in mailboxes}
    names = {mailbox: await name_of_mailbox(session, mailbox) for mailbox in alone}
    return [permission_for(permission, names.get(mailbox, mailbox)) for permission, mailbox in asked]


async def _person_of(session: AsyncSession, workflow: str, target: str) -> Person | None:
    """Whose the thing is; None for what belongs to nobody."""
    match workflow:
        case "DevelopmentCycle" | "Postbox":
            return await session.get(Person, target)
        case "CheckIn":
            check_in = await session.get(CheckInRow, target)
            return await session.get(Person, check_in.person_id) if check_in else None
        case "ActionChase":
            action = await session.get(ActionRow, target)
            return await session.get(Person, action.owner_id) if action else None
        case "PlanWatch":
            plan = await session.get(Plan, target)
            return await session.get(Person, plan.person_id) if plan else None
    return None
