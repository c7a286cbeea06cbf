"""In whose language a page speaks: what was chosen, else the mailbox's, else the installation's."""

from typing import Any

import pytest

from integrations.database.people import locale_of
from integrations.database.tables import Person

HOME_IN_GERMAN = 'lang="de"'


@pytest.mark.parametrize(
    ("chosen", "mailbox", "locale"),
    [
        ("en", "de-DE", "en-DE"),
        ("en", "en-US", "en-US"),
        ("en", None, "en"),
        ("de", "en-GB", "de"),
        ("de", "de-AT", "de-AT"),
        (None, "de-AT", "de-AT"),
        (None, "es-US", "en-US"),
        (None, "zh-CN", "en"),
        (None, None, "en"),
    ],
)
def test_what_was_chosen_wins_over_the_mailbox_whose_region_stays(
    chosen: str | None, mailbox: str | None, locale: str
) -> None:
    assert locale_of(Person(language_chosen=chosen, language=mailbox)) == locale


def test_the_installation_decides_for_a_mailbox_in_a_language_we_do_not_speak() -> None:
    assert locale_of(Person(language_chosen=None, language="fr-FR"), "de") == "de"
    assert locale_of(Person(language_chosen=None, language="zh-CN"), "en-US") == "en-US"


async def test_the_pages_follow_the_mailbox_until_a_language_is_chosen(world: Any) -> None:
    ann = await world.browser("ann")
    async with world.database.transaction() as session:
        (await session.get_one(Person, "person-ann")).language = "de-DE"
    page = (await ann.get("/privacy?x=1")).text
    assert '<html lang="de">' in page
    assert "Abmelden" in page
    assert 'name="back" value="/privacy?x=1"' in page
    answer = await ann.post("/language", data={"language": "en", "back": "/privacy?x=1"})
    assert answer.headers["location"] == "/privacy?x=1"
    page = (await ann.get("/privacy")).text
    assert '<html lang="en">' in page
    assert "Sign out" in page


async def test_choosing_changes_nobody_elses_language(world: Any) -> None:
    await (await world.browser("ann")).post("/language", data={"language": "de", "back": "/"})
    assert '<html lang="en">' in (await (await world.browser("mara")).get("/")).text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example"])
async def test_choosing_a_language_leads_to_no_other_site(world: Any, back: str) -> None:
    answer = await (await world.browser("ann")).post("/language", data={"language": "de", "back": back})
    assert answer.headers["location"] == "/"


async def test_a_language_that_we_do_not_speak_is_refused(world: Any) -> None:
    ann = await world.browser("ann")
    assert (await ann.post("/language", data={"language": "tlh"})).status_code == 422
    async with world.database.reading() as session:
        assert (await session.get_one(Person, "person-ann")).language_chosen is None


@pytest.mark.parametrize(("asked", "language"), [("de-AT,en;q=0.5", "de"), ("fr, de;q=0.5", "de"), ("fr", "en")])
async def test_before_signing_in_the_browser_is_asked(world: Any, asked: str, language: str) -> None:
    answer = await (await world.browser()).get("/signed-out", headers={"Accept-Language": asked})
    assert f'<html lang="{language}">' in answer.text
