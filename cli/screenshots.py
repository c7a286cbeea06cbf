"""`perennial screenshots`: every page and letter as people get them, from a seeded story, for looking at."""

import asyncio
import base64
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn
from sqlalchemy import update

from activities.letters.samples import sample_letters
from cli.processes import stopped_by_signals
from cli.refusal import Refused
from cli.showcase.cast import ids_of
from cli.showcase.house import House, open_house
from cli.showcase.shots import LETTERS_IN_GERMAN, SHOTS, Act, Look, Shot
from cli.showcase.story import end_talk, send_pre_read
from cli.showcase.times import Times
from config.languages import Language
from integrations.database.tables import Person
from integrations.entra.sign_in import SignIn
from web.app import build_app

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

# A Thursday at ten in Berlin.
TIMES = Times(datetime(2030, 3, 14, 9, tzinfo=UTC))
PEOPLE = 12
QUALITY = 48
"""Of WebP, at which letters stay sharp."""


@dataclass(frozen=True, slots=True)
class Screen:
    """`tallest` is where a long page is cut, `scale` by what its picture is smaller."""

    name: str
    width: int
    height: int
    tallest: int
    scale: float = 1


SCREENS = (Screen("phone", 390, 844, 6000), Screen("desktop", 1280, 800, 4000, 0.75))
LETTER = Screen("letter", 640, 300, 3000, 0.85)


@dataclass(slots=True)
class StoppedClock:
    at: datetime

    async def now(self) -> datetime:
        return self.at

    async def aclose(self) -> None:
        return None


def screenshots(
    to: Annotated[Path, typer.Option(help="The folder for the pictures and their index.")] = Path("docs/screenshots"),
    only: Annotated[str, typer.Option(help="Only pictures whose name has this in it; the index stays as it is.")] = "",
) -> None:
    """Take a picture of every page and letter, with the people of a sandbox tenant in them."""
    try:
        import playwright.async_api  # noqa: F401
    except ImportError as error:
        raise Refused("Pictures need Playwright: install it with pip install -e '.[dev]'.") from error
    to.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="perennial-screenshots-"))
    try:
        taken = asyncio.run(_take_all(to, folder, only))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not only:
        (to / "README.md").write_text(_index(to), encoding="utf-8")
    size = sum(file.stat().st_size for file in to.glob("*.webp"))
    typer.echo(f"{taken} pictures are in {to}; all of them are {size / 1e6:.1f} MB.")


async def _take_all(to: Path, data: Path, only: str) -> int:
    async with stopped_by_signals(), _chromium() as browser, open_house(data, os.environ, PEOPLE, TIMES) as house:
        clock = StoppedClock(TIMES.questions)
        async with _served(house, clock):
            studio = Studio(browser, house, clock, to)
            files = [file for shot in SHOTS if only in shot.name for file in await studio.take(shot)]
        files += await _letters(browser, to, "en", None, only)
        files += await _letters(browser, to, "de", LETTERS_IN_GERMAN, only)
    if not only:
        _forget_others(to, files)
    return len(files)


@asynccontextmanager
async def _chromium() -> "AsyncIterator[Browser]":
    """The system's Chromium, or the one that Playwright brought. Raises Refused."""
    from playwright.async_api import Error, async_playwright

    async with async_playwright() as playwright:
        try:
            # As root, which is what one is in a container, it has no sandbox of its own; it opens only our own pages.
            options = ["--no-sandbox", "--font-render-hinting=none"]
            found = shutil.which("chromium") or shutil.which("google-chrome")
            browser = await playwright.chromium.launch(executable_path=found, args=options)
        except Error as error:
            raise Refused(
                "No Chromium starts here: install one with python -m playwright install chromium, or from your system."
            ) from error
        yield browser
        await browser.close()


