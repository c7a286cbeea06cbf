"""Reads a day as people write it, in English or German: "in two weeks", "next Friday", "Ende März", "19.3.".

Whoever uses it shows what was understood. Where a text could mean two days ("3/4", from somebody of whom nobody knows
which they write first), it is not guessed.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial

from dateutil.relativedelta import relativedelta

from cycle.actions import Refused
from cycle.sentences import Sentence, ShortDay

LONGEST_TEXT = 60
"""Letters; no day needs more."""
EXAMPLE = date(2030, 3, 19)
"""What hints show, without its year."""

_WEEKDAYS = (
    ("monday", "mon", "montag", "mo"),
    ("tuesday", "tue", "tues", "dienstag", "di"),
    ("wednesday", "wed", "mittwoch", "mi"),
    ("thursday", "thu", "thur", "thurs", "donnerstag", "do"),
    ("friday", "fri", "freitag", "fr"),
    ("saturday", "sat", "samstag", "sonnabend", "sa"),
    ("sunday", "sun", "sonntag", "so"),
)
_MONTHS = (
    ("january", "jan", "januar", "jänner"),
    ("february", "feb", "februar", "feber"),
    ("march", "mar", "märz", "maerz", "mär"),
    ("april", "apr"),
    ("may", "mai"),
    ("june", "jun", "juni"),
    ("july", "jul", "juli"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct", "oktober", "okt"),
    ("november", "nov"),
    ("december", "dec", "dezember", "dez"),
)
_COUNTS = {
    name: count
    for count, names in enumerate(
        (
            ("a", "an", "one", "ein", "eine", "einem", "einer"),
            ("two", "zwei", "a couple of", "couple of"),
            ("three", "drei"),
            ("four", "vier"),
            ("five", "fünf", "fuenf"),
            ("six", "sechs"),
            ("seven", "sieben"),
            ("eight", "acht"),
            ("nine", "neun"),
            ("ten", "zehn"),
            ("eleven", "elf"),
            ("twelve", "zwölf", "zwoelf"),
        ),
        start=1,
    )
    for name in names
}
_UNITS = {
    "day": ("day", "days", "tag", "tage", "tagen"),
    "week": ("week", "weeks", "woche", "wochen"),
    "month": ("month", "months", "monat", "monate", "monaten"),
    "year": ("year", "years", "jahr", "jahre", "jahren"),
}
_FRIDAY = 4

_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]]
"""A way of writing a day, and what it means seen from today."""


class Unreadable(Refused):
    """No day could be read, or more than one."""


def read_day(text: str, today: date, month_first: bool | None = None) -> date:
    """The day that `text` names, seen from `today` on the writer's calendar; it may lie in the past.

    `month_first`: whether its writer means March 4 by "3/4"; None where nobody knows.

    A day and month without a year are the next such day, today included; a month alone is its last day, a week alone
    its Friday. "Friday" and "this Friday" are the next one after today, "next Friday" the one in the week after this.
    Raises Unreadable.
    """
    words = _plain(text)
    if not words:
        raise Unreadable(
            Sentence(
                "The day is missing. Write one, such as {day}, next Friday or in two weeks.", day=ShortDay(EXAMPLE)
            )
        )
    if len(text) <= LONGEST_TEXT:
        in_numbers: _Rule = (_IN_NUMBERS, partial(_in_numbers, month_first))
        for pattern, meaning in (in_numbers, *_RULES):
            if found := pattern.fullmatch(words):
                try:
                    day = meaning(found, today)
                except (ValueError, OverflowError):
                    # The 30th of February, or a year that no calendar has.
                    day = None
                if day is not None:
                    return day
    raise Unreadable(
        Sentence("We cannot tell which day this is. Try {day}, next Friday or in two weeks.", day=ShortDay(EXAMPLE))
    )


def _plain(text: str) -> str:
    """Lower case, single spaces, without commas and the words that only lead up to a day."""
    words = " ".join(text.casefold().replace(",", " ").split())
    return re.sub(r"^(?:(?:by|until|till|on|before or on|due|bis|spätestens|am|zum|zur|den|the) )+", "", words)


# How each way of writing is read. Groups that a pattern leaves out are None.


def _iso(found: re.Match[str], _today: date) -> date:
    return date(int(found["y"]), int(found["m"]), int(found["d"]))


def _named(found: re.Match[str], today: date) -> date | None:
    """A day and a month, perhaps with a year, perhaps after a weekday, which must be right."""
    month = _number_of(_MONTHS, found["month"]) if "month" in found.groupdict() else int(found["m"])
    return _on_its_weekday(_with_year(int(found["d"]), month, found["y"], today), found)


def _on_its_weekday(day: date, found: re.Match[str]) -> date:
    weekday = found.groupdict().get("weekday")
    if weekday and day.weekday() != _number_of(_WEEKDAYS, weekday) - 1:
        raise Unreadable(
            Sentence("The day of the week and the date do not belong together. Write one of them, or mend one.")
        )
    return day


def _with_year(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    for ahead in range(9):
        # A leap day can be eight years away.
        try:
            this = date(today.year + ahead, month, day)
        except ValueError:
            if (month, day) != (2, 29):
                raise
            continue
        if this >= today:
            return this
    raise ValueError(f"no such day: {day}.{month}.")


def _in_numbers(month_first: bool | None, found: re.Match[str], today: date) -> date | None:
    """Day and month in whichever order there is only one of, else in the writer's.

    Dots stand behind a day that goes first; of whoever puts the month first nobody knows what they mean by them.
    """
    first, second = int(found["a"]), int(found["b"])
    if found["sign"] == ".":
        month_first = None if month_first else False
    if first > 12 or first == second:
        month_first = False
    elif second > 12:
        month_first = True
    if month_first is None:
        example = ShortDay(date(EXAMPLE.year, 4, 3))
        raise Unreadable(Sentence("This could be two days. Write the month as a word, such as {day}.", day=example))
    day, month = (second, first) if month_first else (first, second)
    return _on_its_weekday(_with_year(day, month, found["y"], today), found)


def _in_so_long(found: re.Match[str], today: date) -> date | None:
    count = _count(found["count"])
    for unit, names in _UNITS.items():
        if found["unit"] in names:
            return today + relativedelta(**{f"{unit}s": count})  # type: ignore[arg-type]
    return None


def _half_a_year(_found: re.Match[str], today: date) -> date:
    return today + relativedelta(months=6)


def _weekday(found: re.Match[str], today: date) -> date:
    wanted = _number_of(_WEEKDAYS, found["weekday"]) - 1
    which = found["which"] or ""
    if which.startswith(("next", "nächst", "naechst")):
        return _monday(today) + timedelta(weeks=1, days=wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _of_week(found: re.Match[str], today: date) -> date:
    """Its Friday; of this week while Friday is ahead or here, else that of the next."""
    friday = _monday(today) + timedelta(days=_FRIDAY)
    later = bool(found["which"]) and found["which"].startswith(("next", "nächst", "naechst", "kommend"))
    return friday + timedelta(weeks=1) if later or friday < today else friday


def _of_month(found: re.Match[str], today: date) -> date:
    """Beginning, middle or end of a month that is named or counted from this one."""
    parts = found.groupdict()
    part, which, year = _part(parts.get("part")), parts.get("which") or "", parts.get("y")
    if name := parts.get("month"):
        month = _number_of(_MONTHS, name)
        days = [_part_of_month(each, month, part) for each in ([int(year)] if year else [today.year, today.year + 1])]
        return next((each for each in days if each >= today), days[0])
    first = today.replace(day=1) + relativedelta(months=1 if which.startswith(("next", "nächst", "naechst")) else 0)
    return _part_of_month(first.year, first.month, part)


def _part_of_month(year: int, month: int, part: str) -> date:
    first = date(year, month, 1)
    if part == "begin":
        return first
    return first.replace(day=15) if part == "middle" else first + relativedelta(months=1, days=-1)


def _end_of_quarter(found: re.Match[str], today: date) -> date:
    parts = found.groupdict()
    if number := parts.get("q"):
        year = int(parts["y"]) if parts.get("y") else today.year
        end = _part_of_month(year, int(number) * 3, "end")
        return end if parts.get("y") or end >= today else _part_of_month(year + 1, int(number) * 3, "end")
    end = _part_of_month(today.year, (today.month + 2) // 3 * 3, "end")
    if (parts.get("which") or "").startswith(("next", "nächst", "naechst")):
        end = end + relativedelta(months=3, day=31)
    return end


def _end_of_year(found: re.Match[str], today: date) -> date:
    return date(today.year + (1 if (found["which"] or "").startswith(("next", "nächst", "naechst")) else 0), 12, 31)


def _calendar_week(found: re.Match[str], today: date) -> date | None:
    """Its Friday: ISO 8601 weeks, as both languages' calendars number them."""
    number, year = int(found["n"]), int(found["y"]) if found["y"] else today.isocalendar().year
    friday = date.fromisocalendar(year, number, _FRIDAY + 1)
    return friday if found["y"] or friday >= today else date.fromisocalendar(year + 1, number, _FRIDAY + 1)


