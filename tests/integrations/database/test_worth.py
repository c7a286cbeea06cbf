"""Whether it was worth the time: one's own to see, and counts for HR of nothing but many answers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cycle.actions import Refused
from cycle.policy import Policy, Privacy
from integrations.database.actions import NotYours
from integrations.database.tables import CheckInRow, Person, PolicyRevision, PolicyRow
from integrations.database.worth import closed_periods, count_period, say_worth, worth_in_period, worth_said

NOW = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
OVER = datetime(2030, 4, 28, 9, 0, tzinfo=UTC)


async def talks(database: Any, count: int) -> None:
    """As many talks of the first period, each of somebody else with one manager."""
    async with database.transaction() as session:
        session.add(PolicyRow(id="policy", name="Quarterly", starts_on=date(2030, 1, 7)))
        await session.flush()
        document = Policy(name="Quarterly").model_dump(mode="json")
        session.add(PolicyRevision(policy_id="policy", number=1, document=document, made_at=NOW))
        for name in ("mara", *range(count)):
            facts = {"zone": "UTC", "away": [], "leave": []}
            session.add(Person(id=f"p-{name}", oid=f"o-{name}", mail=f"{name}@example.org", name=f"{name}", **facts))
        await session.flush()
        for number in range(count):
            session.add(
                CheckInRow(
                    id=f"c-{number}",
                    person_id=f"p-{number}",
                    partner_id="p-mara",
                    period=1,
                    due_on=date(2030, 3, 4),
                    policy_id="policy",
                    policy_revision=1,
                    opened_at=NOW,
                )
            )


async def test_hr_is_told_from_ten_answers_on(database: Any) -> None:
    await talks(database, 10)
    async with database.transaction() as session:
        for number in range(9):
            await say_worth(session, f"c-{number}", f"p-{number}", "yes", NOW)
        assert await worth_in_period(session, "policy", 1, Privacy()) is None
        await say_worth(session, "c-9", "p-9", "no", NOW)
        assert await worth_in_period(session, "policy", 1, Privacy()) == {"yes": 9, "partly": 0, "no": 1}
        assert await worth_in_period(session, "policy", 2, Privacy()) is None


async def test_many_answers_of_one_person_are_not_many(database: Any) -> None:
    await talks(database, 12)
    async with database.transaction() as session:
        for number in range(12):
            await say_worth(session, f"c-{number}", "p-mara", "no", NOW)
        assert await worth_in_period(session, "policy", 1, Privacy()) is None


async def test_the_last_word_counts_and_can_be_taken_back(database: Any) -> None:
    await talks(database, 1)
    async with database.transaction() as session:
        await say_worth(session, "c-0", "p-0", "yes", NOW)
        await say_worth(session, "c-0", "p-0", "partly", NOW)
        await session.flush()
        assert await worth_said(session, "c-0", "p-0") == "partly"
        assert await worth_said(session, "c-0", "p-mara") is None
        await say_worth(session, "c-0", "p-0", "", NOW)
        await session.flush()
        assert await worth_said(session, "c-0", "p-0") is None
        with pytest.raises(Refused):
            await say_worth(session, "c-0", "p-0", "very much", NOW)


async def test_a_period_is_counted_once_after_all_that_may_slip_and_never_again(database: Any) -> None:
    """Period 1 ends on 6 April; its talks may slip by 21 days."""
    await talks(database, 12)
    async with database.transaction() as session:
        for number in range(10):
            await say_worth(session, f"c-{number}", f"p-{number}", "yes", NOW)
    async with database.transaction() as session:
        assert await closed_periods(session, date(2030, 4, 27)) == []
        with pytest.raises(NotYours):
            await count_period(session, "policy", 1, OVER - timedelta(days=1))
        await count_period(session, "policy", 1, OVER)
    async with database.transaction() as session:
        await say_worth(session, "c-10", "p-10", "no", OVER)
        await count_period(session, "policy", 1, OVER + timedelta(days=1))
        (closed,) = await closed_periods(session, OVER.date())
        assert closed.told == {"yes": 10, "partly": 0, "no": 0}, "a second count would tell what one person said"


async def test_too_few_answers_stay_too_few(database: Any) -> None:
    await talks(database, 10)
    async with database.transaction() as session:
        for number in range(9):
            await say_worth(session, f"c-{number}", f"p-{number}", "yes", NOW)
        await count_period(session, "policy", 1, OVER)
    async with database.transaction() as session:
        await say_worth(session, "c-9", "p-9", "yes", OVER)
        await count_period(session, "policy", 1, OVER)
        (closed,) = await closed_periods(session, OVER.date())
        assert closed.count is not None
        assert closed.told is None


@pytest.mark.parametrize(("policy", "period"), [("policy", 2), ("policy", 0), ("nothing", 1)])
async def test_a_period_without_talks_is_none_to_count(database: Any, policy: str, period: int) -> None:
    await talks(database, 1)
    async with database.transaction() as session:
        with pytest.raises(NotYours):
            await count_period(session, policy, period, OVER + timedelta(days=400))


async def test_a_talk_of_before_the_first_period_belongs_to_none(database: Any) -> None:
    await talks(database, 1)
    async with database.transaction() as session:
        (await session.get_one(CheckInRow, "c-0")).period = 0
        await session.flush()
        assert await closed_periods(session, date(2031, 1, 1)) == []
        with pytest.raises(NotYours):
            await count_period(session, "policy", 0, OVER)
