"""The page that both read before a check-in: what enters it, and what gives way when it grows too long."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from cycle.policy import PreRead
from cycle.reflection import BY_KEY, count_words, shortened
from cycle.sentences import Sentence

WORDS_OF_A_PROMISE = 25
WORDS_OF_A_LEARNING_MOMENT = 60


def is_link_only(rules: PreRead, mailbox_shared: bool | None) -> bool:
    """Whether the letter holds a link in place of words: by HR's rule, or since others open the partner's mailbox."""
    return rules.letter_contains == "link_only" or bool(mailbox_shared)


class SharedLine(BaseModel):
    """One shared, not withdrawn answer's line; `question` is a key of `cycle.reflection.BY_KEY`.

    `whole` is all of the answer, where its writer and the policy want that in the line's place.
    """

    model_config = ConfigDict(frozen=True)

    question: str
    line: str
    whole: str | None = None

    @property
    def given(self) -> str:
        """What stands in the pre-read, on one line; empty for nothing."""
        return " ".join(self.whole.split()) if self.whole else shortened(self.line)


class PathwayStep(BaseModel):
    """A role, or an opening of it (`where`, and its last day), that the employee put into the pre-read."""

    model_config = ConfigDict(frozen=True)

    role: str
    where: str | None = None
    closes_on: date | None = None


class Promise(BaseModel):
    """What somebody took on, and by when; the day is said to each reader in their language.

    In a snapshot of before the two were kept apart it is one text, which holds its day.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    due_on: date | None = None
    action: str | None = None
    """The id of the action; snapshots of before it was kept have none."""

    @model_validator(mode="before")
    @classmethod
    def _of_one_text(cls, value: Any) -> Any:
        return {"what": value} if isinstance(value, str) else value


class Snapshot(BaseModel):
    """The pre-read, the same to both, frozen when it is made. `promises` has the manager first.

    `lines` are (label, text); `questions` are the keys of the answers they come from, in the same order; `whole` are
    those of them whose text is no line but the whole answer.
    """

    model_config = ConfigDict(frozen=True)

    made_at: datetime
    promises: tuple[tuple[str, tuple[Promise, ...]], ...] = ()
    learning: str | None = None
    lines: tuple[tuple[str, str], ...] = ()
    questions: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    pathway: tuple[PathwayStep, ...] = ()
    celebrating: str | None = None
    celebrated: str | None = None
    """The id of the action that is celebrated."""
    ask: tuple[str, str]

    @property
    def actions(self) -> tuple[str, ...]:
        """The ids of the actions whose words stand in it, as far as they were kept."""
        promised = (each.action for _, promises in self.promises for each in promises)
        return tuple(each for each in (*promised, self.celebrated) if each)

    @property
    def words(self) -> int:
        """How many words a reader has before them, names and labels included; a whole answer counts as a line.

        Its writer wants all of it there, so nothing else gives way for its length.
        """
        texts = [name for name, _ in self.promises]
        texts += [f"{each.what} by {each.due_on or ''}" for _, promises in self.promises for each in promises]
        texts += [
            f"{label} {shortened(line) if key in self.whole else line}"
            for key, (label, line) in zip(self.questions, self.lines, strict=True)
        ]
        texts += [f"{step.role} {step.where or ''} {step.closes_on or ''}" for step in self.pathway]
        texts += [text for text in (self.learning, self.celebrating) if text]
        return sum(map(count_words, (*texts, *self.ask)))


