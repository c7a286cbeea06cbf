"""Signing in, out, and being nobody here."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.database.tables import Person
from web.sign_in import local_path


async def test_a_page_without_a_session_leads_to_sign_in_and_back(world: Any) -> None:
    browser = await world.browser()
    answer = await browser.get("/privacy?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?to=%2Fprivacy%3Fx%3D1"
    away = await browser.get(answer.headers["location"])
    assert away.headers["location"].startswith("https://login.example/authorize")
    back = await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "s1"})
    assert back.headers["location"] == "/privacy?x=1"


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/sign-in/done",
        "http:evil",
        "/%0a\n/evil.example",
    ],
)
def test_a_link_never_leads_to_another_site(to: str) -> None:
    assert local_path(to) == "/"


def test_a_link_to_one_of_our_pages_is_kept() -> None:
    assert local_path("/actions/1?choose=done") == "/actions/1?choose=done"


async def test_an_answer_of_another_sign_in_is_refused(world: Any) -> None:
    browser = await world.browser()
    await browser.get("/sign-in")
    answer = await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "forged"})
    assert answer.status_code == 403
    assert "not begun in this browser" in answer.text
    assert (await browser.get("/privacy")).status_code == 303


async def test_an_account_that_takes_no_part_gets_a_kind_page(world: Any) -> None:
    browser = await world.browser("nobody")
    answer = await browser.get("/privacy")
    assert answer.status_code == 403
    assert "nobody with this account takes part" in answer.text


async def test_somebody_who_has_left_is_refused(world: Any) -> None:
    browser = await world.browser("ann")
    assert (await browser.get("/privacy")).status_code == 200
    async with world.database.transaction() as session:
        (await session.get(Person, "person-ann")).left_at = world.clock.at - timedelta(days=1)
    assert (await browser.get("/privacy")).status_code == 403


async def test_signing_out_ends_the_session(world: Any) -> None:
    browser = await world.browser("ann")
    assert (await browser.post("/sign-out")).headers["location"] == "/signed-out"
    assert (await browser.get("/signed-out")).status_code == 200
    assert (await browser.get("/privacy")).status_code == 303


async def test_the_cookie_cannot_be_read_by_a_script_nor_sent_from_another_site(world: Any) -> None:
    browser = await world.browser()
    cookie = (await browser.get("/sign-in")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=28800" in cookie


async def test_a_forged_return_signs_nobody_out_and_spoils_no_sign_in(world: Any) -> None:
    browser = await world.browser("ann")
    await browser.get("/sign-in")
    assert (await browser.get("/sign-in/done", params={"error": "access_denied"})).status_code == 403
    assert (await browser.get("/privacy")).status_code == 200
    back = await browser.get("/sign-in/done", params={"as": "oid-mara", "state": "s1"})
    assert back.status_code == 303
    assert "Mara" in (await browser.get("/")).text


async def test_another_person_s_sign_in_leaves_nothing_of_the_one_before(world: Any) -> None:
    browser = await world.browser("hale")
    assert (await browser.get("/hr")).status_code == 200
    await browser.get("/sign-in")
    await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "s1"})
    assert (await browser.get("/hr")).status_code == 404
