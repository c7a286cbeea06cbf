"""Signing in, out, and being nobody here."""

import time
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from itsdangerous import TimestampSigner

from integrations.database.tables import Person
from web.app import build_app
from web.sessions import HOURS
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
        "/%2f/evil.example",
        "/%5cevil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/privacy//evil.example",
        "/;@evil.example",
        "/\u2044evil.example",
        "/plan\r\nSet-Cookie: perennial=x",
        "/plan#//evil.example",
        "/signed-out",
    ],
)
def test_a_link_never_leads_to_another_site(to: str) -> None:
    assert local_path(to) == "/"


@pytest.mark.parametrize(
    "to", ["/", "/plan", "/actions/0192-ab?choose=done", "/history?q=more%20time&page=2", "/check-ins/1/another-time"]
)
def test_a_link_to_one_of_our_pages_is_kept(to: str) -> None:
    assert local_path(to) == to


@pytest.mark.parametrize("to", ["%2F%2Fevil.example", "%252F%252Fevil.example", "https:%2F%2Fevil.example", "/%5Cevil"])
async def test_signing_in_ends_on_our_own_pages_wherever_its_link_came_from(world: Any, to: str) -> None:
    browser = await world.browser()
    await browser.get(f"/sign-in?to={to}")
    back = await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "s1"})
    assert back.headers["location"] == "/"


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


async def test_tabs_that_sign_in_at_once_each_come_back_to_their_own_page(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count(1)

    async def start(_: str) -> tuple[str, dict[str, Any]]:
        return "https://login.example/authorize", {"state": f"tab-{next(numbers)}"}

    monkeypatch.setattr(world.app.state.face.sign_in, "start", start)
    browser = await world.browser()
    for page in ("/plan", "/history", "/privacy", "/feedback"):
        await browser.get("/sign-in", params={"to": page})

    async def back(state: str) -> httpx.Response:
        answer: httpx.Response = await browser.get("/sign-in/done", params={"as": "oid-ann", "state": state})
        return answer

    assert (await back("tab-3")).headers["location"] == "/privacy"
    assert (await back("tab-2")).headers["location"] == "/history"
    assert "Ann" in (await browser.get("/")).text
    assert (await back("tab-1")).status_code == 403, "of four the oldest was let go"
    assert (await back("tab-4")).headers["location"] == "/feedback"
    assert (await back("tab-4")).headers["location"] == "/", "a sign-in ends once"


async def test_a_refused_sign_in_leads_to_another_try_at_the_same_page(world: Any) -> None:
    browser = await world.browser()
    await browser.get("/sign-in", params={"to": "/plan"})
    page = (await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "forged"})).text
    assert 'href="/sign-in?to=%2Fplan"' in page


async def test_another_person_s_sign_in_leaves_nothing_of_the_one_before(world: Any) -> None:
    browser = await world.browser("hale")
    assert (await browser.get("/hr")).status_code == 200
    await browser.get("/sign-in")
    await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "s1"})
    assert (await browser.get("/hr")).status_code == 404


async def test_a_copied_cookie_opens_nothing_after_signing_out(world: Any) -> None:
    browser, thief = await world.browser("ann"), await world.browser()
    thief.cookies = httpx.Cookies(browser.cookies)
    assert (await thief.get("/privacy")).status_code == 200
    await browser.post("/sign-out")
    answer = await thief.get("/privacy")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_signing_out_with_an_old_cookie_ends_nobody_s_new_session(world: Any) -> None:
    browser, thief = await world.browser("ann"), await world.browser()
    thief.cookies = httpx.Cookies(browser.cookies)
    await browser.post("/sign-out")
    again = await world.browser("ann")
    await thief.post("/sign-out")
    assert (await again.get("/privacy")).status_code == 200
    assert (await (await world.browser("mara")).get("/privacy")).status_code == 200


async def test_a_cookie_planted_before_signing_in_stays_signed_out(world: Any) -> None:
    attacker, victim = await world.browser(), await world.browser()
    await attacker.get("/sign-in?to=/plan")
    victim.cookies = httpx.Cookies(attacker.cookies)
    await victim.get("/sign-in/done", params={"as": "oid-ann", "state": "s1"})
    assert (await victim.get("/privacy")).status_code == 200
    assert victim.cookies["perennial"] != attacker.cookies["perennial"]
    assert (await attacker.get("/privacy")).status_code == 303


async def test_a_session_lasts_its_hours_and_no_longer_however_busy_it_is(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = int(time.time())
    browser = await world.browser("hale")
    for hours in range(1, HOURS):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self, h=hours: begun + h * 3600)
        assert (await browser.get("/hr")).status_code == 200
        # A new sign-in that is begun and left gives the cookie another instant, and what Entra said none.
        await browser.get("/sign-in")
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: begun + HOURS * 3600 + 60)
    assert (await browser.get("/hr")).status_code == 303


async def test_a_role_that_was_taken_away_is_gone_at_the_next_sign_in(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await world.browser("hale")
    assert (await browser.get("/hr")).status_code == 200
    roles = world.app.state.face.sign_in.finish.__globals__["ROLES"]
    monkeypatch.setitem(roles, "oid-hale", frozenset())
    await browser.get("/sign-in")
    await browser.get("/sign-in/done", params={"as": "oid-hale", "state": "s1"})
    assert (await browser.get("/hr")).status_code == 404


async def test_the_same_object_id_of_another_tenant_is_nobody(world: Any) -> None:
    browser = await world.browser()
    await browser.get("/sign-in")
    await browser.get("/sign-in/done", params={"as": "oid-ann", "state": "s1", "tenant": "another tenant"})
    assert (await browser.get("/privacy")).status_code == 303


async def test_a_cookie_of_one_s_own_making_opens_nothing(world: Any) -> None:
    browser = await world.browser("ann")
    sealed = browser.cookies["perennial"]
    other = await world.browser()
    other.cookies.set("perennial", sealed[:-3] + ("abc" if not sealed.endswith("abc") else "abd"))
    assert (await other.get("/privacy")).status_code == 303


async def test_over_https_the_cookie_is_secure_and_bound_to_this_very_host(world: Any) -> None:
    settings = world.settings.model_copy(update={"public_url": "https://perennial.example.org"})
    app = build_app(settings, world.database, world.clock, world.app.state.face.sign_in)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://perennial.example.org"
    ) as browser:
        cookie = (await browser.get("/sign-in")).headers["set-cookie"]
    name, *attributes = [each.strip().lower() for each in cookie.split(";")]
    assert name.startswith("__host-perennial=")
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(attributes)
    assert not any(each.startswith("domain") for each in attributes)


async def test_no_address_ever_tells_who_somebody_is(world: Any) -> None:
    ann, otto = await world.browser("ann"), await world.browser("otto")
    for browser, status in ((ann, 200), (otto, 404)):
        assert (await browser.get("/check-ins/check-in-1?as=oid-mara&person=person-ann")).status_code == status
