"""Words are found whatever their case and order, and what is shown is the text itself."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.search import AROUND, find, wanted_words

NOTE = "We talked about the pricing team; Ann wants to join two customer calls."


def words_of(query: str) -> tuple[str, ...]:
    return wanted_words(query)


@pytest.mark.parametrize("query", ["pricing", "PRICING", "calls pricing", "  ann   JOIN ", "cust"])
def test_all_words_are_found_in_any_case_and_order(query: str) -> None:
    assert find(NOTE, words_of(query)) is not None


@pytest.mark.parametrize("query", ["prices", "pricing budget", "", "a", "x y"])
def test_a_text_without_one_of_the_words_is_not_found(query: str) -> None:
    assert find(NOTE, words_of(query)) is None


def test_the_place_is_right_where_a_letter_folds_to_two_or_is_written_as_two() -> None:
    found = find("Die Straße, die große Straße, der Café-Besuch", words_of("GROSSE"))
    assert found is not None
    assert (found.before, found.found) == ("Die Straße, die ", "große")
    decomposed = find(unicodedata.normalize("NFD", "Der Café-Besuch"), words_of("café"))
    assert decomposed is not None
    assert decomposed.found == "Café"


@given(st.text(max_size=400), st.text(min_size=2, max_size=8))
def test_what_is_shown_stands_in_the_text(text: str, word: str) -> None:
    found = find(text, words_of(word))
    if found is None:
        return
    flat = " ".join(unicodedata.normalize("NFC", text).split())
    shown = found.before.removeprefix("…") + found.found + found.after.removesuffix("…")
    assert shown in flat or found.before.startswith("…") or found.after.endswith("…")
    assert found.found in flat
    assert found.found.casefold().startswith(words_of(word)[0][:1])
    assert len(found.before) <= AROUND + 1
    assert len(found.after) <= AROUND + 1
