"""How somebody takes to letters: what they do with each, after how long, decided by (seed, person, letter, day)."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from cli.demo.words import chance, pick


class Temperament(StrEnum):
    PROMPT = "prompt"
    FORGETFUL = "forgetful"
    OVERLOADED = "overloaded"
    SILENT = "silent"
    """Overloaded, and never answers anything about plans."""
    ASKS_FOR_HELP = "asks for help"
    LETS_TALK = "let's just talk"


# Dealt out in turn; the first is Ann's.
EMPLOYEES = (
    Temperament.PROMPT,
    Temperament.SILENT,
    Temperament.LETS_TALK,
    Temperament.ASKS_FOR_HELP,
    Temperament.FORGETFUL,
    Temperament.OVERLOADED,
    Temperament.PROMPT,
    Temperament.FORGETFUL,
    Temperament.PROMPT,
    Temperament.ASKS_FOR_HELP,
    Temperament.OVERLOADED,
)
MANAGERS = (Temperament.PROMPT, Temperament.FORGETFUL, Temperament.PROMPT)

Rung = Literal["ahead", "tomorrow", "passed", "still_open"]
Answer = Literal["done", "new-date", "help", "drop", "snooze", "progress"]
StallAnswer = Literal["answer", "smaller", "pause", "leave", "keep-hr-out"]


def dealt(managers: Sequence[str], employees: Sequence[str]) -> dict[str, Temperament]:
    """A temperament for each mail address. With few people, the silent one is still among them."""
    if len(employees) == 1:
        return {**_round(managers, MANAGERS), employees[0]: Temperament.SILENT}
    return {**_round(managers, MANAGERS), **_round(employees, EMPLOYEES)}


def _round(mails: Sequence[str], temperaments: Sequence[Temperament]) -> dict[str, Temperament]:
    return {mail: temperaments[i % len(temperaments)] for i, mail in enumerate(mails)}


def with_form(who: Temperament, reminded: bool, *case: object) -> Literal["answer", "talk", "tomorrow"] | None:
    """What somebody does with the questions before a check-in; None leaves the letter lying."""
    match who:
        case Temperament.PROMPT:
            return "answer"
        case Temperament.ASKS_FOR_HELP:
            return "tomorrow"
        case Temperament.LETS_TALK:
            return "talk"
        case Temperament.FORGETFUL:
            return "answer" if reminded and chance(60, "form", *case) else None
        case Temperament.SILENT:
            return "answer" if reminded else None
        case Temperament.OVERLOADED:
            return pick(("answer", "talk", None), "form", *case) if reminded else None


def answers_outcome(who: Temperament, second: bool, *case: object) -> bool:
    """Whether somebody says how the talk went when asked for the first or the second time."""
    match who:
        case Temperament.FORGETFUL:
            return second
        case Temperament.OVERLOADED | Temperament.SILENT:
            return second and chance(60, "outcome", *case)
    return True


def with_action(who: Temperament, rung: Rung, *case: object) -> Answer | None:
    """What an owner does about an action when they hear of it."""
    match who, rung:
        case Temperament.SILENT, _:
            return None
        case Temperament.PROMPT, "ahead":
            return pick(("done", "progress", None), "action", *case)
        case Temperament.PROMPT, "tomorrow":
            return pick(("done", "new-date"), "action", *case)
        case Temperament.PROMPT, _:
            return "done"
        case Temperament.LETS_TALK, "passed":
            return pick(("done", "new-date", "drop"), "action", *case)
        case Temperament.LETS_TALK, "still_open":
            return "done"
        case Temperament.ASKS_FOR_HELP, "passed":
            return "help"
        case Temperament.ASKS_FOR_HELP, "still_open":
            return "done"
        case Temperament.FORGETFUL, "passed":
            return pick(("done", "snooze", None), "action", *case)
        case Temperament.FORGETFUL, "still_open":
            return pick(("done", "new-date", "drop"), "action", *case)
    return None


def with_weekly(who: Temperament, oldest: bool, *case: object) -> Answer | None:
    """What an owner does about a thing they let lie, once the weekly letter says that things are open."""
    if who is Temperament.OVERLOADED and oldest:
        return pick(("new-date", "drop"), "weekly", *case)
    return None


def with_stall(who: Temperament, *case: object) -> StallAnswer | None:
    """What the holder of a stuck plan does with the note."""
    match who:
        case Temperament.SILENT:
            return None
        case Temperament.ASKS_FOR_HELP:
            return "answer"
        case Temperament.PROMPT | Temperament.LETS_TALK:
            return pick(("smaller", "leave"), "stall", *case)
    return pick(("pause", "leave", "keep-hr-out"), "stall", *case)


def with_orphan(who: Temperament) -> Literal["me", "nobody"] | None:
    """What somebody does about an action in their plan whose owner has left."""
    match who:
        case Temperament.SILENT:
            return None
        case Temperament.OVERLOADED | Temperament.LETS_TALK:
            return "nobody"
    return "me"


def makes_action(who: Temperament, *case: object) -> bool:
    """Whether somebody takes something on at the end of a talk."""
    return who in (Temperament.PROMPT, Temperament.ASKS_FOR_HELP, Temperament.LETS_TALK) and chance(70, "makes", *case)


def gives_feedback(who: Temperament) -> bool:
    """Whether somebody answers a colleague who asks for it; the others let it lie."""
    return who in (Temperament.PROMPT, Temperament.ASKS_FOR_HELP, Temperament.LETS_TALK)
