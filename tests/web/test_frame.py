"""Every answer, also a wrong one, is a page with a way on, and safe to show."""

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from integrations.clock import ClockUnreachable


async def test_an_unknown_address_is_a_page_with_a_way_on(world: Any) -> None:
    answer = await (await world.browser()).get("/nowhere")
    assert answer.status_code == 404
    assert 'href="/"' in answer.text
    assert answer.headers["content-type"].startswith("text/html")


async def test_no_page_may_run_a_strange_script_or_be_framed_or_kept(world: Any) -> None:
    answer = await (await world.browser("ann")).get("/privacy")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert re.findall(r"<script(?! src=\"/static/[^\"]+\" defer></script>)", answer.text) == []
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert re.findall(r"\son\w+=", answer.text) == []


async def test_over_https_browsers_are_told_to_come_by_nothing_else(world: Any) -> None:
    assert "strict-transport-security" not in (await (await world.browser()).get("/nowhere")).headers
    https = world.settings.model_copy(update={"public_url": "https://checkins.example.org"})
    world.app.state.face = replace(world.app.state.face, settings=https)
    for path in ("/signed-out", "/nowhere", "/static/nothing"):
        answer = await (await world.browser()).get(path)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_an_address_with_a_slash_too_many_is_our_own_page_and_leads_nowhere_else(world: Any) -> None:
    browser = await world.browser("ann")
    assert (await browser.get("/plan")).status_code == 200
    answer = await browser.get("/plan/")
    assert answer.status_code == 404
    assert 'href="/"' in answer.text
    assert "location" not in answer.headers


async def test_a_fault_of_ours_shows_nothing_of_its_insides(world: Any, caplog: Any) -> None:
    browser = await world.browser("ann")
    async with world.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE people RENAME TO gone"))
    answer = await browser.get("/privacy")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" not in answer.text
    assert "people" not in answer.text.split("<main")[1]
    assert "OperationalError" in caplog.text


async def test_without_a_clock_nothing_is_decided(world: Any, monkeypatch: Any) -> None:
    async def silent() -> None:
        raise ClockUnreachable("The virtual clock does not tell the time.")

    monkeypatch.setattr(world.clock, "now", silent)
    assert (await (await world.browser()).get("/signed-out")).status_code == 503


async def test_a_form_that_is_far_too_large_is_refused(world: Any) -> None:
    browser = await world.browser("ann")
    assert (await browser.post("/sign-out", data={"x": "y" * 1_100_000})).status_code == 413
