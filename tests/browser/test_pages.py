"""Every page for everybody who has it: readable by eye and by ear, on a phone and on a desk, by day and by night."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page

from activities.letters.samples import sample_letters
from config.languages import LANGUAGES, Language
from tests.browser.pages import NOT_HERE, WALKERS, addresses, gone, missing

pytestmark = pytest.mark.asyncio(loop_scope="session")

Check = Callable[[Page], Awaitable[None]]


async def test_every_route_is_walked_or_is_no_page(house: Any) -> None:
    app = house.street.door.app
    assert missing(app) == set(), "add these to tests/browser/pages.py"
    assert gone(app) == set(), "these routes of tests/browser/pages.py are not there"


@pytest.mark.parametrize("name", WALKERS, ids=lambda name: name or "nobody")
async def test_axe_finds_nothing_on_any_page(browsers: Any, full_house: Any, not_sideways: Check, name: str) -> None:
    page = await browsers(name or None)
    found: list[str] = []
    for address in addresses(name):
        answer = await page.goto(address)
        assert answer.status == (404 if address == NOT_HERE else 200), address
        # What is folded away is a part of the page too.
        await page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        await not_sideways(page)
        found += [f"{address} {each}" for each in await browsers.audit(page)]
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_axe_finds_nothing_in_any_letter(browsers: Any, not_sideways: Check, language: Language) -> None:
    page = await browsers()
    found: list[str] = []
    for name, letter in sample_letters(language).items():
        await page.set_content(letter.html)
        await not_sideways(page)
        found += [f"{name} {each}" for each in await browsers.audit(page)]
    assert found == []