@asynccontextmanager
async def _served(house: House, clock: StoppedClock) -> AsyncIterator[None]:
    """The face, in this process, on a clock that stands still."""
    sign_in = SignIn(house.settings)
    app = build_app(house.settings, house.database, clock, sign_in)
    server = uvicorn.Server(
        uvicorn.Config(app, port=house.settings.web_port, log_config=None, lifespan="off", access_log=False)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
        await asyncio.sleep(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        sign_in.close()


class Studio:
    """Takes one picture after another, and plays the acts of the story in between."""

    def __init__(self, browser: "Browser", house: House, clock: StoppedClock, to: Path) -> None:
        self._browser, self._house, self._clock, self._to = browser, house, clock, to
        self._act: Act = "before"
        self._state: dict[str | None, object] = {}
        self._ids = ids_of(house.cast)

    async def take(self, shot: Shot) -> list[Path]:
        return [await self._picture(shot, screen) for screen in SCREENS]

    @asynccontextmanager
    async def opened(self, shot: Shot, screen: Screen) -> "AsyncIterator[Page]":
        """The page as it is photographed. Shots are taken in the order in which they stand: acts are not undone."""
        await self._play(shot.act)
        await self._speak(shot)
        context = await self._context(shot.who, screen, shot.look)
        page, address = await context.new_page(), self._house.site + shot.path.format_map(self._ids)
        if shot.inside:
            archive = await context.request.post(address, headers={"Origin": self._house.site})
            with zipfile.ZipFile(io.BytesIO(await archive.body())) as files:
                await page.set_content(files.read(shot.inside).decode())
        else:
            await page.goto(address)
        for name, text in shot.typed:
            await page.fill(f"[name={name}]", text)
        if shot.signed_out:
            await context.clear_cookies()
        if shot.press:
            await page.click(f"main button:has-text('{shot.press}')")
            await page.wait_for_load_state()
        yield page
        await context.close()

    async def _play(self, act: Act) -> None:
        if act == self._act:
            return
        house, self._act = self._house, act
        async with house.database.transaction() as session:
            if act == "pre-read":
                await send_pre_read(session, house.cast, house.times)
                self._clock.at = house.times.pre_read
            else:
                await end_talk(session, house.cast, house.times)
                self._clock.at = house.times.afterwards

    async def _speak(self, shot: Shot) -> None:
        if shot.who:
            chosen = (
                update(Person)
                .where(Person.mail == self._house.cast.named(shot.who).mail)
                .values(language_chosen=shot.language)
            )
            async with self._house.database.transaction() as session:
                await session.execute(chosen)

    async def _picture(self, shot: Shot, screen: Screen) -> Path:
        file = self._to / f"{shot.name}-{screen.name}.webp"
        async with self.opened(shot, screen) as page:
            await _capture(page, screen, screen.height if shot.top else screen.tallest, file)
        return file

    async def _context(self, who: str | None, screen: Screen, look: Look) -> "BrowserContext":
        """A browser in which `who` has signed in, once for all pictures."""
        context = await _context(self._browser, screen, look, self._state.get(who))
        if who and who not in self._state:
            page = await context.new_page()
            await page.goto(f"{self._house.site}/sign-in")
            await page.click(f"a:has-text('{self._house.cast.named(who).mail}')")
            await page.wait_for_url(f"{self._house.site}/**")
            self._state[who] = await context.storage_state()
            await page.close()
        return context


async def _context(browser: "Browser", screen: Screen, look: Look, state: object = None) -> "BrowserContext":
    return await browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme=look,
        reduced_motion="reduce",
        locale="en-GB",
        storage_state=state,  # type: ignore[arg-type]  # as it was given out
    )


async def _capture(page: "Page", screen: Screen, tallest: int, file: Path) -> None:
    height = await page.evaluate("document.documentElement.scrollHeight")
    client = await page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, "width": screen.width, "height": min(height, tallest), "scale": screen.scale}
    # Playwright's own pictures are PNG and JPEG; as WebP they are a third of that.
    taken = await client.send(
        "Page.captureScreenshot",
        {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True},
    )
    await asyncio.to_thread(file.write_bytes, base64.b64decode(taken["data"]))


async def _letters(
    browser: "Browser", to: Path, language: Language, wanted: Iterable[str] | None, only: str
) -> list[Path]:
    files = []
    letters = sample_letters(language)
    context = await _context(browser, LETTER, "light")
    page = await context.new_page()
    for name in letters if wanted is None else wanted:
        suffix = "" if language == "en" else f"-{language}"
        file = to / f"letter-{name.replace('_', '-')}{suffix}.webp"
        if only in file.stem:
            await page.set_content(letters[name].html)
            await _capture(page, LETTER, LETTER.tallest, file)
            files.append(file)
    await context.close()
    return files


def _forget_others(to: Path, files: Iterable[Path]) -> None:
    for file in set(to.glob("*.webp")) - set(files):
        file.unlink()


def _index(to: Path) -> str:
    lines = [
        "# Every page and letter",
        "",
        "Taken by `make screenshots` in Chromium, from a seeded story: Ann talks with Mara on Thursday 14 March 2030.",
        "Long pages are cut.",
        "",
        "| page | phone | desktop |",
        "|---|---|---|",
    ]
    for shot in SHOTS:
        pictures = (f'<img src="{shot.name}-{screen.name}.webp" width="{screen.width // 3}">' for screen in SCREENS)
        lines.append(f"| {shot.title}<br>`{shot.path}` | {' | '.join(pictures)} |")
    lines += ["", "| letter | as it arrives |", "|---|---|"]
    for file in sorted(to.glob("letter-*.webp")):
        name = file.stem.removeprefix("letter-").replace("-", " ")
        lines.append(f'| {name} | <img src="{file.name}" width="{LETTER.width // 2}"> |')
    return "\n".join(lines) + "\n"
