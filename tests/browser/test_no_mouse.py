"""With the keyboard alone: from the sign-in to a saved reflection and an action, always knowing where one is."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEEN = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const what = at.outerHTML.slice(0, 120);
  return { body: at === document.body, ring: ring || style.boxShadow !== "none", inside, what };
}"""

MOST_STEPS = 80


async def tab_to(page: Page, target: Locator) -> None:
    """Presses Tab until `target` has the focus; each stop on the way must be visible, and show that it is the one."""
    stops = []
    for _ in range(MOST_STEPS):
        await page.keyboard.press("Tab")
        seen = await page.evaluate(SEEN)
        if not seen["body"]:
            assert seen["ring"], f"no ring: {seen['what']}"
            assert seen["inside"], f"out of sight: {seen['what']}"
        stops.append(seen["what"])
        if await target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach it; it stops at {stops}")


async def test_from_sign_in_to_a_saved_reflection_and_an_action(browsers: Any) -> None:
    browsers.abroad = (browsers.house.street.tenant.url,)
    page = await browsers(viewport={"width": 1280, "height": 900})
    await page.goto("/")
    await tab_to(page, page.get_by_role("link", name="ann."))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Hello Ann")

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_role("link", name="My questions"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Before your check-in with Mara")
    answer = page.get_by_label("Your answer").first
    await tab_to(page, answer)
    await page.keyboard.type("Customers call me. I like it.")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Only me").first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_label("Shared with Mara").first).to_be_checked()
    await page.keyboard.press("Tab")
    line = page.get_by_label("Its line in the letter you both get").first
    await expect(line).to_be_focused()
    await page.keyboard.type("They call me.")
    # Enter in a line saves the form, as anywhere; it does not say "let's just talk".
    await page.keyboard.press("Enter")
    await page.wait_for_url("**saved=answers")
    await expect(page.get_by_role("status").first).to_contain_text("Saved.")
    await expect(line).to_have_value("They call me.")

    await page.goto("/check-ins/check-in-1")
    await tab_to(page, page.get_by_label("What", exact=True))
    await page.keyboard.type("Call two customers")
    await page.keyboard.press("Tab")
    await page.keyboard.type("in two weeks")
    await tab_to(page, page.get_by_role("button", name="Agree"))
    await page.keyboard.press("Space")
    await expect(page.locator("#actions").get_by_role("status")).to_contain_text("by Monday 18 March 2030")


@pytest.mark.parametrize("address", ["/", "/plan", "/check-ins/over", "/actions/action", "/privacy", "/feedback"])
async def test_every_stop_of_a_page_can_be_seen(browsers: Any, full_house: Any, address: str) -> None:
    page = await browsers("ann")
    await page.goto(address)
    await page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    await tab_to(page, page.locator("footer button").last)


async def test_mara_goes_first_proposes_an_action_and_looks_for_another_time(browsers: Any, full_house: Any) -> None:
    page = await browsers("mara", viewport={"width": 1280, "height": 900})
    await page.goto("/learning-moment")
    await tab_to(page, page.get_by_role("textbox"))
    await page.keyboard.press("Control+a")
    await page.keyboard.type("I fixed the release myself instead of asking.")
    await tab_to(page, page.get_by_role("button", name="Save", exact=True))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Thank you for going first.")

    await page.goto("/plans/plan")
    await tab_to(page, page.locator("#new-action > summary"))
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_label("What will be done?"))
    await page.keyboard.type("Shadow two calls")
    await tab_to(page, page.get_by_label("By when?"))
    await page.keyboard.type("in two weeks")
    await tab_to(page, page.get_by_role("button", name="Write it down"))
    await page.keyboard.press("Space")
    await expect(page.locator("main")).to_contain_text("not taken on yet")

    await page.goto("/check-ins/check-in-1/another-time")
    await tab_to(page, page.get_by_role("button", name="Find other hours"))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/slots*")
    await expect(page.get_by_role("heading", level=1)).to_have_text("An hour for you and Ann")
