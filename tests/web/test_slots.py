"""The page with three hours: shown to the two alone, chosen by a button, and never twice."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integrations.database.tables import Booking, CheckInRow, Note, Offer, Reporting

PAGE = "/check-ins/check-in-1/slots"
MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
# 14:00 in Berlin on three days.
STARTS = [datetime(2030, 3, day, 13, 0, tzinfo=UTC) for day in (13, 14, 15)]
UNTIL = datetime(2030, 3, 8, 8, 0, tzinfo=UTC)


async def offer(world: Any, keeps_hour: bool = False, **others: Any) -> None:
    """Three hours are offered to Ann and Mara; unless it is kept, their booked hour is given up."""
    slots = [
        {"start": start.isoformat(), "end": (start + timedelta(minutes=45)).isoformat(), "reasons": [f"reason {n}"]}
        for n, start in enumerate(STARTS)
    ]
    async with world.database.transaction() as session:
        facts = {"booking_no": 1, "round": 1, "state": "open", "ask_at": MONDAY, "until": UNTIL, "slots": slots}
        session.add(Offer(check_in_id="check-in-1", keeps_hour=keeps_hour, **facts | others))
        if not keeps_hour:
            (await session.scalar(select(Booking))).state = "moved"
            (await session.get_one(CheckInRow, "check-in-1")).state = "due"


async def offers(world: Any) -> list[Offer]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(Offer).order_by(Offer.round))).all())


def chosen(slot: str, number: int = 1, booking_no: int = 1) -> dict[str, str]:
    return {"slot": slot, "round": str(number), "booking_no": str(booking_no)}


async def test_it_shows_three_hours_on_the_readers_clock_with_their_reasons(world: Any) -> None:
    await offer(world)
    await world.lives_in("mara", "America/New_York")
    page = (await (await world.browser("mara")).get(PAGE)).text
    assert "Wednesday 13 March 2030 at 09:00, New York time" in page
    assert "It stood on Monday 11 March 2030 at 05:00, New York time" in page
    await world.lives_in("ann", "Pacific/Guadalcanal")
    page = (await (await world.browser("ann")).get(PAGE)).text
    assert "Thursday 14 March 2030 at 00:00, Guadalcanal time" in page
    await world.lives_in("ann", "Europe/Berlin")
    page = (await (await world.browser("ann")).get(PAGE)).text
    assert "Wednesday 13 March 2030 at 14:00, Berlin time" in page
    assert page.count("Take this hour") == 3
    assert all(f"reason {n}" in page for n in range(3))
    assert "It stood on Monday 11 March 2030 at 10:00" in page
    assert "has moved" not in page
    assert "Friday 8 March 2030 at 09:00" in page
    assert (await (await world.browser("mara")).get("/")).text.count(PAGE) == 1
    assert world.pokes.made == []


@pytest.mark.parametrize("name", ["otto", "hale", "ira"])
async def test_nobody_but_the_two_sees_it_or_chooses(world: Any, name: str) -> None:
    await offer(world)
    browser = await world.browser(name)
    assert (await browser.get(PAGE)).status_code == 404
    assert (await browser.post(PAGE, data=chosen("0"))).status_code == 404
    assert PAGE not in (await browser.get("/")).text
    assert (await offers(world))[0].state == "open"


async def test_signed_out_one_sees_nothing(world: Any) -> None:
    await offer(world)
    answer = await (await world.browser()).get(PAGE)
    assert "Take this hour" not in answer.text
    assert answer.status_code in (302, 303, 307)


async def test_another_sites_form_chooses_nothing(world: Any) -> None:
    await offer(world)
    ann = await world.browser("ann")
    answer = await ann.post(PAGE, data=chosen("0"), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert (await offers(world))[0].state == "open"


async def test_the_first_click_counts_and_wakes_the_check_in(world: Any) -> None:
    await offer(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    assert (await mara.post(PAGE, data=chosen("2"))).headers["location"] == PAGE
    assert (await ann.post(PAGE, data=chosen("0"))).status_code == 303
    (row,) = await offers(world)
    assert (row.state, row.picked, row.picked_by_id, row.picked_at) == ("picked", 2, "person-mara", MONDAY)
    assert world.pokes.made == [("CheckIn", "check-in-1")]
    page = (await ann.get(PAGE)).text
    assert "looking at both calendars once more" in page
    assert "Take this hour" not in page


@pytest.mark.parametrize("data", [{}, {"slot": "first", "round": "1", "booking_no": "1"}, chosen("")])
async def test_what_is_no_choice_is_refused(world: Any, data: dict[str, str]) -> None:
    await offer(world)
    assert (await (await world.browser("ann")).post(PAGE, data=data)).status_code == 422
    assert (await offers(world))[0].state == "open"


@pytest.mark.parametrize("data", [chosen("3"), chosen("0", number=2), chosen("none", number=2), chosen("0", 1, 2)])
async def test_what_is_not_offered_or_not_any_more_changes_nothing(world: Any, data: dict[str, str]) -> None:
    await offer(world)
    assert (await (await world.browser("ann")).post(PAGE, data=data)).status_code == 303
    assert (await offers(world))[0].state == "open"
    assert world.pokes.made == []


async def test_none_of_these_goes_back_to_the_search_with_later_days(world: Any) -> None:
    await offer(world)
    ann = await world.browser("ann")
    for _ in range(2):
        await ann.post(PAGE, data=chosen("none"))
    async with world.database.reading() as session:
        row = await session.get_one(CheckInRow, "check-in-1")
    assert (row.not_before.isoformat(), row.plan_again_at) == ("2030-03-16", MONDAY)
    assert (await offers(world))[0].state == "none"
    assert world.pokes.made == [("CheckIn", "check-in-1")]
    assert "We are looking for an hour" in (await ann.get(PAGE)).text


async def test_an_hour_taken_meanwhile_is_said_kindly_with_others_beside_it(world: Any) -> None:
    await offer(world, state="gone", picked=0)
    await offer(world, round=2)
    page = (await (await world.browser("ann")).get(PAGE)).text
    assert "Somebody else took that hour in the meantime." in page
    assert page.count("Take this hour") == 3


async def test_an_hour_that_stands_stays_unless_another_is_chosen(world: Any) -> None:
    await offer(world, keeps_hour=True)
    ann = await world.browser("ann")
    page = (await ann.get(PAGE)).text
    assert "Leave it as it is" in page
    assert "None of these" not in page
    assert "Monday 11 March 2030 at 10:00" in page
    assert "Three hours for you" not in (await ann.get("/")).text, "nothing waits for an answer"
    await ann.post(PAGE, data=chosen("none"))
    async with world.database.reading() as session:
        row = await session.get_one(CheckInRow, "check-in-1")
    assert (row.state, row.plan_again_at, row.not_before) == ("booked", None, None)
    assert "It is booked for" in (await ann.get(PAGE)).text


@pytest.mark.parametrize("name", ["ann", "mara"])
async def test_the_talks_page_and_home_lead_to_the_three_hours(world: Any, name: str) -> None:
    browser = await world.browser(name)
    for path in ("/", "/check-ins/check-in-1"):
        assert PAGE not in (await browser.get(path)).text, "there is nothing to choose"
    await offer(world)
    for path in ("/", "/check-ins/check-in-1"):
        page = (await browser.get(path)).text
        assert f'href="{PAGE}"' in page
        assert "Three hours wait for you both." in page
        assert "being looked for" not in page
    world.clock.at = UNTIL
    for path in ("/", "/check-ins/check-in-1"):
        page = (await browser.get(path)).text
        assert "Three hours wait" not in page
        assert "being looked for" in page


@pytest.mark.parametrize("name", ["ann", "mara"])
async def test_hours_beside_one_that_stands_are_led_to_and_press_nobody(world: Any, name: str) -> None:
    await offer(world, keeps_hour=True)
    browser = await world.browser(name)
    for path in ("/", "/check-ins/check-in-1"):
        page = (await browser.get(path)).text
        assert f'href="{PAGE}"' in page
        assert "Three other hours are free for you both" in page
        assert "Three hours wait" not in page
    assert "It is in both calendars." in page
    world.clock.at = UNTIL
    for path in ("/", "/check-ins/check-in-1"):
        assert "Three other hours" not in (await browser.get(path)).text


async def test_while_hours_are_found_the_talks_page_leads_to_where_they_will_stand(world: Any) -> None:
    await offer(world, state="wanted", slots=[])
    page = (await (await world.browser("ann")).get("/check-ins/check-in-1")).text
    assert f'href="{PAGE}"' in page
    assert "Three hours wait" not in page


async def test_after_its_time_nothing_is_offered_any_more(world: Any) -> None:
    await offer(world)
    world.clock.at = UNTIL
    page = (await (await world.browser("ann")).get(PAGE)).text
    assert "Take this hour" not in page
    assert "We are looking for an hour" in page


async def test_a_click_once_a_kept_hour_is_about_to_begin_is_refused_and_says_what_can_be_done(world: Any) -> None:
    await offer(world, keeps_hour=True)
    ann = await world.browser("ann")
    world.clock.at = UNTIL
    assert "Take this hour" not in (await ann.get(PAGE)).text
    answer = await ann.post(PAGE, data=chosen("0"))
    assert answer.status_code == 422
    assert "is not moved from here any more" in answer.text
    assert ((await offers(world))[0].state, world.pokes.made) == ("open", [])
    assert (await ann.post(PAGE, data=chosen("none"))).status_code == 303, "leaving it as it is stays possible"


async def test_a_choice_that_a_kept_hour_overtook_is_said_and_not_shown_as_taken(world: Any) -> None:
    facts = {"state": "picked", "picked": 0, "picked_by_id": "person-ann", "picked_at": MONDAY}
    await offer(world, keeps_hour=True, **facts)
    ann = await world.browser("ann")
    world.clock.at = UNTIL
    page = (await ann.get(PAGE)).text
    assert "looking at both calendars once more" in page, "it is still put in"
    assert "began before" not in page
    async with world.database.reading() as session:
        world.clock.at = (await session.scalar(select(Booking))).start_at
    page = (await ann.get(PAGE)).text
    assert "It began before the other one could be put in" in page
    assert "It is booked for this hour" in page
    assert "You chose it" not in page
    assert "It began before" not in (await ann.get("/")).text


async def test_moves_so_far_are_said(world: Any) -> None:
    async with world.database.transaction() as session:
        first = await session.scalar(select(Booking))
        first.state = "moved"
        same = {name: getattr(first, name) for name in ("check_in_id", "zone", "organizer", "reasons", "made_at")}
        start = first.start_at + timedelta(days=1)
        session.add(Booking(no=2, state="booked", transaction_id="t2", start_at=start, end_at=start, **same))
    await offer(world, booking_no=2, keeps_hour=True)
    assert "It has moved once so far." in (await (await world.browser("ann")).get(PAGE)).text


async def test_asking_for_another_time_leads_here_and_the_search_is_said(world: Any) -> None:
    ann = await world.browser("ann")
    answer = await ann.post("/check-ins/check-in-1/another-time", data={"booking_no": "1"})
    assert answer.headers["location"] == PAGE
    assert "We are looking for an hour" in (await ann.get(PAGE)).text


async def test_without_anything_to_choose_it_says_when_the_talk_is(world: Any) -> None:
    page = (await (await world.browser("mara")).get(PAGE)).text
    assert "Monday 11 March 2030 at 10:00" in page
    assert "Take this hour" not in page


async def test_who_holds_these_check_ins_no_more_chooses_nothing(world: Any) -> None:
    await offer(world)
    async with world.database.transaction() as session:
        (await session.scalar(select(Reporting))).until = world.clock.at.date() - timedelta(days=1)
        since = world.clock.at.date() - timedelta(days=1)
        session.add(Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=since))
        session.add(Note(id="n", check_in_id="check-in-1", writer_id="person-mara", text="mine", made_at=MONDAY))
    mara = await world.browser("mara")
    assert (await mara.get("/check-ins/check-in-1")).status_code == 200
    assert (await mara.get(PAGE)).status_code == 404
    assert (await mara.post(PAGE, data=chosen("0"))).status_code == 404
    assert (await offers(world))[0].state == "open"


async def test_while_it_is_being_settled_the_page_asks_for_a_part_and_gets_it_once_it_stands_otherwise(
    world: Any,
) -> None:
    await offer(world)
    browser = await world.browser("ann")
    assert "hx-" not in (await browser.get(PAGE)).text
    await browser.post(PAGE, data=chosen("0"))
    page = (await browser.get(PAGE)).text
    (asked,) = re.findall(r'hx-get="([^"]*)"', page)
    part = {"HX-Request": "true", "HX-Target": "state"}
    answer = await browser.get(asked, headers=part)
    assert (answer.status_code, answer.text) == (204, "")
    # Whoever opens that address gets a page all the same.
    assert "You chose it." in (await browser.get(asked)).text
    async with world.database.transaction() as session:
        (await session.scalar(select(Offer))).state = "taken"
        booking = await session.scalar(select(Booking))
        booking.state, booking.start_at = "booked", STARTS[0]
    answer = await browser.get(asked, headers=part)
    assert answer.status_code == 200
    assert "It is booked for this hour" in answer.text
    assert "<h1>" not in answer.text
    assert "hx-" not in answer.text


async def test_htmx_is_there_only_where_a_page_asks_again_and_may_run_nothing_and_keep_nothing(world: Any) -> None:
    await offer(world, state="wanted")
    browser = await world.browser("ann")
    page = (await browser.get(PAGE)).text
    told = json.loads(re.findall(r"name=\"htmx-config\" content='([^']+)'", page)[0])
    assert told["allowEval"] is False
    assert told["allowScriptTags"] is False
    assert told["includeIndicatorStyles"] is False
    assert told["historyCacheSize"] == 0
    for path in ("/", "/plan", "/history", "/check-ins/check-in-1"):
        assert "htmx" not in (await browser.get(path)).text
