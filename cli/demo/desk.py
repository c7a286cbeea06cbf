"""Where somebody works: opens pages, fills forms, and writes every act into the diary."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from cli.demo.browser import Browser
from cli.demo.diary import Act, Canary, Entry
from cli.demo.page import Page


class Desk:
    """`clock` tells the virtual instant at which an act is written down; `opened` are the paths seen so far."""

    def __init__(self, mail: str, browser: Browser, clock: Callable[[], Awaitable[datetime]]) -> None:
        self.opened: set[str] = set()
        self._mail = mail
        self._browser = browser
        self._clock = clock
        self._diary: list[Entry] = []

    def take_diary(self) -> list[Entry]:
        taken, self._diary = self._diary, []
        return taken

    async def open(self, path: str, letter: str | None) -> Page:
        answer = await self._browser.visit(path)
        self.opened.add(path.partition("?")[0])
        await self.note("opened_page", path, letter, status=answer.status)
        return answer.page

    async def post(
        self,
        page: Page,
        path: str,
        did: Act,
        values: Mapping[str, str],
        letter: str | None,
        *,
        shared: Mapping[str, bool] | None = None,
        canaries: tuple[Canary, ...] = (),
        owner: str | None = None,
        said: Mapping[str, str] | None = None,
    ) -> Page | None:
        """Fills and sends the page's form to `path`; the page that follows, or None when it was not taken.

        `said` are the page's words for what is chosen, for the diary.
        """
        form = page.form(path)
        if form is None:
            return None
        answer = await self._browser.submit(page, form, values)
        await self.note(
            did,
            path,
            letter,
            fields=dict(values) | dict(said or {}),
            shared=dict(shared or {}),
            canaries=canaries,
            owner=owner,
            status=answer.asked_status,
        )
        return answer.page if answer.asked_status < 400 else None

    async def note(
        self,
        did: Act,
        link: str,
        letter: str | None,
        *,
        fields: dict[str, str] | None = None,
        shared: dict[str, bool] | None = None,
        canaries: tuple[Canary, ...] = (),
        owner: str | None = None,
        status: int = 200,
    ) -> None:
        self._diary.append(
            Entry(
                at=await self._clock(),
                person=self._mail,
                did=did,
                link=link,
                letter=letter,
                fields=fields or {},
                shared=shared or {},
                canaries=canaries,
                owner=owner,
                status=status,
            )
        )
