"""A post counts only when one of our own pages made it."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_post_from_elsewhere_is_refused_and_changes_nothing(world: Any, headers: dict[str, str]) -> None:
    browser = await world.browser("ann")
    answer = await browser.post("/sign-out", headers=headers)
    assert answer.status_code == 403
    assert "did not come from one of our pages" in answer.text
    assert (await browser.get("/privacy")).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_a_post_from_our_own_page_is_taken(world: Any, site: str) -> None:
    browser = await world.browser("ann")
    assert (await browser.post("/sign-out", headers={"Sec-Fetch-Site": site})).status_code == 303
