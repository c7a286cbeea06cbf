"""Somebody moves to another time zone: one event for the former one, both told once, and what is known is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from activities.agenda import PEOPLE_READ_EVERY
from cycle.check_in import Step
from integrations.database.check_ins import check_in, count_moves
from integrations.database.excuses import excuse
from integrations.database.tables import Booking, CheckInRow, Person
from integrations.graph.errors import NotAllowed, NoZone, Transient

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
# Fourteen o'clock in Berlin, nine weeks ahead.
START = datetime(2030, 5, 7, 12, 0, tzinfo=UTC)
LATER = MONDAY + timedelta(days=4)
NEW_YORK = "America/New_York"


@pytest.fixture
def moves(home: Any) -> Iterator[Any]:
    """`moves("Ann", zone)` changes the zone of a mailbox; afterwards everybody lives where they did."""
    before: dict[str, str] = {}

    def change(name: str, zone: str) -> None:
        before[name] = home.tenant.person(name)["zone"]
        home.tenant.act(home.tenant.person(name)["mail"], "change_zone", zone=zone)

    yield change
    for name, zone in before.items():
        home.tenant.act(home.tenant.person(name)["mail"], "change_zone", zone=zone)


async def booked(home: Any, start: datetime = START, **others: Any) -> str:
    """A check-in that stands in Outlook, found for the zones in which Ann and Mara live."""
    check_in_id: str = await home.a_check_in(start.date())
    zones = {"person_zone": "Europe/Berlin", "partner_zone": "Europe/Berlin"}
    await home.an_intended_booking(check_in_id, start, **zones | others)
    await home.do("book", check_in_id)
    return check_in_id


async def live_on(home: Any, check_in_id: str, now: datetime = LATER) -> list[Step]:
    """Takes the steps that are due at `now`, as the workflow does; which they were."""
    taken = []
    named = {Step.PLAN: "plan_team", Step.BOOK: "book", Step.ASK_WHERE_THEY_LIVE: "ask_where_they_live"}
    while (upcoming := await home.do("look", check_in_id, now)) and upcoming.at <= now:
        taken.append(upcoming.step)
        assert len(taken) < 10, taken
        await home.do(named.get(upcoming.step, upcoming.step), check_in_id, now)
    return taken


def copies(home: Any, check_in_id: str, name: str) -> list[dict[str, Any]]:
    uids = {each["iCalUId"] for no in (1, 2, 3) for each in home.tenant.events(f"booking/{check_in_id}/{no}")}
    calendar = home.tenant.mailbox(home.tenant.person(name)["mail"])["calendar"]
    return [each for each in calendar if each["iCalUId"] in uids]


async def test_the_two_are_asked_every_three_days_while_a_talk_is_before_them_and_nothing_else_happens(
    home: Any,
) -> None:
    check_in_id = await booked(home)
    upcoming = await home.do("look", check_in_id)
    assert upcoming.step == Step.ASK_WHERE_THEY_LIVE
    assert PEOPLE_READ_EVERY <= upcoming.at - MONDAY <= PEOPLE_READ_EVERY + timedelta(hours=1)
    asked = len(home.tenant.asked())
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE]
    assert sorted(each.split("/")[-1] for each in home.tenant.asked()[asked:]) == ["mailboxSettings"] * 2
    assert len(await home.all(Booking)) == 1
    assert (await home.do("look", check_in_id, LATER)).at > LATER + timedelta(days=2)
    after = await home.do("look", check_in_id, START + timedelta(minutes=1))
    assert after.step != Step.ASK_WHERE_THEY_LIVE


@pytest.mark.parametrize("mover", ["Ann", "Mara"])
async def test_the_event_is_cancelled_and_another_created_at_an_hour_that_suits_both_and_says_why(
    home: Any, moves: Any, mover: str
) -> None:
    check_in_id = await booked(home)
    moves(mover, NEW_YORK)
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE, Step.PLAN, Step.BOOK]
    first, second = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    assert (first.state, second.state) == ("moved", "booked")
    assert second.event_id != first.event_id
    for name in ("Ann", "Mara"):
        zone = ZoneInfo((await home.get(Person, name.lower())).zone)
        start, end = second.start_at.astimezone(zone), second.end_at.astimezone(zone)
        row = await home.get(Person, name.lower())
        assert row.opens <= f"{start:%H:%M}" < f"{end:%H:%M}" <= row.closes
        before, now = sorted(copies(home, check_in_id, name), key=lambda each: not each["isCancelled"])
        assert (before["isCancelled"], now["isCancelled"]) == (True, False)
        assert now["start"] == f"{second.start_at:%Y-%m-%dT%H:%M:%SZ}"
    assert all(each["isCancelled"] for each in home.tenant.events(f"booking/{check_in_id}/1"))
    (event,) = home.tenant.events(f"booking/{check_in_id}/2")
    assert event["timeZone"] == (NEW_YORK if mover == "Ann" else "Europe/Berlin")
    assert event["body"].count(f"{mover}&#x27;s calendar is in another time zone now") == 1
    assert "time zone" not in event["subject"]


async def test_whom_somebody_else_invited_comes_along_to_the_new_event(home: Any, moves: Any) -> None:
    check_in_id = await booked(home)
    event_id, otto = (await home.booking(check_in_id)).event_id, home.tenant.person("Otto")["mail"]
    home.tenant.act(home.tenant.service, "add_attendee", event=event_id, attendee=otto)
    moves("Ann", NEW_YORK)
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE, Step.PLAN, Step.BOOK]
    (new,) = home.tenant.events(f"booking/{check_in_id}/2")
    assert {each["mail"] for each in new["attendees"]} == {
        home.tenant.person(name)["mail"] for name in ("Ann", "Mara", "Otto")
    }


async def test_once_booked_anew_nothing_happens_twice(home: Any, moves: Any) -> None:
    check_in_id = await booked(home)
    moves("Ann", NEW_YORK)
    await live_on(home, check_in_id)
    for days in (4, 8, 12):
        assert await live_on(home, check_in_id, LATER + timedelta(days=days)) == [Step.ASK_WHERE_THEY_LIVE]
    for step in ("ask_where_they_live", "book", "plan_team"):
        await home.do(step, check_in_id, LATER + timedelta(days=12))
    assert len(await home.all(Booking)) == 2
    async with home.database.reading() as session:
        assert await count_moves(session, check_in_id) == 0, "nobody put it off"
    for name in ("Ann", "Mara"):
        assert [each["isCancelled"] for each in copies(home, check_in_id, name)].count(False) == 1


async def test_back_home_again_it_is_booked_anew_once_more(home: Any, moves: Any) -> None:
    check_in_id = await booked(home)
    for zone, days in ((NEW_YORK, 4), ("Europe/Berlin", 8)):
        moves("Ann", zone)
        await live_on(home, check_in_id, MONDAY + timedelta(days=days))
    third = await home.booking(check_in_id, 3)
    assert (third.state, third.zone) == ("booked", "Europe/Berlin")
    assert [each["isCancelled"] for each in copies(home, check_in_id, "Ann")].count(False) == 1


async def test_whoever_reads_the_mailbox_first_wakes_the_check_ins_of_that_person_and_nobody_elses(
    home: Any, moves: Any
) -> None:
    with_ann, with_kai = await booked(home), await home.a_check_in(START.date(), "kai", state="booked")
    moves("Ann", NEW_YORK)
    home.pokes.made.clear()
    mailboxes = home.activities["plan_team"].__self__._mailboxes
    tomorrow = MONDAY + timedelta(days=1)
    await mailboxes.refreshed("ann", tomorrow)
    assert home.pokes.made == [f"CheckIn/{with_ann}"]
    assert (await home.do("look", with_ann, tomorrow)).at == tomorrow, "at once, and not when their turn comes"
    await mailboxes.refreshed("mara", tomorrow)
    assert f"CheckIn/{with_kai}" not in home.pokes.made


async def test_a_file_that_is_wrong_about_a_zone_moves_nothing(home: Any) -> None:
    """An import takes the file's word; before a talk is moved the mailbox is asked, however fresh our reading."""
    check_in_id = await booked(home)
    await home.change(Person, "ann", zone=NEW_YORK, directory_read_at=LATER - timedelta(minutes=1))
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE]
    assert (await home.get(Person, "ann")).zone == "Europe/Berlin"
    assert len(await home.all(Booking)) == 1


