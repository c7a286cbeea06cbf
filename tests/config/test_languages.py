"""What the sources say can be said in every language, with days and hours as its readers write them."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
from babel.localedata import locale_identifiers
from babel.messages.catalog import Message
from hypothesis import given
from hypothesis import strategies as st

from config.languages import LANGUAGES, Language, fitting, locale_for, words_in
from config.languages.catalogue import is_said, marked, read
from cycle.sentences import Sentence, ShortDay

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
    assert words_in("de").hour(at, "Europe/Berlin") == "Donnerstag, 14. März 2030 um 10:00 Uhr"
    assert words_in("en").hour(at, "America/New_York") == "Thursday 14 March 2030 at 05:00"


def test_days_are_empty_where_there_is_none() -> None:
    assert words_in("de").day(None) == ""


@pytest.mark.parametrize(
    ("tag", "language"), [("de-AT", "de"), ("DE", "de"), ("en_GB", "en"), ("fr-FR", None), ("", None), (None, None)]
)
def test_a_language_tag_finds_what_fits(tag: str | None, language: Language | None) -> None:
    assert fitting(tag) == language


@pytest.mark.parametrize(
    ("tags", "locale"),
    [
        (["fr", "de-CH", "en"], "de-CH"),
        ([None, "fr"], "en"),
        (["en-US", "en"], "en-US"),
        (["en_us"], "en-US"),
        (["en-Latn-US-x-mine"], "en-US"),
        (["en-US-POSIX"], "en-US"),
        (["en-001"], "en-001"),
        # The region is where somebody is; the language what they read.
        (["en", "de-DE"], "en-DE"),
        (["fr-CA"], "en-CA"),
        (["fr-CA", "en-GB"], "en-GB"),
        # Of these regions nobody has said how they write the language.
        (["de", "en-US"], "de"),
        (["zh-CN"], "en"),
        (["en-ZZ"], "en"),
        (["en-../../x", "de\n"], "de"),
        (["e" * 5000], "en"),
    ],
)
def test_the_first_language_that_we_speak_wins_and_keeps_a_region(tags: list[str | None], locale: str) -> None:
    assert locale_for(tags) == locale
    assert words_in(locale).locale == locale


def test_the_installation_decides_what_no_tag_says() -> None:
    assert locale_for([], "de-AT") == locale_for(["zh-CN"], "de-AT") == locale_for(["de"], "de-AT") == "de-AT"
    assert locale_for(["fr-CA"], "en-US") == "en-CA", "where somebody is wins over where the others are"


@given(st.lists(st.one_of(st.none(), st.text(), st.from_regex(r"[a-zA-Z]{2}[-_][a-zA-Z]{2}", fullmatch=True))))
def test_whatever_a_browser_asks_for_there_is_a_locale_for_it(tags: list[str | None]) -> None:
    assert words_in(locale_for(tags)).language in LANGUAGES


@pytest.mark.parametrize(
    ("locale", "hour", "short_day", "weekday_and_day"),
    [
        ("en-US", "Tuesday, December 3, 2030 at 2:30 PM", "December 3", "Tuesday, December 3"),
        ("en-GB", "Tuesday 3 December 2030 at 14:30", "3 December", "Tuesday 3 December"),
        ("en", "Tuesday 3 December 2030 at 14:30", "3 December", "Tuesday 3 December"),
        ("en-CA", "Tuesday, December 3, 2030 at 2:30 p.m.", "December 3", "Tuesday, December 3"),
        ("en-AU", "Tuesday 3 December 2030 at 2:30 pm", "3 December", "Tuesday 3 December"),
        ("en-DE", "Tuesday 3 December 2030 at 14:30", "3 December", "Tuesday 3 December"),
        ("de", "Dienstag, 3. Dezember 2030 um 14:30 Uhr", "3. Dezember", "Dienstag, 3. Dezember"),
        ("de-CH", "Dienstag, 3. Dezember 2030 um 14:30 Uhr", "3. Dezember", "Dienstag, 3. Dezember"),
    ],
)
def test_days_and_hours_are_written_as_the_region_does(
    locale: str, hour: str, short_day: str, weekday_and_day: str
) -> None:
    words, at = words_in(locale), datetime(2030, 12, 3, 13, 30, tzinfo=UTC)
    assert words.hour(at, "Europe/Berlin") == hour
    assert words.short_day(at.date()) == short_day
    assert words.weekday_and_day(at.date()) == weekday_and_day


def test_austrians_call_january_jaenner() -> None:
    assert words_in("de-AT").day(date(2030, 1, 3)) == "Donnerstag, 3. Jänner 2030"
    assert words_in("de").day(date(2030, 1, 3)) == "Donnerstag, 3. Januar 2030"


def test_an_hour_of_twelve_is_am_or_pm() -> None:
    american = words_in("en-US")
    shown = [american.clock(time(hour, 5)) for hour in (0, 9, 12, 23)]
    assert shown == ["12:05 AM", "9:05 AM", "12:05 PM", "11:05 PM"]
    at = datetime(2030, 3, 14, 9, 0, tzinfo=UTC)
    assert american.hour(at, "Europe/Berlin", named=True) == "Thursday, March 14, 2030 at 10:00 AM, Berlin time"


def test_a_sentence_says_days_and_hours_as_its_reader_writes_them() -> None:
    sentence = Sentence("{day} at {hour}", day=ShortDay(date(2030, 3, 14)), hour=time(9))
    assert sentence == "14 March at 09:00"
    assert words_in("en-US").say(sentence) == "March 14 at 9:00 AM"
    assert words_in("de").say(sentence) == "14. März um 09:00 Uhr"


LOCALES = sorted(each.replace("_", "-") for each in locale_identifiers() if re.fullmatch(r"(en|de)_\w{2,3}", each))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_region_has_whole_days_without_what_mail_programs_show_as_a_box(locale: str) -> None:
    words = words_in(locale)
    assert locale_for([locale]) == locale
    said = [words.hour(datetime(2030, 3, 14, hour, 30, tzinfo=UTC), "UTC") for hour in (9, 22)]
    assert len({*said}) == 2
    short = words.short_day(date(2030, 3, 14))
    assert re.fullmatch(r"14\.? \w+|\w+ 14", short)
    for each in said:
        assert re.match(r"\w+,? " + re.escape(short), each)
        assert "2030" in each
        assert all(letter == " " or not letter.isspace() for letter in each)


@pytest.mark.parametrize(
    ("locale", "first"),
    [("en-US", True), ("en-GB", False), ("de-AT", False), ("en-CA", None), ("en-ZA", None), ("en", None), ("de", None)],
)
def test_whether_the_month_goes_first_is_known_or_left_open(locale: str, first: bool | None) -> None:
    assert words_in(locale).month_first is first


def test_a_locale_has_a_name_for_its_readers() -> None:
    assert [words_in(each).name for each in ("en", "en-US", "de-AT")] == [
        "English",
        "English (United States)",
        "Deutsch (Österreich)",
    ]
