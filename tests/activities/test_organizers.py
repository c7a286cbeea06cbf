"""Check-ins that the manager organizes: they stand in the manager's own calendar, from the plan to the cancellation."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cycle.check_in import Step
from cycle.shards import Shards
from cycle.stuck import Kind
from integrations.database.excuses import excuse
from integrations.database.leaves import set_hold
from integrations.database.outcomes import answer_outcome
from integrations.database.people import set_manager
from integrations.database.stuck import note_stuck
from integrations.database.tables import Booking, CheckInRow, LetterItem
from integrations.graph.errors import NoMailbox, NotAllowed, NoToken, Transient
from integrations.graph.keys import KEY

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 6, 4, 12, 0, tzinfo=UTC)
DUE = date(2030, 6, 11)
TALK = timedelta(minutes=45)


def in_calendar_of(home: Any, mail: str, check_in_id: str) -> list[dict[str, Any]]:
    """What this calendar has under the keys of the check-in, cancelled events too."""
    calendar = home.tenant.mailbox(mail)["calendar"]
    return [each for each in calendar if check_in_id in str(each["extendedProperties"].get(KEY))]


def mail_of(home: Any, name: str) -> str:
    return str(home.tenant.person(name)["mail"])


def oid_of(home: Any, name: str) -> str:
    return str(home.tenant.person(name)["id"])


async def booked_with_mara(home: Any, start: datetime = START) -> str:
    check_in_id: str = await home.a_check_in(start.date())
    await home.an_intended_booking(check_in_id, start, organizer=oid_of(home, "Mara"))
    await home.do("book", check_in_id)
    return check_in_id


@pytest.fixture
def refusing(home: Any) -> Iterator[Any]:
    """`refusing(error)`: from now on, or with None no more, every calendar refuses with it."""
    calendars = home.activities["book"].__self__._calendars
    calls = {name: getattr(calendars, name) for name in ("find_event", "get_event", "cancel_event", "schedules")}

    def refuse(error: Exception | None) -> None:
        async def refused(*_: Any) -> None:
            assert error
            raise error

        for name, call in calls.items():
            setattr(calendars, name, refused if error else call)

    yield refuse
    refuse(None)


async def test_planned_and_booked_it_stands_in_the_managers_calendar_and_invites_the_employee_only(home: Any) -> None:
    await home.set_policy(booking={"organizer": "manager"})
    check_in_id = await home.a_check_in(DUE, "otto")
    asked = len(home.tenant.asked())
    await home.do("plan_team", check_in_id)
    schedules = [each for each in home.tenant.asked()[asked:] if each.endswith("/getSchedule")]
    assert schedules
    assert all(oid_of(home, "Mara") in each for each in schedules), (
        "where managers organize, ours has no calendar for us"
    )
    booking = await home.booking(check_in_id)
    assert (booking.organizer, booking.zone) == (oid_of(home, "Mara"), "Europe/Berlin"), "Otto lives in New York"
    await home.do("book", check_in_id)
    (event,) = in_calendar_of(home, mail_of(home, "Mara"), check_in_id)
    assert [each["mail"] for each in event["attendees"]] == [mail_of(home, "Otto")]
    assert event["timeZone"] == "Europe/Berlin"
    assert len(home.tenant.invited(mail_of(home, "Otto"), event)) == 1
    assert in_calendar_of(home, home.tenant.service, check_in_id) == []
    await home.do("book", check_in_id)
    assert len(in_calendar_of(home, mail_of(home, "Mara"), check_in_id)) == 1


async def test_the_service_mailbox_still_organizes_where_the_policy_says_so_and_invites_both(home: Any) -> None:
    check_in_id = await home.a_check_in(DUE, "otto")
    await home.do("plan_team", check_in_id)
    booking = await home.booking(check_in_id)
    assert (booking.organizer, booking.zone) == (home.tenant.service, "America/New_York")
    await home.do("book", check_in_id)
    (event,) = home.tenant.events(f"booking/{check_in_id}/1")
    assert {each["mail"] for each in event["attendees"]} == {mail_of(home, "Otto"), mail_of(home, "Mara")}
    assert in_calendar_of(home, mail_of(home, "Mara"), check_in_id) == []


async def test_an_event_that_was_made_before_the_worker_died_is_found_by_its_key_in_the_managers_calendar(
    home: Any,
) -> None:
    check_in_id = await booked_with_mara(home)
    first = await home.booking(check_in_id)
    await home.change(Booking, first.id, state="intended", event_id=None)
    await home.do("book", check_in_id)
    assert (await home.booking(check_in_id)).event_id == first.event_id
    assert len(in_calendar_of(home, mail_of(home, "Mara"), check_in_id)) == 1


async def test_the_managers_drag_moves_the_booking_and_the_employees_does_not(home: Any) -> None:
    check_in_id = await booked_with_mara(home)
    (event,) = in_calendar_of(home, mail_of(home, "Mara"), check_in_id)
    later = START + timedelta(days=1)
    span = {"iCalUId": event["iCalUId"], "start": later.isoformat(), "end": (later + TALK).isoformat()}
    home.tenant.act(mail_of(home, "Ann"), "drag", **span)
    await home.do("ask_for_reflection", check_in_id)
    assert len(await home.all(Booking)) == 1
    home.tenant.act(mail_of(home, "Mara"), "drag", **span)
    await home.do("remind_of_reflection", check_in_id)
    old, new = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (old.state, new.state, new.start_at) == ("moved", "booked", later)
    assert (new.event_id, new.organizer) == (old.event_id, oid_of(home, "Mara"))
    assert await home.all(LetterItem, kind="reflection_reminder") == []


async def test_another_hour_moves_the_same_event_in_the_managers_calendar(home: Any) -> None:
    await home.set_policy(booking={"organizer": "manager"})
    check_in_id = await booked_with_mara(home)
    async with home.database.transaction() as session:
        await answer_outcome(session, check_in_id, 1, "ann", "moved", MONDAY)
    await home.do("conclude", check_in_id)
    nobody_chose = MONDAY + timedelta(days=9)
    for step in ("plan_team", "book"):
        await home.do(step, check_in_id, nobody_chose)
    first, second = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (second.state, second.event_id) == ("booked", first.event_id)
    (event,) = in_calendar_of(home, mail_of(home, "Mara"), check_in_id)
    assert event["start"] == f"{second.start_at:%Y-%m-%dT%H:%M:%SZ}" != f"{START:%Y-%m-%dT%H:%M:%SZ}"
    (copy,) = home.tenant.invited(mail_of(home, "Ann"), event)
    assert copy["start"] == event["start"]


@pytest.mark.parametrize("how", ["deleted by the manager", "not this time", "another manager"])
async def test_it_is_cancelled_in_the_calendar_of_the_manager_who_organized_it(home: Any, how: str) -> None:
    check_in_id = await booked_with_mara(home)
    (event,) = in_calendar_of(home, mail_of(home, "Mara"), check_in_id)
    if how == "deleted by the manager":
        home.tenant.act(mail_of(home, "Mara"), "delete", iCalUId=event["iCalUId"])
        await home.do("ask_for_reflection", check_in_id)
        assert (await home.get(CheckInRow, check_in_id)).state == "due"
    else:
        async with home.database.transaction() as session:
            if how == "not this time":
                assert await excuse(session, check_in_id, "ann", MONDAY)
            else:
                await set_manager(session, "ann", "hale", MONDAY)
        assert (await home.do("look", check_in_id)).step == Step.CALL_OFF
        await home.do("call_off", check_in_id)
        assert await home.do("look", check_in_id) is None
    assert (await home.booking(check_in_id)).state == "cancelled"
    assert all(each["isCancelled"] for each in in_calendar_of(home, mail_of(home, "Mara"), check_in_id))
    (copy,) = home.tenant.invited(mail_of(home, "Ann"), event)
    assert copy["isCancelled"]
    assert in_calendar_of(home, mail_of(home, "Hale"), check_in_id) == []


async def test_with_another_manager_it_is_the_new_ones_calendar(home: Any) -> None:
    await home.set_policy(booking={"organizer": "manager"})
    check_in_id = await home.a_check_in(DUE, "ann", "hale")
    await home.do("plan_team", check_in_id)
    await home.do("book", check_in_id)
    (event,) = in_calendar_of(home, mail_of(home, "Hale"), check_in_id)
    assert [each["mail"] for each in event["attendees"]] == [mail_of(home, "Ann")]
    assert in_calendar_of(home, mail_of(home, "Mara"), check_in_id) == []


async def test_a_managers_mailbox_that_is_gone_comes_onto_hrs_list_once_and_off_it_again(
    home: Any, refusing: Any
) -> None:
    check_in_id = await home.a_check_in(START.date())
    mara = oid_of(home, "Mara")
    await home.an_intended_booking(check_in_id, START, organizer=mara)
    refusing(NoMailbox("book a check-in", "there is none"))
    for _ in range(2):
        with pytest.raises(NoMailbox):
            await home.do("book", check_in_id)
    # Whoever else comes upon it writes the same line.
    async with home.database.transaction() as session:
        await note_stuck(session, "CheckIn", check_in_id, Kind.NO_MAILBOX, mara, mara, MONDAY)
    hands = await home.needs_a_hand()
    assert list(hands) == ["mailbox/mara"]
    assert "Mara Vassen" in hands["mailbox/mara"]
    assert mara not in hands["mailbox/mara"]
    assert (await home.booking(check_in_id)).state == "intended"
    refusing(None)
    await home.do("book", check_in_id)
    assert (await home.booking(check_in_id)).state == "booked"
    assert await home.needs_a_hand() == {}


async def test_what_passes_by_itself_and_what_hr_cannot_mend_is_not_on_hrs_list(home: Any, refusing: Any) -> None:
    with_mara = await home.a_check_in(START.date())
    await home.an_intended_booking(with_mara, START, organizer=oid_of(home, "Mara"))
    refusing(Transient("book a check-in", "busy"))
    with pytest.raises(Transient):
        await home.do("book", with_mara)
    ours = await home.a_check_in(START.date(), "kai")
    await home.an_intended_booking(ours, START)
    refusing(NotAllowed("book a check-in", "the app may not"))
    for check_in_id in (ours, with_mara):
        with pytest.raises(NotAllowed):
            await home.do("book", check_in_id)
    assert await home.needs_a_hand() == {}, "the one line for what is not granted comes with the failure"


async def test_called_off_after_the_managers_mailbox_is_gone_it_ends_and_hr_hears_of_the_left_over_invitation(
    home: Any, refusing: Any
) -> None:
    check_in_id = await booked_with_mara(home)
    async with home.database.transaction() as session:
        assert await excuse(session, check_in_id, "ann", MONDAY)
    refusing(NoMailbox("cancel a check-in", "there is none"))
    await home.do("call_off", check_in_id)
    assert (await home.booking(check_in_id)).state == "cancelled"
    assert await home.do("look", check_in_id) is None, "it is not tried for ever"
    assert "ask whoever still has the invitation" in (await home.needs_a_hand())[f"left-over/{check_in_id}"]


async def test_paused_after_the_managers_mailbox_is_gone_it_waits_for_another_hour_and_hr_hears_of_the_left_over(
    home: Any, refusing: Any
) -> None:
    check_in_id = await booked_with_mara(home)
    async with home.database.transaction() as session:
        await set_hold(session, "ann", True, "hale", MONDAY)
    refusing(NoMailbox("cancel a check-in", "there is none"))
    await home.do("pause", check_in_id)
    assert (await home.booking(check_in_id)).state == "paused"
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    hands = await home.needs_a_hand()
    assert list(hands) == [f"left-over/{check_in_id}"], "nobody waits for that mailbox any more"
    assert "ask whoever still has the invitation" in hands[f"left-over/{check_in_id}"]


@pytest.mark.parametrize(
    "trouble", [NotAllowed("book a check-in", "the app may not"), NoMailbox("book a check-in", "there is none")]
)
async def test_a_talk_that_is_over_is_asked_about_though_the_calendar_it_stood_in_is_closed(
    home: Any, refusing: Any, trouble: Exception
) -> None:
    check_in_id = await booked_with_mara(home)
    refusing(trouble)
    with pytest.raises(type(trouble)):
        await home.do("send_pre_read", check_in_id, START - timedelta(hours=3))
    await home.do("ask_for_outcome", check_in_id, START + timedelta(hours=20))
    assert (await home.get(CheckInRow, check_in_id)).state == "ended"
    assert await home.waiting("ann") == {f"outcome/{check_in_id}/1/1/ann"}
    assert await home.all(LetterItem, kind="pre_read") == []


async def test_while_entra_lets_us_in_nowhere_a_talk_that_is_over_waits_to_be_asked_about(
    home: Any, refusing: Any
) -> None:
    check_in_id = await booked_with_mara(home)
    refusing(NoToken("read a check-in", "its secret ran out"))
    with pytest.raises(NoToken):
        await home.do("ask_for_outcome", check_in_id, START + timedelta(hours=20))
    assert (await home.get(CheckInRow, check_in_id)).state == "booked"


@pytest.fixture
async def handed_on(home: Any) -> str:
    """A check-in whose event stands in Mara's calendar, and which the service mailbox is to organize from now on."""
    check_in_id = await booked_with_mara(home)
    booking = await home.booking(check_in_id)
    await home.change(Booking, booking.id, state="moved")
    await home.change(CheckInRow, check_in_id, state="due")
    later = START + timedelta(days=1)
    await home.an_intended_booking(check_in_id, later, no=2, event_id=booking.event_id)
    return check_in_id


