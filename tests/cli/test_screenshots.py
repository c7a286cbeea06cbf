"""Pictures: of every page, and each where the documentation shows it."""

import re
from collections import Counter
from pathlib import Path

from activities.letters.samples import sample_letters
from cli.screenshots import SCREENS, _index
from cli.showcase.shots import LETTERS_IN_GERMAN, SHOTS
from tests.browser.pages import PAGES

FOLDER = Path(__file__).parents[2] / "docs/screenshots"


def test_every_page_has_a_picture_and_no_two_have_one_name() -> None:
    paths = {shot.path.partition("?")[0] for shot in SHOTS}
    routes = {route: re.compile(re.sub(r"{[^}]*}", "[^/]+", route)) for route in PAGES}
    assert [route for route, each in routes.items() if not any(map(each.fullmatch, paths))] == []
    assert [name for name, count in Counter(shot.name for shot in SHOTS).items() if count > 1] == []


def test_every_picture_is_there_and_in_the_index_and_none_is_left_over() -> None:
    wanted = {f"{shot.name}-{screen.name}.webp" for shot in SHOTS for screen in SCREENS}
    for suffix, names in (("", sample_letters("en")), ("-de", LETTERS_IN_GERMAN)):
        wanted |= {f"letter-{name.replace('_', '-')}{suffix}.webp" for name in names}
    assert {file.name for file in FOLDER.glob("*.webp")} == wanted, "make screenshots"
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == _index(FOLDER), "make screenshots"