async def test_tomorrows_talk_stays_for_somebody_who_lives_an_hour_away_by_now(home: Any, moves: Any) -> None:
    check_in_id = await booked(home, LATER + timedelta(days=3, hours=5))
    moves("Ann", "Europe/London")
    await home.do("ask_where_they_live", check_in_id, LATER + timedelta(days=2))
    assert (await home.get(Person, "ann")).zone == "Europe/London"
    assert (await home.get(CheckInRow, check_in_id)).state == "booked"
    assert len(await home.all(Booking)) == 1


async def test_an_hour_without_a_zone_written_down_from_before_this_version_stays(home: Any, moves: Any) -> None:
    check_in_id = await booked(home, person_zone=None, partner_zone=None)
    moves("Ann", NEW_YORK)
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE]
    assert len(await home.all(Booking)) == 1


async def test_an_event_moved_in_outlook_meanwhile_is_followed_first(home: Any, moves: Any) -> None:
    check_in_id = await booked(home)
    moves("Ann", NEW_YORK)
    (event,) = home.tenant.events(f"booking/{check_in_id}/1")
    later = START + timedelta(days=1, hours=2)
    span = {"start": later.isoformat(), "end": (later + timedelta(minutes=45)).isoformat()}
    home.tenant.act(home.tenant.service, "drag", iCalUId=event["iCalUId"], **span)
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE]
    second = await home.booking(check_in_id, 2)
    assert (second.state, second.start_at) == ("booked", later), "they chose that hour living where they live now"
    assert len(await home.all(Booking)) == 2


