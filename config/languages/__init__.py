"""Says things in the language of whoever reads them: sentences, days and hours, from Babel's catalogues.

English is what the sources say; each other language is one file, `config/locales/<language>/perennial.po`, read
as it is. `python -m config.languages` brings those files up to what the sources say now.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_location
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from cycle.sentences import Quote, Sentence

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "en"
NAMES: dict[Language, str] = {"en": "English", "de": "Deutsch"}
"""Each in its own language, so that whoever needs it can read it."""

LOCALES = Path(__file__).parent.parent / "locales"

# Patterns of Unicode's locale data (https://unicode.org/reports/tr35/tr35-dates.html): day, then day without year.
_LOCALE = {"en": "en_GB", "de": "de_DE"}
_DAY = {"en": "EEEE d MMMM y", "de": "EEEE, d. MMMM y"}
_SHORT_DAY = {"en": "d MMMM", "de": "d. MMMM"}
_WEEKDAY_AND_DAY = {"en": "EEEE d MMMM", "de": "EEEE, d. MMMM"}
_QUOTATION_MARKS = {"en": ("“", "”"), "de": ("„", "“")}


def fitting(wanted: str | None) -> Language | None:
    """The language we have for a tag such as "de-AT" (BCP 47); None where we have none."""
    primary = (wanted or "").replace("_", "-").split("-")[0].strip().lower()
    return next((language for language in LANGUAGES if language == primary), None)


def first_fitting(wanted: Iterable[str | None], default: Language = DEFAULT) -> Language:
    """The first of these tags that we speak."""
    return next((language for each in wanted if (language := fitting(each))), default)


def catalogue_of(language: Language) -> Path:
    return LOCALES / language / "perennial.po"


@cache
def words_in(language: Language) -> "Words":
    return Words(language)


class Words:
    """One language: texts by their English, and days and hours as its readers write them."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._texts = _translations(language)

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
        return self._date(day, _DAY)

    def short_day(self, day: date | None) -> str:
        """ "11 March" """
        return self._date(day, _SHORT_DAY)

    def weekday_and_day(self, day: date | None) -> str:
        """ "Thursday 11 March" """
        return self._date(day, _WEEKDAY_AND_DAY)

    def weekday(self, day: date) -> str:
        """ "Thursday" """
        return format_date(day, "EEEE", locale=_LOCALE[self.language])

    def hour(self, at: datetime, zone: str, named: bool = False) -> str:
        """ "Thursday 11 March 2030 at 10:00" on the wall clock of `zone` (an IANA name); `named`: whose clock it is."""
        local = at.astimezone(ZoneInfo(zone))
        said = self.gettext("{day} at {hour}").format(day=self.day(local.date()), hour=f"{local:%H:%M}")
        if not named:
            return said
        place = get_timezone_location(zone, locale=_LOCALE[self.language], return_city=True)
        return self.gettext("{hour}, {place} time").format(hour=said, place=place)

    def country(self, code: str) -> str:
        """ "Germany" for "DE" (ISO 3166 alpha-2); a code that nobody knows stays as it is."""
        return str(Locale.parse(_LOCALE[self.language]).territories.get(code, code))

    def _date(self, day: date | None, patterns: dict[Any, str]) -> str:
        return format_date(day, patterns[self.language], locale=_LOCALE[self.language]) if day else ""

    def quoted(self, words: str) -> str:
        """Within quotation marks."""
        opening, closing = _QUOTATION_MARKS[self.language]
        # Not an f-string, so that markup stays markup.
        return opening + words + closing

    def value(self, value: Any) -> Any:
        """What fills a sentence, as it is said within it."""
        if isinstance(value, Sentence):
            return self.say(value)
        if isinstance(value, Quote):
            return self.quoted(value)
        return self.day(value) if isinstance(value, date) else value


def _translations(language: Language) -> NullTranslations:
    if language == DEFAULT:
        return NullTranslations()
    compiled = BytesIO()
    with catalogue_of(language).open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)
