"""Reads last quarter's history from HR's file, with a sentence for everything in it that cannot be used."""

import difflib
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml
from pydantic import ValidationError

from integrations.database.history import (
    HeldCheckIn,
    History,
    PastAction,
    PastGoal,
    PastPlan,
    PersonHistory,
)

# What a field may hold, for the sentence about one that does not.
ALLOWED = {
    "people": "a list of at least one person",
    "person": "a mail address",
    "owner": "a mail address",
    "check_ins": "a list of {held_on, hour}",
    "held_on": "a date like 2029-11-14 that has passed",
    "hour": 'a time in quotes like "10:00"',
    "plan": "{goals, actions}",
    "goals": "a list of {title, why}",
    "actions": "a list of {title, owner, success, modality, agreed_on, due_on, state, quiet_since}",
    "title": "1 to 200 letters",
    "why": "1 to 2000 letters",
    "success": "1 to 2000 letters",
    "modality": "stretch, mentoring, training, rotation or reading",
    "state": "open, done or dropped",
    "agreed_on": "a date like 2029-12-10 that has passed",
    "due_on": "a date like 2030-02-23 after agreed_on",
    "quiet_since": "a date from agreed_on to today",
}
FIELDS = sorted(
    {
        name
        for model in (History, PersonHistory, HeldCheckIn, PastPlan, PastGoal, PastAction)
        for name in model.model_fields
    }
)


class HistoryFileError(Exception):
    """A history file that cannot be used: `problems` are sentences naming field, value and what is allowed."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_history_yaml(text: str, today: date) -> History:
    """The history in `text`. Raises HistoryFileError with every problem found."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        raise HistoryFileError(
            (f"{where} is not YAML ({getattr(error, 'problem', None) or 'unreadable'}); check its indentation.",)
        ) from error
    if not isinstance(document, Mapping):
        raise HistoryFileError(("The file has no people; it must begin with people: and a list.",))
    try:
        history = History.model_validate(document)
    except ValidationError as invalid:
        errors = invalid.errors()
        # A list is short of what could not be read in it: only the latter is news.
        news = [each for each in errors if not any(_is_within(other["loc"], each["loc"]) for other in errors)]
        raise HistoryFileError(tuple(_sentence(each) for each in news)) from invalid
    problems = _contradictions(history, today)
    if problems:
        raise HistoryFileError(tuple(problems))
    return history


def _is_within(inner: tuple[Any, ...], outer: tuple[Any, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _sentence(error: Any) -> str:
    path, field = _path(error["loc"]), next(str(part) for part in reversed(error["loc"]) if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, FIELDS, 1)
        return f"{path} is not a field; " + (f"did you mean {near[0]}?" if near else "leave it out.")
    if error["type"] == "missing":
        return f"{path} is missing; it must be {ALLOWED[field]}."
    if isinstance(error["input"], (Mapping, list)):
        # What is in there may be somebody's own words.
        return f"{path} does not fit; it must be {ALLOWED[field]}."
    return f"{path} is {error['input']!r}; it must be {ALLOWED[field]}."


def _path(location: tuple[Any, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def _contradictions(history: History, today: date) -> list[str]:
    """What is wrong between days; each would make a ladder that nobody could explain."""
    problems = []
    for n, past in enumerate(history.people, 1):
        for m, held in enumerate(past.check_ins, 1):
            if held.held_on >= today:
                problems.append(
                    f"people[{n}].check_ins[{m}].held_on is {held.held_on}; it must be {ALLOWED['held_on']}."
                )
        for m, action in enumerate(past.plan.actions if past.plan else (), 1):
            path = f"people[{n}].plan.actions[{m}]"
            if action.agreed_on >= today:
                problems.append(f"{path}.agreed_on is {action.agreed_on}; it must be {ALLOWED['agreed_on']}.")
            if action.due_on <= action.agreed_on:
                problems.append(f"{path}.due_on is {action.due_on}; it must be after agreed_on, {action.agreed_on}.")
            if not action.agreed_on <= action.quiet_since <= today:
                problems.append(
                    f"{path}.quiet_since is {action.quiet_since}; it must be from agreed_on, {action.agreed_on}, "
                    f"to today, {today}."
                )
    return problems
