"""What people do to an event in Outlook is noticed before each step; what they say here moves or cancels it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cycle.check_in import Step
from cycle.reasons import OUTSIDE
from cycle.zones import sentence
from integrations.database.check_ins import check_in
from integrations.database.excuses import excuse
from integrations.database.outcomes import answer_outcome
from integrations.database.tables import Booking, CheckInRow, LetterItem, Offer, Person, PreRead

pytestmark = pytest.mark.usefixtures("quiet_calendars")

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 5, 7, 12, 0, tzinfo=UTC)
TALK = timedelta(minutes=45)
STEPS = pytest.mark.parametrize(
    "step", ["ask_for_reflection", "remind_of_reflection", "send_pre_read", "ask_for_outcome"]
)


def the_event(home: Any, check_in_id: str, no: int = 1) -> dict[str, Any]:
    (event,) = home.tenant.events(f"booking/{check_in_id}/{no}")
    found: dict[str, Any] = event
    return found


def drag(home: Any, whose: str, check_in_id: str, start: datetime) -> None:
    event = the_event(home, check_in_id)["iCalUId"]
    home.tenant.act(whose, "drag", iCalUId=event, start=start.isoformat(), end=(start + TALK).isoformat())


@STEPS
async def test_an_event_that_was_moved_in_outlook_moves_the_booking_and_the_step_waits(home: Any, step: str) -> None:
    check_in_id = await home.a_booked_check_in(START)
    later = START + timedelta(days=1)
    drag(home, home.tenant.service, check_in_id, later)
    await home.do(step, check_in_id)
    assert await home.all(LetterItem) == []
    assert await home.all(PreRead) == []
    old, new = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (old.state, new.state, new.start_at, new.end_at) == ("moved", "booked", later, later + TALK)
    assert new.event_id == old.event_id
    assert (await home.get(CheckInRow, check_in_id)).state == "booked"
    await home.do("book", check_in_id)
    assert the_event(home, check_in_id)["start"] == f"{later:%Y-%m-%dT%H:%M:%SZ}", "our rows follow, not the event"


async def test_after_a_move_the_step_is_taken_for_the_new_hour(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    drag(home, home.tenant.service, check_in_id, START + timedelta(days=1))
    await home.do("ask_for_reflection", check_in_id)
    await home.do("ask_for_reflection", check_in_id)
    form = await home.get(LetterItem, f"form/{check_in_id}")
    assert (form.booking_no, form.expires_at) == (2, START + timedelta(days=1))
    assert "Postbox/ann" in home.pokes.made


@STEPS
async def test_in_place_of_an_event_that_was_deleted_in_outlook_hours_are_offered_and_in_the_end_one_is_booked(
    home: Any, step: str
) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.act(home.tenant.service, "delete", iCalUId=the_event(home, check_in_id)["iCalUId"])
    await home.do(step, check_in_id)
    assert await home.all(LetterItem) == []
    assert (await home.booking(check_in_id)).state == "cancelled"
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    assert (await home.do("look", check_in_id)).step == Step.OFFER_SLOTS
    await home.do("offer_slots", check_in_id)
    upcoming = await home.do("look", check_in_id)
    assert (upcoming.step, upcoming.at.date()) == (Step.PLAN, date(2030, 3, 8)), "four workdays on"
    await home.do("plan_team", check_in_id, upcoming.at)
    await home.do("book", check_in_id, upcoming.at)
    assert not the_event(home, check_in_id, no=2)["isCancelled"]
    assert (await home.booking(check_in_id, 2)).state == "booked"


async def test_a_copy_that_only_an_attendee_dragged_changes_nothing(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    drag(home, home.tenant.person("Ann")["mail"], check_in_id, START + timedelta(days=1))
    await home.do("ask_for_reflection", check_in_id)
    assert f"form/{check_in_id}" in await home.waiting("ann")
    assert (await home.booking(check_in_id)).start_at == START


async def test_an_event_deleted_while_somebody_says_not_this_time_leaves_the_check_in_excused(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.act(home.tenant.service, "delete", iCalUId=the_event(home, check_in_id)["iCalUId"])
    calendars = home.activities["book"].__self__._calendars
    read = calendars.get_event

    async def excused_meanwhile(*asked: Any) -> Any:
        async with home.database.transaction() as session:
            await excuse(session, check_in_id, "ann", MONDAY)
        return await read(*asked)

    calendars.get_event = excused_meanwhile
    await home.do("ask_for_reflection", check_in_id)
    assert (await home.get(CheckInRow, check_in_id)).state == "excused"
    assert await home.all(LetterItem) == []


async def test_moved_as_an_answer_moves_the_same_event_to_another_hour(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    await home.change(CheckInRow, check_in_id, state="ended")
    async with home.database.transaction() as session:
        await answer_outcome(session, check_in_id, 1, "ann", "moved", START + timedelta(hours=3))
    after = START + timedelta(hours=4)
    assert (await home.do("look", check_in_id, after)).step == Step.CONCLUDE
    await home.do("conclude", check_in_id, after)
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    await home.do("offer_slots", check_in_id, after)
    assert await home.waiting("mara") == {f"slots/{check_in_id}/1/mara"}
    await home.do("plan_team", check_in_id, after)
    assert len(await home.all(Booking)) == 1, "there is time to choose first"
    after = (await home.do("look", check_in_id, after)).at
    assert after >= START + timedelta(days=4)
    await home.do("plan_team", check_in_id, after)
    await home.do("book", check_in_id, after)
    first, second = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (first.state, second.state, second.event_id) == ("moved", "booked", first.event_id)
    assert second.start_at.date() >= date(2030, 5, 9), "two workdays of notice"
    event = the_event(home, check_in_id)
    assert event["start"] == f"{second.start_at:%Y-%m-%dT%H:%M:%SZ}"
    for name in ("Ann", "Mara"):
        (copy,) = home.tenant.invited(home.tenant.person(name)["mail"], event)
        assert (copy["start"], copy["isCancelled"]) == (event["start"], False)
    assert home.tenant.events(f"booking/{check_in_id}/2") == []


async def test_an_event_that_is_gone_when_it_should_move_is_made_anew(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.tenant.act(home.tenant.service, "delete", iCalUId=the_event(home, check_in_id)["iCalUId"])
    first = await home.booking(check_in_id)
    await home.an_intended_booking(check_in_id, START + timedelta(days=2), no=2, event_id=first.event_id)
    await home.do("book", check_in_id)
    assert (await home.booking(check_in_id, 2)).event_id != first.event_id
    assert not the_event(home, check_in_id, no=2)["isCancelled"]


async def test_not_this_time_cancels_the_event_once_kindly_and_moves_nothing_else(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    other = await home.a_check_in(START.date(), "kai")
    await home.an_intended_booking(other, START + timedelta(hours=1))
    await home.do("book", other)
    async with home.database.transaction() as session:
        assert await excuse(session, check_in_id, "ann", MONDAY)
    assert (await home.do("look", check_in_id)).step == Step.CALL_OFF
    await home.do("call_off", check_in_id)
    assert (await home.booking(check_in_id)).state == "cancelled"
    assert all(each["isCancelled"] for each in home.tenant.events(f"booking/{check_in_id}/1"))
    asked = len(home.tenant.asked())
    await home.do("call_off", check_in_id)
    assert len(home.tenant.asked()) == asked
    assert await home.do("look", check_in_id) is None
    assert not the_event(home, other)["isCancelled"]
    told = home.tenant.inbox(home.tenant.person("Ann")["mail"], containing="The next one comes as planned.")
    assert told


async def test_a_check_in_that_takes_place_cannot_be_called_off(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    await home.do("call_off", check_in_id)
    assert not the_event(home, check_in_id)["isCancelled"]
    assert (await home.booking(check_in_id)).state == "booked"


async def test_an_hour_outside_somebodys_day_is_said_in_the_invitation(home: Any) -> None:
    check_in_id = await home.a_check_in(START.date())
    outside = ["outside the usual hours: you share under an hour a day"]
    await home.an_intended_booking(check_in_id, START, reasons=outside)
    await home.do("book", check_in_id)
    assert "you share under an hour a day" in the_event(home, check_in_id)["body"]


async def test_the_invitation_is_in_the_language_of_the_employee(home: Any) -> None:
    """It is one for two people; the words of its reasons are kept in English."""
    await home.change(Person, "ann", language="de-DE")
    check_in_id = await home.a_check_in(START.date())
    why = [OUTSIDE, sentence(["Mara"])]
    await home.an_intended_booking(check_in_id, START, reasons=why)
    await home.do("book", check_in_id)
    event = the_event(home, check_in_id)
    assert event["subject"] == "Check-in: Ann und Mara"
    assert "Was wir uns letztes Mal versprochen haben" in event["body"]
    assert "ihr habt am Tag weniger als eine gemeinsame Stunde" in event["body"]
    assert "der Kalender von Mara ist jetzt in einer anderen Zeitzone" in event["body"]
    assert (await home.booking(check_in_id)).reasons == why
    async with home.database.transaction() as session:
        assert await excuse(session, check_in_id, "ann", MONDAY)
    await home.do("call_off", check_in_id)
    mail = home.tenant.person("Mara")["mail"]
    assert home.tenant.inbox(mail, containing="Der nächste Check-in kommt wie geplant.")


async def test_a_manager_who_reads_german_changes_nothing_for_an_employee_who_reads_english(home: Any) -> None:
    await home.change(Person, "mara", language="de-DE")
    check_in_id = await home.a_booked_check_in(START)
    event = the_event(home, check_in_id)
    assert event["subject"] == "Check-in: Ann and Mara"
    assert "What we promised each other last time" in event["body"]


async def test_the_event_is_written_in_the_wall_clock_time_of_its_zone(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(datetime(2030, 4, 2, 8, 0, tzinfo=UTC))
    event = the_event(home, check_in_id)
    assert (event["timeZone"], event["start"]) == ("Europe/Berlin", "2030-04-02T08:00:00Z")
    async with home.database.reading() as session:
        pair = await check_in(session, check_in_id)
    assert pair.booking is not None
    assert pair.booking.change_key


async def freed(home: Any) -> str:
    """A check-in whose hour somebody gave back and that has no other one yet; its event still stands."""
    check_in_id: str = await home.a_booked_check_in(START)
    async with home.database.transaction() as session:
        await answer_outcome(session, check_in_id, 1, "ann", "moved", MONDAY)
    await home.do("conclude", check_in_id)
    assert (await home.booking(check_in_id)).state == "moved"
    return check_in_id


@pytest.mark.parametrize("how", ["not this time", "no day left"])
async def test_an_hour_that_was_given_back_does_not_stay_in_the_calendars_of_a_check_in_that_ends(
    home: Any, how: str
) -> None:
    check_in_id = await freed(home)
    now = MONDAY
    if how == "not this time":
        async with home.database.transaction() as session:
            assert await excuse(session, check_in_id, "ann", MONDAY)
    else:
        now = datetime(2030, 8, 5, 9, 0, tzinfo=UTC)
        await home.do("plan_team", check_in_id, now)
        assert (await home.get(CheckInRow, check_in_id)).state == "cancelled"
    assert (await home.do("look", check_in_id, now)).step == Step.CALL_OFF
    await home.do("call_off", check_in_id, now)
    assert all(each["isCancelled"] for each in home.tenant.events(f"booking/{check_in_id}/1"))
    assert (await home.booking(check_in_id)).state == "cancelled"
    assert await home.do("look", check_in_id, now) is None


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=1)])
async def test_an_hour_that_passed_before_it_could_be_written_invites_nobody_and_another_is_found(
    home: Any, late: timedelta
) -> None:
    check_in_id = await home.a_check_in(START.date())
    await home.an_intended_booking(check_in_id, START)
    await home.do("book", check_in_id, START + late)
    assert home.tenant.events(f"booking/{check_in_id}/1") == []
    assert ((await home.booking(check_in_id)).state, (await home.get(CheckInRow, check_in_id)).state) == (
        "cancelled",
        "due",
    )
    assert (await home.do("look", check_in_id, START + late)).step == Step.PLAN
    await home.do("plan_team", check_in_id, START + late)
    await home.do("book", check_in_id, START + late)
    assert (await home.booking(check_in_id, 2)).start_at > START + late
    assert not the_event(home, check_in_id, no=2)["isCancelled"]


async def test_an_event_is_not_moved_to_an_hour_that_passed(home: Any) -> None:
    check_in_id = await freed(home)
    await home.change(Offer, (check_in_id, 1, 1), state="over")
    first, passed = await home.booking(check_in_id), MONDAY + timedelta(days=1)
    await home.an_intended_booking(check_in_id, passed, no=2, event_id=first.event_id)
    await home.do("book", check_in_id, passed)
    assert the_event(home, check_in_id)["start"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"
    second = await home.booking(check_in_id, 2)
    assert (second.state, second.start_at, second.event_id) == ("moved", START, first.event_id)
    changes = home.activities["reread"].__self__
    assert not await changes.changed(check_in_id, passed), "nobody dragged it there"
    assert (await home.do("look", check_in_id, passed)).step == Step.PLAN
    await home.do("plan_team", check_in_id, passed)
    await home.do("book", check_in_id, passed)
    third = await home.booking(check_in_id, 3)
    assert (third.state, third.event_id) == ("booked", first.event_id)
    assert third.start_at != START
    assert the_event(home, check_in_id)["start"] == f"{third.start_at:%Y-%m-%dT%H:%M:%SZ}"


async def test_an_event_that_was_written_in_time_is_kept_though_we_hear_of_it_late(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(START)
    booking = await home.booking(check_in_id)
    await home.change(Booking, booking.id, state="intended", event_id=None)
    await home.change(CheckInRow, check_in_id, state="due")
    await home.do("book", check_in_id, START + TALK)
    late = await home.booking(check_in_id)
    assert (late.state, late.event_id) == ("booked", booking.event_id)
