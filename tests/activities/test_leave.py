"""While somebody is on leave their cycle rests: talks make way, letters and chases wait, and the return has a talk."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from activities.letters.compose import Composer
from activities.letters.render import render
from cycle.check_in import Step
from integrations.database.actions import new_date
from integrations.database.check_ins import count_moves
from integrations.database.excuses import excuse
from integrations.database.leaves import note_leave, set_hold
from integrations.database.reflections import reflection_for_form
from integrations.database.tables import ActionRow, Booking, CheckInRow, Enrolment, LetterItem, Person
from integrations.database.tables import Leave as LeaveRow

# Calendars are looked at here, and one tenant serves all tests.
pytestmark = pytest.mark.usefixtures("quiet_calendars")

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def march(day: int) -> date:
    return date(2030, 3, day)


def at(day: date, hour: int, minute: int = 0, zone: str = "Europe/Berlin") -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


async def away(home: Any, first: date, last: date, who: str = "ann", now: datetime = MONDAY) -> None:
    async with home.database.transaction() as session:
        await note_leave(session, await session.get_one(Person, who), "file", [(first, last)], now)


async def hold(home: Any, held: bool, who: str = "ann", now: datetime = MONDAY) -> None:
    async with home.database.transaction() as session:
        await set_hold(session, who, held, "hale", now)


async def live(home: Any, check_in_id: str, now: datetime) -> list[str]:
    """Takes every step that is due at `now`, as the workflow does; their names."""
    doing = {
        Step.PLAN: "plan_team",
        Step.BOOK: "book",
        Step.CALL_OFF: "call_off",
        Step.PAUSE: "pause",
        Step.ASK_FOR_REFLECTION: "ask_for_reflection",
        Step.SEND_PRE_READ: "send_pre_read",
        Step.OFFER_SLOTS: "offer_slots",
    }
    taken = []
    while (upcoming := await home.do("look", check_in_id, now)) and upcoming.at <= now:
        await home.do(doing[upcoming.step], check_in_id, now)
        taken.append(str(upcoming.step))
        assert len(taken) < 10, taken
    return taken


def standing(home: Any, check_in_id: str, no: int) -> list[Any]:
    return [each for each in home.tenant.events(f"booking/{check_in_id}/{no}") if not each["isCancelled"]]


# A talk inside of a leave


@pytest.mark.parametrize("who", ["ann", "mara"])
async def test_a_talk_inside_of_a_leave_of_either_makes_way_and_is_found_an_hour_after_it(home: Any, who: str) -> None:
    check_in_id = await home.a_booked_check_in(at(march(13), 10))
    assert standing(home, check_in_id, 1)
    await away(home, march(11), march(19), who)
    assert f"CheckIn/{check_in_id}" in home.pokes.made
    assert (await live(home, check_in_id, MONDAY))[:3] == ["pause", "plan", "book"]
    assert standing(home, check_in_id, 1) == []
    booking = await home.booking(check_in_id, 2)
    assert booking.start_at > at(march(20), 0)
    (event,) = standing(home, check_in_id, 2)
    assert len(home.tenant.invited(home.tenant.person("Ann")["mail"], event)) == 1
    assert (await home.booking(check_in_id)).state == "paused"


async def test_a_talk_before_or_after_a_leave_stays_where_it_is(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(at(march(13), 10))
    await away(home, march(14), march(20))
    await away(home, march(5), march(12), "mara")
    assert "pause" not in await live(home, check_in_id, MONDAY)
    assert standing(home, check_in_id, 1)


async def test_somebody_elses_leave_moves_nothing(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(at(march(13), 10))
    await away(home, march(11), march(19), "kai")
    assert f"CheckIn/{check_in_id}" not in home.pokes.made
    assert "pause" not in await live(home, check_in_id, MONDAY)


async def test_making_way_for_leave_is_no_move_and_tells_hr_nothing(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(at(march(13), 10))
    await away(home, march(11), march(19))
    await live(home, check_in_id, MONDAY)
    async with home.database.reading() as session:
        assert await count_moves(session, check_in_id) == 0
    assert await home.needs_a_hand() == {}


async def test_days_of_leave_do_not_count_towards_how_far_a_talk_may_slip(home: Any) -> None:
    check_in_id = await home.a_check_in(march(11))
    await away(home, march(8), date(2030, 4, 5))
    await home.change(CheckInRow, check_in_id, period=1)
    await home.do("plan_team", check_in_id)
    (booking,) = await home.all(Booking, check_in_id=check_in_id)
    assert booking.start_at > at(date(2030, 4, 6), 0), "28 days of leave, and the policy lets it slip by 21"


async def test_nothing_is_planned_before_the_return(home: Any) -> None:
    check_in_id = await home.a_check_in(march(11))
    await away(home, march(4), march(15))
    upcoming = await home.do("look", check_in_id)
    assert (upcoming.step, upcoming.at) == (Step.PLAN, at(march(18), 9, 30))
    await home.do("plan_team", check_in_id)
    assert await home.all(Booking, check_in_id=check_in_id) == []
    assert await home.needs_a_hand() == {}
    await home.do("plan_team", check_in_id, at(march(18), 9, 30))
    assert len(await home.all(Booking, check_in_id=check_in_id)) == 1


async def test_the_others_of_a_team_are_planned_while_one_is_away(home: Any) -> None:
    ann, kai = await home.a_check_in(march(18)), await home.a_check_in(march(18), "kai")
    await away(home, march(4), march(15))
    await home.do("plan_team", kai)
    assert len(await home.all(Booking, check_in_id=kai)) == 1
    assert await home.all(Booking, check_in_id=ann) == []


# Over more than half of the period


async def test_leave_over_more_than_half_the_period_excuses_the_talk_and_cancels_its_event(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(at(march(13), 10))
    await away(home, date(2030, 3, 5), date(2030, 4, 6))
    assert (await home.get(CheckInRow, check_in_id)).state == "booked"
    assert "pause" in await live(home, check_in_id, MONDAY), "33 days of 90 only move it"
    other = await home.a_booked_check_in(at(march(14), 10), person="kai", period=1)
    await away(home, date(2030, 2, 10), date(2030, 4, 6), "kai", datetime(2030, 2, 9, tzinfo=UTC))
    assert await live(home, other, MONDAY) == ["pause", "call_off"]
    assert (await home.get(CheckInRow, other)).state == "excused"
    assert standing(home, other, 1) == []


async def test_a_talk_before_such_a_leave_takes_place(home: Any) -> None:
    await home.change(Person, "ann", leave=[["2030-02-08", "2030-04-06", "2030-02-01"]])
    now = datetime(2030, 2, 4, 9, tzinfo=UTC)
    check_in_id = await home.a_check_in(date(2030, 2, 7), period=1)
    await home.an_intended_booking(check_in_id, at(date(2030, 2, 7), 10), state="booked")
    await home.change(CheckInRow, check_in_id, state="booked")
    assert (await home.do("look", check_in_id, now)).step != Step.PAUSE


async def test_a_period_that_is_mostly_leave_is_left_out_on_record_and_the_next_one_is_lived(home: Any) -> None:
    await home.change(Person, "ann", leave=[["2030-03-01", "2030-06-20", "2030-02-01"]])
    now = datetime(2030, 5, 20, 9, tzinfo=UTC)
    await home.a_check_in(date(2030, 2, 1), state="held", period=1)
    await home.do("open_due", "ann", now)
    rows = {(row.kind, row.period, row.state) for row in await home.all(CheckInRow, person_id="ann")}
    assert rows == {("regular", 1, "held"), ("regular", 2, "excused")}


async def left_out_for_leave(home: Any) -> str:
    """Kai's check-in, whose event is cancelled since he seems to be away for most of its period."""
    check_in_id: str = await home.a_booked_check_in(at(march(14), 10), person="kai", period=1)
    await away(home, date(2030, 2, 10), date(2030, 4, 6), "kai", datetime(2030, 2, 9, tzinfo=UTC))
    assert await live(home, check_in_id, MONDAY) == ["pause", "call_off"]
    assert (await home.get(CheckInRow, check_in_id)).state == "excused"
    return check_in_id


