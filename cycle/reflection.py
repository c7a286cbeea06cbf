"""What a reflection asks, by the situation somebody is in, and which sentence of an answer may be shared."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cycle.sentences import Sentence

Situation = Literal["regular", "first_with_manager", "back_from_leave", "new_role", "after_reorganization"]

LINE_WORDS = 25
"""The most words of a line in the pre-read."""


@dataclass(frozen=True, slots=True)
class Question:
    """`key` is stored with the answer and never changes; `label` stands before the line in a pre-read."""

    key: str
    label: Sentence
    text: Sentence


# The second question of a regular reflection takes turns with this one.
FITTED = Question("fitted", Sentence("What fitted"), Sentence("Which work fitted what matters to you?"))

QUESTIONS: dict[Situation, tuple[Question, ...]] = {
    "regular": (
        Question(
            "learned", Sentence("Learned"), Sentence("What did you learn since last time, about the work or yourself?")
        ),
        Question("surprised", Sentence("Surprised"), Sentence("What surprised you?")),
        Question("differently", Sentence("Differently"), Sentence("What would you do differently?")),
        Question(
            "next", Sentence("Next"), Sentence("What do you want to learn or do next, and why does it matter to you?")
        ),
        FITTED,
    ),
    "first_with_manager": (
        Question("works-best", Sentence("Works best"), Sentence("How do you work best, and what gets in the way?")),
        Question("proud", Sentence("Proud of"), Sentence("Which work are you proud of, and what did it teach you?")),
        Question("heading", Sentence("Heading"), Sentence("Where might you be heading; what is still open?")),
        Question(
            "agreements", Sentence("Agreements"), Sentence("What from earlier agreements should go on, change or stop?")
        ),
    ),
    "back_from_leave": (
        Question("these-weeks", Sentence("These weeks"), Sentence("What would make these weeks go well?")),
        Question("to-explain", Sentence("To explain"), Sentence("What has changed here that you want explained?")),
        Question("still-fits", Sentence("Still fits"), Sentence("Which earlier plans still fit?")),
        Question("comes-first", Sentence("Comes first"), Sentence("What comes first, and what can wait?")),
    ),
    "new_role": (
        Question("as-expected", Sentence("As expected"), Sentence("What is as expected, what surprised you?")),
        Question("strengths", Sentence("Strengths"), Sentence("Which strengths do you use, which lie idle?")),
        Question("hardest", Sentence("Hardest"), Sentence("What is hardest, and what would you try differently?")),
        Question(
            "would-help",
            Sentence("Would help"),
            Sentence("Which skill, person or experience would help most, and why?"),
        ),
    ),
    "after_reorganization": (
        Question("changed", Sentence("Changed"), Sentence("What changed for you, and what is unclear?")),
        Question("lived-through", Sentence("Lived through"), Sentence("What did you learn from living through it?")),
        Question("goals", Sentence("Goals"), Sentence("Which goals still make sense, which should go?")),
        Question("opening", Sentence("Opening"), Sentence("Where do you see an opening, and what would you need?")),
    ),
}

BY_KEY: dict[str, Question] = {question.key: question for asked in QUESTIONS.values() for question in asked}

LEARNING_MOMENT = Sentence(
    "Something real and small you learned lately: what happened, what surprised you, what would you do "
    "differently? Three sentences, no names. Your people see it first."
)

NOT_FOR = Sentence(
    "This form is not for reporting harassment, a health matter or danger: "
    "your answers are not watched, and nobody would come."
)
NOT_ASKED_AFTER_LEAVE = Sentence("Nothing about your time away is asked.")


def where_help_is(contact: str) -> Sentence:
    """`contact`: whom people of this installation may ask."""
    return Sentence(
        "In danger, call the emergency services (in most countries 112 or 911). For anything else, ask {contact}.",
        contact=contact,
    )


def situation_of(kind: str, met_before: bool, new_role: bool = False, reorganized: bool = False) -> Situation:
    """The situation that a check-in of this kind is in, the more personal first.

    `met_before`: the two have had an earlier one; `new_role` and `reorganized`: since somebody's last talk they got
    another role, or where they work was reorganized.
    """
    if kind == "return":
        return "back_from_leave"
    if kind == "handover" or not met_before:
        return "first_with_manager"
    if new_role:
        return "new_role"
    return "after_reorganization" if reorganized else "regular"


def questions_for(situation: Situation, count: int, period: int) -> tuple[Question, ...]:
    """At most `count` questions, in the order in which they are asked.

    Two are the first and the fourth of a situation. In regular reflections the second takes turns by the
    period's number; with five or more questions both of them are asked.
    """
    first, second, third, fourth, *rest = QUESTIONS[situation]
    if rest and period % 2 == 0:
        second, rest = rest[0], [second]
    by_weight = (first, fourth, second, third, *rest)[: max(count, 0)]
    asked = (first, second, third, fourth, *rest)
    return tuple(question for question in asked if question in by_weight)


def count_words(text: str) -> int:
    return len(text.split())


def proposed_line(text: str) -> str:
    """The first sentence of an answer, on one line; past 25 words it is cut and ends in an ellipsis."""
    flat = " ".join(text.split())
    ended = re.match(r".+?[.!?…。！？]+[\"'”’»)\]]*(?=\s|$)", flat)
    return shortened(ended.group() if ended else flat)


def shortened(line: str, words: int = LINE_WORDS) -> str:
    """`line` on one line, whole if it has at most `words` words, else cut there and ending in an ellipsis."""
    parts = line.split()
    if len(parts) <= words:
        return " ".join(parts)
    return " ".join(parts[:words]).rstrip(",;:.–-") + "…"


def version_of(text: str, changed_at: datetime) -> str:
    """What a form shows of the text it was opened with. Two changes of one instant differ too."""
    return f"{changed_at.isoformat()} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def both(there: str, typed: str) -> str:
    """What becomes of a text that an old form knows nothing of: what only one of the two holds is not lost."""
    if typed in there:
        return there
    return typed if there in typed else f"{there}\n\n{typed}"


def moment_period(policy_id: str, period: int) -> str:
    """The period of a policy in which a manager's learning moment counts, as it is stored and stands in letters' keys.

    One text serves all check-ins of that period, whichever quarters of the calendar it touches.
    """
    return f"{policy_id}/{period}"
