"""Days and hours in words, in both languages; every month is the one that our pages write."""

from datetime import date

import pytest

from cli.demo.days import first_day, first_hour
from config.languages import LANGUAGES, Language, words_in


@pytest.mark.parametrize("text", ["Monday 18 March 2030 at 10:00", "Montag, 18. März 2030 um 10:00"])
def test_a_day_and_an_hour_are_read_whatever_the_language(text: str) -> None:
    assert (first_day(text), first_hour(text)) == ((18, 3), "10:00")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_is_known(language: Language) -> None:
    days = [date(2030, month, 3) for month in range(1, 13)]
    assert [first_day(words_in(language).day(day)) for day in days] == [(3, day.month) for day in days]


@pytest.mark.parametrize("text", ["Room 12 upstairs, 3 things", ""])
def test_a_number_beside_a_word_is_no_day(text: str) -> None:
    assert (first_day(text), first_hour(text)) == (None, "")
