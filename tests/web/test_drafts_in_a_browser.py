"""Drafts in a real browser: they outlive a closed lid, a lost network and an expired session, for one person alone."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium")
FORM = "/reflections/check-in-1"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


@pytest.fixture
async def site(world: Any) -> AsyncIterator[str]:
    """The address of the face, served for real; /sign-in/done?as=oid-ann&state=s1 signs somebody in."""
    listener = socket.create_server(("127.0.0.1", 0))
    at = f"http://127.0.0.1:{listener.getsockname()[1]}"
    face = world.app.state.face
    world.app.state.face = replace(face, settings=face.settings.model_copy(update={"public_url": at}))
    server = uvicorn.Server(uvicorn.Config(world.app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield at
    server.should_exit = True
    await serving


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def sign_in(context: BrowserContext, site: str, name: str) -> None:
    begun = await context.request.get(f"{site}/sign-in", max_redirects=0)
    assert begun.status == 303
    done = await context.request.get(f"{site}/sign-in/done?as=oid-{name}&state=s1", max_redirects=0)
    assert done.status == 303


async def opened(context: BrowserContext, site: str) -> Page:
    page = await context.new_page()
    await page.goto(site + FORM)
    return page


async def kept_here(page: Page) -> int:
    return int(await page.evaluate("Object.keys(localStorage).length"))


async def until_kept(page: Page, count: int) -> None:
    await page.wait_for_function("count => Object.keys(localStorage).length === count", arg=count)


async def test_a_draft_saves_itself_and_leaves_nothing_on_the_device(site: str, chromium: Browser) -> None:
    context = await chromium.new_context()
    await sign_in(context, site, "ann")
    page = await opened(context, site)
    await page.locator("textarea").first.fill("Customers call me. More.")
    await page.get_by_label("Shared with Mara").first.check()
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")
    await expect(page.locator("#preview")).to_contain_text("Customers call me.")
    await expect(page.locator("[name^=line-]").first).to_have_value("Customers call me.")
    await until_kept(page, 0)
    await page.reload()
    await expect(page.locator("textarea").first).to_have_value("Customers call me. More.")


async def test_without_a_network_it_stays_on_the_device_unreadable_until_it_can_be_sent(
    site: str, chromium: Browser
) -> None:
    context = await chromium.new_context()
    await sign_in(context, site, "ann")
    page = await opened(context, site)
    await context.set_offline(True)
    await page.locator("textarea").first.fill("Written in a tunnel.")
    await expect(page.locator(".draft-state")).to_contain_text("Kept on this device")
    await until_kept(page, 1)
    assert "tunnel" not in await page.evaluate("JSON.stringify(localStorage)")
    # The lid closes.
    await page.close()
    await context.set_offline(False)
    page = await opened(context, site)
    await expect(page.locator("textarea").first).to_have_value("Written in a tunnel.")
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")
    await until_kept(page, 0)


async def test_an_expired_session_leads_back_to_the_text_and_shows_it_to_nobody_else(
    site: str, chromium: Browser
) -> None:
    context = await chromium.new_context()
    await sign_in(context, site, "ann")
    page = await opened(context, site)
    await context.clear_cookies()
    await page.locator("textarea").first.fill("Typed for a whole afternoon.")
    await expect(page.locator(".draft-state")).to_contain_text("You have been signed out")
    back = await page.locator(".draft-state a").get_attribute("href")
    assert back == "/sign-in?to=%2Freflections%2Fcheck-in-1"
    await sign_in(context, site, "mara")
    other = await context.new_page()
    for path in ("/", "/learning-moment", FORM):
        await other.goto(site + path)
        assert "afternoon" not in await other.content()
    assert "afternoon" not in await other.evaluate("JSON.stringify(localStorage)")
    await sign_in(context, site, "ann")
    await page.goto(site + FORM)
    await expect(page.locator("textarea").first).to_have_value("Typed for a whole afternoon.")
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")


async def test_newer_text_from_elsewhere_is_not_written_over(site: str, chromium: Browser) -> None:
    train, desk = await chromium.new_context(), await chromium.new_context()
    await sign_in(train, site, "ann")
    await sign_in(desk, site, "ann")
    page = await opened(train, site)
    await train.set_offline(True)
    await page.locator("textarea").first.fill("From the train.")
    await until_kept(page, 1)
    await page.close()
    await train.set_offline(False)
    other = await opened(desk, site)
    await other.locator("textarea").first.fill("From the desk.")
    await expect(other.locator(".draft-state")).to_have_text("Saved 10:00")
    page = await opened(train, site)
    await expect(page.locator(".kept-here")).to_contain_text("From the train.")
    await expect(page.locator("textarea").first).to_have_value("From the desk.")
    await page.get_by_role("button", name="Add it to mine").click()
    await expect(page.locator("textarea").first).to_have_value("From the desk.\n\nFrom the train.")
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")


async def test_signing_out_takes_drafts_off_the_device(site: str, chromium: Browser) -> None:
    context = await chromium.new_context()
    await sign_in(context, site, "ann")
    page = await opened(context, site)
    await context.route("**/draft", lambda route: route.abort())
    await page.locator("textarea").first.fill("Not sent yet.")
    await until_kept(page, 1)
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/signed-out")
    assert await kept_here(page) == 0


async def test_without_a_script_a_button_previews_and_another_saves(site: str, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    await sign_in(context, site, "ann")
    page = await opened(context, site)
    await page.locator("textarea").first.fill("No script here. At all.")
    await page.get_by_label("Shared with Mara").first.check()
    await page.get_by_role("button", name="Show what Mara will see").click()
    await expect(page.locator("#preview")).to_contain_text("No script here.")
    await page.locator(".finish").get_by_role("button", name="Save").click()
    await page.wait_for_url("**/check-in-1?saved=answers")
    await expect(page.locator("textarea").first).to_have_value("No script here. At all.")


async def test_no_page_asks_for_more_than_its_policy_lets_it(site: str, chromium: Browser) -> None:
    context = await chromium.new_context()
    await sign_in(context, site, "ann")
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/", "/plan", "/privacy", FORM, "/check-ins/check-in-1"):
        await page.goto(site + path, wait_until="networkidle")
        wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, path
    assert said == []