async def lived(home: Any, check_in_id: str) -> list[tuple[Step, str]]:
    """The steps that are due, taken as the workflow takes them, each with its queue."""
    taken: list[tuple[Step, str]] = []
    while (upcoming := await home.do("look", check_in_id)) and upcoming.at <= MONDAY and len(taken) < 9:
        taken.append((upcoming.step, upcoming.route.queue))
        await home.do(upcoming.step, check_in_id)
    return taken


def queue(home: Any, mailbox: str) -> str:
    return f"perennial/{Shards((home.tenant.service,)).of(mailbox)}"


async def test_under_another_organizer_the_former_event_is_cancelled_on_its_own_mailboxs_queue(
    home: Any, handed_on: str
) -> None:
    asked = len(home.tenant.asked())
    await home.do("book", handed_on)
    assert home.tenant.asked()[asked:] == [], "not before the other calendar is cleared"
    mine, ours = queue(home, oid_of(home, "Mara")), queue(home, home.tenant.service)
    assert await lived(home, handed_on) == [(Step.CLEAR_AWAY, mine), (Step.BOOK, ours)]
    assert [each["isCancelled"] for each in in_calendar_of(home, mail_of(home, "Mara"), handed_on)] == [True]
    (event,) = home.tenant.events(f"booking/{handed_on}/2")
    assert not event["isCancelled"]
    assert (await home.booking(handed_on, 2)).event_id


