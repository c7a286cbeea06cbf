"""Why a talk has the hour it has. It is kept in English beside the hour, and said in the language of its reader."""

import re
from datetime import UTC, datetime

from cycle.sentences import Sentence, ShortDay

INSIDE = Sentence("inside both people's hours")
OUTSIDE = Sentence("outside the usual hours: you share under an hour a day")
AS_LAST_TIME = Sentence("same weekday and hour as last time")
OVER_TENTATIVE = Sentence("over something tentative: nothing else was free")
MOVED_IN_OUTLOOK = Sentence("moved in Outlook")
AS_PROPOSED = Sentence("as proposed in Outlook")
ON_DUE_DATE = Sentence("on the due date {day}")
IN_WEEK_OF_DUE_DATE = Sentence("in the week of the due date {day}")
NEAREST_TO_DUE_DATE = Sentence("nearest to the due date {day}")
ONE_MOVED = Sentence("in place of the former one: {name}'s calendar is in another time zone now")
BOTH_MOVED = Sentence("in place of the former one: {one} and {other} have their calendars in other time zones now")

IN_PLACE = "in place of the former one"
"""How the reason begins that an hour has because somebody moved."""

_WITH_VALUES = (ON_DUE_DATE, IN_WEEK_OF_DUE_DATE, NEAREST_TO_DUE_DATE, ONE_MOVED, BOTH_MOVED)


def recalled(kept: str) -> Sentence:
    """A reason read from where it was kept, with what it was made of."""
    made = _made_of(kept, _WITH_VALUES)
    if made is None:
        return Sentence(kept)
    template, values = made
    day = _short_day(values.get("day", ""))
    return Sentence(template, **values | ({"day": day} if day else {}))


def _short_day(text: str) -> ShortDay | None:
    """A day that was kept in English, and without its year: one that has each day of a year will do."""
    try:
        return ShortDay(datetime.strptime(f"{text} 2000", "%d %B %Y").replace(tzinfo=UTC).date())
    except ValueError:
        return None


def _made_of(text: str, templates: tuple[Sentence, ...]) -> tuple[str, dict[str, str]] | None:
    for each in templates:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(each.template))
        found = re.fullmatch(pattern, text)
        if found:
            return each.template, found.groupdict()
    return None