# What a manager might ask, by the answer that was shared; none of them repeats what somebody wrote.
_ASK = {
    "learned": Sentence("What made it possible to learn that?"),
    "surprised": Sentence("What made that a surprise?"),
    "fitted": Sentence("How could there be more of the work that fits?"),
    "differently": Sentence("What would help to try it differently?"),
    "next": Sentence("What could go, to make room for what comes next?"),
    "works-best": Sentence("Which one thing would make the work here easier?"),
    "proud": Sentence("What made that work possible?"),
    "heading": Sentence("What would be a small way to try that direction?"),
    "agreements": Sentence("Which earlier agreement matters most to keep?"),
    "these-weeks": Sentence("What can be taken off these weeks?"),
    "to-explain": Sentence("Who could explain best what has changed?"),
    "still-fits": Sentence("What would make the plan fit again?"),
    "comes-first": Sentence("What can wait without harm?"),
    "as-expected": Sentence("What would you want to have known before?"),
    "strengths": Sentence("Where could an idle strength be of use?"),
    "hardest": Sentence("What would make the hardest part lighter?"),
    "would-help": Sentence("Who could open that door?"),
    "changed": Sentence("What is still unclear, and who could clear it up?"),
    "lived-through": Sentence("What of that is worth keeping?"),
    "goals": Sentence("Which goal should go first?"),
    "opening": Sentence("What would be the first step towards it?"),
}
_ASK_ANYWAY = (
    Sentence("What has been on your mind lately?"),
    Sentence("What would make the coming weeks good ones?"),
)


def questions_to_ask(shared: Iterable[str]) -> tuple[str, str]:
    """Two questions for the talk: those of the last two answers shared, else two for any talk.

    `shared` are question keys in the order asked.
    """
    chosen = [_ASK[key] for key in shared if key in _ASK][-2:]
    first, second, *_ = (*chosen, *(text for text in _ASK_ANYWAY if text not in chosen))
    return first, second


def build_snapshot(
    *,
    made_at: datetime,
    promises: Sequence[tuple[str, Sequence[Promise]]],
    learning: str | None,
    shared: Sequence[SharedLine],
    celebrating: str | None,
    words_at_most: int,
    pathway: Sequence[PathwayStep] = (),
    celebrated: str | None = None,
) -> Snapshot:
    """The pre-read of at most `words_at_most` words.

    `promises` are (name, open promises, the nearest first) with the manager first; `shared` are the lines, or the
    whole, of answers that are shared and not withdrawn, in the order asked: nothing else of a reflection may be given.
    `pathway` is what the employee put here, and nothing else of what interests them; `celebrated` is the id of the
    action whose title `celebrating` is.
    When it is too long, whole lines give way, the least important first: what is celebrated, then promises
    from the end (the employee's, then the manager's), then the learning moment, then pathways, then the employee's
    lines.
    """
    kept = tuple(line for line in shared if line.given)
    owed = [[_short(each) for each in theirs if each.what.strip()] for _, theirs in promises]
    names = [name for name, _ in promises]
    moment = shortened(learning, WORDS_OF_A_LEARNING_MOMENT) if learning and learning.strip() else None
    praise = shortened(celebrating, WORDS_OF_A_PROMISE) if celebrating and celebrating.strip() else None

    steps = list(pathway)

    def made() -> Snapshot:
        return Snapshot(
            made_at=made_at,
            promises=tuple((name, tuple(theirs)) for name, theirs in zip(names, owed, strict=True) if theirs),
            learning=moment,
            lines=tuple((BY_KEY[line.question].label, line.given) for line in kept),
            questions=tuple(line.question for line in kept),
            whole=tuple(line.question for line in kept if line.whole),
            pathway=tuple(steps),
            celebrating=praise,
            celebrated=celebrated if praise else None,
            ask=questions_to_ask(line.question for line in shared if line.given),
        )

    snapshot = made()
    while snapshot.words > words_at_most:
        if praise:
            praise = None
        elif any(owed):
            next(theirs for theirs in reversed(owed) if theirs).pop()
        elif moment:
            moment = None
        elif steps:
            steps.pop()
        elif kept:
            kept = kept[:-1]
        else:
            return snapshot
        snapshot = made()
    return snapshot


def _short(promise: Promise) -> Promise:
    return promise.model_copy(update={"what": shortened(promise.what, WORDS_OF_A_PROMISE)})
