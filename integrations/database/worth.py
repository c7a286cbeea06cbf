"""The one private question after a talk, and the counts of many answers that HR may be told."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.policy import Privacy
from cycle.sentences import Sentence
from cycle.worth import CHOICES, Worth, told
from integrations.database.once import insert_once
from integrations.database.tables import CheckInRow, WorthAnswer


async def say_worth(session: AsyncSession, check_in_id: str, person_id: str, worth: str, now: datetime) -> None:
    """Keeps this person's last word; "" takes it back. Raises Refused."""
    row = await session.get(WorthAnswer, (check_in_id, person_id), with_for_update=True, populate_existing=True)
    if not worth:
        if row is not None:
            await session.delete(row)
        return
    if worth not in CHOICES:
        raise Refused(Sentence("Choose one of the three answers, or none."))
    if row is not None:
        row.worth, row.answered_at = worth, now
        return
    facts = {"check_in_id": check_in_id, "person_id": person_id}
    await insert_once(session, WorthAnswer, **facts, worth=worth, answered_at=now)


async def worth_said(session: AsyncSession, check_in_id: str, person_id: str) -> str | None:
    """What this person said themselves; nobody else is ever told."""
    row = await session.get(WorthAnswer, (check_in_id, person_id))
    return row.worth if row else None


async def worth_in_period(
    session: AsyncSession, policy_id: str, period: int, rules: Privacy
) -> dict[Worth, int] | None:
    """The counts of a whole period of a policy, never of less, for HR; None while the answers are too few.

    Whoever shows it does so after the period, once: two counts taken at two times differ by somebody's answer.
    """
    rows = await session.scalars(
        select(WorthAnswer)
        .join(CheckInRow, CheckInRow.id == WorthAnswer.check_in_id)
        .where(CheckInRow.policy_id == policy_id, CheckInRow.period == period)
    )
    return told({(row.check_in_id, row.person_id): row.worth for row in rows}, rules)
