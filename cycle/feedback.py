"""Feedback between colleagues: who can be asked, what an answer holds, and when advice is given about its words.

The one who asks sees the same of a colleague who declines as of one who has not come to it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from cycle.actions import Refused
from cycle.sentences import Sentence

MOST_OPEN = 3
"""More at a time would make asking a survey, and answering a chore."""
OPEN_FOR = timedelta(days=21)
ABOUT_LETTERS = 200
ANSWER_LETTERS = 2_000

Part = Literal["behaviour", "impact", "next_step"]
PARTS: tuple[Part, ...] = ("behaviour", "impact", "next_step")

State = Literal["asked", "answered", "declined", "taken_back"]
Seen = Literal["asked", "answered", "no_answer"]


def closes_at(asked_at: datetime) -> datetime:
    """When a request ends by itself, without a word to anybody."""
    return asked_at + OPEN_FOR


def is_open(state: State, asked_at: datetime, now: datetime) -> bool:
    """Whether it counts among the requests of whoever asked. A declined one does too: else it would show."""
    return state in ("asked", "declined") and now < closes_at(asked_at)


def seen_by_asker(state: State, asked_at: datetime, now: datetime) -> Seen:
    """What became of a request, for whoever asked."""
    if state == "answered":
        return "answered"
    return "asked" if is_open(state, asked_at, now) else "no_answer"


def can_answer(state: State, asked_at: datetime, now: datetime, read: bool) -> bool:
    """Whether the colleague can still write, change or take back: until it was read, or the request has ended."""
    if state == "answered":
        return not read
    return state in ("asked", "declined") and now < closes_at(asked_at)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the colleague wrote; each part may be empty, but not all."""

    behaviour: str = ""
    impact: str = ""
    next_step: str = ""

    def parts(self) -> tuple[tuple[Part, str], ...]:
        return ("behaviour", self.behaviour), ("impact", self.impact), ("next_step", self.next_step)


def answer_of(typed: Mapping[str, str]) -> Answer:
    """The answer in a form's fields. Raises Refused when all are empty or one is too long."""
    texts = {part: typed.get(part, "").strip() for part in PARTS}
    if not any(texts.values()):
        raise Refused(Sentence("Write something in one of the three fields; one of them is enough."))
    if any(len(text) > ANSWER_LETTERS for text in texts.values()):
        raise Refused(Sentence("Each field has at most {letters} letters.", letters=ANSWER_LETTERS))
    return Answer(**texts)


def about_of(text: str) -> str | None:
    """What somebody would like to hear about: a sentence, or None. Raises Refused."""
    about = " ".join(text.split())
    if len(about) > ABOUT_LETTERS:
        raise Refused(Sentence("Say in at most {letters} letters what it is about.", letters=ABOUT_LETTERS))
    return about or None


# Finding a colleague by the name that was typed


@dataclass(frozen=True, slots=True)
class Colleague:
    id: str
    name: str
    mail: str


def found_by(typed: str, people: Iterable[Colleague]) -> Colleague:
    """The one colleague of this address, or else of this whole name; letter case and accents do not matter.

    There is no list to look through, and a part of a name finds nobody. Raises Refused.
    """
    wanted = _folded(typed)
    here = list(people)
    by_mail = [each for each in here if each.mail.strip().lower() == typed.strip().lower()]
    found = by_mail or [each for each in here if wanted and _folded(each.name) == wanted]
    if not found:
        raise Refused(
            Sentence(
                "Nobody here is called “{name}”. Write first and last name as they stand in Outlook, "
                "or the mail address.",
                name=typed.strip(),
            )
        )
    if len(found) > 1:
        raise Refused(
            Sentence("More than one person is called “{name}”: write the mail address instead.", name=typed.strip())
        )
    return found[0]


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return " ".join("".join(each for each in plain if not unicodedata.combining(each)).split())


# Advice


