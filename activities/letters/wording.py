"""The phrases that letters are filled with, in the language of whoever reads them: counts in words, names in a row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.languages import Words
from cycle.sentences import Sentence

# Beyond twelve, figures read better; one is said in sentences of its own.
NUMBERS = (
    Sentence("two"),
    Sentence("three"),
    Sentence("four"),
    Sentence("five"),
    Sentence("six"),
    Sentence("seven"),
    Sentence("eight"),
    Sentence("nine"),
    Sentence("ten"),
    Sentence("eleven"),
    Sentence("twelve"),
)


@dataclass(frozen=True, slots=True)
class Wording:
    """Every text it returns is plain: whoever puts one into HTML escapes it."""

    words: Words

    def number(self, count: int) -> str:
        """ "three"; figures from thirteen on."""
        return self.words.say(NUMBERS[count - 2]) if 2 <= count <= len(NUMBERS) + 1 else str(count)

    def minutes(self, count: int) -> str:
        """ "one minute", "eight minutes" """
        return self.words.ngettext("one minute", "{number} minutes", count).format(number=self.number(count))

    def listed(self, names: Sequence[str]) -> str:
        """ "Ann, Ira and Otto" """
        if len(names) < 2:
            return "".join(names)
        return self.words.say(Sentence("{names} and {last}", names=", ".join(names[:-1]), last=names[-1]))

    def quoted(self, text: str) -> str:
        return self.words.say(Sentence('"{text}"', text=text))

    def day_at(self, day: str, hour: str) -> str:
        """ "Thursday 11 March at 10:00" """
        return self.words.say(Sentence("{day} at {hour}", day=day, hour=hour))

    def when(self, start: datetime, now: datetime) -> str:
        """ "tomorrow at 10:00", "on Monday at 10:00"; both instants are on the reader's clock."""
        hour = start.time()
        match (start.date() - now.date()).days:
            case 0:
                return self.words.say(Sentence("today at {hour}", hour=hour))
            case 1:
                return self.words.say(Sentence("tomorrow at {hour}", hour=hour))
            case _:
                weekday = self.words.weekday(start)
                return self.words.say(Sentence("on {weekday} at {hour}", weekday=weekday, hour=hour))

    def globals(self) -> Mapping[str, Callable[..., str]]:
        """What templates call."""
        return {
            "number": self.number,
            "minutes_in_words": self.minutes,
            "listed": self.listed,
            "quoted": self.quoted,
            "day_at": self.day_at,
        }
