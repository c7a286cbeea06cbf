"""What pages link to: unchanged from where it comes, kept for a year, and light."""

import gzip
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from web.assets import ASSETS, VERSION, asset

VENDOR = Path(__file__).parents[2] / "web/static/vendor"
BUDGET = 150_000
"""Bytes of a page with all that it links to, unpacked."""


def noted() -> dict[str, str]:
    rows = re.findall(r"^\| .* \| ([\w.-]+/[\w.-]+) \| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.M)
    return dict(rows)


def test_every_vendored_file_is_the_one_that_was_noted_with_its_licence() -> None:
    there = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "README.md"
    }
    assert there == noted()
    for folder in {name.split("/")[0] for name in there}:
        assert any(name.startswith(f"{folder}/LICENSE") for name in there), folder


@pytest.mark.parametrize("name", ["perennial.css", "fragments.js", "leaf.svg", "vendor/htmx-2.0.11/htmx.min.js"])
async def test_a_file_under_its_version_is_kept_for_a_year_and_packed_for_who_can_unpack(world: Any, name: str) -> None:
    browser = await world.browser()
    packed = await browser.get(asset(name))
    assert packed.status_code == 200
    assert packed.content == ASSETS[name].plain
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    assert gzip.decompress(ASSETS[name].packed) == ASSETS[name].plain
    plain = await browser.get(asset(name), headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    assert packed.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/perennial.css", "/static/0123456789ab/perennial.css"])
async def test_without_todays_version_a_file_is_asked_for_each_time(world: Any, path: str) -> None:
    answer = await (await world.browser()).get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["../app.py", "%2e%2e/app.py", "vendor", "nothing.css", ""])
async def test_nothing_else_is_served(world: Any, name: str) -> None:
    for start in ("/static/", f"/static/{VERSION}/"):
        assert (await (await world.browser()).get(start + name)).status_code == 404


def test_a_file_that_is_not_there_is_noticed_when_the_page_is_made() -> None:
    with pytest.raises(KeyError):
        asset("nothing.css")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/plan",
        "/privacy",
        "/check-ins/check-in-1",
        "/reflections/check-in-1",
        "/check-ins/check-in-1/slots",
        "/history",
        "/feedback",
        "/pathways",
    ],
)
async def test_no_page_weighs_more_than_its_budget(world: Any, path: str) -> None:
    answer = await (await world.browser("ann")).get(path)
    assert answer.status_code == 200
    linked = {*re.findall(rf"/static/{VERSION}/([^\"]+)", answer.text), "vendor/pico-2.1.1/pico.classless.min.css"}
    assert {"perennial.css", "perennial.js", "leaf.svg"} <= linked
    assert len(answer.content) + sum(len(ASSETS[name].plain) for name in linked) < BUDGET