def _day_of_month(found: re.Match[str], today: date) -> date:
    """The next day of this number; a month that has none is passed over."""
    first = today.replace(day=1)
    for ahead in range(3):
        month = first + relativedelta(months=ahead)
        day = month + timedelta(days=int(found["d"]) - 1)
        if day.month == month.month and day >= today:
            return day
    raise ValueError(f"no such day: {found['d']}.")


def _days_ahead(days: int) -> Callable[[re.Match[str], date], date]:
    return lambda _found, today: today + timedelta(days=days)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _count(word: str) -> int:
    return int(word) if word.isdecimal() else _COUNTS[word]


def _part(word: str | None) -> str:
    """begin | middle | end; a month alone means its end."""
    if not word:
        return "end"
    if word.startswith(("mid", "mitte")):
        return "middle"
    return "end" if word.startswith(("end", "late")) else "begin"


def _number_of(names: tuple[tuple[str, ...], ...], name: str) -> int:
    """Its place, from 1."""
    return next(number for number, each in enumerate(names, start=1) if name in each)


def _any(names: Iterable[str | tuple[str, ...]]) -> str:
    """Alternatives, the longest first."""
    flat = [each for group in names for each in ((group,) if isinstance(group, str) else group)]
    return "|".join(sorted(map(re.escape, flat), key=len, reverse=True))


