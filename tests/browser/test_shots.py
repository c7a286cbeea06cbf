"""Every page that is photographed, in the state in which it is: axe-core finds nothing there either."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from cli.screenshots import PEOPLE, SCREENS, TIMES, StoppedClock, Studio, _served
from cli.showcase.house import open_house
from cli.showcase.shots import SHOTS
from tests.browser.conftest import violations

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.timeout(600)
async def test_axe_finds_nothing_on_any_page_that_is_photographed(
    chromium: Browser, tmp_path: Path, not_sideways: Any
) -> None:
    found: list[str] = []
    # Another language or look is no other state: axe tries both looks on each page, and the letters' test has German.
    shots = [shot for shot in SHOTS if shot.language == "en" and shot.look == "light" and shot.path != "/sign-in"]
    async with open_house(tmp_path, os.environ, PEOPLE, TIMES) as house:
        clock = StoppedClock(TIMES.questions)
        async with _served(house, clock):
            studio = Studio(chromium, house, clock, tmp_path)
            for shot in shots:
                async with studio.opened(shot, SCREENS[0]) as page:
                    await page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
                    await not_sideways(page)
                    found += [f"{shot.name} {each}" for each in await violations(page)]
    assert found == []
