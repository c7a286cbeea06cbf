"""With JavaScript switched off everything works, with a button where a script would have done it by itself."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar
from playwright.async_api import Page, expect
from sqlalchemy import select

from integrations.database.tables import PolicyRevision

pytestmark = pytest.mark.asyncio(loop_scope="session")

Check = Callable[[Page], Awaitable[None]]


async def test_a_reflection_is_previewed_by_one_button_and_saved_by_another(browsers: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/reflections/check-in-1")
    await page.locator("textarea").first.fill("No script here. At all.")
    await page.get_by_label("Shared with Mara").first.check()
    await page.get_by_role("button", name="Show what Mara will see").click()
    await expect(page.locator("#preview dd")).to_have_text("No script here.")
    # Nothing was saved by looking at it.
    other = await browsers("ann", java_script_enabled=False)
    await other.goto("/reflections/check-in-1")
    await expect(other.locator("textarea").first).to_have_value("")
    await page.locator(".finish").get_by_role("button", name="Save").click()
    await page.wait_for_url("**/check-in-1?saved=answers")
    await expect(page.locator("textarea").first).to_have_value("No script here. At all.")
    await expect(page.get_by_label("Shared with Mara").first).to_be_checked()
    await page.locator(".finish").get_by_role("button", name="Let’s just talk").click()
    await expect(page.get_by_role("status").first).to_contain_text("That is a full answer.")


async def test_a_whole_answer_is_previewed_as_it_will_be_sent_with_a_script_and_without(browsers: Any) -> None:
    async with browsers.house.database.transaction() as session:
        for row in await session.scalars(select(PolicyRevision)):
            row.document = row.document | {"pre_read": row.document["pre_read"] | {"letter_contains": "whole_answers"}}
    for script in (False, True):
        page = await browsers("ann", java_script_enabled=script)
        await page.goto("/reflections/check-in-1")
        await page.locator("textarea").first.fill("The first sentence. And all the rest of it.")
        await page.get_by_label("Shared with Mara, all of it in the letter").first.check()
        if not script:
            await page.get_by_role("button", name="Show what Mara will see").click()
        await expect(page.locator("#preview dd")).to_have_text("The first sentence. And all the rest of it.")
        await page.get_by_label("Shared with Mara, its line in the letter").first.check()
        if not script:
            await page.get_by_role("button", name="Show what Mara will see").click()
        await expect(page.locator("#preview dd")).to_have_text("The first sentence.")


async def test_an_action_is_agreed_on_changed_and_undone(browsers: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/check-ins/check-in-1")
    await page.get_by_label("What", exact=True).fill("Call two customers")
    await page.get_by_label("By when").fill("in two weeks")
    await page.get_by_role("button", name="Agree").click()
    await expect(page.locator("#actions").get_by_role("status")).to_contain_text("by Monday 18 March 2030")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_label("What", exact=True)).to_have_value("Call two customers")
    await page.get_by_label("By when").fill("next Friday")
    await page.get_by_role("button", name="Agree").click()
    await expect(page.locator("#actions").get_by_role("status")).to_contain_text("by Friday 15 March 2030")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#actions")).not_to_contain_text("Call two customers")


async def test_a_letters_link_asks_before_it_does_anything(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/actions/action?choose=done")
    await page.goto("/actions/action")
    await expect(page.get_by_role("heading", name="What fits now?")).to_be_visible()
    await page.goto("/actions/action?choose=done")
    await page.get_by_role("button", name="It's done").click()
    await expect(page.get_by_role("heading", name="Done. Good.")).to_be_visible()


async def test_time_for_an_action_is_a_file_to_open_in_outlook(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/actions/action")
    await page.get_by_role("link", name="Book time for it").click()
    await page.get_by_label("On which day?").fill("31 March 2030")
    await page.get_by_label("From").fill("02:30")
    await page.get_by_role("button", name="Get the calendar file").click()
    await expect(page.get_by_role("alert")).to_contain_text("the clocks skip 02:30")
    await expect(page.get_by_label("On which day?")).to_have_value("31 March 2030")
    await page.get_by_label("From").fill("14:30")
    await page.get_by_label("How long?").select_option("30")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Get the calendar file").click()
    download = await downloading.value
    assert download.suggested_filename == "time-for-an-action.ics"
    (event,) = Calendar.from_ical((await download.path()).read_bytes()).walk("VEVENT")
    assert event.decoded("dtstart") == datetime(2030, 3, 31, 12, 30, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2030, 3, 31, 13, 0, tzinfo=UTC)


async def test_one_of_three_hours_is_taken(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/check-ins/check-in-1/slots")
    await page.get_by_role("button", name="Take this hour").first.click()
    await expect(page.get_by_role("status")).to_contain_text("Tuesday 12 March 2030 at 10:00")
    await page.get_by_role("link", name="See whether it is done").click()
    await expect(page.get_by_role("status")).to_contain_text("You chose it.")


async def test_past_words_are_found_and_everything_of_hers_downloaded(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/history")
    await page.get_by_role("searchbox").fill("old answer")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("#results")).to_contain_text("old answer")
    await page.goto("/privacy")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download").click()
    assert (await (await downloading.value).path()).stat().st_size > 1000


async def test_feedback_is_asked_for_and_a_judgement_is_met_with_advice(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/feedback")
    otto = full_house.street.accounts["otto"]
    await page.get_by_label("Name of a colleague").fill(otto.mail)
    await page.get_by_label("What about?").fill("the numbers talk")
    await page.get_by_role("button", name="Ask", exact=True).click()
    await expect(page.locator("main")).to_contain_text(otto.name)
    nora = await browsers("nora", java_script_enabled=False)
    await nora.goto("/feedback/asked")
    fields = nora.locator("main textarea")
    await expect(fields).to_have_count(3)
    await fields.nth(0).fill("You are lazy and always late.")
    await nora.get_by_role("button", name="Send").click()
    await expect(nora.locator(".advice").first).to_be_visible()
    await expect(fields.nth(0)).to_have_value("You are lazy and always late.")
    await fields.nth(0).fill("You began the last two talks with the question of a customer.")
    await nora.get_by_role("button", name="Send what I changed").click()
    await expect(nora.get_by_role("status").first).to_be_visible()
    await page.goto("/feedback/asked")
    await expect(page.locator("main")).to_contain_text("You began the last two talks")


async def test_the_answer_that_a_letters_link_names_stands_ticked_where_there_is_a_script(
    browsers: Any, full_house: Any
) -> None:
    for script in (False, True):
        page = await browsers("ann", java_script_enabled=script)
        await page.goto("/stalls/stall#time")
        await expect(page.locator("#time input")).to_be_checked(checked=script)
        await expect(page.get_by_label("Access or budget")).not_to_be_checked()
        await page.goto("/check-ins/over#heard")
        await expect(page.locator("#heard input[type=radio]:checked")).to_have_count(0)


async def test_mara_goes_first_proposes_an_action_and_looks_for_another_time(browsers: Any, full_house: Any) -> None:
    page = await browsers("mara", java_script_enabled=False)
    await page.goto("/learning-moment")
    await page.get_by_role("textbox").fill("I fixed the release myself instead of asking.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("Thank you for going first.")
    await page.goto("/plans/plan")
    await page.locator("#new-action > summary").click()
    await page.get_by_label("What will be done?").fill("Shadow two calls")
    await page.get_by_label("By when?").fill("in two weeks")
    await page.get_by_role("button", name="Write it down").click()
    await expect(page.locator("main")).to_contain_text("not taken on yet")
    await page.goto("/check-ins/check-in-1/another-time")
    await page.get_by_role("button", name="Find other hours").click()
    await page.wait_for_url("**/slots*")
    ann = await browsers("ann", java_script_enabled=False)
    await ann.goto("/plan")
    await ann.get_by_role("link", name="Shadow two calls").click()
    await ann.get_by_role("button", name="I take it on").click()
    await expect(ann.get_by_role("heading", name="What fits now?")).to_be_visible()
    await ann.goto("/reflections/check-in-1")
    await expect(ann.locator("blockquote").first).to_have_text("I fixed the release myself instead of asking.")


async def test_what_is_ticked_is_what_a_new_manager_sees(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann", java_script_enabled=False)
    await page.goto("/handovers/handover")
    for box in await page.get_by_role("checkbox").all():
        await box.uncheck()
    await page.get_by_role("group", name="Notes").get_by_role("checkbox").first.check()
    await page.get_by_role("button", name="Show what is ticked").click()
    await expect(page.get_by_role("status")).to_contain_text("Saved.")
    mara = await browsers("mara", java_script_enabled=False)
    await mara.goto("/handovers/handover")
    await expect(mara.get_by_role("heading", level=2)).to_have_text(["Notes"])


async def test_a_supporter_says_yes_and_sends_a_word(browsers: Any, full_house: Any) -> None:
    page = await browsers("nora", java_script_enabled=False)
    await page.goto("/supporting/invited")
    await page.get_by_role("button", name="I am glad to").click()
    await page.get_by_label("What did you notice, or what would you try?").fill("You asked before you answered.")
    await page.get_by_role("button", name="Send this word").click()
    await expect(page.locator("#words")).to_contain_text("You asked before you answered.")
