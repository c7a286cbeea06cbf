"""HR ends somebody's enrolment: they stay, and nothing more is planned or mailed for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cycle.check_in import State
from cycle.sentences import Sentence
from integrations.database.leavers import end_enrolment
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.policies import enrol_person
from integrations.database.tables import (
    CheckInRow,
    Enrolment,
    Handover,
    LetterItem,
    Person,
    Plan,
    Reporting,
)

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 3, 19, 12, 0, tzinfo=UTC)


async def end(home: Any, person_id: str, now: datetime = MONDAY) -> int | None:
    async with home.database.transaction() as session:
        return await end_enrolment(session, await session.get_one(Person, person_id), now)


async def test_the_talk_to_come_is_called_off_kindly_and_no_letter_follows(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    await home.an_item("form/x", "reflection_request", check_in_id=check_in_id)
    await home.an_item("pre-read/x", "pre_read", "mara", check_in_id=check_in_id, booking_no=1)
    home.pokes.made.clear()
    assert await end(home, "ann") == 1
    assert {f"CheckIn/{check_in_id}", "DevelopmentCycle/ann", "Postbox/ann", "Postbox/mara"} <= set(home.pokes.made)
    assert await home.owed() == set()
    await home.do("call_off", check_in_id)
    (event,) = home.tenant.events(f"booking/{check_in_id}/1")
    assert event["isCancelled"]
    for name in ("ann", "mara"):
        await home.do("sort", name)
        assert await home.waiting(name) == set()
    for key in ("form/x", "pre-read/x"):
        assert (await home.get(LetterItem, key)).dropped_because == "the check-in is not booked any more"
    assert await home.do("open_due", "ann", MONDAY + timedelta(days=400)) is None
    assert len(await home.all(CheckInRow, person_id="ann")) == 1


async def test_whoever_takes_no_part_any_more_stays_with_all_that_was(home: Any) -> None:
    held = await home.a_check_in(period=0, state=State.HELD)
    asked_about = await home.a_booked_check_in(MONDAY - timedelta(hours=2), period=-1, kind="return", state="booked")
    assert await end(home, "ann") == 0
    assert (await home.get(CheckInRow, held)).state == State.HELD
    assert (await home.get(CheckInRow, asked_about)).state == State.BOOKED, "a talk that has begun is asked about"
    ann = await home.get(Person, "ann")
    assert (ann.left_at, ann.delete_after) == (None, None)
    (line,) = await home.all(Reporting, person_id="ann")
    assert (line.partner_id, line.until) == ("mara", None)
    assert (await home.get(Enrolment, "ann")).ended_at == MONDAY


async def test_a_managers_own_enrolment_ends_without_that_of_their_people(home: Any) -> None:
    own = await home.a_check_in(person="mara", partner="hale")
    with_mara = await home.a_check_in()
    assert await end(home, "mara") == 1
    assert (await home.get(CheckInRow, own)).state == State.CANCELLED
    assert (await home.get(CheckInRow, with_mara)).state == State.DUE
    assert (await home.get(Enrolment, "ann")).ended_at is None
    assert [line.until for line in await home.all(Reporting, partner_id="mara")] == [None] * 4


async def test_the_plan_rests_and_its_person_can_take_it_up_again(home: Any) -> None:
    action_id = await home.an_action(MONDAY.date())
    others = await home.an_action(MONDAY.date(), owner="mara")
    home.pokes.made.clear()
    await end(home, "ann")
    assert (await home.get(Plan, "plan")).state == "resting"
    assert {f"ActionChase/{action_id}", f"ActionChase/{others}", "PlanWatch/plan"} <= set(home.pokes.made)
    for each in (action_id, others):
        await home.do("chase", each)
    assert await home.waiting("ann") == await home.waiting("mara") == set()


async def test_hrs_list_forgets_what_ending_the_enrolment_mends_and_nothing_else(home: Any) -> None:
    check_in_id = await home.a_check_in()
    of_ann = ("partner/ann", "help/partner/ann", "mailbox/ann", "settings/ann", "diary/ann")
    mended = (*of_ann, f"no-hour/{check_in_id}")
    stay = ("help/ann", "left-over/x", "partner/mara")
    async with home.database.transaction() as session:
        for key in (*mended, *stay):
            await ask_for_a_hand(session, key, Sentence("Do something."), MONDAY, "ann")
    await end(home, "ann")
    assert (await home.needs_a_hand()).keys() == set(stay)


async def test_a_mailbox_that_others_wait_for_stays_on_hrs_list(home: Any) -> None:
    async with home.database.transaction() as session:
        await ask_for_a_hand(session, "mailbox/mara", Sentence("Give them one."), MONDAY, "mara")
    await end(home, "mara")
    assert "mailbox/mara" in await home.needs_a_hand()


async def test_what_a_new_manager_sees_is_not_asked_for_of_whoever_takes_no_part(home: Any) -> None:
    row = Handover(id="h", person_id="ann", former_id="hale", successor_id="mara", at=MONDAY)
    await home.add(row)
    await home.an_item("handover/h/ann", "handover")
    await end(home, "ann")
    await home.do("sort", "ann")
    assert (await home.get(LetterItem, "handover/h/ann")).dropped_because == "they do not take part any more"


@pytest.mark.parametrize("why", ["ended", "left", "never enrolled"])
async def test_nothing_ends_for_whoever_does_not_take_part(home: Any, why: str) -> None:
    who = "hale" if why == "never enrolled" else "ann"
    if why == "ended":
        await home.change(Enrolment, "ann", ended_at=MONDAY - timedelta(days=30))
    if why == "left":
        await home.change(Person, "ann", left_at=MONDAY)
    home.pokes.made.clear()
    assert await end(home, who) is None
    assert home.pokes.made == []


async def test_whoever_is_enrolled_again_goes_on_with_the_next_period(home: Any) -> None:
    await home.a_check_in()
    await end(home, "ann")
    async with home.database.transaction() as session:
        await enrol_person(session, "ann", "policy", MONDAY)
    assert await home.do("open_due", "ann") is not None
    await home.do("open_due", "ann", MONDAY + timedelta(days=90))
    rows = await home.all(CheckInRow, person_id="ann")
    assert sorted((row.period, row.state) for row in rows) == [(1, "cancelled"), (2, "due")]
