"""Who joins by themselves, whose new manager counts, and when the directory is read without being told to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from cycle.people import find_loops

LOOK_EVERY_HOURS = 12
"""A lost notification of the directory costs this much; its delta links last seven days."""

KEPT_AFTER_LEAVING = timedelta(days=90)
"""How long what a leaver wrote is kept: "leaver + 90 days" of the confidentiality rules."""

Kind = Literal["everybody", "teams", "department"]

# The narrower one counts, where somebody belongs to several.
_NARROWER: tuple[Kind, ...] = ("department", "teams", "everybody")


class UnknownPopulation(ValueError):
    """A population that is written in no way we know; the text is a sentence with what to write."""


@dataclass(frozen=True, slots=True)
class Population:
    """Who lives under a policy without being enrolled by hand.

    `everybody` with a manager and a mailbox; `teams`: whoever comes to a manager whose people live under it already;
    `department`: those whose department in the directory is called `name`.
    """

    kind: Kind
    name: str = ""

    def covers(self, department: str | None, *, team_is_under_it: bool) -> bool:
        match self.kind:
            case "everybody":
                return True
            case "teams":
                return team_is_under_it
            case "department":
                return (department or "").strip().casefold() == self.name.casefold()


def read_population(text: str | None) -> Population | None:
    """`everybody`, `teams` or `department/<name>`; None and "named" for those who are enrolled by name only.

    Raises UnknownPopulation.
    """
    kind, _, name = (text or "named").strip().partition("/")
    name = name.strip()
    if kind == "named" and not name:
        return None
    if kind == "everybody" and not name:
        return Population("everybody")
    if kind == "teams" and not name:
        return Population("teams")
    if kind == "department" and name:
        return Population("department", name)
    raise UnknownPopulation(
        f"{text!r} is no population; write named, everybody, teams, or department/ and its name, like department/Sales."
    )


def policy_for(
    populations: Mapping[str, Population], department: str | None, teams_under: Collection[str]
) -> str | None:
    """The policy, of those whose population covers somebody, that counts; None when none does.

    `teams_under` are the policies that people of the same manager live under.
    """
    covering = [
        (_NARROWER.index(population.kind), name)
        for name, population in populations.items()
        if population.covers(department, team_is_under_it=name in teams_under)
    ]
    return min(covering)[1] if covering else None


@dataclass(frozen=True, slots=True)
class Told:
    """What the directory has said of somebody; None where it has said nothing new.

    `manager` is an object id, "" for nobody; `member` is False for a guest. `gone` is somebody who was deleted.
    """

    oid: str
    gone: bool = False
    enabled: bool | None = None
    member: bool | None = None
    mail: str | None = None
    name: str | None = None
    country: str | None = None
    subdivision: str | None = None
    department: str | None = None
    hired: date | None = None
    manager: str | None = None

    @property
    def works_here(self) -> bool | None:
        """None where this does not tell."""
        return False if self.gone else self.enabled

    def then(self, later: "Told") -> "Told":
        """Both together; what was said later counts. A round may name somebody on several pages."""
        said = {name: getattr(later, name) for name in self.__slots__ if getattr(later, name) is not None}
        return replace(self, **said)


@dataclass(frozen=True, slots=True)
class Lines:
    """`managers`: everybody's manager as it is to stand; `refused`: the loops that somebody's new one would close."""

    managers: Mapping[str, str | None]
    refused: tuple[tuple[str, ...], ...]


def settle_lines(
    wanted: Mapping[str, str | None], standing: Mapping[str, str | None], overrides: Mapping[str, str | None]
) -> Lines:
    """What the directory says of everybody's manager, without what would let people report to themselves.

    A new manager that closes a loop is refused, and the old one kept. `overrides` are said here and win, so a loop is
    looked for in what they make of it; they themselves stay as they are.
    """
    lines, refused = dict(wanted), list[tuple[str, ...]]()
    while True:
        loops = find_loops({**lines, **overrides})
        news = [[one for one in loop if one not in overrides and lines.get(one) != standing.get(one)] for loop in loops]
        if not any(news):
            return Lines(lines, tuple(refused))
        for loop, changed in zip(loops, news, strict=True):
            if changed:
                refused.append(tuple(loop))
                lines |= {one: standing.get(one) for one in changed}


def next_look(now: datetime, every_hours: int = LOOK_EVERY_HOURS) -> datetime:
    """The next midnight or, that many hours after it, the next hour (UTC)."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    every = timedelta(hours=every_hours)
    return day + ((now - day) // every + 1) * every
