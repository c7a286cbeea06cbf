"""Days and hours in words, as English and German texts write them. Typed out: our own catalogues are what is tested."""

import re
from collections.abc import Mapping

_ENGLISH = "January February March April May June July August September October November December"
_GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
MONTHS: Mapping[str, int] = {
    name: number for names in (_ENGLISH, _GERMAN) for number, name in enumerate(names.split(), 1)
}

_DAY = re.compile(r"\b(\d{1,2})\.? ([^\W\d]+)\b")
_HOUR = re.compile(r"\b\d{1,2}:\d{2}\b")


def first_day(text: str) -> tuple[int, int] | None:
    """(day, month) of the first day that a text names."""
    return next(((int(number), MONTHS[word]) for number, word in _DAY.findall(text) if word in MONTHS), None)


def first_hour(text: str) -> str:
    """The first hour, as "09:30"; empty where a text names none."""
    found = _HOUR.search(text)
    return found[0] if found else ""
