"""What a part of a letter is about, in words that are the same in every run of a seed: no ids, no day of arrival.

People decide by these, so that a letter that comes later, or beside another, changes no decision.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime

from cli.demo.inbox import Letter, Part

_QUOTED = re.compile(r'"([^"]+)"')
_DAY = re.compile(r"\b(\d{1,2}) ([A-Z][a-z]+)\b")
_DUE = re.compile(r"by (\d{1,2} [A-Z][a-z]+)\b")
_WITH = re.compile(r"(?:share with|check-ins with) (\w+)")


@dataclass(slots=True)
class Topics:
    """One person's memory of what their letters were about. Talks go by the names in Outlook's invitations."""

    _talks: dict[str, str] = field(default_factory=dict)
    _hours: dict[str, list[str]] = field(default_factory=dict)

    def invited(self, letter: Letter) -> None:
        """The first talk of two people is "Check-in: Ann and Mara 1", the next one 2; another hour is the same talk."""
        if letter.about is None or not letter.subject.startswith("Check-in: "):
            return
        before = sum(name.startswith(f"{letter.subject} ") for name in self._talks.values())
        self._talks.setdefault(id_in(letter.about), f"{letter.subject} {before + 1}")

    def talk(self, path: str) -> str:
        return self._talks.get(id_in(path), "")

    def hour(self, part: Part) -> int:
        """Which hour of its talk a question is about, the first being 0: one that was moved has a second."""
        said = _DAY.search(part.text)
        hours = self._hours.setdefault(part.path, [])
        day = said[0] if said else ""
        if day not in hours:
            hours.append(day)
        return hours.index(day)

    def of(self, part: Part) -> str:
        match part.path.strip("/").split("/")[0], part.kind:
            case "check-ins", "outcome" | "second-outcome":
                return f"{self.talk(part.path)}, hour {self.hour(part)}"
            case "check-ins" | "reflections", _:
                return self.talk(part.path)
            case "actions", "action" | "orphan":
                return f"{title_in(part)} by {_first(_DUE, part.text)}"
            case "stalls", _:
                return _first(_WITH, part.text)
        return ""


def id_in(path: str) -> str:
    return path.strip("/").split("/")[1]


def title_in(part: Part) -> str:
    """The title of the action that a letter speaks of."""
    return _first(_QUOTED, part.text)


def due_in(part: Part, near: date) -> date | None:
    """The due date of that action; letters leave the year to the reader."""
    said = _DUE.search(part.text)
    return _nearest(said[1], near) if said else None


def day_in(part: Part, near: date) -> date | None:
    """The first day that a letter names."""
    said = _DAY.search(part.text)
    return _nearest(said[0], near) if said else None


def _nearest(said: str, near: date) -> date | None:
    days = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            days.append(datetime.strptime(f"{said} {year} +0000", "%d %B %Y %z").date())
        except ValueError:
            continue
    return min(days, key=lambda day: abs(day - near), default=None)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
