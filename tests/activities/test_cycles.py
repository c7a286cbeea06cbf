"""A cycle opens one check-in after the other, also for somebody who comes to live under another policy."""

from datetime import UTC, date, datetime
from typing import Any

from cycle.policy import Policy
from integrations.database.excuses import excuse
from integrations.database.tables import CheckInRow, Enrolment, PolicyRevision, PolicyRow

MAY = datetime(2030, 5, 6, 9, 0, tzinfo=UTC)
AUGUST = datetime(2030, 8, 10, 9, 0, tzinfo=UTC)


async def a_monthly_past(home: Any, state: str) -> None:
    """Ann lived three monthly periods, the last one `state`, and lives under the quarterly policy now."""
    await home.add(PolicyRow(id="monthly", name="Monthly", starts_on=date(2030, 1, 7)))
    document = Policy(name="Monthly").model_dump(mode="json")
    await home.add(PolicyRevision(policy_id="monthly", number=1, document=document, made_at=MAY))
    for period, due_on in ((1, date(2030, 1, 14)), (2, date(2030, 2, 12)), (8, date(2030, 3, 12))):
        await home.a_check_in(due_on, period=period, policy_id="monthly", state=state if period == 8 else "held")


async def opened(home: Any, now: datetime) -> list[tuple[str, int]]:
    await home.do("open_due", "ann", now)
    rows = await home.all(CheckInRow, person_id="ann", policy_id="policy")
    return sorted((row.state, row.period) for row in rows)


async def test_after_a_change_of_policy_each_period_of_the_new_one_is_lived_once(home: Any) -> None:
    await a_monthly_past(home, "held")
    (first,) = await opened(home, MAY)
    assert first == ("due", 2)
    assert await opened(home, MAY) == [first], "one at a time"
    (row,) = await home.all(CheckInRow, person_id="ann", policy_id="policy")
    await home.change(CheckInRow, row.id, state="held", opened_at=MAY)
    assert await opened(home, MAY) == [("held", 2)], "the next one has not come yet"
    assert await opened(home, AUGUST) == [("due", 3), ("held", 2)]


async def test_what_is_open_under_the_former_policy_is_lived_to_its_end_first(home: Any) -> None:
    await a_monthly_past(home, "booked")
    assert await opened(home, MAY) == []


async def test_back_under_a_former_policy_no_period_is_lived_twice(home: Any) -> None:
    await a_monthly_past(home, "held")
    left_out = await home.a_check_in(date(2030, 4, 24), period=2, opened_at=MAY)
    async with home.database.transaction() as session:
        await excuse(session, left_out, "ann", MAY)
    await home.change(Enrolment, "ann", policy_id="policy")
    assert await opened(home, MAY) == [("excused", 2)]
