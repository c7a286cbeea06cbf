"""Says things as whoever reads them would: sentences in their language, days and hours as their region writes them.

English is what the sources say; each other language is one file, `config/locales/<language>/perennial.po`, read
as it is. `python -m config.languages` brings those files up to what the sources say now. How days, hours, countries
and places are written is Unicode's locale data (CLDR), by way of Babel.

A locale is a tag as `locale_for` gives it: a language we speak, with a region where one is known ("en-US", "de").
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location
from babel.localedata import locale_identifiers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from cycle.sentences import Quote, Sentence, ShortDay

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "en"
NAMES: dict[Language, str] = {"en": "English", "de": "Deutsch"}
"""Each in its own language, so that whoever needs it can read it."""

LOCALES = Path(__file__).parent.parent / "locales"

_USUAL_REGION: dict[Language, str] = {"en": "GB", "de": "DE"}
"""Whose ways of writing days and hours are taken where a reader's region is not known."""

# BCP 47: a language, perhaps a script, perhaps a region, whatever else. Mailboxes and browsers also write "_".
_TAG = re.compile(r"([a-z]+)(?:-[a-z]{4})?(?:-([a-z]{2}|[0-9]{3})(?:-.*)?)?", re.IGNORECASE)

# "am", "p.m." and their like stand behind a space that old mail programs and fonts show as a box.
_NARROW_SPACE = "\u202f"

# The locale data sets a comma after the weekday, in most regions and editions: here a British day never had one.
_COMMA_BEFORE_DAY = re.compile(r"(?<=EEEE),(?= d)")

# The locale data has hours as a table would; in a sentence a German hour has its word.
_AFTER_AN_HOUR: dict[Language, str] = {"en": "", "de": " Uhr"}
_QUOTATION_MARKS: dict[Language, tuple[str, str]] = {"en": ("“", "”"), "de": ("„", "“")}


def fitting(wanted: str | None) -> Language | None:
    """The language we have for a tag such as "de-AT" (BCP 47); None where we have none."""
    return _parts(wanted)[0]


def locale_for(wanted: Iterable[str | None], default: str = DEFAULT) -> str:
    """The first language of these tags that we speak, with a region: its own, else the first that any of them names.

    Whoever reads German mail and chooses English here reads English as it is written in Germany. A region of which
    nobody has said how it writes this language is passed over: "zh-CN" alone is "en", which is written as in Britain.
    """
    tags, (usual, last) = [_parts(each) for each in wanted], _parts(default)
    language, own = next((each for each in tags if each[0]), (usual, None))
    assert language is not None, "the default is a locale"
    regions = (own, *(region for _, region in tags), last)
    region = next((each for each in regions if each in _regions_of(language)), None)
    return f"{language}-{region}" if region else language


def _parts(tag: str | None) -> tuple[Language | None, str | None]:
    """The language, if we speak it, and the region of a tag."""
    found = _TAG.fullmatch((tag or "").strip().replace("_", "-"))
    if found is None:
        return None, None
    language = next((each for each in LANGUAGES if each == found[1].lower()), None)
    return language, found[2].upper() if found[2] else None


@cache
def _regions_of(language: Language) -> frozenset[str]:
    """Those of which the locale data says how they write this language."""
    parts = (each.split("_") for each in locale_identifiers())
    return frozenset(each[1] for each in parts if each[0] == language and len(each) == 2)


def catalogue_of(language: Language) -> Path:
    return LOCALES / language / "perennial.po"


@cache
def words_in(locale: str) -> "Words":
    return Words(locale)


