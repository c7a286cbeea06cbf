"""The header of every page: where somebody is, and where they may go."""

import re
from typing import Any

import pytest
from starlette.routing import Route

from web.navigation import ALL, entries_among


def links(page: str) -> list[str]:
    return re.findall(r'<a href="([^"]+)"', page.split("<nav")[1].split("</nav>")[0])


def test_only_pages_that_are_there_have_an_entry() -> None:
    async def page() -> None: ...

    assert [each.path for each in entries_among([Route("/plan", page), Route("/elsewhere", page)])] == ["/plan"]


async def test_every_entry_leads_to_a_page(world: Any) -> None:
    browser = await world.browser("hale")
    paths = links((await browser.get("/")).text)
    assert paths[:2] == ["/", "/plan"]
    for path in paths:
        assert (await browser.get(path)).status_code == 200


async def test_only_hr_is_led_to_hrs_page(world: Any) -> None:
    assert "/hr" in links((await (await world.browser("hale")).get("/")).text)
    assert "/hr" not in links((await (await world.browser("ann")).get("/")).text)


@pytest.mark.parametrize(
    ("path", "entry", "how"),
    [
        ("/", "/", "page"),
        ("/plan", "/plan", "page"),
        ("/feedback/1", "/feedback", "true"),
        ("/check-ins/1", "/", "true"),
    ],
)
def test_the_entry_of_the_page_is_marked(path: str, entry: str, how: str) -> None:
    marked = {each.path: each.current(path) for each in ALL}
    assert marked.pop(entry) == how
    assert set(marked.values()) == {None}


@pytest.mark.parametrize("path", ["/plans/1", "/goals/1", "/actions/1", "/stalls/1"])
def test_what_may_be_somebody_elses_is_not_called_my_plan(path: str) -> None:
    assert {each.current(path) for each in ALL} == {None}


async def test_the_page_says_where_it_is_and_lets_a_keyboard_skip_ahead(world: Any) -> None:
    page = (await (await world.browser("ann")).get("/plan")).text
    assert page.count('aria-current="page"') == 1
    assert '<a class="skip" href="#main">' in page
    assert '<main id="main"' in page