_W, _M = f"(?P<weekday>{_any(_WEEKDAYS)})", f"(?P<month>{_any(_MONTHS)})"
_LED_BY_WEEKDAY = rf"(?:{_W}\.? (?:(?:the|den|dem) )?)?"
_D, _Y = r"(?P<d>\d{1,2})", r"(?P<y>\d{4})"
_NUMBER, _UNIT = rf"(?P<count>\d{{1,3}}|{_any(_COUNTS)})", f"(?P<unit>{_any(_UNITS.values())})"
_NEXT = r"(?P<which>next|nächste[nrms]?|naechste[nrms]?|this|the coming|coming|diese[nrms]?|kommende[nrms]?)"
_PART = r"(?P<part>(?:the )?(?:end|beginning|start|middle|mid|early|late|ende|anfang|mitte))"
_OF = r"(?: |-)(?:of )?(?:the |des |der |dem )?"

_IN_NUMBERS = re.compile(
    rf"{_LED_BY_WEEKDAY}(?P<a>\d{{1,2}})(?P<sign>[/.-])(?P<b>\d{{1,2}})(?:(?P=sign)(?P<y>\d{{4}}|\d{{2}}))?"
)
_RULES: tuple[_Rule, ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (rf"{_Y}-(?P<m>\d{{1,2}})-{_D}", _iso),
        (rf"{_LED_BY_WEEKDAY}{_D}\. ?(?P<m>\d{{1,2}})\.?(?: ?(?P<y>\d{{4}}|\d{{2}}))?", _named),
        (rf"{_LED_BY_WEEKDAY}{_D}(?:st|nd|rd|th|\.)?(?: of)? ?{_M}\.?(?: {_Y})?", _named),
        (rf"{_LED_BY_WEEKDAY}{_M}\.? (?:the )?{_D}(?:st|nd|rd|th)?(?: {_Y})?", _named),
        (rf"{_D}(?:st|nd|rd|th|\.)", _day_of_month),
        (rf"(?:in|within|innerhalb von|binnen) {_NUMBER} {_UNIT}", _in_so_long),
        (rf"{_NUMBER} {_UNIT}(?: from (?:now|today)| ahead)?", _in_so_long),
        (r"(?:in )?(?:half a year|einem halben jahr|ein halbes jahr)", _half_a_year),
        (r"today|heute", _days_ahead(0)),
        (r"tomorrow|morgen", _days_ahead(1)),
        (r"day after tomorrow|übermorgen|uebermorgen", _days_ahead(2)),
        (rf"(?:{_NEXT} )?{_W}\.?", _weekday),
        (rf"(?:(?:in|in der) )?{_NEXT} (?:week|woche)", _of_week),
        (rf"(?:the )?(?:end|ende){_OF}(?:{_NEXT} )?(?:week|woche)", _of_week),
        (rf"{_PART}{_OF}{_M}(?: {_Y})?", _of_month),
        (rf"(?:(?:in|im) )?{_M}(?: {_Y})?", _of_month),
        (rf"(?:(?:in|im) )?{_NEXT} (?:month|monats?)", _of_month),
        (rf"{_PART}{_OF}(?:{_NEXT} )?(?:month|monats?)|monatsende", _of_month),
        (rf"(?:(?:the )?(?:end|ende){_OF})?q(?P<q>[1-4])(?:[ /]{_Y})?", _end_of_quarter),
        (rf"(?:the )?(?:end|ende){_OF}(?:{_NEXT} )?(?:quarter|quartals?)|quartalsende", _end_of_quarter),
        (rf"(?:the )?(?:end|ende){_OF}(?:{_NEXT} )?(?:year|jahr(?:es)?)|jahresende", _end_of_year),
        (rf"(?:calendar week|week|cw|kw|kalenderwoche) ?(?P<n>\d{{1,2}})(?:[ /]{_Y})?", _calendar_week),
    )
)
