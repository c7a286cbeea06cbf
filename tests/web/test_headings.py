"""A short word with a hyphen is not broken in a heading; nothing else of a page is touched."""

import re
from typing import Any

import pytest

from web.headings import kept_whole

WHOLE = '<span class="whole">{}</span>'


def test_the_word_stays_whole_in_each_heading() -> None:
    assert kept_whole("<h1>Before your check-in with Mara</h1>") == (
        f"<h1>Before your {WHOLE.format('check-in')} with Mara</h1>"
    )
    assert kept_whole('<h2 id="a">Check-ins</h2><h3>Vorab-Blatt</h3>') == (
        f'<h2 id="a">{WHOLE.format("Check-ins")}</h2><h3>{WHOLE.format("Vorab-Blatt")}</h3>'
    )


@pytest.mark.parametrize(
    "page",
    [
        "<p>A check-in</p>",
        '<h2 id="check-in"><a href="/check-ins/check-in-1" class="well-known">Talk</a></h2>',
        "<h2>Gesprächspartner-Verzeichnis</h2>",
        "<h2>2030 - a year</h2>",
        "<header>check-in</header>",
        "<h1>Nothing</h1><p>check-in</p><h2>Nothing</h2>",
    ],
)
def test_what_is_no_short_word_of_a_heading_is_left_alone(page: str) -> None:
    assert kept_whole(page) == page


async def test_what_somebody_typed_stays_text(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post("/plan/goals", data={"title": "<b>re-use</b> & a-b"})
    page = (await ann.get("/plan")).text
    assert "<b>" not in page
    assert "&amp;" in page


async def test_pages_say_the_same_words_as_before(world: Any) -> None:
    page = (await (await world.browser("ann")).get("/reflections/check-in-1")).text
    heading = re.search("<h1>(.*?)</h1>", page)
    assert heading
    assert re.sub("<[^>]*>", "", heading[1]) == "Before your check-in with Mara"
    assert WHOLE.format("check-in") in heading[1]
