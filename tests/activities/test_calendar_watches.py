"""A watched calendar names what somebody did, each time once, whatever is lost on the way."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from activities.calendar_watches import CalendarWatches
from cycle.check_in import Step
from cycle.workdays import Span
from integrations.database.calendar_watches import AT_ONCE, GONE, ensure_watch, watches_of_subscriptions
from integrations.database.check_ins import add_booking
from integrations.database.tables import Booking, CalendarWatchRow, CheckInRow
from integrations.graph.errors import NotAllowed

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 5, 14, 12, 0, tzinfo=UTC)
TALK = timedelta(minutes=45)


async def a_watch(home: Any, mailbox: str = "", **others: Any) -> str:
    facts = {"mailbox": mailbox or home.tenant.service, "opened_at": MONDAY}
    row = CalendarWatchRow(**facts | others)
    await home.add(row)
    return row.id


async def a_watched_check_in(home: Any, **others: Any) -> tuple[str, str]:
    """A check-in in everybody's Outlook, in a calendar that has been read since."""
    watch_id = await a_watch(home)
    check_in_id = await home.a_booked_check_in(START, **others)
    await home.do("read_changes", watch_id)
    await home.change(Booking, (await home.booking(check_in_id)).id, heard_change_key=None)
    home.pokes.made.clear()
    return watch_id, check_in_id


def act(home: Any, who: str, what: str, booking: Booking, **others: Any) -> None:
    home.tenant.act(who, what, event=booking.event_id, **others)


async def heard(home: Any, check_in_id: str) -> str | None:
    found: str | None = (await home.booking(check_in_id)).heard_change_key
    return found


async def test_an_organizer_whose_mailbox_is_not_there_is_told_as_that_when_graph_is_subscribed_to(home: Any) -> None:
    watch_id = await a_watch(home, home.tenant.person("Mara")["id"])
    await home.an_intended_booking(await home.a_check_in(), START, organizer=home.tenant.person("Mara")["id"])
    home.tenant.fault("status", "POST", "/subscriptions$", status=404, code="ResourceNotFound")
    await home.do("read_changes", watch_id)
    (line,) = (await home.needs_a_hand()).values()
    assert "Mara" in line
    assert "has no mailbox any more" in line
    assert "fault" not in line


async def test_what_we_wrote_ourselves_wakes_nobody(home: Any) -> None:
    watch_id = await a_watch(home)
    check_in_id = await home.a_booked_check_in(START)
    home.pokes.made.clear()
    for _ in range(2):
        await home.do("read_changes", watch_id)
    assert await heard(home, check_in_id) is None
    assert home.pokes.made == []


async def test_a_drag_wakes_its_check_in_alone_and_the_booking_follows(home: Any) -> None:
    watch_id, check_in_id = await a_watched_check_in(home)
    other = await home.a_booked_check_in(START + 2 * TALK, person="kai")
    await home.do("read_changes", watch_id)
    home.pokes.made.clear()
    later = START + timedelta(days=1)
    times = {"start": later.isoformat(), "end": (later + TALK).isoformat()}
    act(home, home.tenant.service, "drag", await home.booking(check_in_id), **times)
    await home.do("read_changes", watch_id)
    assert home.pokes.made == [f"CheckIn/{check_in_id}"]
    assert await heard(home, other) is None
    assert (await home.do("look", check_in_id)).step == Step.REREAD
    await home.do("reread", check_in_id)
    assert (await home.booking(check_in_id, 2)).start_at == later
    assert (await home.do("look", check_in_id)).step != Step.REREAD


async def test_an_answer_to_the_invitation_is_looked_at_once(home: Any) -> None:
    watch_id, check_in_id = await a_watched_check_in(home)
    before = await home.booking(check_in_id)
    act(home, home.tenant.person("Ann")["mail"], "accept", before)
    await home.do("read_changes", watch_id)
    assert await heard(home, check_in_id) not in (None, GONE)
    await home.do("reread", check_in_id)
    after = await home.booking(check_in_id)
    assert (after.state, after.heard_change_key, after.start_at) == ("booked", None, START)
    assert after.change_key != before.change_key
    home.pokes.made.clear()
    await home.change(CalendarWatchRow, watch_id, delta_link=None)
    await home.do("read_changes", watch_id)
    assert home.pokes.made == [], "also not when the calendar is read whole"


async def test_what_is_heard_while_an_event_is_read_stays_heard(home: Any) -> None:
    _, check_in_id = await a_watched_check_in(home)
    booking = await home.booking(check_in_id)
    await home.change(Booking, booking.id, heard_change_key="one")
    calendars = home.activities["book"].__self__._calendars
    read = calendars.get_event

    async def heard_meanwhile(*asked: Any) -> Any:
        await home.change(Booking, booking.id, heard_change_key="two")
        return await read(*asked)

    calendars.get_event = heard_meanwhile
    await home.do("reread", check_in_id)
    assert await heard(home, check_in_id) == "two"


