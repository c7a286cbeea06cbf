"""When somebody else holds the check-ins or somebody leaves, those to come are called off, and what was, was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cycle.check_in import Step
from integrations.database.leavers import leave
from integrations.database.people import set_manager
from integrations.database.tables import CheckInRow, Person

pytestmark = pytest.mark.usefixtures("quiet_calendars")

FRIDAY = datetime(2030, 5, 17, 13, 0, tzinfo=UTC)
TALK = timedelta(minutes=45)
HOW = pytest.mark.parametrize("how", ["another manager", "the manager leaves", "the employee leaves"])


async def changes(home: Any, how: str, now: datetime) -> None:
    async with home.database.transaction() as session:
        if how == "another manager":
            await set_manager(session, "ann", "hale", now)
        else:
            who = "mara" if how == "the manager leaves" else "ann"
            await leave(session, await session.get_one(Person, who), now)


@HOW
@pytest.mark.parametrize("since", [timedelta(), timedelta(days=1)], ids=["begins", "was yesterday"])
async def test_a_talk_that_begins_or_was_is_not_called_off_and_is_asked_about(
    home: Any, how: str, since: timedelta
) -> None:
    check_in_id = await home.a_booked_check_in(FRIDAY)
    await changes(home, how, FRIDAY + since)
    assert (await home.get(CheckInRow, check_in_id)).state == "booked"
    upcoming = await home.do("look", check_in_id, FRIDAY + since)
    assert (upcoming.step, upcoming.at.date().isoformat()) == (Step.ASK_FOR_OUTCOME, "2030-05-20")
    (event,) = home.tenant.events(f"booking/{check_in_id}/1")
    assert not event["isCancelled"]


@HOW
async def test_a_talk_to_come_is_called_off_until_it_begins(home: Any, how: str) -> None:
    check_in_id = await home.a_booked_check_in(FRIDAY)
    waiting = await home.a_check_in(FRIDAY.date() + timedelta(days=90))
    await changes(home, how, FRIDAY - timedelta(minutes=1))
    for each in (check_in_id, waiting):
        assert (await home.get(CheckInRow, each)).state == "cancelled"
    assert (await home.do("look", check_in_id, FRIDAY)).step == Step.CALL_OFF


async def test_an_hour_that_passed_before_it_could_be_written_keeps_no_check_in(home: Any) -> None:
    check_in_id = await home.a_check_in(FRIDAY.date())
    await home.an_intended_booking(check_in_id, FRIDAY)
    await changes(home, "another manager", FRIDAY + TALK)
    assert (await home.get(CheckInRow, check_in_id)).state == "cancelled"
