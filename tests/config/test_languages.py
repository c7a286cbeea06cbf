"""What the sources say can be said in every language, with days and hours as its readers write them."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from babel.messages.catalog import Message
from hypothesis import given
from hypothesis import strategies as st

from config.languages import LANGUAGES, Language, first_fitting, fitting, words_in
from config.languages.catalogue import is_said, marked, read
from cycle.sentences import Sentence

OTHERS = LANGUAGES[1:]


def _texts(message: Message) -> Iterator[str]:
    for text in (message.id, message.string):
        yield from [text] if isinstance(text, str) else text or ()


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}|%\((\w+)\)", text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_sources_is_said_in_every_language(language: Language) -> None:
    known = read(language)
    missing = [
        message.id
        for message in marked()
        if message.id and not ((said := known.get(message.id, message.context)) and is_said(said))
    ]
    assert not missing, "Run: make words, and fill in what it lists"


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_fuzzy_or_left_over(language: Language) -> None:
    wanted = marked()
    for message in read(language):
        if message.id:
            assert not message.fuzzy, message.id
            assert wanted.get(message.id, message.context), f"nobody says this any more: {message.id}"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_same_blanks_to_fill(language: Language) -> None:
    for message in read(language):
        if message.id:
            first, *rest = (_placeholders(text) for text in _texts(message))
            # A singular may spell its one thing out.
            assert all(each <= first | set().union(*rest) for each in rest), message.id
            if isinstance(message.id, str):
                assert rest == [first], message.id


def test_german_says_der_check_in_du_and_one_word_for_one_thing() -> None:
    clumsy = re.compile(
        r"\b(das|\w+es)\s+(nächste\s+)?Check-in\b|(?<!E-)\bMailadresse|\b[Dd]ieses Mal\b"
        r"|\bDatenschutz|\babgemacht|(?<![.!?:“] )(?<!^)\b(Sie|Ihnen)\b"
    )
    german = [text for message in read("de") if message.id for text in list(_texts(message))[1:]]
    assert [text for text in german if clumsy.search(text)] == []


def test_a_sentence_is_english_and_can_be_said_in_german() -> None:
    sentence = Sentence("{day} at {hour}", day=date(2030, 3, 14), hour="10:00")
    assert sentence == "Thursday 14 March 2030 at 10:00"
    assert words_in("de").say(sentence) == "Donnerstag, 14. März 2030 um 10:00"
    assert words_in("en").say(sentence) == sentence


def test_a_sentence_can_hold_another() -> None:
    inner = Sentence("{day} at {hour}", day=date(2030, 3, 14), hour="10:00")
    assert words_in("de").say(Sentence("{what}", what=inner)) == "Donnerstag, 14. März 2030 um 10:00"


@given(st.text())
def test_a_sentence_without_values_is_taken_as_it_stands(text: str) -> None:
    assert Sentence(text) == text
    assert words_in("de").say(text) == text or text in {message.id for message in read("de")}


def test_an_hour_is_told_on_the_readers_wall_clock() -> None:
    at = datetime(2030, 3, 14, 9, 0, tzinfo=UTC)
    assert words_in("de").hour(at, "Europe/Berlin") == "Donnerstag, 14. März 2030 um 10:00"
    assert words_in("en").hour(at, "America/New_York") == "Thursday 14 March 2030 at 05:00"


def test_days_are_empty_where_there_is_none() -> None:
    assert words_in("de").day(None) == ""


@pytest.mark.parametrize(
    ("tag", "language"), [("de-AT", "de"), ("DE", "de"), ("en_GB", "en"), ("fr-FR", None), ("", None), (None, None)]
)
def test_a_language_tag_finds_what_fits(tag: str | None, language: Language | None) -> None:
    assert fitting(tag) == language


def test_the_first_language_that_we_speak_wins() -> None:
    assert first_fitting(["fr", "de-CH", "en"]) == "de"
    assert first_fitting([None, "fr"]) == "en"
