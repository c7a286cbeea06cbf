"""Days and hours in words, as each reader has them; every month is the one that our pages write."""

from datetime import date

import pytest

from cli.demo.days import first_day, first_hour
from config.languages import words_in


@pytest.mark.parametrize(
    "text",
    ["Monday 18 March 2030 at 14:30", "Montag, 18. März 2030 um 14:30", "Monday, March 18, 2030 at 2:30 PM"],
)
def test_a_day_and_an_hour_are_read_whoever_they_are_written_for(text: str) -> None:
    assert (first_day(text), first_hour(text)) == ((18, 3), "14:30")


@pytest.mark.parametrize(("text", "hour"), [("12:15 AM", "00:15"), ("12:15 PM", "12:15"), ("9:00 AM", "09:00")])
def test_an_hour_of_twelve_is_read_as_one_of_the_day(text: str, hour: str) -> None:
    assert first_hour(f"tomorrow at {text}, perhaps") == hour


@pytest.mark.parametrize("locale", ["en-GB", "en-US", "de-DE"])
def test_every_month_is_known(locale: str) -> None:
    days = [date(2030, month, 3) for month in range(1, 13)]
    assert [first_day(words_in(locale).day(day)) for day in days] == [(3, day.month) for day in days]


@pytest.mark.parametrize("text", ["Room 12 upstairs, 3 things", ""])
def test_a_number_beside_a_word_is_no_day(text: str) -> None:
    assert (first_day(text), first_hour(text)) == (None, "")
