"""In German every page is German: what it says, what it reads out, and what its scripts say."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from config.languages import catalogue as catalogues
from integrations.database.tables import Person
from tests.browser.pages import WALKERS, addresses

pytestmark = pytest.mark.asyncio(loop_scope="session")

Check = Callable[[Page], Awaitable[None]]

ENGLISH = re.compile(
    r"\b(the|you|your|yours|of|and|with|what|this|that|these|from|for|are|has|have|they|their|nobody|"
    r"everything|nothing|between|about|on|at|by|to|is|it|as|one|or|only|here)\b",
    re.IGNORECASE,
)
"""Words that German does not have."""

WRITTEN = re.compile(r'<script>steal\("[^"]*"\)</script> & more|Shows the way|Reached|checkins@\S+|people@\S+')
"""What people wrote, in whatever language they like: tests/web/planted.py."""

SAID = """() => {
  const parts = [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let at = walk.nextNode(); at; at = walk.nextNode()) {
    if (at.nodeType === Node.TEXT_NODE) {
      if (!at.parentElement.closest("script, style, [lang=en]")) parts.push(at.data);
    } else for (const { name, value } of at.attributes)
      if (/^(alt|title|placeholder|aria-label|content|data-(?!draft|keep|lock|preview|counter)[a-z-]+)$/.test(name)
          && !/^(theme-color|htmx-config|viewport|color-scheme)$/.test(at.getAttribute("name"))) parts.push(value);
  }
  return parts.map((part) => part.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


def english_alone() -> set[str]:
    """Whole texts that are English in our catalogue, and nothing in German."""
    german = catalogues.read("de")
    pairs = [(message.id, message.string) for message in german if message.id]

    def every(text: Any) -> Iterator[str]:
        yield from [text] if isinstance(text, str) else text

    said = {text for _, string in pairs for text in every(string)}
    return {text for id_, _ in pairs for text in every(id_)} - said


async def speak_german(house: Any, **how: str) -> None:
    async with house.database.transaction() as session:
        await session.execute(update(Person).values(**how))


@pytest.mark.parametrize("name", [name for name in WALKERS if name])
async def test_no_page_has_an_english_sentence_left(
    browsers: Any, full_house: Any, not_sideways: Check, name: str
) -> None:
    await speak_german(full_house, language="de-DE")
    alone = english_alone()
    assert "Sign out" in alone
    page = await browsers(name)
    left: list[str] = []
    for address in addresses(name):
        await page.goto(address)
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        # Its words are longer.
        await page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        await not_sideways(page)
        for part in await page.evaluate(SAID):
            ours = WRITTEN.sub("", part)
            if ours.strip() in alone or ENGLISH.search(ours):
                left.append(f"{address}: {part}")
    assert left == [], "\n" + "\n".join(left)


async def test_before_signing_in_the_browser_says_which_language(browsers: Any) -> None:
    page = await browsers(locale="de-AT")
    await page.goto("/signed-out")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.locator("main")).to_contain_text("abgemeldet")


async def test_ann_chooses_german_at_the_foot_of_any_page_and_reflects_in_it(browsers: Any) -> None:
    page = await browsers("ann")
    await page.goto("/reflections/check-in-1")
    await page.get_by_role("button", name="Deutsch").click()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.locator("main")).to_contain_text("Montag, 11. März 2030")
    await page.locator("textarea").first.fill("Kunden rufen mich an. Das mag ich.")
    await expect(page.locator(".draft-state")).to_have_text("Gespeichert 10:00 Uhr")
    await page.get_by_label("Geteilt mit Mara").first.check()
    await expect(page.locator("#preview dd")).to_have_text("Kunden rufen mich an.")
    await page.goto("/check-ins/check-in-1")
    await page.get_by_label("Was", exact=True).fill("Zwei Kunden anrufen")
    await page.get_by_label("Bis wann").fill("in zwei Wochen")
    await page.locator("form.agree").get_by_role("button").click()
    await expect(page.locator("#actions").get_by_role("status")).to_contain_text("Montag, 18. März 2030")
    assert not await english_in(page)


async def english_in(page: Page) -> list[str]:
    return [part for part in await page.evaluate(SAID) if ENGLISH.search(part)]


async def test_a_long_name_leaves_room_for_ours_on_a_phone(browsers: Any, full_house: Any) -> None:
    page = await browsers("ann")
    await page.goto("/")
    await page.get_by_role("button", name="Deutsch").click()
    ours = page.locator("a.name")
    # The link's own box may be narrower than what it holds.
    inside = "it => { const all = new Range(); all.selectNodeContents(it); return all.getBoundingClientRect().right }"
    edge = await ours.evaluate(inside)
    theirs = await page.locator("form.who").bounding_box()
    assert edge <= theirs["x"]
