"""What people begin unasked: somebody invites a supporter to a goal, somebody asks two colleagues for feedback.

Each on a day of its own, whatever letters came by then, so that it is the same in every run of a seed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from cli.demo.temperaments import Temperament, gives_feedback

FEEDBACK_ON, SUPPORT_ON = 8, 9


@dataclass(frozen=True, slots=True)
class Initiative:
    """`day` counts from day 0, `colleagues` are whom it turns to."""

    day: int
    what: Literal["support", "feedback"]
    colleagues: tuple[str, ...]


def draw_initiatives(
    manager_of: Mapping[str, str | None],
    temperaments: Mapping[str, Temperament],
    asker: str | None,
    leaving: Collection[str],
) -> dict[str, list[Initiative]]:
    """By who takes it. The first employee invites somebody of another team, if one stays; `asker` asks one who will
    answer and one who will not.
    """
    bosses = set(manager_of.values())
    employees = [mail for mail, manager in manager_of.items() if manager and mail not in bosses]
    found: dict[str, list[Initiative]] = {}
    if employees:
        inviter, *others = employees
        ready = [mail for mail in others if temperaments[mail] is not Temperament.SILENT]
        ready.sort(key=lambda mail: (mail in leaving, manager_of[mail] == manager_of[inviter]))
        for supporter in ready[:1]:
            found.setdefault(inviter, []).append(Initiative(SUPPORT_ON, "support", (supporter,)))
    if asker:
        near = sorted((mail for mail in employees if mail != asker), key=lambda mail: mail in leaving)
        answers = [mail for mail in near if gives_feedback(temperaments[mail])]
        others = [mail for mail in near if not gives_feedback(temperaments[mail])]
        asked = (*answers[:1], *others[:1])
        if asked:
            found.setdefault(asker, []).append(Initiative(FEEDBACK_ON, "feedback", asked))
    return found
