"""Sentences of letters, known again in each language that letters are written in.

Whatever a link can tell is read from links; these are for what only words can tell.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from config.languages import LANGUAGES, words_in

_PLACE = re.compile(r"%\((\w+)\)s")
_A_DAY = r"(?:\w+,? )?(?:\d{1,2}\.? [^\W\d]+|[^\W\d]+ \d{1,2})"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence as the catalogues have it, in English. Its places are named; those for a day are named so."""

    english: str

    def read_in(self, text: str) -> Mapping[str, str] | None:
        """What stands in its places, where a text says it in any language; None where none does."""
        for pattern in _patterns(self.english):
            if found := pattern.search(text):
                return found.groupdict()
        return None

    def is_in(self, text: str) -> bool:
        return self.read_in(text) is not None


DAY_PASSED = Phrase("The day has passed; weeks are like that. What fits now?")
STILL_OPEN = Phrase("It is still open, and perhaps something else came first. What fits now?")
DAY_IS_CLOSE = Phrase("That day is close now. What fits?")
ASKED_AGAIN = Phrase(
    "We have not heard how %(day)s's check-in with %(partner_name)s went, and ask this one more time. "
    "Any answer is fine."
)
RESTS = Phrase(
    "Your plan rests from today, and we stop asking about it. Thank you for what you put into it; that stays, "
    "and so does everything you wrote down."
)
OF_THE_PLAN = Phrase(
    "The plan you share with %(partner_name)s has been quiet for a while, and its next step is with you. "
    "Work changes, and so do wishes. What is in the way?"
)
OF_CHECK_INS = Phrase(
    "Your check-ins with %(partner_name)s have not come about lately. Weeks fill up, and so do calendars. "
    "What is in the way?"
)
ASKS_FOR_HELP = Phrase("Nobody else was told. A word is often enough.")
ABOUT_AN_ACTION = (
    Phrase("On %(agreed_day)s you took this on with %(with_name)s: %(title)s, by %(due_day)s."),
    Phrase("On %(agreed_day)s you took this on: %(title)s, by %(due_day)s."),
    Phrase("%(owner_name)s, who had taken on %(title)s by %(due_day)s, does not work here any more. What fits now?"),
)
EVERY = (
    DAY_PASSED,
    STILL_OPEN,
    DAY_IS_CLOSE,
    ASKED_AGAIN,
    RESTS,
    ASKS_FOR_HELP,
    OF_THE_PLAN,
    OF_CHECK_INS,
    *ABOUT_AN_ACTION,
)


def in_an_action(text: str, place: str) -> str:
    """What stands in this place of the sentence about an action; empty where there is none."""
    return next((read[place] for each in ABOUT_AN_ACTION if (read := each.read_in(text))), "")


@cache
def _patterns(english: str) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(words_in(language).gettext(english)) for language in LANGUAGES)


def _pattern(said: str) -> re.Pattern[str]:
    """Around what stands in a place there may be room: it may be an element of its own."""
    parts = _PLACE.split(said)
    found = [re.escape(part.strip()).replace(r"\ ", r"\s+") for part in parts]
    found[1::2] = [rf"\s*(?P<{name}>{_A_DAY if name.endswith('day') else '.+?'})\s*" for name in parts[1::2]]
    return re.compile("".join(found))
