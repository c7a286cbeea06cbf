"""Days and hours in words, as British, American and German readers write them. Typed out: how ours are said is what is
tested.
"""

import re
from collections.abc import Mapping

_ENGLISH = "January February March April May June July August September October November December"
_GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
MONTHS: Mapping[str, int] = {
    name: number for names in (_ENGLISH, _GERMAN) for number, name in enumerate(names.split(), 1)
}

_MONTH = "|".join(MONTHS)
_DAY = re.compile(rf"\b(?:(?P<before>\d{{1,2}})\.? (?P<month>{_MONTH})|(?P<first>{_MONTH}) (?P<after>\d{{1,2}}))\b")
_HOUR = re.compile(r"\b(\d{1,2}):(\d{2})\b(?: ([AP])M\b)?")


def first_day(text: str) -> tuple[int, int] | None:
    """(day, month) of the first day that a text names."""
    found = _DAY.search(text)
    return (int(found["before"] or found["after"]), MONTHS[found["month"] or found["first"]]) if found else None


def first_hour(text: str) -> str:
    """The first hour, as "09:30" on a clock of 24 hours; empty where a text names none."""
    found = _HOUR.search(text)
    if found is None:
        return ""
    hour = int(found[1])
    if found[3]:
        hour = hour % 12 + (12 if found[3] == "P" else 0)
    return f"{hour:02}:{found[2]}"
