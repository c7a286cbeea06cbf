"""The one private question after a talk, and the counts of many answers that HR may be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.cadence import Period, period_number
from cycle.policy import Privacy
from cycle.sentences import Sentence
from cycle.worth import CHOICES, Worth, told
from integrations.database.actions import NotYours
from integrations.database.once import insert_once
from integrations.database.policies import policy_in_force
from integrations.database.tables import CheckInRow, PolicyRow, WorthAnswer, WorthCount


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


@dataclass(frozen=True, slots=True)
class Closed:
    """A period of a policy that is over, with all that may slip; `count` once HR has had it counted."""

    policy: PolicyRow
    period: Period
    rules: Privacy
    count: WorthCount | None

    @property
    def told(self) -> dict[Worth, int] | None:
        """None while it is not counted, and where the answers were too few."""
        if self.count is None or self.count.yes is None:
            return None
        return {choice: getattr(self.count, choice) for choice in CHOICES}


async def closed_periods(session: AsyncSession, today: date) -> Sequence[Closed]:
    """Those in which there were talks, the newest first."""
    pairs = await session.execute(select(CheckInRow.policy_id, CheckInRow.period).distinct())
    found = [await _closed(session, policy_id, number, today) for policy_id, number in pairs]
    return sorted((each for each in found if each), key=lambda each: (-each.period.last.toordinal(), each.policy.name))


async def count_period(session: AsyncSession, policy_id: str, number: int, now: datetime) -> None:
    """Counts a closed period for good; counted already, it stays. Raises NotYours for one that is not there."""
    is_there = await session.scalar(
        select(CheckInRow.id).where(CheckInRow.policy_id == policy_id, CheckInRow.period == number).limit(1)
    )
    closed = await _closed(session, policy_id, number, now.date()) if is_there else None
    if closed is None:
        raise NotYours
    if closed.count is None:
        counts = await worth_in_period(session, policy_id, number, closed.rules)
        await insert_once(session, WorthCount, policy_id=policy_id, period=number, counted_at=now, **(counts or {}))


async def _closed(session: AsyncSession, policy_id: str, number: int, today: date) -> Closed | None:
    if number < 1:
        # A talk of before the policy's first period.
        return None
    policy = await session.get_one(PolicyRow, policy_id)
    rules = await policy_in_force(session, policy_id)
    period = period_number(policy.starts_on, rules.rhythm.every_months, number)
    if today <= period.last + timedelta(days=rules.rhythm.may_slip_days):
        return None
    return Closed(policy, period, rules.privacy, await session.get(WorthCount, (policy_id, number)))
