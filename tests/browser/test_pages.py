"""Every page for everybody who has it: readable by eye and by ear, on a phone and on a desk, by day and by night."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from activities.letters.render import Rendered
from activities.letters.samples import sample_letters
from config.languages import LANGUAGES, Language
from tests.browser.pages import NO_PAGE, NOT_HERE, PAGES, WALKERS, addresses, routes_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

BROKEN = """() => {
  const broken = [];
  let words = 0;
  for (const heading of document.querySelectorAll("main :is(h1, h2, h3)")) {
    const texts = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode());)
      for (const found of text.data.matchAll(/check-in/gi)) {
        words += 1;
        const range = document.createRange();
        range.setStart(text, found.index);
        range.setEnd(text, found.index + found[0].length);
        for (let width = 350; width >= 110; width -= 4) {
          heading.style.width = `${width}px`;
          if (new Set([...range.getClientRects()].map((each) => each.top)).size > 1)
            broken.push(`${width} px: ${heading.textContent}`);
        }
        heading.style.width = "";
      }
  }
  return [words, broken];
}"""
"""How often "check-in" stands in a heading, and where it breaks, at each width that a phone may leave to it."""

Check = Callable[[Page], Awaitable[None]]


async def test_every_route_is_walked_or_is_no_page(house: Any) -> None:
    there, listed = routes_of(house.street.door.app), set(PAGES) | set(NO_PAGE)
    assert there - listed == set(), "add these to tests/browser/pages.py"
    assert listed - there == set(), "these routes of tests/browser/pages.py are not there"


@pytest.mark.parametrize("name", WALKERS, ids=lambda name: name or "nobody")
async def test_axe_finds_nothing_on_any_page(browsers: Any, full_house: Any, not_sideways: Check, name: str) -> None:
    found: list[str] = []
    walked = addresses(name)

    async def look(page: Page, address: str) -> None:
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == (404 if address == NOT_HERE else 200), address
        # What is folded away is a part of the page too.
        await page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        await not_sideways(page)
        found.extend(f"{address} {each}" for each in await browsers.audit(page))

    async def walk(page: Page, part: list[str]) -> None:
        for address in part:
            await look(page, address)

    # Two browsers at a time: while one draws, the other is answered.
    await asyncio.gather(*[walk(await browsers(name or None), walked[half::2]) for half in (0, 1)])
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_heading_breaks_check_in_at_its_hyphen(browsers: Any, full_house: Any, language: Language) -> None:
    page = await browsers("ann")
    await page.goto("/")
    await page.request.post("/language", form={"language": language}, headers={"Origin": browsers.house.at})
    for address in ("/", "/reflections/check-in-1", "/check-ins/check-in-1", "/plan", "/history"):
        await page.goto(address)
        words, broken = await page.evaluate(BROKEN)
        assert broken == [], address
        assert words > 0 or address in ("/plan", "/history"), address


async def test_axe_finds_nothing_on_what_a_form_answers(browsers: Any, full_house: Any, not_sideways: Check) -> None:
    page = await browsers("ann")
    found: list[str] = []

    async def look(what: str) -> None:
        await not_sideways(page)
        found.extend(f"{what} {each}" for each in await browsers.audit(page))

    await page.goto("/check-ins/check-in-1")
    await page.get_by_label("What", exact=True).fill("Present the numbers")
    await page.get_by_label("By when").fill("when the cows come home")
    await page.get_by_role("button", name="Agree").click()
    await expect(page.locator("[aria-invalid]")).to_be_visible()
    await look("a day that nobody understands")
    await page.goto("/history")
    await page.get_by_role("searchbox").fill("old")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("mark").first).to_be_visible()
    await look("what was found")
    await page.goto("/feedback")
    await page.get_by_label("Name of a colleague").fill("Nobody Knows")
    await page.get_by_role("button", name="Ask", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await look("a colleague whom nobody knows")
    await page.goto("/plan?part=action")
    await page.get_by_label("What will be done?").fill("Something")
    await page.get_by_label("By when?").fill("sometime")
    await page.get_by_role("button", name="Add this action").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await look("an action without a day")
    await page.goto("/check-ins/check-in-1")
    await page.get_by_label("Add a note; you both can read it").fill("A whole note")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Save the note").click()
    await expect(page.locator("pre.typed")).to_have_text("A whole note")
    await look("signed out in the meantime")
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_axe_finds_nothing_in_any_letter(browsers: Any, not_sideways: Check, language: Language) -> None:
    found: list[str] = []
    letters = list(sample_letters(language).items())

    async def read(page: Page, part: list[tuple[str, Rendered]]) -> None:
        for name, letter in part:
            await page.set_content(letter.html)
            await not_sideways(page)
            found.extend(f"{name} {each}" for each in await browsers.audit(page))

    await asyncio.gather(*[read(await browsers(), letters[half::2]) for half in (0, 1)])
    assert found == []
