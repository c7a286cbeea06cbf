"""The process is killed between each pair of steps of a booking; one event stands in Outlook all the same."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from integrations.database.tables import Booking, CheckInRow

START = datetime(2030, 3, 20, 9, 0, tzinfo=UTC)
LATER = datetime(2030, 3, 21, 13, 0, tzinfo=UTC)
BOOKING = ["before GET events", "after GET events", "before POST events", "after POST events"]
COMMIT = ["before commit", "after commit"]


async def an_intended(home: Any, number: int) -> str:
    check_in_id: str = await home.a_check_in(date(2030, 3, 18) + timedelta(days=number))
    await home.an_intended_booking(check_in_id, START)
    return check_in_id


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


async def one_event_stands(home: Any, check_in_id: str, no: int = 1, start: datetime = START) -> None:
    """The event in the organizer's calendar, the attendees' copies and our rows all say the same, once."""
    tenant = home.tenant
    (event,) = [each for number in range(1, no + 1) for each in tenant.events(f"booking/{check_in_id}/{number}")]
    assert (event["start"], event["end"]) == (stamp(start), stamp(start + timedelta(minutes=45)))
    assert (event["timeZone"], event["sensitivity"], event["isCancelled"]) == ("Europe/Berlin", "private", False)
    assert event["subject"] == "Check-in: Ann and Mara"
    assert f"https://perennial.example/check-ins/{check_in_id}" in event["body"]
    mails = {tenant.person(name)["mail"] for name in ("Ann", "Mara")}
    assert {each["mail"] for each in event["attendees"]} == mails
    for mail in mails:
        (copy,) = tenant.invited(mail, event)
        assert (copy["start"], copy["isCancelled"]) == (event["start"], False)
    booking = await home.booking(check_in_id, no)
    assert (booking.state, booking.start_at, bool(booking.event_id)) == ("booked", start, True)
    assert (await home.get(CheckInRow, check_in_id)).state == "booked"


def invitations(home: Any) -> int:
    """How many meeting requests Ann has been sent so far."""
    inbox = home.tenant.inbox(home.tenant.person("Ann")["mail"])
    return sum(each["meetingMessageType"] == "meetingRequest" for each in inbox)


async def test_a_booking_killed_at_any_step_is_written_once(home: Any, mortal: Any) -> None:
    for die_at in count():
        check_in_id, invited = await an_intended(home, die_at), invitations(home)
        life = mortal.live(home, "book", check_in_id, die_at=die_at)
        mortal.live_on(home, "book", check_in_id)
        await one_event_stands(home, check_in_id)
        assert invitations(home) == invited + 1, f"killed {life.steps[-1]}"
        if not life.killed:
            assert list(life.steps) == [*BOOKING, *COMMIT]
            return


async def test_a_booking_killed_twice_is_written_once(home: Any, mortal: Any) -> None:
    numbers = count()
    for first in range(1, len(BOOKING) + 1):
        for second in count():
            check_in_id, invited = await an_intended(home, next(numbers)), invitations(home)
            assert mortal.live(home, "book", check_in_id, die_at=first).killed
            life = mortal.live(home, "book", check_in_id, die_at=second)
            mortal.live_on(home, "book", check_in_id)
            await one_event_stands(home, check_in_id)
            assert invitations(home) == invited + 1
            if not life.killed:
                break


async def test_a_booking_that_is_done_is_not_looked_at_again(home: Any, mortal: Any) -> None:
    check_in_id = await an_intended(home, 0)
    mortal.live_on(home, "book", check_in_id)
    assert mortal.live(home, "book", check_in_id).steps == ()


async def test_a_move_killed_at_any_step_moves_the_one_event(home: Any, mortal: Any) -> None:
    for die_at in count():
        check_in_id = await an_intended(home, die_at)
        await home.do("book", check_in_id)
        first = await home.booking(check_in_id)
        await home.change(Booking, first.id, state="moved")
        await home.change(CheckInRow, check_in_id, state="due")
        await home.an_intended_booking(check_in_id, LATER, no=2, event_id=first.event_id)
        life = mortal.live(home, "book", check_in_id, die_at=die_at)
        mortal.live_on(home, "book", check_in_id)
        await one_event_stands(home, check_in_id, no=2, start=LATER)
        assert (await home.booking(check_in_id, 2)).event_id == first.event_id
        if not life.killed:
            assert [step for step in life.steps if "PATCH" in step]
            assert life.steps[-2:] == tuple(COMMIT)
            return


async def test_a_cancelling_killed_at_any_step_tells_people_once(home: Any, mortal: Any) -> None:
    mail = home.tenant.person("Ann")["mail"]

    def told() -> int:
        return sum(each["meetingMessageType"] == "meetingCancelled" for each in home.tenant.inbox(mail))

    for die_at in count():
        check_in_id, before = await an_intended(home, die_at), told()
        await home.do("book", check_in_id)
        await home.change(CheckInRow, check_in_id, state="excused")
        life = mortal.live(home, "call_off", check_in_id, die_at=die_at)
        mortal.live_on(home, "call_off", check_in_id)
        assert [each for each in home.tenant.events(f"booking/{check_in_id}/1") if not each["isCancelled"]] == []
        assert told() == before + 1
        assert (await home.booking(check_in_id)).state == "cancelled"
        assert (await home.get(CheckInRow, check_in_id)).state == "excused"
        if not life.killed:
            assert life.steps[-2:] == tuple(COMMIT)
            return


async def test_a_check_in_called_off_while_its_booking_was_killed_leaves_no_event(home: Any, mortal: Any) -> None:
    for die_at in range(len(BOOKING)):
        check_in_id = await an_intended(home, die_at)
        assert mortal.live(home, "book", check_in_id, die_at=die_at).killed
        await home.change(CheckInRow, check_in_id, state="cancelled")
        mortal.live_on(home, "call_off", check_in_id)
        assert [each for each in home.tenant.events(f"booking/{check_in_id}/1") if not each["isCancelled"]] == []
        assert (await home.booking(check_in_id)).state == "cancelled"
