"""What tables and calendars say differently is mended where that is safe, listed where it is not, and else left."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from activities.reconciliation import in_words
from config.languages import words_in
from cycle.check_in import Step
from cycle.reconciliation import Difference, Finding
from integrations.database.tables import Booking, CalendarWatchRow, CheckInRow
from integrations.graph.calendars import Attendee, NewEvent
from integrations.graph.errors import NotAllowed

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 5, 21, 12, 0, tzinfo=UTC)
TALK = timedelta(minutes=45)


@pytest.fixture
async def watch_id(home: Any) -> str:
    row = CalendarWatchRow(mailbox=home.tenant.service, opened_at=MONDAY)
    await home.add(row)
    return row.id


async def differences(home: Any, check_in_id: str) -> list[Difference]:
    """Those of this check-in: the tenant remembers the events of other tests."""
    found: list[Finding] = await home.activities["compare"].__self__.differences(home.tenant.service, MONDAY)
    return [each.difference for each in found if each.check_in_id == check_in_id]


async def another_event(home: Any, key: str, start: datetime = START) -> str:
    """One more event under this key, as no code of ours makes it."""
    calendars = home.activities["book"].__self__._calendars
    ann = home.tenant.person("Ann")
    new = NewEvent(
        key=key,
        transaction_id=str(uuid4()),
        subject="Check-in: Ann and Mara",
        body_html="",
        start=start,
        end=start + TALK,
        zone="Europe/Berlin",
        attendees=(Attendee(ann["mail"], ann["name"]),),
        online=False,
    )
    event_id: str = (await calendars.create_event(home.tenant.service, new)).event_id
    return event_id


async def stands(home: Any, event_id: str) -> bool:
    calendars = home.activities["book"].__self__._calendars
    event = await calendars.get_event(home.tenant.service, event_id)
    return bool(event and not event.cancelled)


async def test_where_both_agree_nothing_is_done(home: Any, watch_id: str) -> None:
    check_in_id = await home.a_booked_check_in(START)
    home.pokes.made.clear()
    assert await differences(home, check_in_id) == []
    await home.do("compare", watch_id)
    assert f"CheckIn/{check_in_id}" not in home.pokes.made
    assert await stands(home, (await home.booking(check_in_id)).event_id)
    assert (await home.get(CalendarWatchRow, watch_id)).compared_at == MONDAY


@pytest.mark.parametrize(
    ("act", "difference"),
    [("delete", Difference.MISSING), ("drag", Difference.MOVED), ("remove_attendee", Difference.ATTENDEE_GONE)],
)
async def test_what_people_did_unheard_is_read_again(home: Any, watch_id: str, act: str, difference: str) -> None:
    check_in_id = await home.a_booked_check_in(START)
    later = START + timedelta(days=1)
    facts = {
        "delete": {},
        "drag": {"start": later.isoformat(), "end": (later + TALK).isoformat()},
        "remove_attendee": {"attendee": home.tenant.person("Ann")["mail"]},
    }[act]
    home.tenant.act(home.tenant.service, act, event=(await home.booking(check_in_id)).event_id, **facts)
    assert await differences(home, check_in_id) == [difference]
    assert (await home.booking(check_in_id)).heard_change_key is None, "looking changes nothing"
    home.pokes.made.clear()
    await home.do("compare", watch_id)
    assert f"CheckIn/{check_in_id}" in home.pokes.made
    assert (await home.do("look", check_in_id)).step == Step.REREAD
    await home.do("reread", check_in_id)
    states = {"delete": "due", "drag": "booked", "remove_attendee": "due"}
    assert (await home.get(CheckInRow, check_in_id)).state == states[act]


async def test_an_event_that_is_there_twice_is_cancelled_once_and_the_talks_own_stands(
    home: Any, watch_id: str
) -> None:
    check_in_id = await home.a_booked_check_in(START)
    own = (await home.booking(check_in_id)).event_id
    second = await another_event(home, f"booking/{check_in_id}/1")
    assert await differences(home, check_in_id) == [Difference.DOUBLED]
    assert await stands(home, second)
    await home.do("compare", watch_id)
    assert (await stands(home, own), await stands(home, second)) == (True, False)
    assert await differences(home, check_in_id) == []
    assert home.tenant.inbox(home.tenant.person("Ann")["mail"], containing="no longer needed")


async def test_an_event_that_cannot_be_cancelled_is_for_hr_and_keeps_nothing_else_from_being_mended(
    home: Any, watch_id: str
) -> None:
    check_in_id = await home.a_booked_check_in(START)
    refused = await another_event(home, f"booking/{check_in_id}/1", START + timedelta(hours=1))
    second = await another_event(home, f"booking/{check_in_id}/1", START + timedelta(hours=2))
    dragged = await home.a_booked_check_in(START + timedelta(days=1), person="kai")
    hour = {"start": (START + timedelta(days=3)).isoformat(), "end": (START + timedelta(days=3) + TALK).isoformat()}
    home.tenant.act(home.tenant.service, "drag", event=(await home.booking(dragged)).event_id, **hour)
    home.pokes.made.clear()
    path = f"/{re.escape(quote(refused))}/(microsoft.graph.)?cancel$"
    home.tenant.fault("status", "POST", path, status=400, code="ErrorInvalidRequest", count=None)
    await home.do("compare", watch_id)
    assert (await stands(home, refused), await stands(home, second)) == (True, False)
    assert f"CheckIn/{dragged}" in home.pokes.made
    assert (await home.get(CalendarWatchRow, watch_id)).compared_at == MONDAY
    key = f"surplus/{home.tenant.service}"
    assert "an event made by Perennial that no check-in needs any more" in (await home.needs_a_hand())[key]
    assert "13:00 UTC" in (await home.needs_a_hand())[key]
    home.tenant.clear_faults()
    await home.do("compare", watch_id)
    assert not await stands(home, refused)
    assert key not in await home.needs_a_hand()


async def test_a_mailbox_that_may_not_be_written_to_ends_the_comparison(home: Any, watch_id: str) -> None:
    check_in_id = await home.a_booked_check_in(START)
    await another_event(home, f"booking/{check_in_id}/1")
    home.tenant.fault("status", "POST", "/cancel$", status=403, code="ErrorAccessDenied", count=None)
    with pytest.raises(NotAllowed):
        await home.do("compare", watch_id)
    assert f"surplus/{home.tenant.service}" not in await home.needs_a_hand()


async def test_the_event_of_an_hour_that_was_given_up_is_cancelled(home: Any, watch_id: str) -> None:
    check_in_id = await home.a_booked_check_in(START)
    booking = await home.booking(check_in_id)
    await home.change(Booking, booking.id, state="cancelled")
    await home.change(CheckInRow, check_in_id, state="excused")
    assert await differences(home, check_in_id) == [Difference.SUPERSEDED]
    await home.do("compare", watch_id)
    assert not await stands(home, booking.event_id)


async def test_an_event_that_no_check_in_knows_is_for_hr_until_it_is_gone(home: Any, watch_id: str) -> None:
    event_id = await another_event(home, f"booking/{uuid4()}/1", START + timedelta(days=60))
    await home.do("compare", watch_id)
    key = f"calendar/{home.tenant.service}"
    listed = (await home.needs_a_hand())[key]
    assert "that no check-in here knows" in listed
    assert re.search(r" at \d{2}:\d{2} UTC", words_in("en-GB").say(listed))
    assert re.search(r" at \d{1,2}:\d{2} [AP]M UTC", words_in("en-US").say(listed))
    assert await stands(home, event_id)
    comparison = home.activities["compare"].__self__
    await comparison.mend(home.tenant.service, [], MONDAY)
    assert await home.needs_a_hand() == {}


async def test_what_others_have_in_the_calendar_is_none_of_ours(home: Any) -> None:
    home.tenant.busy(home.tenant.service, START, START + TALK)
    found = await home.activities["compare"].__self__.differences(home.tenant.service, MONDAY)
    assert not [each for each in found if each.start == START and each.difference != Difference.UNKNOWN]


async def test_organizers_that_nobody_watched_are_watched_after_the_night(home: Any, watch_id: str) -> None:
    mara = home.tenant.person("Mara")["id"]
    await home.an_intended_booking(await home.a_check_in(), START, organizer=mara)
    await home.do("compare", watch_id)
    assert mara in {row.mailbox for row in await home.all(CalendarWatchRow)}


def test_each_difference_has_its_words() -> None:
    lines = in_words([Finding(each, "c", None, START) for each in Difference])
    assert len(set(lines)) == len(Difference)
    assert lines[0].startswith("21 May 2030 12:00 UTC: ")
