"""A browser of one person: cookies, redirects, the headers of a real one, and the way through the tenant's sign-in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from cli.demo.page import Form, Page, read_page

MOST_REDIRECTS = 20
# How often, and after how many seconds each, somebody tries again whose page does not come: half a minute in all.
TRIES, PAUSE = 60, 0.5


class Lost(Exception):
    """A page that a person could not have gone on from: names the page and what was missing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The page one ended up on, and the status of what was asked for first and of that last page."""

    page: Page
    status: int
    asked_status: int
    html: str


class Browser:
    """`mail` is who signs in when a page asks for it. One transport is shared, each has a cookie jar of its own.

    `asked` are the site's own addresses that were asked for. Who is `patient` tries again when a page does not come.
    """

    def __init__(self, mail: str, site: str, transport: httpx.AsyncBaseTransport, *, patient: bool = False) -> None:
        self.mail = mail
        self.tries = TRIES if patient else 1
        self.asked: set[str] = set()
        self._site = site.rstrip("/")
        self._http = httpx.AsyncClient(transport=transport, trust_env=False, timeout=30)

    @property
    def cookie_header(self) -> str:
        """What it sends to the site, for a client of another kind."""
        request = self._http.build_request("GET", self._site)
        header: str = request.headers["cookie"]
        return header

    async def glimpse(self, path: str) -> tuple[int, str]:
        """A page's status and HTML, for somebody who is signed in already. Goes nowhere else."""
        answer = await self._ask("GET", self.at(path), None, came_from=None)
        return answer.status_code, answer.text

    def at(self, path: str) -> str:
        """The full URL of one of the site's paths."""
        return urljoin(f"{self._site}/", path)

    async def visit(self, url: str) -> Answer:
        """Follows a link from a letter, signing in where asked to. Raises Lost."""
        return await self._go("GET", self.at(url), None, came_from=None)

    async def submit(self, page: Page, form: Form, values: Mapping[str, str]) -> Answer:
        """Sends a form as it stands with `values` filled in."""
        return await self._go(form.method.upper(), form.action, {**form.values, **values}, came_from=page.url)

    async def _go(self, method: str, url: str, data: Mapping[str, str] | None, came_from: str | None) -> Answer:
        answer = await self._ask(method, url, data, came_from)
        asked_status = answer.status_code
        for _ in range(MOST_REDIRECTS):
            if answer.has_redirect_location:
                came_from, url = url, urljoin(url, answer.headers["location"])
                answer = await self._ask("GET", url, None, came_from)
                continue
            page = read_page(answer.text, url)
            if self._is_ours(url) or answer.status_code >= 400:
                return Answer(page, answer.status_code, asked_status, answer.text)
            # The tenant asks who signs in.
            came_from = url
            method, url, data = self._myself(page)
            answer = await self._ask(method, url, data, came_from)
        raise Lost(f"{url} leads in circles.")

    def _is_ours(self, url: str) -> bool:
        return url.startswith(f"{self._site}/") or url == self._site

    def _myself(self, page: Page) -> tuple[str, str, Mapping[str, str] | None]:
        """One's own name in the account picker: a link, or a form or button that carries the address."""
        for link in page.links:
            if self.mail in link.label.lower() or self.mail in link.href.lower().replace("%40", "@"):
                return "GET", link.href, None
        for form in page.forms:
            for name, value, _ in form.buttons:
                if value.lower() == self.mail:
                    return form.method.upper(), form.action, {**form.values, name: value}
            if self.mail in (value.lower() for value in form.values.values()):
                return form.method.upper(), form.action, form.values
        raise Lost(f"{self.mail} is not offered at {page.url}.")

    async def _ask(
        self, method: str, url: str, data: Mapping[str, str] | None, came_from: str | None
    ) -> httpx.Response:
        headers = {
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
            "Sec-Fetch-Site": _site(came_from, url),
        }
        if came_from is not None and method == "POST":
            headers |= {"Origin": _origin(came_from), "Referer": came_from}
        if self._is_ours(url):
            self.asked.add(url.removeprefix(self._site))
        how: dict[str, Any] = {"params": dict(data)} if method == "GET" and data else {"data": data}
        for _ in range(self.tries - 1):
            try:
                answer = await self._http.request(method, url, headers=headers, **how)
            except httpx.TransportError:
                # As a browser's reload does: the same form once more, which is the same form to whoever takes it.
                pass
            else:
                if answer.status_code < 500:
                    return answer
            await asyncio.sleep(PAUSE)
        return await self._http.request(method, url, headers=headers, **how)


def _site(came_from: str | None, url: str) -> str:
    if came_from is None:
        return "none"
    return "same-origin" if _origin(came_from) == _origin(url) else "cross-site"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
