"""Mara's part, Fern's who had it before her, and Otto's who has none."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.pages import PAGES
from tests.web.planted import sentence

pytestmark = pytest.mark.asyncio(loop_scope="session")

Check = Callable[[Page], Awaitable[None]]


async def pick(page: Page, address: str, name: str) -> None:
    """Signs in as people do, by a letter's link and the account picker."""
    await page.goto(address)
    await page.get_by_role("link", name=f"{name}.").click()


async def test_mara_goes_first_and_ann_sees_it_above_her_questions(browsers: Any) -> None:
    browsers.abroad = (browsers.house.street.tenant.url,)
    page = await browsers()
    await pick(page, "/learning-moment", "mara")
    await page.get_by_role("textbox").fill("I fixed the release myself instead of asking.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("Thank you for going first.")
    ann = await browsers("ann")
    await ann.goto("/reflections/check-in-1")
    await expect(ann.get_by_role("heading", name="Mara went first")).to_be_visible()
    await expect(ann.locator("blockquote").first).to_have_text("I fixed the release myself instead of asking.")


async def test_mara_reads_the_pre_read_and_ann_can_see_that_she_did(
    browsers: Any, full_house: Any, not_sideways: Check
) -> None:
    page = await browsers("mara")
    await page.goto("/check-ins/check-in-1/pre-read")
    await expect(page.locator("dl")).to_contain_text(sentence("line"))
    for kept in ("private line", "withdrawn line", "private answer"):
        await expect(page.locator("main")).not_to_contain_text(sentence(kept))
    await not_sideways(page)
    ann = await browsers("ann")
    await ann.goto("/check-ins/check-in-1/pre-read")
    await expect(ann.locator(".timeline")).to_contain_text("Mara")
    await ann.goto("/privacy")
    await expect(ann.locator("main")).to_contain_text("Mara")


async def test_what_mara_heard_waits_for_anns_own_words(browsers: Any, full_house: Any, not_sideways: Check) -> None:
    page = await browsers("mara")
    await page.goto("/check-ins/over")
    await page.get_by_role("radio", name="Yes, we talked").check()
    await page.get_by_role("button", name="Save my answer").click()
    await expect(page.locator("#outcome").get_by_role("status")).to_contain_text("Saved.")
    await expect(page.locator("#heard")).to_contain_text("Ann: not quite.")
    await expect(page.locator("#heard")).to_contain_text("Not for performance or disciplinary use")
    await page.get_by_role("button", name="Yes", exact=True).first.click()
    await expect(page.locator("#heard")).to_contain_text("You: yes.")
    await not_sideways(page)
    ann = await browsers("ann")
    await ann.goto("/check-ins/over")
    await expect(ann.locator("#heard")).to_contain_text("Mara: yes.")


async def test_a_note_of_maras_is_anns_to_read_and_can_go_without_a_trace_until_then(browsers: Any) -> None:
    page, ann = await browsers("mara"), await browsers("ann")
    await page.goto("/check-ins/check-in-1")
    for text in ("Ask about the pricing team", "Written in haste"):
        await page.get_by_label("Add a note; you both can read it").fill(text)
        await page.get_by_role("button", name="Save the note").click()
        await expect(page.locator("#notes")).to_contain_text(text)
    await page.locator("article", has_text="Written in haste").get_by_role("button", name="Take back").click()
    await expect(page.locator("#notes")).not_to_contain_text("Written in haste")
    await ann.goto("/check-ins/check-in-1")
    await expect(ann.locator("#notes")).to_contain_text("Ask about the pricing team")
    await expect(ann.locator("#notes")).not_to_contain_text("took a note back")
    await page.goto("/check-ins/check-in-1")
    # Ann has read it: it can be taken back, but not as if it had never been.
    await page.locator("article", has_text="pricing").get_by_role("button", name="Take back").click()
    await ann.goto("/check-ins/check-in-1")
    await expect(ann.locator("#notes")).to_contain_text("Mara took a note back.")
    await expect(ann.locator("#notes")).not_to_contain_text("pricing")


async def test_mara_asks_for_another_time_and_takes_one_of_three(
    browsers: Any, full_house: Any, not_sideways: Check
) -> None:
    page = await browsers("mara")
    await page.goto("/check-ins/check-in-1/slots")
    await expect(page.get_by_role("button", name="Take this hour")).to_have_count(3)
    await not_sideways(page)
    await page.get_by_role("button", name="Take this hour").nth(1).click()
    await expect(page.get_by_role("status")).to_contain_text("Wednesday 13 March 2030 at 10:00")
    await expect(page.get_by_role("status")).to_contain_text("You chose it.")
    assert ("CheckIn", "check-in-1") in full_house.pokes.made


async def test_a_mailed_link_to_another_time_changes_nothing_until_its_button_is_pressed(browsers: Any) -> None:
    page = await browsers("mara")
    await page.goto("/check-ins/check-in-1")
    await page.get_by_role("link", name="Another time").click()
    assert browsers.house.pokes.made == []
    await page.get_by_role("button", name="Find other hours").click()
    await expect(page.get_by_role("status")).to_contain_text("We are looking for an hour")
    assert ("CheckIn", "check-in-1") in browsers.house.pokes.made


async def test_fern_keeps_her_own_words_and_no_others(browsers: Any, full_house: Any) -> None:
    browsers.abroad = (full_house.street.tenant.url,)
    page = await browsers()
    await pick(page, "/history", full_house.street.accounts["fern"].mail.partition(".")[0])
    await expect(page.locator(".todo").first).to_contain_text("Your own words.")
    await page.locator(".todo a").first.click()
    await expect(page.locator("main")).to_contain_text("You no longer hold these check-ins.")
    await expect(page.locator("main")).to_contain_text(sentence("former manager's note"))
    for other in ("old note", "old answer", "old line"):
        await expect(page.locator("main")).not_to_contain_text(sentence(other))
    assert await page.locator("main form").count() == 0
    for address in (
        "/check-ins/check-in-1",
        "/plans/plan",
        "/actions/action",
        "/goals/goal",
        "/check-ins/before/pre-read",
    ):
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 404, address


async def test_otto_gets_the_same_nothing_everywhere(browsers: Any, full_house: Any, not_sideways: Check) -> None:
    browsers.abroad = (full_house.street.tenant.url,)
    page = await browsers()
    await pick(page, "/check-ins/nobody-knows", "otto")
    nothing = await page.locator("main").inner_text()
    assert "nothing here for you" in nothing
    closed = {
        address
        for route, pages in PAGES.items()
        for addresses in pages.values()
        for address in addresses
        if "{" in route and "{key}" not in route
    }
    for address in sorted({each.partition("?")[0] for each in closed} | {"/hr", "/hr/pathways", "/learning-moment"}):
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 404, address
        assert await page.locator("main").inner_text() == nothing, address
    await not_sideways(page)
    for address in ("/", "/plan", "/history", "/feedback", "/pathways", "/privacy"):
        await page.goto(address)
        assert "steal(" not in (await page.locator("main").inner_text()).replace('steal("a name")', ""), address
