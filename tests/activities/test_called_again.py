"""An activity that was killed after its commit is called again with the same argument; it adds nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from integrations.database.outcomes import answer_outcome
from integrations.database.tables import (
    ActionRow,
    Booking,
    CheckInRow,
    Letter,
    LetterItem,
    NeedsAHand,
    Person,
    Plan,
    PreRead,
    Stall,
)

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
AHEAD = datetime(2030, 3, 6, 12, 0, tzinfo=UTC)
BEHIND = datetime(2030, 3, 1, 9, 0, tzinfo=UTC)


async def a_talk_ahead(home: Any) -> str:
    return str(await home.a_booked_check_in(AHEAD))


async def a_talk_behind(home: Any) -> str:
    return str(await home.a_booked_check_in(BEHIND))


async def a_talk_that_both_held(home: Any) -> str:
    check_in_id = await a_talk_behind(home)
    await home.change(CheckInRow, check_in_id, state="ended")
    async with home.database.transaction() as session:
        for person in ("ann", "mara"):
            await answer_outcome(session, check_in_id, 1, person, "held", MONDAY)
    return check_in_id


async def an_enrolled_person(_: Any) -> str:
    return "ann"


async def a_talk_within_leave(home: Any) -> str:
    await home.change(Person, "ann", leave=[["2030-03-05", "2030-03-20", "2030-03-01"]])
    return await a_talk_ahead(home)


async def a_waiting_check_in(home: Any) -> str:
    return str(await home.a_check_in(date(2030, 4, 10)))


async def an_action_past_its_day(home: Any) -> str:
    return str(await home.an_action(date(2030, 3, 2)))


async def a_stuck_plan(home: Any) -> str:
    action_id = await home.an_action(date(2030, 2, 11))
    facts = {"action_id": action_id, "step": "9", "subject_day": date(2030, 2, 11)}
    await home.an_item("last", "action_still_open", state="sent", sent_at=MONDAY - timedelta(days=12), **facts)
    return "plan"


async def a_full_box(home: Any) -> str:
    action_id = await home.an_action(date(2030, 3, 2))
    facts = {"action_id": action_id, "step": "2", "subject_day": date(2030, 3, 2)}
    await home.an_item("one", "action_passed", due_at=MONDAY - timedelta(minutes=20), **facts)
    return "ann"


async def rows(home: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that an activity may add or change."""
    tables = (ActionRow, Booking, CheckInRow, Letter, LetterItem, NeedsAHand, Plan, PreRead, Stall)
    found = {}
    for table in tables:
        names = [column.key for column in table.__table__.columns]
        found[table.__name__] = sorted(
            (tuple(str(getattr(row, name)) for name in names) for row in await home.all(table)),
        )
    return found


@pytest.mark.parametrize(
    ("activity", "subject"),
    [
        ("open_due", an_enrolled_person),
        ("plan_team", a_waiting_check_in),
        ("pause", a_talk_within_leave),
        ("ask_for_reflection", a_talk_ahead),
        ("remind_of_reflection", a_talk_ahead),
        ("send_pre_read", a_talk_ahead),
        ("ask_for_outcome", a_talk_behind),
        ("conclude", a_talk_that_both_held),
        ("chase", an_action_past_its_day),
        ("watch", a_stuck_plan),
        ("sort", a_full_box),
    ],
)
async def test_a_second_call_changes_nothing(home: Any, activity: str, subject: Any) -> None:
    about = await subject(home)
    before = await rows(home)
    first = await home.do(activity, about)
    after = await rows(home)
    assert after != before, "the first call does something"
    again = await home.do(activity, about)
    assert await rows(home) == after
    if activity == "sort":
        assert again == first