@pytest.mark.parametrize("forgotten", [False, True])
async def test_a_deletion_is_noticed_also_when_the_calendar_is_read_whole(home: Any, forgotten: bool) -> None:
    watch_id, check_in_id = await a_watched_check_in(home)
    act(home, home.tenant.service, "delete", await home.booking(check_in_id))
    if forgotten:
        home.tenant._post("expire_delta", mailbox=home.tenant.service)
    await home.do("read_changes", watch_id)
    assert await heard(home, check_in_id) == GONE
    await home.do("reread", check_in_id)
    assert (await home.get(CheckInRow, check_in_id)).state == "due"
    assert await heard(home, check_in_id) is None


async def test_the_window_moves_on_with_the_months(home: Any) -> None:
    watch_id, _ = await a_watched_check_in(home)
    first = await home.get(CalendarWatchRow, watch_id)
    await home.do("read_changes", watch_id, MONDAY + timedelta(days=20))
    same = await home.get(CalendarWatchRow, watch_id)
    assert (same.window_end, same.full_look_at) == (first.window_end, first.full_look_at)
    await home.do("read_changes", watch_id, MONDAY + timedelta(days=40))
    moved = await home.get(CalendarWatchRow, watch_id)
    assert moved.window_end - first.window_end == timedelta(days=40)


async def test_a_link_of_another_graph_is_not_followed(home: Any) -> None:
    watch_id, _ = await a_watched_check_in(home)
    await home.change(CalendarWatchRow, watch_id, delta_link="http://127.0.0.1:1/v1.0/users/x/calendarView/delta")
    await home.do("read_changes", watch_id)
    assert "127.0.0.1:1/" not in (await home.get(CalendarWatchRow, watch_id)).delta_link


async def test_cut_off_anywhere_the_same_changes_are_read_again(home: Any, mortal: Any) -> None:
    watch_id, check_in_id = await a_watched_check_in(home)
    for die_at in count():
        answer = ("accept", "tentatively_accept")[die_at % 2]
        await home.change(Booking, (await home.booking(check_in_id)).id, heard_change_key=None)
        act(home, home.tenant.person("Ann")["mail"], answer, await home.booking(check_in_id))
        life = mortal.live(home, "read_changes", watch_id, die_at=die_at)
        mortal.live_on(home, "read_changes", watch_id)
        assert await heard(home, check_in_id), f"killed {life.steps[-1]}"
        if not life.killed:
            assert "after GET delta()" in life.steps
            return


# The subscription


async def test_a_refused_subscription_is_tried_again_soon_and_then_said(home: Any) -> None:
    watch_id = await a_watch(home)
    looks = await home.do("read_changes", watch_id)
    assert looks.at == MONDAY + timedelta(minutes=10)
    assert await home.needs_a_hand() == {}, "the web face may just be starting"
    assert (await home.get(CalendarWatchRow, watch_id)).looked_at == MONDAY, "the calendar is read all the same"
    looks = await home.do("read_changes", watch_id, looks.at)
    assert looks.at > MONDAY + timedelta(minutes=20)
    (sentence,) = (await home.needs_a_hand()).values()
    assert "hours later" in sentence
    assert "PERENNIAL_PUBLIC_URL" in sentence


async def test_where_the_calendar_cannot_be_read_either_the_subscription_has_no_line_of_its_own(home: Any) -> None:
    watch_id, later = await a_watch(home), MONDAY + timedelta(hours=1)
    home.tenant.fault("consent", None, "", rate=1)
    for at in (MONDAY, later):
        with pytest.raises(NotAllowed):
            await home.do("read_changes", watch_id, at)
    assert await home.needs_a_hand() == {}, "whoever judges all failures says it once for all"
    home.tenant.clear_faults()
    looks = await home.do("read_changes", watch_id, later)
    assert looks.at == later + timedelta(minutes=10), "refused for the first time, as far as it is its own fault"


async def test_where_the_calendar_can_be_read_a_forbidden_subscription_is_said(home: Any) -> None:
    watch_id = await a_watch(home)
    home.tenant.fault("status", "GET", "/subscriptions$", status=403, code="ErrorAccessDenied")
    for minutes in (0, 10):
        await home.do("read_changes", watch_id, MONDAY + timedelta(minutes=minutes))
    assert list(await home.needs_a_hand()) == [f"notifications/{home.tenant.service}"]
    assert (await home.get(CalendarWatchRow, watch_id)).looked_at == MONDAY + timedelta(minutes=10)


