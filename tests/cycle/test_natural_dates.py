"""A day is read as people write it, in English or German, and never guessed where it could be two."""

import contextlib
from datetime import date, timedelta

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from config.languages import locale_for, words_in
from cycle.natural_dates import Unreadable, read_day

WEDNESDAY = date(2030, 3, 6)
LOCALES = sorted({locale_for([tag]) for tag in ("en", "de", *locale_identifiers())})
DAYS = st.dates(date(2020, 1, 1), date(2090, 12, 31))
AHEAD = st.integers(1, 364)
EN = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
DE = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
WEEKDAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "de": ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("in two weeks", date(2030, 3, 20)),
        ("in zwei Wochen", date(2030, 3, 20)),
        ("two weeks from now", date(2030, 3, 20)),
        ("in a couple of weeks", date(2030, 3, 20)),
        ("in einer Woche", date(2030, 3, 13)),
        ("in 14 Tagen", date(2030, 3, 20)),
        ("in a month", date(2030, 4, 6)),
        ("in einem halben Jahr", date(2030, 9, 6)),
        ("tomorrow", date(2030, 3, 7)),
        ("übermorgen", date(2030, 3, 8)),
        ("Friday", date(2030, 3, 8)),
        ("this Friday", date(2030, 3, 8)),
        ("kommenden Freitag", date(2030, 3, 8)),
        ("next Friday", date(2030, 3, 15)),
        ("nächsten Freitag", date(2030, 3, 15)),
        ("Wednesday", date(2030, 3, 13)),
        ("by next week", date(2030, 3, 15)),
        ("Ende der Woche", date(2030, 3, 8)),
        ("end of March", date(2030, 3, 31)),
        ("by the end of March", date(2030, 3, 31)),
        ("Ende März", date(2030, 3, 31)),
        ("mid-April", date(2030, 4, 15)),
        ("Anfang Mai", date(2030, 5, 1)),
        ("im Februar", date(2031, 2, 28)),
        ("Ende nächsten Monats", date(2030, 4, 30)),
        ("Quartalsende", date(2030, 3, 31)),
        ("end of Q1", date(2030, 3, 31)),
        ("Q1 2032", date(2032, 3, 31)),
        ("end of the year", date(2030, 12, 31)),
        ("KW 12", date(2030, 3, 22)),
        ("week 2", date(2031, 1, 10)),
        ("19 March", date(2030, 3, 19)),
        ("March 19th, 2031", date(2031, 3, 19)),
        ("bis zum 19. März", date(2030, 3, 19)),
        ("the 19th", date(2030, 3, 19)),
        ("am 5.", date(2030, 4, 5)),
        ("19.3.", date(2030, 3, 19)),
        ("19.03.30", date(2030, 3, 19)),
        ("Fr, 8.3.", date(2030, 3, 8)),
        ("5 March", date(2031, 3, 5)),
        ("6 March", WEDNESDAY),
        ("30/4", date(2030, 4, 30)),
        ("4/30/2030", date(2030, 4, 30)),
        ("29 Feb", date(2032, 2, 29)),
        ("by Friday 6 December 2030", date(2030, 12, 6)),
        ("2030-03-19", date(2030, 3, 19)),
        ("1.3.2030", date(2030, 3, 1)),
    ],
)
def test_a_day_is_read_as_it_is_written(text: str, day: date) -> None:
    assert read_day(text, WEDNESDAY) == day
    assert read_day(f"  {text.upper()}", WEDNESDAY) == day


@pytest.mark.parametrize(
    "text", ["", "soon", "30 Feb", "2030-13-01", "40.1.", "when it is done", "KW 60", "0.0.", "in two", "9" * 400]
)
def test_what_is_no_day_is_not_guessed(text: str) -> None:
    with pytest.raises(Unreadable):
        read_day(text, WEDNESDAY)


@pytest.mark.parametrize("text", ["3/4", "3/4/30", "03/04/2030", "3-4", "3-4-2030", "by 3/4"])
def test_what_could_be_two_days_is_the_one_that_its_writer_means(text: str) -> None:
    yesterday = date(2030, 3, 3)
    assert read_day(text, yesterday, month_first=True) == date(2030, 3, 4)
    assert read_day(text, yesterday, month_first=False) == date(2030, 4, 3)
    with pytest.raises(Unreadable, match="could be two days"):
        read_day(text, yesterday)


