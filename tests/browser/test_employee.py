"""Ann's week in a real browser: what she is asked, what she writes and shows, what she takes on."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

Check = Callable[[Page], Awaitable[None]]


async def test_ann_signs_in_reflects_and_shares_what_she_chooses(browsers: Any, not_sideways: Check) -> None:
    browsers.abroad = (browsers.house.street.tenant.url,)
    page = await browsers()
    # A letter's link leads through the account picker, and back to what it named.
    await page.goto("/reflections/check-in-1")
    await expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    await page.get_by_role("link", name="ann.").click()
    await expect(page.get_by_role("heading", name="Before your check-in with Mara")).to_be_visible()
    await page.get_by_role("link", name="Home").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Hello Ann")
    await expect(page.locator(".next")).to_contain_text("Monday 11 March 2030 at 10:00")
    await not_sideways(page)
    await page.get_by_role("link", name="My questions").click()
    await expect(page.locator("main")).to_contain_text("about 8 minutes")
    await expect(page.locator("main")).to_contain_text("The lines you share go out on")

    learned, kept = page.locator("fieldset.answer").nth(0), page.locator("fieldset.answer").nth(1)
    await learned.get_by_label("Your answer").fill("Customers call me when numbers look odd. I like that.")
    await expect(page.locator(".draft-state")).to_contain_text("Saved")
    await page.reload()
    await expect(learned.get_by_label("Your answer")).to_have_value(
        "Customers call me when numbers look odd. I like that."
    )
    await expect(learned.get_by_label("Only me")).to_be_checked()
    await expect(page.locator("#preview")).to_contain_text("Nothing.")
    await learned.get_by_label("Shared with Mara").check()
    await expect(page.locator("#preview dd")).to_have_text("Customers call me when numbers look odd.")
    await learned.get_by_label("Its line in the letter you both get").fill("I follow odd numbers.")
    await expect(page.locator("#preview dd")).to_have_text("I follow odd numbers.")
    await kept.get_by_label("Your answer").fill("I was tired for weeks.")
    await expect(page.locator(".draft-state")).to_contain_text("Saved")
    await expect(page.locator("#preview")).not_to_contain_text("tired")
    await not_sideways(page)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved.")

    mara = await browsers("mara")
    assert (await mara.goto("/reflections/check-in-1")).status == 404
    await mara.goto("/check-ins/check-in-1")
    # Before the pre-read leaves nobody reads anything, and nothing tells whether she wrote.
    assert "odd" not in await mara.content()
    assert "tired" not in await mara.content()


async def test_let_us_just_talk_is_one_click_and_a_full_answer(browsers: Any) -> None:
    page = await browsers("ann")
    await page.goto("/reflections/check-in-1?do=talk")
    await page.locator(".said").get_by_role("button", name="Let’s just talk").click()
    await expect(page.get_by_role("status").first).to_contain_text("That is a full answer.")


async def test_ann_agrees_on_an_action_in_one_line_and_lives_with_it(browsers: Any, not_sideways: Check) -> None:
    page = await browsers("ann")
    await page.goto("/check-ins/check-in-1")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check-in: Ann and Mara")
    await page.get_by_label("What", exact=True).fill("Present the numbers to Sales")
    await page.get_by_label("By when").fill("in two weeks")
    await page.get_by_label("Success looks like").fill("They ask me back")
    await page.get_by_role("button", name="Agree").click()
    await expect(page.locator("#actions").get_by_role("status")).to_contain_text("by Monday 18 March 2030")
    await not_sideways(page)

    await page.locator("#actions").get_by_role("link", name="Present the numbers to Sales").click()
    await expect(page.get_by_role("heading", name="What fits now?")).to_be_visible()
    await page.get_by_role("link", name="New date").click()
    await page.get_by_label("Done by").fill("next Friday")
    await page.get_by_role("button", name="Set this date").click()
    await expect(page.locator("main")).to_contain_text("Friday 15 March 2030")
    await page.get_by_role("link", name="It's done").click()
    await page.get_by_label("What came of it?").fill("They asked me back.")
    await page.get_by_role("button", name="It's done").click()
    await expect(page.get_by_role("heading", name="Done. Good.")).to_be_visible()
    await page.get_by_role("link", name="Home").click()
    await expect(page.get_by_role("heading", name="What has moved")).to_be_visible()
    await expect(page.locator(".celebrate")).to_contain_text("Present the numbers to Sales")


async def test_a_day_that_nobody_understands_is_asked_again_and_nothing_typed_is_lost(browsers: Any) -> None:
    page = await browsers("ann")
    await page.goto("/check-ins/check-in-1")
    await page.get_by_label("What", exact=True).fill("Present the numbers")
    await page.get_by_label("By when").fill("when the cows come home")
    await page.get_by_role("button", name="Agree").click()
    await expect(page.get_by_label("By when")).to_be_focused()
    await expect(page.get_by_label("By when")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("What", exact=True)).to_have_value("Present the numbers")


async def test_ann_sets_a_goal_in_her_plan_and_puts_an_action_to_it(browsers: Any, not_sideways: Check) -> None:
    page = await browsers("ann")
    await page.goto("/plan")
    await page.get_by_label("Which skill do you want to grow?").fill("Explaining numbers")
    await page.get_by_label("Why does it matter to you?").fill("I want to be asked first.")
    await page.get_by_role("button", name="Set this goal").click()
    await page.get_by_role("link", name="Add an action for this goal").click()
    await page.get_by_label("What will be done?").fill("Shadow two calls")
    await page.get_by_label("By when?").fill("19 March")
    await page.get_by_role("button", name="Add this action").click()
    await page.get_by_role("link", name="My plan").first.click()
    goal = page.locator("section").filter(has=page.get_by_role("heading", name="Explaining numbers"))
    await expect(goal).to_contain_text("Shadow two calls")
    await expect(goal).to_contain_text("by Tuesday 19 March 2030")
    await not_sideways(page)


async def test_ann_finds_past_words_and_takes_all_of_hers_along(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann")
    await page.goto("/history")
    await page.get_by_role("searchbox").fill("old answer")
    await page.get_by_role("searchbox").press("Enter")
    await expect(page.locator("#results")).to_contain_text("old answer")
    await page.goto("/privacy")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download").first.click()
    assert (await (await downloading.value).path()).stat().st_size > 1000