async def test_a_leave_that_is_taken_back_brings_back_the_talk_that_it_left_out(home: Any) -> None:
    check_in_id = await left_out_for_leave(home)
    await home.do("open_due", "kai", MONDAY)
    assert (await home.get(CheckInRow, check_in_id)).state == "excused", "he is still away"
    await away(home, march(5), march(8), "kai")
    assert "DevelopmentCycle/kai" in home.pokes.made
    home.pokes.made.clear()
    await home.do("open_due", "kai", MONDAY)
    row = await home.get(CheckInRow, check_in_id)
    assert (row.state, row.closed_at) == ("due", None)
    assert f"CheckIn/{check_in_id}" in home.pokes.made
    assert (await live(home, check_in_id, MONDAY))[:2] == ["plan", "book"]
    (event,) = standing(home, check_in_id, 2)
    assert datetime.fromisoformat(event["start"]) > at(march(9), 0)
    assert len(await home.all(CheckInRow, person_id="kai")) == 1


async def test_a_talk_that_somebody_left_out_themselves_stays_out_when_a_leave_is_taken_back(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(at(march(14), 10), person="kai", period=1)
    async with home.database.transaction() as session:
        await excuse(session, check_in_id, "kai", MONDAY)
    await home.do("open_due", "kai", MONDAY)
    assert (await home.get(CheckInRow, check_in_id)).state == "excused"


async def test_a_leave_taken_back_too_late_for_the_talk_brings_nothing_back(home: Any) -> None:
    check_in_id = await left_out_for_leave(home)
    late = MONDAY + 40 * DAY
    await away(home, march(5), march(8), "kai", late)
    await home.change(Person, "kai", leave=[])
    await home.do("open_due", "kai", late)
    assert (await home.get(CheckInRow, check_in_id)).state == "excused"


# What HR holds


async def test_a_held_cycle_looks_like_any_pause_and_goes_on_when_released(home: Any) -> None:
    check_in_id = await home.a_booked_check_in(at(march(13), 10))
    await hold(home, True)
    assert await live(home, check_in_id, MONDAY) == ["pause"]
    assert standing(home, check_in_id, 1) == []
    comments = [each["body"] for each in home.tenant.inbox(home.tenant.person("Mara")["mail"], "takes a pause")]
    assert comments
    assert not any(word in comment for comment in comments for word in ("leave", "HR", "held", "hold"))
    await home.do("plan_team", check_in_id)
    assert await home.all(Booking, check_in_id=check_in_id, state="intended") == []
    await hold(home, False)
    assert (await live(home, check_in_id, MONDAY))[:2] == ["plan", "book"]


async def test_the_letters_of_a_held_cycle_wait_for_its_release(home: Any) -> None:
    ann = await home.an_action(march(2))
    facts = {"action_id": ann, "step": "2", "subject_day": march(2)}
    await home.an_item("held", "action_passed", **facts)
    await hold(home, True)
    found = await home.do("sort", "ann", MONDAY + timedelta(minutes=30))
    assert (found.letter_id, found.at) == (None, MONDAY + timedelta(minutes=30) + DAY)
    await hold(home, False)
    assert "Postbox/ann" in home.pokes.made
    assert (await home.do("sort", "ann", MONDAY + timedelta(minutes=30))).letter_id


async def test_a_chase_and_a_plan_rest_while_the_cycle_is_held(home: Any) -> None:
    action_id = await home.an_action(march(2))
    await hold(home, True)
    assert await home.do("chase", action_id) == MONDAY + timedelta(days=30)
    assert await home.do("watch", "plan") == MONDAY + timedelta(days=30)
    assert await home.waiting() == set()


# Letters and actions


async def test_no_letter_is_sent_on_a_day_of_leave_that_no_automatic_reply_tells_of(home: Any) -> None:
    action_id = await home.an_action(march(2))
    await home.an_item("one", "action_passed", action_id=action_id, step="2", subject_day=march(2))
    await away(home, march(4), march(8))
    found = await home.do("sort", "ann", MONDAY)
    assert (found.letter_id, found.at) == (None, at(march(11), 9, 30) + timedelta(minutes=5))


async def test_a_date_moves_with_the_leave_and_back_when_it_is_taken_back(home: Any) -> None:
    in_it, after, before = [await home.an_action(day) for day in (march(12), march(20), march(5))]
    others = await home.an_action(march(12), owner="mara")
    await away(home, march(11), march(17))
    due = {each: (await home.get(ActionRow, each)).due_on for each in (in_it, after, before, others)}
    assert due == {in_it: march(19), after: march(27), before: march(5), others: march(12)}
    assert (await home.get(ActionRow, in_it)).due_before_leave == march(12)
    assert f"ActionChase/{in_it}" in home.pokes.made
    async with home.database.transaction() as session:
        await note_leave(session, await session.get_one(Person, "ann"), "file", [], MONDAY)
    row = await home.get(ActionRow, in_it)
    assert (row.due_on, row.due_before_leave) == (march(12), None)


async def test_told_twice_a_date_moves_once_and_by_two_sources_once(home: Any) -> None:
    action_id = await home.an_action(march(12))
    for source in ("file", "file", "calendar", "replies"):
        async with home.database.transaction() as session:
            ann = await session.get_one(Person, "ann")
            await note_leave(session, ann, source, [(march(11), march(17))], MONDAY)
    assert (await home.get(ActionRow, action_id)).due_on == march(19)


async def test_a_date_that_its_owner_sets_anew_stays(home: Any) -> None:
    action_id = await home.an_action(march(12))
    await away(home, march(11), march(17), now=MONDAY - DAY)
    async with home.database.transaction() as session:
        await new_date(session, action_id, "ann", march(21), MONDAY)
    await away(home, march(11), march(18))
    row = await home.get(ActionRow, action_id)
    assert (row.due_on, row.due_before_leave) == (march(21), None)


async def test_a_chase_rests_until_the_return_and_its_ladder_does_not_count_the_leave(home: Any) -> None:
    action_id = await home.an_action(march(1))
    await away(home, march(4), march(15))
    assert await home.do("chase", action_id) == at(march(18), 9, 30)
    assert await home.waiting() == set()
    back = at(march(18), 9, 30)
    await home.do("chase", action_id, back)
    assert await home.waiting() == {f"action/{action_id}/2030-03-01/2"}
    await home.send_what_waits("ann", back)
    assert await home.do("chase", action_id, back) >= at(march(22), 9, 30)


async def test_the_support_ladder_rests(home: Any) -> None:
    await home.an_action(march(1))
    await away(home, march(4), march(15))
    assert await home.do("watch", "plan") == at(march(18), 9, 30)


async def test_a_letter_says_in_one_sentence_that_the_day_moved(home: Any) -> None:
    action_id = await home.an_action(march(12))
    for due, said in ((march(12), 0), (march(19), 1)):
        await home.an_item(f"a/{due}", "action_tomorrow", action_id=action_id, step="-1", subject_day=due)
        async with home.database.reading() as session:
            item = await session.get_one(LetterItem, f"a/{due}")
            part = await Composer("https://p.example").part(session, item, MONDAY)
        letter = render("Ann", [part], "https://p.example", "help@p.example", "https://p.example/privacy")
        sentence = "The day was 12 March at first; it moved with your time away."
        assert (letter.text.count(sentence), letter.html.count(sentence)) == (said, said)
        assert "12 March" not in letter.subject
        await away(home, march(11), march(17))


# Coming back


LONG = (date(2030, 1, 28), date(2030, 3, 1))
"""33 days; back on Monday 4 March."""


async def test_back_from_over_thirty_days_there_is_a_talk_ten_workdays_after_the_return(home: Any) -> None:
    await home.change(Person, "ann", leave=[[*map(str, LONG), "2030-01-10"]])
    await home.do("open_due", "ann")
    (row,) = await home.all(CheckInRow, person_id="ann")
    assert (row.kind, row.due_on, row.period, row.state) == ("return", march(18), 1, "due")
    await home.do("plan_team", row.id)
    (booking,) = await home.all(Booking, check_in_id=row.id)
    assert march(18) <= booking.start_at.date() <= date(2030, 4, 1)
    await home.change(CheckInRow, row.id, state="held", closed_at=MONDAY)
    await home.do("open_due", "ann", at(march(20), 9))
    await home.do("open_due", "ann", datetime(2030, 5, 20, 9, tzinfo=UTC))
    kinds = [(each.kind, each.period) for each in await home.all(CheckInRow, person_id="ann")]
    assert sorted(kinds) == [("regular", 2), ("return", 1)], "once, and in the place of that period's regular one"


@pytest.mark.parametrize("last", [date(2030, 2, 26), date(2030, 1, 30)])
async def test_after_thirty_days_or_less_there_is_no_such_talk(home: Any, last: date) -> None:
    await home.change(Person, "ann", leave=[["2030-01-28", str(last), "2030-01-10"]])
    await home.do("open_due", "ann")
    assert not await home.all(CheckInRow, person_id="ann", kind="return")


async def test_a_regular_talk_that_was_to_come_becomes_the_one_after_the_return(home: Any) -> None:
    await home.change(Person, "ann", leave=[[*map(str, LONG), "2030-01-10"]])
    check_in_id = await home.a_check_in(date(2030, 2, 20), period=1)
    await home.an_intended_booking(check_in_id, at(march(6), 10), state="booked", event_id="e")
    await home.change(CheckInRow, check_in_id, state="booked")
    for _ in range(2):
        await home.do("open_due", "ann")
    (row,) = await home.all(CheckInRow, person_id="ann")
    assert (row.id, row.kind, row.due_on, row.state) == (check_in_id, "return", march(18), "due")
    assert (await home.booking(check_in_id)).state == "moved", "two days after the return is too soon"


async def test_one_whose_form_has_gone_out_is_called_off_since_the_return_asks_other_questions(home: Any) -> None:
    await home.change(Person, "ann", leave=[[*map(str, LONG), "2030-01-10"]])
    check_in_id = await home.a_check_in(date(2030, 2, 20), period=1)
    await home.an_item(f"form/{check_in_id}", "reflection_request", check_in_id=check_in_id, state="sent")
    for _ in range(3):
        await home.do("open_due", "ann")
    rows = {(row.kind, row.state, row.id == check_in_id) for row in await home.all(CheckInRow, person_id="ann")}
    assert rows == {("regular", "cancelled", True), ("return", "due", False)}


async def test_an_hour_within_those_days_stands(home: Any) -> None:
    await home.change(Person, "ann", leave=[[*map(str, LONG), "2030-01-10"]])
    check_in_id = await home.a_check_in(date(2030, 2, 20), period=1)
    await home.an_intended_booking(check_in_id, at(march(20), 10), state="booked", event_id="e")
    await home.change(CheckInRow, check_in_id, state="booked")
    await home.do("open_due", "ann")
    row = await home.get(CheckInRow, check_in_id)
    assert (row.kind, row.state) == ("return", "booked")


async def test_the_form_after_a_leave_asks_for_the_return(home: Any) -> None:
    check_in_id = await home.a_check_in(march(18), kind="return")
    async with home.database.reading() as session:
        form = await reflection_for_form(session, check_in_id, "ann")
    assert form is not None
    assert form.situation == "back_from_leave"


# Hearing of it


async def leaves(home: Any, who: str) -> set[tuple[str, date, date]]:
    return {(row.source, row.first_day, row.last_day) for row in await home.all(LeaveRow, person_id=who)}


async def test_leave_is_read_off_calendar_and_automatic_replies_once_a_week(home: Any) -> None:
    sami = home.tenant.person("Sami")["mail"]
    before = await leaves(home, "sami")
    home.tenant.act(sami, "go_on_leave", first="2030-03-18", last="2030-03-29")
    await home.change(Enrolment, "sami", enrolled_at=MONDAY - DAY)
    await home.do("find_leave", "sami")
    assert await leaves(home, "sami") == before, "just enrolled"
    await home.change(Enrolment, "sami", enrolled_at=MONDAY - 7 * DAY)
    await home.change(Person, "sami", directory_read_at=MONDAY - DAY)
    asked = len(home.tenant.asked())
    await home.do("find_leave", "sami")
    schedules = [each for each in home.tenant.asked()[asked:] if each.endswith("/getSchedule")]
    assert any(home.tenant.person("Sami")["id"] in each for each in schedules)
    assert not [each for each in schedules if quote(home.tenant.service) in each], "only its own queue asks that one"
    spans = {(march(18), march(29)), (march(16), march(31))}
    found = await leaves(home, "sami")
    assert {source for source, first, last in found if march(16) <= first <= march(18)} == {"calendar", "replies"}
    assert all((first, last) in spans for _, first, last in found if first >= march(16) and last <= march(31))
    asked = len(home.tenant.asked())
    await home.do("find_leave", "sami", MONDAY + DAY)
    assert len(home.tenant.asked()) == asked


def looks_into(home: Any, who: str, since: int) -> float:
    """How often the calendar was searched; two requests a look, since Graph tells 62 days at most."""
    oid = home.tenant.person(who)["id"]
    return len([each for each in home.tenant.asked()[since:] if oid in each and each.endswith("/getSchedule")]) / 2


async def test_a_managers_mailbox_is_asked_once_however_many_of_theirs_ask_at_once(home: Any) -> None:
    asked, later = len(home.tenant.asked()), MONDAY + 8 * DAY
    await asyncio.gather(*(home.do("find_leave", who, later) for who in ("ann", "kai", "otto", "sami")))
    assert looks_into(home, "Mara", asked) == 1
    assert [looks_into(home, who, asked) for who in ("Ann", "Kai", "Otto", "Sami")] == [1, 1, 1, 1]
    await home.do("find_leave", "ann", later + 7 * DAY)
    assert looks_into(home, "Mara", asked) == 2


async def test_a_look_for_leave_that_failed_is_taken_again(home: Any) -> None:
    later, oid = MONDAY + 8 * DAY, home.tenant.person("Mara")["id"]
    home.tenant.fault("status", "POST", f"/users/{oid}/calendar/getSchedule", status=503, count=1)
    await home.do("find_leave", "ann", later)
    assert (await home.get(Person, "mara")).leave_read_at is None
    assert (await home.get(Person, "ann")).leave_read_at == later
    asked = len(home.tenant.asked())
    await home.do("find_leave", "ann", later)
    assert (looks_into(home, "Mara", asked), looks_into(home, "Ann", asked)) == (1, 0)
    assert (await home.get(Person, "mara")).leave_read_at == later


async def test_an_afternoon_out_of_office_is_no_leave(home: Any) -> None:
    mail = home.tenant.person("Kai")["mail"]
    home.tenant.act(mail, "set_automatic_replies", start=at(march(5), 12).isoformat(), end=at(march(5), 20).isoformat())
    await home.change(Person, "kai", directory_read_at=MONDAY - DAY)
    await home.do("find_leave", "kai", MONDAY)
    assert not [each for each in await leaves(home, "kai") if each[0] == "replies"]
    home.tenant.act(mail, "set_automatic_replies", status="disabled")