async def test_cut_off_between_cancelling_and_creating_it_ends_with_one_event(home: Any, moves: Any) -> None:
    check_in_id = await booked(home)
    moves("Ann", NEW_YORK)
    for step in ("ask_where_they_live", "plan_team"):
        await home.do(step, check_in_id, LATER)
    calendars = home.activities["book"].__self__._calendars
    create = calendars.create_event

    async def cut_off(*_: Any) -> None:
        raise Transient("book a check-in", "the line is dead")

    for dies in (cut_off, create):
        calendars.create_event = dies
        if dies is cut_off:
            with pytest.raises(Transient):
                await home.do("book", check_in_id, LATER)
            assert [each["isCancelled"] for each in copies(home, check_in_id, "Ann")] == [True]
        else:
            await home.do("book", check_in_id, LATER)
    assert [each["isCancelled"] for each in copies(home, check_in_id, "Ann")].count(False) == 1


async def test_called_off_after_a_try_that_created_the_new_event_and_died_nothing_stands(home: Any, moves: Any) -> None:
    check_in_id = await booked(home)
    moves("Ann", NEW_YORK)
    for step in ("ask_where_they_live", "plan_team", "book"):
        await home.do(step, check_in_id, LATER)
    first, second = await home.booking(check_in_id, 1), await home.booking(check_in_id, 2)
    await home.change(Booking, second.id, state="intended", event_id=first.event_id)
    async with home.database.transaction() as session:
        assert await excuse(session, check_in_id, "ann", LATER)
    await home.do("call_off", check_in_id, LATER)
    assert [each for each in copies(home, check_in_id, "Ann") if not each["isCancelled"]] == []