@dataclass(frozen=True, slots=True)
class Advice:
    """A word of advice about one part; `words` are those it is about, as they were written."""

    kind: Literal["person", "always"]
    words: str

    @property
    def sentence(self) -> Sentence:
        if self.kind == "person":
            return Sentence(
                "“{words}” speaks about who somebody is. What did you see or hear, and when was it?", words=self.words
            )
        return Sentence("“{words}” is seldom quite so. One occasion that you remember says more.", words=self.words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Words for somebody's character that are seldom said of anything else.
_CHARACTER_WORDS = _words(
    """
    aggressive arrogant bossy careless chaotic childish clueless disorgani[sz]ed egoistic immature incompetent insecure
    irresponsible lazy manipulative moody naive narcissistic pedantic rude selfish shy sloppy stubborn stupid toxic
    unfriendly unprofessional unreliable useless
    """
)
# Stems, which go on as German inflects them.
_CHARACTER_STEMS = _words(
    """
    aggressiv arrogant chaotisch egoistisch faul inkompetent kindisch launisch manipulativ naiv narzisstisch nachlässig
    pedantisch rechthaberisch schlampig schüchtern stur überheblich unfreundlich unfähig unprofessionell unreif
    unselbständig unselbstständig unzuverlässig verantwortungslos zickig
    """
)
_CHARACTER = re.compile(
    rf"\b(?:{'|'.join(_CHARACTER_WORDS)}|(?:{'|'.join(_CHARACTER_STEMS)})(?:e[mnrs]?)?)\b", re.IGNORECASE
)

# What follows "you are" tells a person from a deed: "you are presenting", "you are in".
_YOU_ARE = re.compile(
    r"\b(?:you\s+are|you['’]re|you\s+were|s?he\s+is|s?he['’]s|s?he\s+was)\s+(?P<rest>[^.!?;:,\n]+)", re.IGNORECASE
)
# What somebody has is seldom what they did.
_YOU_LACK = re.compile(
    r"\b(?:you\s+lack|s?he\s+lacks|(?:you\s+have|s?he\s+has)\s+an?\s+(?:awful|bad|negative|poor|terrible))\s+\w+",
    re.IGNORECASE,
)
_YOU_ARE_NOT_JUDGED = frozenset(
    _words(
        """
        about able allowed already among and around at away back before behind between both by doing done due during
        first for free from gone her here his home how in involved leading like my near next off on one our out over
        part ready responsible right supposed that the their there to under up welcome what when where who why with
        within your
        """
    )
)
_SOFTENERS = frozenset(
    _words("a always an bit constantly just little never not often quite rather really simply so such too usually very")
)

_DU_BIST = re.compile(r"\b(?:du\s+(?:bist|warst)|(?:bist|warst)\s+du)\s+(?P<rest>[^.!?;:,\n]+)", re.IGNORECASE)
_DU_BIST_NOT_JUDGED = frozenset(
    _words(
        """
        ab als am an auf aus bei beim bereit bereits bis da dabei dafür dann daran darauf der derjenige die diejenige
        dort dran durch eingeladen für gefragt gegen gerade gestern herzlich heute hier hin hinter im in ins jetzt kurz
        mit morgen nach neben ohne schon seit trotz um unter unterwegs vom von vor weiter wieder willkommen während
        wegen zu zum zur zurück zuständig zwischen über
        """
    )
)
_SOFTENERS_IN_GERMAN = frozenset(
    _words(
        """
        aber auch echt eher ein eine einem einen einer einfach etwas halt immer leider meistens nicht nie oft recht
        sehr so ständig viel wirklich ziemlich
        """
    )
)
# "ge-...-t" and "-iert" end a German perfect tense, which tells what somebody did.
_PARTICIPLE = re.compile(r"\w*ge\w+(?:t|en)|\w+iert")

_ALWAYS = re.compile(
    r"(?<!not )(?<!as )(?<!nicht )(?<!wie )(?<!für )\b(?:always|never|constantly|immer|nie|niemals|ständig|dauernd)\b"
    r"(?!\s+(?:mind|noch|mehr|wieder|besser|öfter|weniger|mal|wenn)\b)",
    re.IGNORECASE,
)


@cache
def _named(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """ "Ann is ...", in English and in German; of things nobody says "she", but "sie" is said of any."""
    said, rest = re.escape(name), r"(?P<rest>[^.!?;:,\n]+)"
    english = re.compile(rf"\b{said}\s+(?:is|was)\s+{rest}", re.IGNORECASE)
    return english, re.compile(rf"\b(?:{said}\s+(?:ist|war)|(?:ist|war)\s+{said})\s+{rest}", re.IGNORECASE)


def advise(text: str, name: str = "") -> tuple[Advice, ...]:
    """Where a text judges the person instead of what they did, in English or German; at most one word a kind.

    `name` is what the person is called by those who write about them. It is a rule about words and knows nothing of
    what was meant: whoever wrote them decides.
    """
    found = [Advice("person", words) for words in _about_the_person(text, name)[:1]]
    found += [Advice("always", match.group()) for match in list(_ALWAYS.finditer(text))[:1]]
    return tuple(found)


def advise_on(answer: Answer, name: str = "") -> dict[Part, tuple[Advice, ...]]:
    """The advice for each part that has some. "Always" in a next step is a wish, and is left alone."""
    found: dict[Part, tuple[Advice, ...]] = {}
    for part, text in answer.parts():
        advice = tuple(each for each in advise(text, name) if part != "next_step" or each.kind != "always")
        if advice:
            found[part] = advice
    return found


def _about_the_person(text: str, name: str) -> Sequence[str]:
    english, german = [_YOU_ARE], [_DU_BIST]
    if name:
        is_said, wird_gesagt = _named(name)
        english.append(is_said)
        german.append(wird_gesagt)
    found = [(each.start(), said) for one in english for each in one.finditer(text) if (said := _judgement(each))]
    found += [
        (each.start(), said) for one in german for each in one.finditer(text) if (said := _judgement_in_german(each))
    ]
    for pattern in (_CHARACTER, _YOU_LACK):
        found += [(each.start(), " ".join(each.group().split())) for each in pattern.finditer(text)]
    return [words for _, words in sorted(found)]


def _judgement(match: re.Match[str]) -> str | None:
    until, what = _first_of_weight(match, _SOFTENERS)
    if not what or what in _YOU_ARE_NOT_JUDGED or what.endswith(("ing", "ed")):
        return None
    return until


def _judgement_in_german(match: re.Match[str]) -> str | None:
    until, what = _first_of_weight(match, _SOFTENERS_IN_GERMAN)
    last = match["rest"].casefold().split()[-1:]
    if not what or what in _DU_BIST_NOT_JUDGED or any(_PARTICIPLE.fullmatch(word) for word in last):
        return None
    return until


def _first_of_weight(match: re.Match[str], softeners: frozenset[str]) -> tuple[str, str]:
    """The text up to the first word that says something, and that word."""
    for word in re.finditer(r"[\w'’-]+", match["rest"]):
        if word.group().casefold() not in softeners:
            until = match.start("rest") - match.start() + word.end()
            return " ".join(match.group()[:until].split()), word.group().casefold()
    return "", ""
