"""The past is taken over once, and only what is still to come is chased."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlalchemy import func, select

from config.policy_files import shipped_policies
from integrations.database.connection import Database
from integrations.database.history import History, save_history
from integrations.database.policies import UnknownName, enrol, save_policy
from integrations.database.tables import ActionEvent, ActionRow, Booking, CheckInRow, Plan, Reporting

NOW = datetime(2030, 2, 4, 8, tzinfo=UTC)
PAST: dict[str, Any] = {
    "people": [
        {
            "person": "ann@meadow.example",
            "check_ins": [{"held_on": "2029-11-14", "hour": "10:00"}],
            "plan": {
                "goals": [{"title": "Speak up earlier"}],
                "actions": [
                    {
                        "title": "Join two customer calls",
                        "owner": "ann@meadow.example",
                        "agreed_on": "2029-12-10",
                        "due_on": "2030-01-19",
                        "quiet_since": "2030-01-10",
                    },
                    {
                        "title": "Introduce Ann to the pricing team",
                        "owner": "mara@meadow.example",
                        "agreed_on": "2029-12-10",
                        "due_on": "2030-02-23",
                        "state": "done",
                        "quiet_since": "2030-01-20",
                    },
                ],
            },
        }
    ]
}


@pytest.fixture
async def enrolled(company: Database) -> Database:
    policy = shipped_policies()["Quarterly check-ins"]
    async with company.transaction() as session:
        session.add(Reporting(person_id="ann", partner_id="mara", source="directory", since=date(2028, 1, 1)))
        await save_policy(session, policy, NOW.date(), None, NOW)
        await session.flush()
        await enrol(session, policy.name, ["ann@meadow.example"], NOW)
    return company


async def save(database: Database, document: object) -> tuple[int, int]:
    async with database.transaction() as session:
        saved = await save_history(session, History.model_validate(document), NOW)
    return saved.check_ins, saved.actions


async def test_a_held_check_in_keeps_its_day_and_hour_and_belongs_to_no_period(enrolled: Database) -> None:
    assert await save(enrolled, PAST) == (1, 2)
    async with enrolled.reading() as session:
        row = (await session.scalars(select(CheckInRow))).one()
        booking = (await session.scalars(select(Booking))).one()
    assert (row.state, row.period, row.due_on, row.partner_id) == ("held", 0, date(2029, 11, 14), "mara")
    assert booking.start_at == datetime(2029, 11, 14, 9, tzinfo=UTC)


async def test_days_before_the_import_are_not_chased_any_more(enrolled: Database) -> None:
    await save(enrolled, PAST)
    async with enrolled.reading() as session:
        rows = (await session.scalars(select(ActionRow).order_by(ActionRow.due_on))).all()
    assert [(row.state, row.chased_from) for row in rows] == [("open", NOW.date()), ("done", NOW.date())]
    assert all(row.accepted_at == datetime.combine(date(2029, 12, 10), time(12), UTC) for row in rows)


async def test_the_last_thing_that_happened_lies_on_the_day_the_file_says(enrolled: Database) -> None:
    await save(enrolled, PAST)
    async with enrolled.reading() as session:
        events = (await session.scalars(select(ActionEvent).order_by(ActionEvent.at))).all()
    last = {event.what: event.at.date() for event in events}
    assert last["progress"] == date(2030, 1, 10)
    assert last["done"] == date(2030, 1, 20)
    assert max(last.values()) < NOW.date()


async def test_open_actions_and_the_plan_are_woken_and_done_ones_are_not(
    enrolled: Database, owed: Callable[[Database], Awaitable[list[str]]]
) -> None:
    before = set(await owed(enrolled))
    await save(enrolled, PAST)
    async with enrolled.reading() as session:
        plan = (await session.scalars(select(Plan))).one()
        still_open = (await session.scalars(select(ActionRow).where(ActionRow.state == "open"))).one()
    assert set(await owed(enrolled)) - before == {f"PlanWatch/{plan.id}", f"ActionChase/{still_open.id}"}


async def test_the_same_file_a_second_time_adds_nothing(enrolled: Database) -> None:
    await save(enrolled, PAST)
    assert await save(enrolled, PAST) == (0, 0)
    async with enrolled.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ActionRow)) == 2


async def test_an_unknown_owner_is_named_and_nothing_is_kept(enrolled: Database) -> None:
    stranger = deepcopy(PAST)
    stranger["people"][0]["plan"]["actions"][0]["owner"] = "no@where"
    with pytest.raises(UnknownName, match="no@where"):
        await save(enrolled, stranger)
    async with enrolled.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CheckInRow)) == 0
        assert await session.scalar(select(func.count()).select_from(ActionRow)) == 0


async def test_somebody_who_is_not_enrolled_cannot_have_held_check_ins(company: Database) -> None:
    with pytest.raises(UnknownName, match="perennial people enrol"):
        await save(company, PAST)
