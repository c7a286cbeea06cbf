"""Nobody can flood the house, and nobody who works in it notices."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.rate_limits import EXPORTS, FORMS, SIGN_INS, Rate, Turns


class Watch:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch(world: Any) -> Watch:
    """The face's turns, counted by a watch that stands still until it is set."""
    watch = Watch()
    world.app.state.turns = Turns(watch)
    return watch


def test_a_bucket_is_emptied_and_refills_one_turn_at_a_time() -> None:
    watch = Watch()
    turns, rate = Turns(watch), Rate(at_once=3, seconds=10)
    assert [turns.take(rate, "ann") for _ in range(4)] == [0, 0, 0, 10]
    watch.at = 4
    assert turns.take(rate, "ann") == 6
    watch.at = 10
    assert turns.take(rate, "ann") == 0
    assert turns.take(rate, "ann") == 10
    watch.at = 1000
    assert [turns.take(rate, "ann") for _ in range(4)] == [0, 0, 0, 10]


def test_one_person_s_haste_costs_nobody_else_a_turn() -> None:
    turns, rate = Turns(Watch()), Rate(at_once=1, seconds=10)
    assert turns.take(rate, "ann") == 0
    assert turns.take(rate, "ann") > 0
    assert turns.take(rate, "mara") == 0
    assert turns.take(Rate(at_once=2, seconds=10), "ann") == 0


@given(st.lists(st.floats(0, 30, allow_nan=False), max_size=60))
def test_no_timing_gets_more_than_the_rate(waits: list[float]) -> None:
    watch = Watch()
    turns, rate = Turns(watch), Rate(at_once=5, seconds=7)
    taken = 0
    for wait in waits:
        watch.at += wait
        taken += turns.take(rate, "ann") == 0
        assert taken <= rate.at_once + watch.at / rate.seconds + 1e-6


def test_a_draft_that_saves_itself_every_second_for_an_hour_is_never_refused() -> None:
    watch = Watch()
    turns = Turns(watch)
    for second in range(3600):
        watch.at = second
        assert turns.take(FORMS, "ann") == 0


async def test_too_many_forms_are_a_page_that_says_when_and_shows_what_was_typed(world: Any, watch: Watch) -> None:
    browser = await world.browser("ann")
    for _ in range(FORMS.at_once):
        assert (await browser.post("/check-ins/check-in-1/notes", data={"text": ""})).status_code == 422
    form = {"text": "More customer time", "form_token": "t-1"}
    answer = await browser.post("/check-ins/check-in-1/notes", data=form)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert "wait 1 s" in answer.text
    assert "More customer time" in answer.text
    assert "t-1" not in answer.text
    assert "More customer time" not in (await browser.get("/check-ins/check-in-1")).text
    mara = await world.browser("mara")
    assert (await mara.post("/check-ins/check-in-1/notes", data={"text": "Mine"})).status_code == 303
    watch.at = 1
    assert (await browser.post("/check-ins/check-in-1/notes", data=form)).status_code == 303


async def test_reading_is_never_refused(world: Any, watch: Watch) -> None:
    browser = await world.browser("ann")
    for _ in range(FORMS.at_once + 1):
        await browser.post("/plan/help", data={"whom": "nobody"})
    assert (await browser.post("/plan/help", data={"whom": "nobody"})).status_code == 429
    assert (await browser.get("/plan")).status_code == 200


async def test_whoever_is_signed_out_has_the_turns_of_their_address(world: Any, watch: Watch) -> None:
    browser = await world.browser()
    for _ in range(FORMS.at_once):
        assert (await browser.post("/plan/help", data={"whom": "x"})).status_code == 401
    assert (await browser.post("/plan/help", data={"whom": "x"})).status_code == 429
    assert (await (await world.browser("ann")).post("/plan/help", data={"whom": "x"})).status_code == 422


async def test_an_address_that_only_begins_to_sign_in_is_asked_to_wait(world: Any, watch: Watch) -> None:
    browser = await world.browser()
    for _ in range(SIGN_INS.at_once):
        assert (await browser.get("/sign-in")).status_code == 303
    answer = await browser.get("/sign-in")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert (await browser.get("/sign-in/done", params={"state": "s1", "as": "oid-ann"})).status_code == 429
    watch.at = 1
    assert (await browser.get("/sign-in")).status_code == 303


async def test_an_old_copy_of_a_cookie_takes_no_turn_of_its_owner_s(world: Any, watch: Watch) -> None:
    browser, thief = await world.browser("ann"), await world.browser()
    stolen = dict(browser.cookies)
    await browser.post("/sign-out")
    ann = await world.browser("ann")
    for _ in range(FORMS.at_once):
        # What an answer takes away, a thief puts back.
        thief.cookies.update(stolen)
        assert (await thief.post("/plan/help", data={"whom": "x"})).status_code == 401
    assert (await ann.post("/plan/help", data={"whom": "x"})).status_code == 422


async def test_signing_out_is_counted_by_address_and_no_flood_of_forms_is_in_its_way(world: Any, watch: Watch) -> None:
    ann, other = await world.browser("ann"), await world.browser()
    for _ in range(FORMS.at_once + 1):
        answer = await ann.post("/plan/help", data={"whom": "x"})
    assert answer.status_code == 429
    assert (await ann.post("/sign-out")).status_code == 303
    for _ in range(SIGN_INS.at_once):
        answer = await other.post("/sign-out")
    assert answer.status_code == 429


def test_an_export_is_asked_for_now_and_then() -> None:
    assert EXPORTS.at_once < 10
