"""What a part of a letter is about, in words that are the same in every run of a seed: no ids, no day of arrival.

People decide by these, so that a letter that comes later, or beside another, changes no decision.
"""

from dataclasses import dataclass, field
from datetime import date

from cli.demo.days import first_day
from cli.demo.inbox import Letter, Part
from cli.demo.phrases import OF_CHECK_INS, OF_THE_PLAN, in_an_action

QUOTATION_MARKS = '"\u201e\u201c\u201d'


@dataclass(slots=True)
class Topics:
    """One person's memory of what their letters were about. Talks go by the names in Outlook's invitations."""

    _talks: dict[str, str] = field(default_factory=dict)
    _hours: dict[str, list[tuple[int, int] | None]] = field(default_factory=dict)

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
        hours = self._hours.setdefault(part.path, [])
        day = first_day(part.text)
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
                return f"{title_in(part)} by {in_an_action(part.text, 'due_day')}"
            case "stalls", _:
                read = OF_THE_PLAN.read_in(part.text) or OF_CHECK_INS.read_in(part.text)
                return read["partner_name"] if read else ""
        return ""


def id_in(path: str) -> str:
    return path.strip("/").split("/")[1]


def title_in(part: Part) -> str:
    """The title of the action that a letter speaks of."""
    return in_an_action(part.text, "title").strip(QUOTATION_MARKS)


def due_in(part: Part, near: date) -> date | None:
    """The due date of that action; letters leave the year to the reader."""
    return day_near(first_day(in_an_action(part.text, "due_day")), near)


def day_in(part: Part, near: date) -> date | None:
    """The first day that a letter names."""
    return day_near(first_day(part.text), near)


def day_near(said: tuple[int, int] | None, near: date) -> date | None:
    """This (day, month) in the year in which it is nearest; None where there is no such day."""
    if said is None:
        return None
    days = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            days.append(date(year, said[1], said[0]))
        except ValueError:
            continue
    return min(days, key=lambda day: abs(day - near), default=None)
