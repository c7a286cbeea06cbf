"""One Chromium and one address for all of these tests; a database and a set of people for each."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, async_playwright, expect

from tests.browser.house import House, Street, a_house, a_street, fill, furnish

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=900)

AXE = (Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js").read_text(encoding="utf-8")
BY_LOOK = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""The rules of axe that depend on colours or measures; all others find the same at each size, by day and by night."""

LOOK = """async (rules) => {
  const options = { resultTypes: ["violations"] };
  if (rules) options.runOnly = { type: "rule", values: rules };
  const { violations } = await axe.run(document, options);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html, any }) => [id, help, target, html.slice(0, 160), any[0]?.message].join(" | ")));
}"""

PATIENCE = 20_000
"""Milliseconds that something may take on a machine with much else to do. Nothing here waits as long as that."""

expect.set_options(timeout=PATIENCE)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("There is no Chromium on the PATH: install one (.ci/run does it with apt-get) and run this again.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    async with a_street(tmp_path_factory.mktemp("street"), os.environ) as street:
        yield street


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def furnished(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("furnished") / "perennial.db"
    await furnish(street, file)
    return file


@pytest_asyncio.fixture(loop_scope="session")
async def house(street: Street, furnished: Path, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(street, furnished, tmp_path / "perennial.db") as house:
        yield house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def filled(street: Street, furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filled") / "perennial.db"
    async with a_house(street, furnished, file) as house:
        await fill(house)
    return file


@pytest_asyncio.fixture(loop_scope="session")
async def full_house(filled: Path, house: House) -> House:
    """The same, in the middle of life: with everything that people can write, and markup in all of it."""
    await house.database.close()
    shutil.copy(filled, house.file)
    return house


async def violations(page: Page) -> list[str]:
    """What axe-core has against a page, in a line each: on a phone and on a desk, by day and by night."""
    found: list[str] = []
    await page.evaluate(AXE)
    for size in (PHONE, DESK):
        await page.set_viewport_size(size)
        for light in ("light", "dark"):
            await page.emulate_media(color_scheme=light, reduced_motion="reduce")
            rules = None if size == PHONE and light == "light" else BY_LOOK
            told: list[str] = await page.evaluate(LOOK, rules)
            found += [f"({size['width']}, {light}) {each}" for each in told]
    await page.set_viewport_size(PHONE)
    await page.emulate_media(color_scheme="light")
    return found


COOKIES: dict[tuple[str, str], Any] = {}
"""What signing in left in a browser, by address and person: once a session is enough."""


@dataclass
class Browsers:
    """Browsers of people, and everything that went wrong in them."""

    house: House
    chromium: Browser
    opened: list[BrowserContext] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    abroad: tuple[str, ...] = ()
    """Where pages may lead besides: to the sign-in."""
    audited: set[Page] = field(default_factory=set)

    async def __call__(self, name: str | None = None, **options: Any) -> Page:
        """A page of a new browser, signed in as `name`; phone-sized unless told otherwise."""
        context = await self.chromium.new_context(**{"base_url": self.house.at, "viewport": PHONE, **options})
        context.set_default_timeout(PATIENCE)
        self.opened.append(context)
        if name:
            await self.sign_in(context, name)
        context.on("request", lambda request: self._stays_here(request.url))
        context.on("console", self._said)
        context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        return await context.new_page()

    async def sign_in(self, context: BrowserContext, name: str) -> None:
        """As the account picker does it, without looking at it. A new session each time it is asked again."""
        key = (self.house.at, name)
        if key not in COOKIES:
            begun = await context.request.get("/sign-in", max_redirects=0)
            asked = begun.headers["location"] + f"&login_hint={self.house.street.accounts[name].mail}"
            done = await context.request.get(asked)
            assert done.ok, await done.text()
            COOKIES[key] = [cookie for cookie in await context.cookies() if cookie["name"] == "perennial"]
        await context.add_cookies(COOKIES[key])

    async def audit(self, page: Page) -> list[str]:
        """What axe-core has against a page, in a line each."""
        # To know how a page looks axe tries styles on it, which the page's own policy forbids.
        self.audited.add(page)
        found = await violations(page)
        self.audited.remove(page)
        return found

    def _stays_here(self, url: str) -> None:
        if not url.startswith((f"{self.house.at}/", "data:", *self.abroad)):
            self.troubles.append(f"asked elsewhere: {url}")

    def _said(self, message: ConsoleMessage) -> None:
        # An answer that is a refusal, or none: whatever asked for it is what its test looks at.
        ours = message.page not in self.audited and not message.text.startswith("Failed to load resource")
        if ours and message.type in {"error", "warning"}:
            self.troubles.append(f"{message.type}: {message.text}")


@pytest_asyncio.fixture(loop_scope="session")
async def browsers(house: House, chromium: Browser) -> AsyncIterator[Browsers]:
    """`await browsers("ann")` is a page of Ann's. No page may ask anybody else, break its own policy, or its script."""
    browsers = Browsers(house, chromium)
    yield browsers
    for context in browsers.opened:
        await context.close()
    assert browsers.troubles == []


@pytest.fixture
def not_sideways() -> Callable[[Page], Awaitable[None]]:
    async def check(page: Page) -> None:
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{page.url} scrolls sideways by {wide} px"

    return check
