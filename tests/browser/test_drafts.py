"""Drafts in a real browser: they outlive a closed lid, a lost network and an expired session, for one person alone."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM = "/reflections/check-in-1"


async def opened(browsers: Any, name: str) -> Page:
    page: Page = await browsers(name)
    await page.goto(FORM)
    return page


async def until_kept(page: Page, count: int) -> None:
    await page.wait_for_function("count => Object.keys(localStorage).length === count", arg=count)


async def test_a_draft_saves_itself_and_leaves_nothing_on_the_device(browsers: Any) -> None:
    page = await opened(browsers, "ann")
    await page.locator("textarea").first.fill("Customers call me. More.")
    await page.get_by_label("Shared with Mara").first.check()
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")
    await expect(page.locator("#preview")).to_contain_text("Customers call me.")
    await expect(page.locator("[name^=line-]").first).to_have_value("Customers call me.")
    await until_kept(page, 0)
    await page.reload()
    await expect(page.locator("textarea").first).to_have_value("Customers call me. More.")


async def test_what_is_typed_without_a_network_is_saved_once_there_is_one_again(browsers: Any) -> None:
    page = await opened(browsers, "ann")
    await page.context.set_offline(True)
    await page.locator("textarea").first.fill("Written in a tunnel.")
    await expect(page.locator(".draft-state")).to_contain_text("Kept on this device")
    await page.context.set_offline(False)
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")
    await until_kept(page, 0)
    elsewhere = await opened(browsers, "ann")
    await expect(elsewhere.locator("textarea").first).to_have_value("Written in a tunnel.")


async def test_on_the_device_it_is_unreadable_and_outlives_a_closed_lid(browsers: Any) -> None:
    page = await opened(browsers, "ann")
    context = page.context
    await context.set_offline(True)
    await page.locator("textarea").first.fill("Written in a tunnel.")
    await expect(page.locator(".draft-state")).to_contain_text("Kept on this device")
    await until_kept(page, 1)
    assert "tunnel" not in await page.evaluate("JSON.stringify(localStorage)")
    # The lid closes.
    await page.close()
    await context.set_offline(False)
    page = await context.new_page()
    await page.goto(FORM)
    await expect(page.locator("textarea").first).to_have_value("Written in a tunnel.")
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")
    await until_kept(page, 0)


async def test_an_expired_session_leads_back_to_the_text_and_shows_it_to_nobody_else(browsers: Any) -> None:
    browsers.abroad = (browsers.house.street.tenant.url,)
    page = await opened(browsers, "ann")
    context = page.context
    await context.clear_cookies()
    await page.locator("textarea").first.fill("Typed for a whole afternoon.")
    await expect(page.locator(".draft-state")).to_contain_text("You have been signed out")
    # Somebody else sits down at the same browser.
    await browsers.sign_in(context, "mara")
    other = await context.new_page()
    for path in ("/", "/learning-moment", FORM):
        await other.goto(path)
        assert "afternoon" not in await other.content()
    assert "afternoon" not in await other.evaluate("JSON.stringify(localStorage)")
    await context.clear_cookies()
    await page.get_by_role("link", name="Sign in and come back").click()
    await page.get_by_role("link", name="ann.").click()
    await expect(page.locator("textarea").first).to_have_value("Typed for a whole afternoon.")
    await expect(page.locator(".draft-state")).to_have_text("Saved 10:00")
    await until_kept(page, 0)


async def test_a_form_sent_after_the_session_expired_shows_what_was_typed(browsers: Any) -> None:
    page = await browsers("ann")
    await page.goto("/check-ins/check-in-1")
    await page.get_by_label("Add a note; you both can read it").fill("A whole note")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save the note").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You have been signed out in the meantime")
    await expect(page.locator("main")).to_contain_text("A whole note")
    await expect(page.locator("main").get_by_role("link", name="Sign in")).to_be_visible()


async def test_newer_text_from_elsewhere_is_not_written_over(browsers: Any) -> None:
    train = await opened(browsers, "ann")
    context = train.context
    await context.set_offline(True)
    await train.locator("textarea").first.fill("From the train.")
    await until_kept(train, 1)
    await train.close()
    await context.set_offline(False)
    desk = await opened(browsers, "ann")
    await desk.locator("textarea").first.fill("From the desk.")
    await expect(desk.locator(".draft-state")).to_have_text("Saved 10:00")
    train = await context.new_page()
    await train.goto(FORM)
    await expect(train.locator(".kept-here")).to_contain_text("From the train.")
    await expect(train.locator("textarea").first).to_have_value("From the desk.")
    assert await browsers.audit(train) == []
    await train.get_by_role("button", name="Add it to mine").click()
    await expect(train.locator("textarea").first).to_have_value("From the desk.\n\nFrom the train.")
    await expect(train.locator(".draft-state")).to_have_text("Saved 10:00")


async def test_signing_out_takes_drafts_off_the_device(browsers: Any) -> None:
    page = await opened(browsers, "ann")
    await page.context.route("**/draft", lambda route: route.abort())
    await page.locator("textarea").first.fill("Not sent yet.")
    await until_kept(page, 1)
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/signed-out")
    await until_kept(page, 0)
