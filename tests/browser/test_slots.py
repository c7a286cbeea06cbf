"""An hour that has been chosen: the page says by itself once it is settled, and nobody loses their place."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from integrations.database.tables import Booking, Offer
from tests.browser.house import TALK

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = "/check-ins/check-in-1/slots"


async def chosen(browsers: Any, **options: Any) -> Page:
    """Ann's page with the first hour taken; a word that a new page would not know is written on it."""
    page: Page = await browsers("ann", **options)
    await page.goto(PAGE)
    await page.get_by_role("button", name="Take this hour").first.click()
    await expect(page.get_by_role("status")).to_contain_text("We are looking at both calendars once more")
    return page


async def settle(house: Any) -> None:
    async with house.database.transaction() as session:
        (await session.scalar(select(Offer))).state = "taken"
        booking = await session.scalar(select(Booking).where(Booking.check_in_id == "check-in-1"))
        booking.start_at, booking.end_at = TALK + timedelta(days=1), TALK + timedelta(days=1, minutes=45)


async def test_a_chosen_hour_is_said_once_it_is_settled_without_a_new_page(browsers: Any, full_house: Any) -> None:
    page = await chosen(browsers)
    await page.evaluate("document.querySelector('#state .card').marked = window.marked = true")
    await page.get_by_role("link", name="See whether it is done").focus()
    # Asked while nothing has changed, the page is left alone.
    async with page.expect_response(lambda answer: "seen=checking" in answer.url) as answering:
        pass
    assert (await answering.value).status == 204
    assert await page.evaluate("document.querySelector('#state .card').marked")
    await expect(page.get_by_role("link", name="See whether it is done")).to_be_focused()
    await settle(full_house)
    state = page.locator("#state")
    await expect(state).to_contain_text("It is booked for this hour, in both calendars. You chose it.")
    assert await page.evaluate("window.marked")
    await expect(state).to_have_attribute("role", "status")
    await expect(state).to_be_focused()
    await expect(state.locator("[hx-get]")).to_have_count(0)
    assert await browsers.audit(page) == []
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="To the check-in")).to_be_focused()


async def test_who_is_elsewhere_on_the_page_stays_there(browsers: Any, full_house: Any) -> None:
    page = await chosen(browsers)
    await page.get_by_role("link", name="History").focus()
    await settle(full_house)
    await expect(page.locator("#state")).to_contain_text("It is booked for this hour")
    await expect(page.get_by_role("link", name="History")).to_be_focused()


async def test_without_a_script_a_link_looks_again(browsers: Any, full_house: Any) -> None:
    page = await chosen(browsers, java_script_enabled=False)
    await settle(full_house)
    await page.get_by_role("link", name="See whether it is done").click()
    await expect(page.locator("main")).to_contain_text("It is booked for this hour, in both calendars. You chose it.")


async def test_signed_out_in_the_meantime_the_whole_page_asks_to_sign_in(browsers: Any, full_house: Any) -> None:
    browsers.abroad = (full_house.street.tenant.url,)
    page = await chosen(browsers)
    await page.context.clear_cookies()
    await expect(page.get_by_role("link", name="ann.")).to_be_visible()
    # htmx itself tells the console of an answer that is no success.
    assert [each for each in browsers.troubles if "Response Status Error Code 401" not in each] == []
    browsers.troubles.clear()
