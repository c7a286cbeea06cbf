"""Sentences known again in each language: all of them are in the catalogues."""

import pytest

from cli.demo.phrases import EVERY, OF_CHECK_INS, Phrase
from config.languages import DEFAULT, LANGUAGES, Language, words_in


@pytest.mark.parametrize("phrase", EVERY, ids=lambda phrase: phrase.english[:30])
def test_what_a_letter_says_is_in_every_catalogue(phrase: Phrase) -> None:
    for language in LANGUAGES:
        said = words_in(language).gettext(phrase.english)
        assert (said == phrase.english) is (language == DEFAULT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_a_sentence_is_about_is_read_whatever_the_language(language: Language) -> None:
    said = words_in(language).gettext(OF_CHECK_INS.english) % {"partner_name": "Mara"}
    assert OF_CHECK_INS.read_in(f"Hello Ann, {said}") == {"partner_name": "Mara"}
    assert OF_CHECK_INS.read_in("Something else.") is None
