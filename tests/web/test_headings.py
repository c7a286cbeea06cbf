"""The word "check-in" is not broken in a heading; nothing else of a page is touched."""

import re
from typing import Any

import pytest

from web.headings import kept_whole

WHOLE = '<span class="whole">{}</span>'


def test_the_word_stays_whole_in_each_heading() -> None:
    assert kept_whole("<h1>Before your check-in with Mara</h1>") == (
        f"<h1>Before your {WHOLE.format('check-in')} with Mara</h1>"
    )
    assert kept_whole('<h2 id="a">Check-ins</h2><h3>Dein Check-in</h3>') == (
        f'<h2 id="a">{WHOLE.format("Check-ins")}</h2><h3>Dein {WHOLE.format("Check-in")}</h3>'
    )


@pytest.mark.parametrize(
    "page",
    [
        "<p>A check-in</p>",
        '<h2 id="check-in"><a href="/check-ins/check-in-1" class="well-known">Talk</a></h2>',
        "<h2>Re-use, check in, check - in, recheck-in</h2>",
        "<header>check-in</header>",
        "<h1>Nothing</h1><p>check-in</p><h2>Nothing</h2>",
    ],
)
def test_what_is_not_that_word_in_a_heading_is_left_alone(page: str) -> None:
    assert kept_whole(page) == page


async def test_what_somebody_typed_stays_text(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post("/plan/goals", data={"title": "<b>A check-in</b> & more"})
    pages = [(await ann.get(path)).text for path in ("/plan", "/")]
    assert all("<b>" not in page for page in pages)
    assert any("&lt;b&gt;" in page for page in pages)


async def test_pages_say_the_same_words_as_before(world: Any) -> None:
    page = (await (await world.browser("ann")).get("/reflections/check-in-1")).text
    heading = re.search("<h1>(.*?)</h1>", page)
    assert heading
    assert re.sub("<[^>]*>", "", heading[1]) == "Before your check-in with Mara"
    assert WHOLE.format("check-in") in heading[1]
