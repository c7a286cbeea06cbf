"""What HR is asked to help with: names, how far it has come, and the reason where its writer allowed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from integrations.database.calls_for_help import CALLS
from integrations.database.people import partners_of
from integrations.database.stalls import answers_for_hr
from integrations.database.tables import LetterItem, NeedsAHand, Person, Plan, Stall, StallAnswer


@dataclass(frozen=True, slots=True)
class SupportRequest:
    """`names` are the employee's and, if there is one, their partner's; `answer` has the reason that HR may know."""

    names: tuple[str, ...]
    since: datetime
    answer: StallAnswer | None


async def open_support_requests(session: AsyncSession, now: datetime) -> Sequence[SupportRequest]:
    """The open stalls whose request reached HR and whose owner has not kept HR out, the oldest first."""
    rows = await session.execute(
        select(Stall.id, Plan.person_id, LetterItem.sent_at)
        .join(Plan, Plan.id == Stall.plan_id)
        .join(LetterItem, LetterItem.stall_id == Stall.id)
        .where(
            Stall.ended_at.is_(None),
            Stall.hr_kept_out.is_(False),
            LetterItem.kind == "support_request",
            LetterItem.sent_at.is_not(None),
        )
        .order_by(LetterItem.sent_at)
    )
    stalls = [(stall_id, person_id, sent_at) for stall_id, person_id, sent_at in rows if sent_at is not None]
    partners = await partners_of(session, {person_id for _, person_id, _ in stalls}, now.date())
    people = await session.scalars(
        select(Person).where(Person.id.in_({*partners, *partners.values()} | {each[1] for each in stalls}))
    )
    names = {person.id: person.name for person in people}
    answers = await answers_for_hr(session, {stall_id for stall_id, _, _ in stalls})
    found: dict[str, SupportRequest] = {}
    for stall_id, person_id, sent_at in stalls:
        if stall_id not in found:
            two = (person_id, partners.get(person_id, ""))
            said = tuple(names[each] for each in two if each in names)
            found[stall_id] = SupportRequest(said, sent_at, answers.get(stall_id))
    return tuple(found.values())


async def open_hands(
    session: AsyncSession, reader_id: str, now: datetime, *, with_calls_for_help: bool = True
) -> Sequence[NeedsAHand]:
    """What cannot go on by itself, the oldest first; who asked HR for help is among it for HR alone.

    Whoever holds somebody's check-ins does not learn of their call, even in HR.
    """
    query = select(NeedsAHand).where(NeedsAHand.mended_at.is_(None)).order_by(NeedsAHand.since, NeedsAHand.key)
    if not with_calls_for_help:
        query = query.where(NeedsAHand.key.not_like(f"{CALLS}%"))
    rows = (await session.scalars(query)).all()
    callers = {row.person_id for row in rows if row.person_id and row.key.startswith(CALLS)}
    partners = await partners_of(session, callers, now.date()) if callers else {}
    unseen = {caller for caller, partner_id in partners.items() if partner_id == reader_id}
    return [row for row in rows if not (row.key.startswith(CALLS) and row.person_id in unseen)]