@pytest.mark.parametrize("month_first", [True, False, None])
def test_what_can_be_one_day_alone_is_read_whoever_writes_it(month_first: bool | None) -> None:
    for text in ("30/4", "4/30", "30.4", "30-4-2030", "Tue 4/30", "Di, 30/4"):
        assert read_day(text, WEDNESDAY, month_first) == date(2030, 4, 30)
    assert read_day("4/4", WEDNESDAY, month_first) == date(2030, 4, 4)
    assert read_day("3.4.", WEDNESDAY, month_first) == date(2030, 4, 3), "only a day that goes first has this dot"


def test_dots_stand_behind_the_day_but_nobody_knows_what_americans_mean_by_them() -> None:
    for month_first in (False, None):
        assert read_day("3.4.2030", WEDNESDAY, month_first) == date(2030, 4, 3)
    with pytest.raises(Unreadable, match="could be two days"):
        read_day("3.4.2030", WEDNESDAY, month_first=True)


def test_a_weekday_that_does_not_belong_is_asked_back() -> None:
    for month_first, text in ((True, "Tuesday 3/8"), (False, "Tuesday, 8/3"), (None, "Tue 8.3.")):
        with pytest.raises(Unreadable, match="do not belong together"):
            read_day(text, WEDNESDAY, month_first)
    with pytest.raises(Unreadable, match="do not belong together"):
        read_day("Friday 7 March 2030", WEDNESDAY)


@given(DAYS, DAYS)
def test_a_day_with_its_year_is_read_back_from_however_it_is_shown(day: date, today: date) -> None:
    shown = [words_in(locale).day(day) for locale in LOCALES]
    written = [
        day.isoformat(),
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day} {EN[day.month - 1][:3]} {day.year}",
        f"{EN[day.month - 1]} {day.day}, {day.year}",
        f"{day.day}. {DE[day.month - 1]} {day.year}",
    ]
    assert {read_day(text, today) for text in (*shown, *written)} == {day}


@given(DAYS, AHEAD)
def test_a_day_without_its_year_is_the_next_such_day(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    if (day.month, day.day) != (2, 29):
        for text in (f"{day.day}.{day.month}.", f"{day.day} {EN[day.month - 1]}", f"{day.day}. {DE[day.month - 1]}"):
            assert read_day(text, today) == day


@given(DAYS, st.integers(1, 100))
def test_so_long_from_now_is_counted_in_days(today: date, count: int) -> None:
    assert read_day(f"in {count} days", today) == read_day(f"in {count} Tagen", today) == today + timedelta(days=count)
    assert read_day(f"in {count} weeks", today) == today + timedelta(weeks=count)


@given(DAYS, st.integers(0, 6))
def test_a_weekday_is_ahead_and_the_next_one_is_in_another_week(today: date, weekday: int) -> None:
    for language, this, next_ in (("en", "this", "next"), ("de", "diesen", "nächsten")):
        name = WEEKDAYS[language][weekday]
        coming, later = read_day(f"{this} {name}", today), read_day(f"{next_} {name}", today)
        assert coming.weekday() == later.weekday() == weekday
        assert coming == read_day(name, today)
        assert 1 <= (coming - today).days <= 7
        assert later.isocalendar()[:2] == (today + timedelta(weeks=1)).isocalendar()[:2]


@given(DAYS, st.integers(0, 11))
def test_the_end_of_a_month_is_its_last_day(today: date, month: int) -> None:
    end = read_day(f"end of {EN[month]}", today)
    assert end == read_day(f"Ende {DE[month]}", today) == read_day(EN[month], today)
    assert end.month == month + 1
    assert (end + timedelta(days=1)).day == 1
    assert 0 <= (end - today).days <= 366


@given(st.text(max_size=80), DAYS)
def test_whatever_is_typed_is_a_day_or_a_sentence(text: str, today: date) -> None:
    with contextlib.suppress(Unreadable):
        assert isinstance(read_day(text, today), date)