async def test_called_off_meanwhile_the_former_organizers_event_is_cancelled_all_the_same(
    home: Any, handed_on: str
) -> None:
    async with home.database.transaction() as session:
        assert await excuse(session, handed_on, "ann", MONDAY)
    assert [step for step, _ in await lived(home, handed_on)] == [Step.CLEAR_AWAY, Step.CALL_OFF]
    assert [each["isCancelled"] for each in in_calendar_of(home, mail_of(home, "Mara"), handed_on)] == [True]
    assert home.tenant.events(f"booking/{handed_on}/2") == []


async def test_a_former_organizer_without_a_mailbox_holds_nothing_up(home: Any, handed_on: str, refusing: Any) -> None:
    refusing(NoMailbox("cancel a check-in", "there is none"))
    await home.do("clear_away", handed_on)
    refusing(None)
    hands = await home.needs_a_hand()
    assert list(hands) == [f"left-over/{handed_on}"]
    assert "the mailbox of the former one is gone" in hands[f"left-over/{handed_on}"]
    assert [step for step, _ in await lived(home, handed_on)] == [Step.BOOK]


async def test_at_night_nothing_differs_in_a_managers_calendar_that_invites_the_employee_only(home: Any) -> None:
    check_in_id = await booked_with_mara(home)
    found = await home.activities["compare"].__self__.differences(oid_of(home, "Mara"), MONDAY)
    assert [each.difference for each in found if each.check_in_id == check_in_id] == []