class Words:
    """One locale: texts by their English, and days and hours as its readers write them."""

    def __init__(self, locale: str) -> None:
        language, region = _parts(locale)
        if language is None:
            raise ValueError(f"{locale} is no locale; locale_for finds the one for a tag.")
        self.language: Language = language
        self.locale = locale
        self._region = region
        self._cldr = Locale(language, region or _USUAL_REGION[language])
        self._texts = _translations(language)
        full = self._cldr.date_formats["full"].pattern
        # Patterns as in https://unicode.org/reports/tr35/tr35-dates.html, "EEEE, MMMM d, y": the year is always last.
        self._day = _COMMA_BEFORE_DAY.sub("", full) if language == "en" else full
        self._weekday_and_day = self._day.removesuffix("y").rstrip(", ")
        self._short_day = self._weekday_and_day.removeprefix("EEEE").lstrip(", ")

    @property
    def name(self) -> str:
        """ "English", "Deutsch (Österreich)": for those who read it."""
        return NAMES[self.language] + (f" ({self.country(self._region)})" if self._region else "")

    @property
    def month_first(self) -> bool | None:
        """Whether 3/4 is March 4; None where that cannot be told: without a region, or where the year goes first."""
        if self._region is None:
            return None
        first = self._cldr.date_formats["short"].pattern[0]
        return None if first == "y" else first == "M"

    def gettext(self, text: str) -> str:
        # The empty text is where a catalogue keeps its header.
        return str(self._texts.ugettext(text)) if text else text

    def ngettext(self, one: str, many: str, count: int) -> str:
        return str(self._texts.ungettext(one, many, count))

    def say(self, sentence: str) -> str:
        """A sentence in this language; what no catalogue knows, such as a name, stays as it is."""
        if not isinstance(sentence, Sentence):
            return self.gettext(sentence)
        said = self.gettext(sentence.template)
        return (
            said.format(**{name: self.value(each) for name, each in sentence.values.items()})
            if (sentence.values)
            else said
        )

    def day(self, day: date | None) -> str:
        """ "Thursday 11 March 2030"; empty for none."""
        return self._date(day, self._day)

    def short_day(self, day: date | None) -> str:
        """ "11 March" """
        return self._date(day, self._short_day)

    def weekday_and_day(self, day: date | None) -> str:
        """ "Thursday 11 March" """
        return self._date(day, self._weekday_and_day)

    def weekday(self, day: date) -> str:
        """ "Thursday" """
        return self._date(day, "EEEE")

    def clock(self, at: time) -> str:
        """ "10:00", "2:30 PM": a wall clock's, of whatever zone."""
        wall = at.replace(tzinfo=None)
        return format_time(wall, "short", locale=self._cldr).replace(_NARROW_SPACE, " ") + _AFTER_AN_HOUR[self.language]

    def hour(self, at: datetime, zone: str, named: bool = False) -> str:
        """ "Thursday 11 March 2030 at 10:00" on the wall clock of `zone` (an IANA name); `named`: whose clock it is."""
        local = at.astimezone(ZoneInfo(zone))
        said = self.gettext("{day} at {hour}").format(day=self.day(local.date()), hour=self.clock(local.time()))
        if not named:
            return said
        place = get_timezone_location(zone, locale=self._cldr, return_city=True)
        return self.gettext("{hour}, {place} time").format(hour=said, place=place)

    def country(self, code: str) -> str:
        """ "Germany" for "DE" (ISO 3166 alpha-2); a code that nobody knows stays as it is."""
        return str(self._cldr.territories.get(code, code))

    def _date(self, day: date | None, pattern: str) -> str:
        return format_date(day, pattern, locale=self._cldr) if day else ""

    def quoted(self, words: str) -> str:
        """Within quotation marks."""
        opening, closing = _QUOTATION_MARKS[self.language]
        # Not an f-string, so that markup stays markup.
        return opening + words + closing

    def value(self, value: Any) -> Any:
        """What fills a sentence, as it is said within it."""
        match value:
            case Sentence():
                return self.say(value)
            case Quote():
                return self.quoted(value)
            case ShortDay(day):
                return self.short_day(day)
            case date():
                return self.day(value)
            case time():
                return self.clock(value)
        return value


@cache
def _translations(language: Language) -> NullTranslations:
    if language == DEFAULT:
        return NullTranslations()
    compiled = BytesIO()
    with catalogue_of(language).open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)
