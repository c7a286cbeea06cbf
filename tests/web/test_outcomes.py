"""What becomes of a talk: a link asks, a button answers, and nothing happens twice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integrations.database.tables import Booking, CheckInRow, OutcomeAnswer

PAGE = "/check-ins/check-in-1"


async def said(world: Any) -> list[tuple[str, int, str]]:
    async with world.database.reading() as session:
        rows = (await session.scalars(select(OutcomeAnswer).order_by(OutcomeAnswer.person_id))).all()
    return [(row.person_id, row.booking_no, row.said) for row in rows]


async def state(world: Any) -> str:
    async with world.database.reading() as session:
        row: CheckInRow = await session.get_one(CheckInRow, "check-in-1")
        return row.state


async def test_links_in_letters_change_nothing_but_preselect(world: Any) -> None:
    ann = await world.browser("ann")
    world.clock.at += timedelta(days=8)
    page = (await ann.get(f"{PAGE}?said=did_not_happen")).text
    assert 'value="did_not_happen" required checked' in page
    for path in (f"{PAGE}?said=held", f"{PAGE}/another-time", f"{PAGE}/not-this-time", f"{PAGE}/outcome"):
        await ann.get(path)
    assert await said(world) == []
    assert await state(world) == "booked"
    assert world.pokes.made == []


async def test_each_answers_for_themselves_and_their_last_word_counts(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    world.clock.at += timedelta(days=8)
    for _ in range(2):
        assert (await ann.post(f"{PAGE}/outcome", data={"said": "held"})).status_code == 303
    assert world.pokes.made == [("CheckIn", "check-in-1")]
    await mara.post(f"{PAGE}/outcome", data={"said": "held", "booking_no": "1"})
    await mara.post(f"{PAGE}/outcome", data={"said": "did_not_happen", "booking_no": "1"})
    assert await said(world) == [("person-ann", 1, "held"), ("person-mara", 1, "did_not_happen")]


async def test_whoever_wants_another_hour_is_led_to_where_it_is_found(world: Any) -> None:
    ann = await world.browser("ann")
    world.clock.at += timedelta(days=8)
    answer = await ann.post(f"{PAGE}/outcome", data={"said": "moved", "booking_no": "1"})
    assert answer.headers["location"] == f"{PAGE}/slots"
    assert "We are looking for an hour" in (await ann.get(f"{PAGE}/slots")).text


async def test_where_the_other_says_that_they_talked_no_hour_is_looked_for(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    world.clock.at += timedelta(days=8)
    await mara.post(f"{PAGE}/outcome", data={"said": "held", "booking_no": "1"})
    answer = await ann.post(f"{PAGE}/outcome", data={"said": "moved", "booking_no": "1"})
    assert answer.headers["location"] == f"{PAGE}?saved=outcome#outcome"
    assert "We are looking for an hour" not in (await ann.get(f"{PAGE}/slots")).text


async def test_before_its_end_a_talk_has_no_outcome(world: Any) -> None:
    ann = await world.browser("ann")
    assert "Did you talk?" not in (await ann.get(f"{PAGE}?said=held")).text
    assert (await ann.post(f"{PAGE}/outcome", data={"said": "held"})).status_code == 422
    assert await said(world) == []


@pytest.mark.parametrize("data", [{}, {"said": "perhaps"}, {"said": "held", "booking_no": "2"}])
async def test_an_answer_that_does_not_fit_is_refused(world: Any, data: dict[str, str]) -> None:
    world.clock.at += timedelta(days=8)
    answer = await (await world.browser("ann")).post(f"{PAGE}/outcome", data=data)
    assert answer.status_code == 422
    assert await said(world) == []


async def test_another_time_frees_this_hour_and_not_the_next_one(world: Any) -> None:
    ann = await world.browser("ann")
    assert "Find other hours" in (await ann.get(f"{PAGE}/another-time")).text
    assert (await ann.post(f"{PAGE}/another-time", data={"booking_no": "1"})).status_code == 303
    assert await said(world) == [("person-ann", 1, "moved")]
    assert ("CheckIn", "check-in-1") in world.pokes.made
    async with world.database.transaction() as session:
        first = await session.scalar(select(Booking))
        first.state = "moved"
        again = {
            "no": 2,
            "state": "booked",
            "transaction_id": "t2",
            "start_at": first.start_at,
            "zone": first.zone,
        }
        again |= {
            "end_at": first.end_at,
            "organizer": first.organizer,
            "reasons": [],
            "made_at": first.made_at,
        }
        session.add(Booking(check_in_id="check-in-1", **again))
    await ann.post(f"{PAGE}/another-time", data={"booking_no": "1"})
    assert await said(world) == [("person-ann", 1, "moved")]


async def test_a_talk_that_is_over_cannot_be_given_another_time(world: Any) -> None:
    world.clock.at += timedelta(days=8)
    ann = await world.browser("ann")
    assert "Find other hours" not in (await ann.get(f"{PAGE}/another-time")).text
    assert (await ann.post(f"{PAGE}/another-time", data={"booking_no": "1"})).status_code == 422
    assert await said(world) == []


@pytest.mark.parametrize("name", ["ann", "mara"])
async def test_either_leaves_it_out_and_no_reason_is_asked(world: Any, name: str) -> None:
    browser = await world.browser(name)
    page = (await browser.get(f"{PAGE}/not-this-time")).text
    assert "No reason is asked" in page
    assert "<textarea" not in page
    for _ in range(2):
        assert (await browser.post(f"{PAGE}/not-this-time")).status_code == 303
    assert await state(world) == "excused"
    assert set(world.pokes.made) == {("CheckIn", "check-in-1"), ("DevelopmentCycle", "person-ann")}
    async with world.database.reading() as session:
        booking = await session.scalar(select(Booking))
        row = await session.get(CheckInRow, "check-in-1")
    assert booking.state == "booked"
    assert row.closed_at == world.clock.at


async def test_a_talk_that_took_place_cannot_be_left_out(world: Any) -> None:
    world.clock.at += timedelta(days=8)
    answer = await (await world.browser("ann")).post(f"{PAGE}/not-this-time")
    assert answer.status_code == 422
    assert await state(world) == "booked"


@pytest.mark.parametrize("path", ["/outcome", "/another-time", "/not-this-time", "/notes", "/actions"])
async def test_another_sites_form_is_refused(world: Any, path: str) -> None:
    world.clock.at += timedelta(days=8)
    ann = await world.browser("ann")
    data = {"said": "held", "text": "x", "booking_no": "1"}
    answer = await ann.post(PAGE + path, data=data, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert await said(world) == []
    assert await state(world) == "booked"
    assert world.pokes.made == []


async def test_whether_it_was_worth_the_time_is_seen_by_whoever_said_it(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    assert (await ann.post(f"{PAGE}/worth", data={"worth": "no"})).status_code == 422, "they have not talked yet"
    world.clock.at += timedelta(days=8)
    before = (await mara.get(PAGE)).text
    assert (await ann.post(f"{PAGE}/worth", data={"worth": "no"})).status_code == 303
    assert 'value="no" aria-pressed=true' in (await ann.get(PAGE)).text
    after = (await mara.get(PAGE)).text
    assert "aria-pressed" not in after
    assert len(after) == len(before)
    for name in ("otto", "hale", "ira"):
        assert (await (await world.browser(name)).post(f"{PAGE}/worth", data={"worth": "no"})).status_code == 404
