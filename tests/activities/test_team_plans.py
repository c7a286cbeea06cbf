"""Finding hours for a manager's whole team: their caps hold, nobody is in two places, and HR hears what fails."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from activities.moment import Moment
from cycle.policy import Policy
from integrations.database.tables import Booking, CheckInRow, Person, PolicyRevision, PolicyRow

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
DUE = date(2030, 4, 10)
TALK = timedelta(minutes=45)
periods = count(2)


def at(hour: int, minute: int = 0, day: date = DUE) -> datetime:
    """A wall-clock time in Berlin."""
    return datetime.combine(day, time(hour, minute), ZoneInfo("Europe/Berlin")).astimezone(UTC)


async def booking_of(home: Any, check_in_id: str) -> Booking | None:
    found = await home.all(Booking, check_in_id=check_in_id, state="intended")
    return found[0] if found else None


async def only_the_due_day(home: Any) -> None:
    await home.set_policy(rhythm={"may_slip_days": 0})


async def another_booking(home: Any, start: datetime, end: datetime, person: str, partner: str) -> str:
    """An open booking that no calendar shows yet."""
    number = next(periods)
    check_in_id: str = await home.a_check_in(
        DUE - timedelta(days=number), person, partner, state="booked", period=number
    )
    await home.an_intended_booking(check_in_id, start, end_at=end)
    return check_in_id


def taken(home: Any, name: str) -> list[tuple[datetime, datetime]]:
    """When somebody is busy or perhaps busy, by the tenant's seed."""
    return [
        (datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"]))
        for each in home.tenant.person(name)["busy"]
        if each["status"] not in ("free", "workingElsewhere")
    ]


def an_hour_free_for(home: Any, *names: str) -> datetime:
    starts = (at(10) + timedelta(minutes=15 * quarter) for quarter in range(20))
    spans = [span for name in names for span in taken(home, name)]
    return next(one for one in starts if all(end <= one or one + TALK <= start for start, end in spans))


def once_decided(home: Any, first: Callable[[], Awaitable[Any]]) -> None:
    """Has `first` happen between a plan's decision and its commit: at the opening of the next transaction."""
    original = home.database.transaction

    @asynccontextmanager
    async def held_back() -> AsyncIterator[AsyncSession]:
        home.database.transaction = original
        await first()
        async with original() as session:
            yield session

    home.database.transaction = held_back


async def in_another_process(home: Any, check_in_id: str) -> None:
    """A plan that does not wait for the one that this process makes of the same team."""
    await home.activities["plan_team"].__self__._plan_team(Moment(check_in_id, MONDAY))


async def test_a_team_gets_hours_that_suit_everybody_and_nothing_is_written_to_outlook(home: Any) -> None:
    ids = {name: await home.a_check_in(DUE, name) for name in ("ann", "otto", "kai", "sami")}
    asked = len(home.tenant.asked())
    await home.do("plan_team", ids["ann"])
    assert not [each for each in home.tenant.asked()[asked:] if not each.endswith("/getSchedule")]
    found = {}
    for name, check_in_id in ids.items():
        booking = found[name] = await home.booking(check_in_id)
        assert (booking.state, booking.no, booking.event_id) == ("intended", 1, None)
        assert booking.end_at - booking.start_at == TALK
        assert booking.organizer == home.tenant.service
        assert booking.reasons
        assert DUE <= booking.start_at.date() <= DUE + timedelta(days=21)
        for person in (name, "mara"):
            row = await home.get(Person, person)
            start, end = (each.astimezone(ZoneInfo(row.zone)) for each in (booking.start_at, booking.end_at))
            assert row.opens <= f"{start:%H:%M}" < f"{end:%H:%M}" <= row.closes
            assert all(end <= booking.start_at or booking.end_at <= start for start, end in taken(home, row.first_name))
    days = [each.start_at.date() for each in found.values()]
    weeks = [day.isocalendar().week for day in days]
    assert max(days.count(day) for day in days) <= 2
    assert max(weeks.count(week) for week in weeks) <= 3
    for one, other in pairwise(sorted(found.values(), key=lambda each: each.start_at)):
        assert one.end_at + timedelta(minutes=15) <= other.start_at
    assert {each for each in home.pokes.made if not each.startswith("CalendarWatch/")} == {
        f"CheckIn/{each}" for each in ids.values()
    }
    assert await home.needs_a_hand() == {}


async def test_what_is_planned_is_not_planned_again(home: Any) -> None:
    check_in_id = await home.a_check_in(DUE)
    await home.do("plan_team", check_in_id)
    asked = len(home.tenant.asked())
    await home.do("plan_team", check_in_id)
    assert len(await home.all(Booking)) == 1
    assert len(home.tenant.asked()) == asked


async def test_two_plans_at_the_same_time_do_not_put_mara_in_two_places(home: Any) -> None:
    """Mara holds Ann's check-in and has her own with Hale. For both, one hour is left, the same for both."""
    await only_the_due_day(home)
    hour = an_hour_free_for(home, "Ann", "Mara", "Hale")
    for person in ("ann", "hale"):
        await another_booking(home, at(7), hour, person, "otto")
        await another_booking(home, hour + TALK, at(19), person, "kai")
    with_ann, with_hale = await home.a_check_in(DUE), await home.a_check_in(DUE, "mara", "hale")
    await home.do("plan_team", with_ann)
    assert (await home.booking(with_ann)).start_at == hour, "left alone, this is the hour that the plan decides on"
    async with home.database.transaction() as session:
        await session.execute(delete(Booking).where(Booking.check_in_id == with_ann))
    home.pokes.made.clear()

    once_decided(home, lambda: home.do("plan_team", with_hale))
    await home.do("plan_team", with_ann)

    assert (await home.booking(with_hale)).start_at == hour
    assert await booking_of(home, with_ann) is None
    assert f"CheckIn/{with_ann}" in home.pokes.made, "so that it looks for another hour"
    assert (await home.get(CheckInRow, with_ann)).state == "due"
    await home.do("plan_team", with_ann)
    assert await booking_of(home, with_ann) is None
    assert "Ann Zimi and Mara Vassen" in (await home.needs_a_hand())[f"no-hour/{with_ann}"]


async def test_the_same_check_in_planned_twice_at_the_same_time_is_booked_once(home: Any) -> None:
    check_in_id = await home.a_check_in(DUE)
    once_decided(home, lambda: in_another_process(home, check_in_id))
    await home.do("plan_team", check_in_id)
    assert len(await home.all(Booking)) == 1


async def test_a_booking_made_meanwhile_counts_towards_the_managers_day(home: Any) -> None:
    await only_the_due_day(home)
    check_in_id = await home.a_check_in(DUE)

    async def two_more() -> None:
        await another_booking(home, at(6), at(6, 45), "kai", "mara")
        await another_booking(home, at(20), at(20, 45), "sami", "mara")

    once_decided(home, two_more)
    await home.do("plan_team", check_in_id)
    assert await booking_of(home, check_in_id) is None
    assert f"CheckIn/{check_in_id}" in home.pokes.made


async def test_a_check_in_excused_meanwhile_is_not_booked(home: Any) -> None:
    check_in_id = await home.a_check_in(DUE)
    once_decided(home, lambda: home.change(CheckInRow, check_in_id, state="excused"))
    await home.do("plan_team", check_in_id)
    assert await home.all(Booking) == []


async def test_the_week_of_a_manager_who_has_three_is_full(home: Any) -> None:
    for day, person in ((8, "kai"), (9, "otto"), (11, "sami")):
        await another_booking(home, at(9, day=date(2030, 4, day)), at(9, 45, date(2030, 4, day)), person, "mara")
    check_in_id = await home.a_check_in(DUE)
    await home.do("plan_team", check_in_id)
    assert (await home.booking(check_in_id)).start_at.isocalendar().week == DUE.isocalendar().week + 1


async def test_without_an_hour_it_is_tried_again_tomorrow_hr_hears_why_and_a_find_mends_it(home: Any) -> None:
    await only_the_due_day(home)
    full = await another_booking(home, at(6), at(21), "ann", "otto")
    check_in_id = await home.a_check_in(DUE)
    await home.do("plan_team", check_in_id)
    row = await home.get(CheckInRow, check_in_id)
    assert (row.state, row.plan_again_at) == ("due", datetime(2030, 3, 5, 5, 0, tzinfo=UTC))
    sentence = (await home.needs_a_hand())[f"no-hour/{check_in_id}"]
    assert sentence.startswith(
        "Ann Zimi and Mara Vassen: No hour between Wednesday 10 April 2030 and Wednesday 10 April 2030"
    )
    (booking,) = await home.all(Booking, check_in_id=full)
    await home.change(Booking, booking.id, state="cancelled")

    await home.do("plan_team", check_in_id, row.plan_again_at - timedelta(minutes=1))
    assert await booking_of(home, check_in_id) is None, "it is not tried before its time"
    await home.do("plan_team", check_in_id, row.plan_again_at)
    assert await booking_of(home, check_in_id) is not None
    assert await home.needs_a_hand() == {}
    assert (await home.get(CheckInRow, check_in_id)).plan_again_at is None


async def test_with_no_day_left_the_check_in_ends_and_the_cycle_goes_on(home: Any) -> None:
    check_in_id = await home.a_check_in(date(2030, 2, 4))
    await home.do("plan_team", check_in_id)
    row = await home.get(CheckInRow, check_in_id)
    assert (row.state, row.closed_at) == ("cancelled", MONDAY)
    assert "DevelopmentCycle/ann" in home.pokes.made
    assert "agree on an hour by hand" in (await home.needs_a_hand())[f"no-hour/{check_in_id}"]
    assert await home.all(Booking) == []


async def test_rather_than_skip_a_period_the_notice_shrinks_to_two_workdays(home: Any) -> None:
    """21 days after its due date are over on 7 March, before ten workdays of notice are."""
    check_in_id = await home.a_check_in(date(2030, 2, 14))
    await home.do("plan_team", check_in_id)
    assert date(2030, 3, 6) <= (await home.booking(check_in_id)).start_at.date() <= date(2030, 3, 7)


async def test_a_conversation_that_moves_keeps_its_event_under_a_new_number(home: Any) -> None:
    check_in_id = await home.a_check_in(date(2030, 3, 5))
    await home.an_intended_booking(check_in_id, datetime(2030, 3, 5, 9, 0, tzinfo=UTC), event_id="E1", state="moved")
    await home.do("plan_team", check_in_id)
    booking = await home.booking(check_in_id, 2)
    assert (booking.state, booking.event_id) == ("intended", "E1")
    assert booking.transaction_id != (await home.booking(check_in_id, 1)).transaction_id
    assert booking.start_at.date() >= date(2030, 3, 6), "with the notice of a move: two workdays"


async def test_the_same_weekday_and_hour_as_last_time_is_preferred(home: Any) -> None:
    last = await home.a_check_in(date(2030, 1, 9), state="held", period=0)
    hour = an_hour_free_for(home, "Ann", "Mara")
    local = hour.astimezone(ZoneInfo("Europe/Berlin"))
    held = at(local.hour, local.minute, date(2030, 1, 9))
    await home.an_intended_booking(last, held + timedelta(days=1, minutes=30), state="moved")
    await home.an_intended_booking(last, held, no=2, state="booked")
    check_in_id = await home.a_check_in(DUE)
    await home.do("plan_team", check_in_id)
    booking = await home.booking(check_in_id)
    assert booking.start_at == hour
    assert "same weekday and hour as last time" in booking.reasons


async def test_somebody_without_a_mailbox_is_told_to_hr_and_does_not_keep_the_team_from_its_hours(home: Any) -> None:
    ids = {name: await home.a_check_in(DUE, name) for name in ("ann", "kai")}
    oid = (await home.get(Person, "kai")).oid
    await home.change(Person, "kai", oid="no-such-user", directory_read_at=None)
    await home.do("plan_team", ids["kai"])
    assert await booking_of(home, ids["ann"]) is not None
    assert await booking_of(home, ids["kai"]) is None
    row = await home.get(CheckInRow, ids["kai"])
    assert (row.state, row.plan_again_at) == ("due", datetime(2030, 3, 5, 5, 0, tzinfo=UTC))
    assert "Kai Westert has no mailbox" in (await home.needs_a_hand())["mailbox/kai"]

    await home.change(Person, "kai", oid=oid)
    await home.do("plan_team", ids["kai"], row.plan_again_at)
    assert await booking_of(home, ids["kai"]) is not None
    assert await home.needs_a_hand() == {}


async def test_a_manager_without_a_mailbox_has_nothing_booked(home: Any) -> None:
    check_in_id = await home.a_check_in(DUE)
    await home.change(Person, "mara", oid="no-such-user", directory_read_at=None)
    await home.do("plan_team", check_in_id)
    assert await home.all(Booking) == []
    assert (await home.get(CheckInRow, check_in_id)).plan_again_at is not None
    assert set(await home.needs_a_hand()) == {"mailbox/mara"}


async def test_a_calendar_that_cannot_be_read_is_not_booked_blindly(home: Any) -> None:
    ids = {name: await home.a_check_in(DUE, name) for name in ("ann", "kai")}
    await home.change(Person, "kai", mail="unknown@elsewhere.example")
    await home.do("plan_team", ids["ann"])
    assert await booking_of(home, ids["ann"]) is not None
    assert await booking_of(home, ids["kai"]) is None
    assert "cannot be read" in (await home.needs_a_hand())[f"no-hour/{ids['kai']}"]


async def test_no_talk_slips_onto_a_no_check_in_date(home: Any) -> None:
    dates = [(DUE + timedelta(days=n)).isoformat() for n in range(15)]
    await home.set_policy(rhythm={"no_check_in_dates": dates})
    check_in_id = await home.a_check_in(DUE)
    hours = await home.activities["plan_team"].__self__.hours_for(check_in_id, MONDAY)
    assert hours
    assert min(slot.start for slot in hours) >= at(0, day=DUE + timedelta(days=15))
    await home.do("plan_team", check_in_id)
    assert (await home.booking(check_in_id)).start_at >= at(0, day=DUE + timedelta(days=15))


async def test_a_no_check_in_date_is_a_day_of_notice_like_any_other(home: Any) -> None:
    await home.set_policy(rhythm={"no_check_in_dates": [f"2030-03-{day:02}" for day in range(5, 18)]})
    check_in_id = await home.a_check_in(MONDAY.date())
    hours = await home.activities["plan_team"].__self__.hours_for(check_in_id, MONDAY)
    assert min(slot.start for slot in hours).date() == date(2030, 3, 18), "ten workdays ahead"


async def test_of_a_team_under_two_policies_each_is_planned_by_its_own(home: Any) -> None:
    document = Policy(name="Monthly").model_dump(mode="json")
    document["booking"] |= {"organizer": "manager", "per_manager_per_day": 1}
    await home.add(PolicyRow(id="other", name="Monthly", starts_on=date(2030, 1, 1)))
    await home.add(PolicyRevision(policy_id="other", number=1, document=document, made_at=MONDAY))
    earlier = await home.a_check_in(DUE - timedelta(days=1), "kai", policy_id="other")
    ann = await home.a_check_in(DUE, "ann")
    asked = len(home.tenant.asked())
    await home.do("plan_team", ann)
    schedules = [each for each in home.tenant.asked()[asked:] if each.endswith("/getSchedule")]
    assert schedules
    assert all(quote(home.tenant.service) in each for each in schedules), "the queue is that mailbox's"
    assert (await home.booking(ann)).organizer == home.tenant.service
    assert await booking_of(home, earlier) is None
    await home.do("plan_team", earlier)
    assert (await home.booking(earlier)).organizer == home.tenant.person("Mara")["id"]


async def test_a_managers_calendar_that_cannot_be_read_is_one_line_for_all_of_theirs(home: Any) -> None:
    ids = [await home.a_check_in(DUE, name) for name in ("ann", "kai")]
    mail = (await home.get(Person, "mara")).mail
    await home.change(Person, "mara", mail="unknown@elsewhere.example")
    await home.do("plan_team", ids[0])
    assert await home.all(Booking) == []
    rows = [await home.get(CheckInRow, each) for each in ids]
    assert [row.state for row in rows] == ["due", "due"]
    assert all(row.plan_again_at for row in rows)
    hands = await home.needs_a_hand()
    assert list(hands) == ["diary/mara"]
    assert "Mara Vassen" in hands["diary/mara"]
    await home.change(Person, "mara", mail=mail)
    await home.do("plan_team", ids[0], rows[0].plan_again_at)
    assert len(await home.all(Booking)) == 2
    assert await home.needs_a_hand() == {}


async def test_a_plan_that_finds_no_hour_because_another_just_took_it_says_nothing_to_hr(home: Any) -> None:
    """Every check-in of a team asks for a plan at the same minute."""
    await only_the_due_day(home)
    hour = an_hour_free_for(home, "Ann", "Mara")
    await another_booking(home, at(7), hour, "ann", "otto")
    await another_booking(home, hour + TALK, at(19), "ann", "kai")
    check_in_id = await home.a_check_in(DUE)
    calendars = home.activities["plan_team"].__self__._calendars
    read = calendars.schedules

    async def overtaken(*asked: Any) -> Any:
        calendars.schedules = read
        await in_another_process(home, check_in_id)
        return await read(*asked)

    calendars.schedules = overtaken
    await home.do("plan_team", check_in_id)
    assert (await home.booking(check_in_id)).start_at == hour
    assert (await home.get(CheckInRow, check_in_id)).plan_again_at is None
    assert await home.needs_a_hand() == {}