async def test_where_graph_cannot_reach_us_no_subscription_is_asked_for(home: Any) -> None:
    watch_id = await a_watch(home)
    watches = home.activities["read_changes"].__self__
    assert isinstance(watches, CalendarWatches)
    watches._care._reached_at = None
    asked = len(subscriptions_asked(home))
    assert await home.do("read_changes", watch_id)
    assert len(subscriptions_asked(home)) == asked
    assert (await home.get(CalendarWatchRow, watch_id)).looked_at == MONDAY


def subscriptions_asked(home: Any) -> list[dict[str, Any]]:
    return [each for each in home.tenant._get("ledger")["entries"] if "/subscriptions" in each["path"]]


# Who is watched


async def test_whoever_organizes_a_booking_is_watched_from_then_on_and_once(home: Any) -> None:
    mara = home.tenant.person("Mara")["id"]
    for number in range(2):
        check_in_id = await home.a_check_in(START.date() + timedelta(days=number))
        async with home.database.transaction() as session:
            await add_booking(session, check_in_id, Span(START, START + TALK), "Europe/Berlin", mara, [], MONDAY)
    (row,) = await home.all(CalendarWatchRow)
    assert (row.mailbox, row.closed_at) == (mara, None)
    assert home.pokes.made == [f"CalendarWatch/{row.id}"]


async def test_a_manager_is_watched_until_a_week_after_their_last_talk_and_again_when_they_organize(home: Any) -> None:
    mara = home.tenant.person("Mara")["id"]
    watch_id = await a_watch(home, mara)
    check_in_id = await home.a_check_in()
    await home.an_intended_booking(check_in_id, START, organizer=mara)
    assert await home.do("read_changes", watch_id, START + timedelta(days=7))
    assert await home.do("read_changes", watch_id, START + timedelta(days=8)) is None
    assert (await home.get(CalendarWatchRow, watch_id)).closed_at
    home.pokes.made.clear()
    async with home.database.transaction() as session:
        await ensure_watch(session, mara, MONDAY)
    assert (await home.get(CalendarWatchRow, watch_id)).closed_at is None
    assert home.pokes.made == [f"CalendarWatch/{watch_id}"]


async def test_what_hr_was_told_of_a_watch_is_struck_out_when_it_ends(home: Any) -> None:
    watch_id = await a_watch(home, "nobody@meadow.example")
    check_in_id = await home.a_check_in()
    await home.an_intended_booking(check_in_id, START, organizer="nobody@meadow.example")
    await home.do("read_changes", watch_id)
    assert list(await home.needs_a_hand()) == ["stuck/no-mailbox/nobody@meadow.example"]
    await home.change(Booking, (await home.booking(check_in_id)).id, state="cancelled")
    assert await home.do("read_changes", watch_id) is None
    assert await home.needs_a_hand() == {}


async def test_of_however_many_subscriptions_is_told_at_once_each_finds_its_watch(home: Any) -> None:
    told = [f"s{number}" for number in range(AT_ONCE + 50)]
    await home.add(*(CalendarWatchRow(mailbox=f"{each}@x", subscription_id=each, opened_at=MONDAY) for each in told))
    async with home.database.reading() as session:
        assert set(await watches_of_subscriptions(session, told)) == set(told)


async def test_a_watch_says_where_its_mailbox_is_talked_to_before_it_looks(home: Any) -> None:
    watch_id = await a_watch(home)
    asked = len(home.tenant.asked())
    route = await home.do("find_route", watch_id)
    assert len(home.tenant.asked()) == asked, "that is known here"
    assert route.queue == (await home.do("read_changes", watch_id)).route.queue is not None


async def test_a_watch_that_is_in_no_table_ends(home: Any) -> None:
    assert (await home.do("find_route", "01a204c3-a98a-7ec6-8323-bb1ede69d1d7")).queue is None
    assert await home.do("read_changes", "01a204c3-a98a-7ec6-8323-bb1ede69d1d7") is None


async def test_the_service_mailbox_is_watched_also_while_it_organizes_nothing(home: Any) -> None:
    watch_id = await a_watch(home)
    assert await home.do("read_changes", watch_id, MONDAY + timedelta(days=300))


async def test_an_organizer_without_a_mailbox_is_for_hr_and_stops_nothing(home: Any) -> None:
    watch_id = await a_watch(home, "nobody@meadow.example")
    await home.an_intended_booking(await home.a_check_in(), START, organizer="nobody@meadow.example")
    assert await home.do("read_changes", watch_id)
    (sentence,) = (await home.needs_a_hand()).values()
    assert sentence.startswith("nobody@meadow.example organizes check-ins and has no mailbox any more")
    await home.do("compare", watch_id)
    assert (await home.get(CalendarWatchRow, watch_id)).compared_at == MONDAY
