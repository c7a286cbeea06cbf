"""Sentences known again in each language: all of them are in the catalogues, and days are days."""

import pytest

from cli.demo.phrases import EVERY, OF_CHECK_INS, Phrase, first_day, first_hour
from config.languages import DEFAULT, LANGUAGES, words_in


@pytest.mark.parametrize("phrase", EVERY, ids=lambda phrase: phrase.english[:30])
def test_what_a_letter_says_is_in_every_catalogue(phrase: Phrase) -> None:
    for language in LANGUAGES:
        said = words_in(language).gettext(phrase.english)
        assert (said == phrase.english) is (language == DEFAULT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_a_sentence_is_about_is_read_whatever_the_language(language: str) -> None:
    said = words_in("de" if language == "de" else "en").gettext(OF_CHECK_INS.english) % {"partner_name": "Mara"}
    assert OF_CHECK_INS.read_in(f"Hello Ann, {said}") == {"partner_name": "Mara"}
    assert OF_CHECK_INS.read_in("Something else.") is None


@pytest.mark.parametrize("text", ["Monday 18 March 2030 at 10:00", "Montag, 18. M\u00e4rz 2030 um 10:00"])
def test_a_day_and_an_hour_are_read_whatever_the_language(text: str) -> None:
    assert (first_day(text), first_hour(text)) == ((18, 3), "10:00")


@pytest.mark.parametrize("text", ["Room 12 upstairs, 3 things", ""])
def test_a_number_beside_a_word_is_no_day(text: str) -> None:
    assert (first_day(text), first_hour(text)) == (None, "")