async def test_the_hour_that_was_found_for_a_zone_that_somebody_left_meanwhile_is_not_taken(home: Any) -> None:
    check_in_id = await home.a_check_in(START.date())
    calendars = home.activities["plan_team"].__self__._calendars
    schedules = calendars.schedules

    async def moved_meanwhile(*asked: Any) -> Any:
        await home.change(Person, "ann", zone=NEW_YORK)
        return await schedules(*asked)

    calendars.schedules = moved_meanwhile
    await home.do("plan_team", check_in_id)
    assert await home.all(Booking) == []
    assert f"CheckIn/{check_in_id}" in home.pokes.made
    calendars.schedules = schedules
    await home.do("plan_team", check_in_id)
    assert (await home.booking(check_in_id)).person_zone == NEW_YORK


@pytest.mark.parametrize("odd", ["", "tzone://Microsoft/Custom", "Customized Time Zone"])
async def test_a_mailbox_that_names_no_zone_leaves_the_one_that_is_known_and_hr_in_peace(
    home: Any, moves: Any, odd: str
) -> None:
    check_in_id = await booked(home)
    moves("Ann", odd)
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE]
    assert (await home.get(Person, "ann")).zone == "Europe/Berlin"
    assert await home.needs_a_hand() == {}
    assert len(await home.all(Booking)) == 1


async def test_hr_hears_only_of_somebody_whose_zone_nobody_knows_and_the_team_is_planned_without_them(
    home: Any, moves: Any
) -> None:
    with_ann, with_kai = await home.a_check_in(START.date()), await home.a_check_in(START.date(), "kai")
    moves("Ann", "tzone://Microsoft/Custom")
    await home.change(Person, "ann", zone="", directory_read_at=None)
    await home.do("plan_team", with_kai, LATER)
    assert "in which time zone Ann Zimi lives" in (await home.needs_a_hand())["zone/ann"]
    assert (await home.booking(with_kai)).state == "intended"
    assert await home.all(Booking, check_in_id=with_ann) == []
    mailboxes = home.activities["plan_team"].__self__._mailboxes
    with pytest.raises(NoZone):
        await mailboxes.refreshed("ann", LATER)
    moves("Ann", "Europe/Berlin")
    assert (await mailboxes.refreshed("ann", LATER)).zone == "Europe/Berlin"
    assert await home.needs_a_hand() == {}


async def test_a_mailbox_whose_settings_are_closed_to_us_holds_nothing_up(home: Any) -> None:
    check_in_id = await booked(home)
    mailboxes = home.activities["plan_team"].__self__._mailboxes
    directory = mailboxes._directory

    class Closed:
        async def mailbox(self, oid: str) -> None:
            raise NotAllowed("read a person's working hours", "the app may not")

    mailboxes._directory = Closed()
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE]
    mailboxes._directory = directory
    async with home.database.reading() as session:
        assert (await check_in(session, check_in_id)).row.people_read_at == LATER


async def test_the_hour_of_last_time_is_the_one_on_the_wall_where_they_lived_then(home: Any, moves: Any) -> None:
    """Eleven in Berlin, held; now Ann lives in London and Mara too: eleven in London, not ten."""
    last = datetime(2030, 2, 5, 10, 0, tzinfo=UTC)
    held = await home.a_check_in(last.date(), state="held", period=0)
    await home.an_intended_booking(
        held, last, state="booked", person_zone="Europe/Berlin", partner_zone="Europe/Berlin"
    )
    for name in ("Ann", "Mara"):
        moves(name, "Europe/London")
    check_in_id = await home.a_check_in(START.date() + timedelta(days=70))
    await home.do("plan_team", check_in_id, LATER)
    start = (await home.booking(check_in_id)).start_at.astimezone(ZoneInfo("Europe/London"))
    assert (start.weekday(), start.hour, start.minute) == (1, 11, 0)


async def test_with_the_zone_the_language_of_the_mailbox_is_kept(home: Any) -> None:
    check_in_id = await booked(home)
    assert (await home.get(Person, "ann")).language is None
    assert await live_on(home, check_in_id) == [Step.ASK_WHERE_THEY_LIVE]
    assert (await home.get(Person, "ann")).language == "en-GB"
