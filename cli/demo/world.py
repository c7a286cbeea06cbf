"""What the people of the demo share: the clock, the facts of their talks, the titles in use, and who is who."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cli.demo.evidence import Colleague
from cli.demo.temperaments import Temperament
from cli.demo.topics import id_in
from cli.demo.words import draw, title

Said = Literal["held", "moved", "did_not_happen"]
MOVED_PERCENT, NOT_HELD_PERCENT = 8, 6


@dataclass(slots=True)
class World:
    """`clock` tells the virtual instant. What took place in a talk is one fact, whoever is asked, whenever."""

    seed: int
    clock: Callable[[], Awaitable[datetime]]
    people: Mapping[str, Colleague]
    temperaments: Mapping[str, Temperament]
    titles_used: int = 0
    _talks: dict[str, Said] = field(default_factory=dict)
    _moved: set[str] = field(default_factory=set)
    _promised: dict[int, int] = field(default_factory=dict)

    def next_title(self, promiser: str, other: str) -> str:
        """The title of what `promiser` adds to the plan of the two; it depends on nobody else's promises."""
        employee = promiser if self.people[promiser].manager == other else other
        place = 2 * sorted(self.people).index(employee) + (promiser != employee)
        number = self._promised[place] = self._promised.get(place, -1) + 1
        return title(self.seed, self.titles_used + place + number * 2 * len(self.people))

    def talk(self, path: str, name: str, hour: int) -> Said | None:
        """How the talk of this page went. One that was moved is held the second time; None when that is settled."""
        if hour > 0:
            return "held"
        if id_in(path) in self._moved:
            return None
        if path not in self._talks:
            number = draw(self.seed, "how it went", name) % 100
            self._talks[path] = (
                "moved"
                if number < MOVED_PERCENT
                else "did_not_happen"
                if number < MOVED_PERCENT + NOT_HELD_PERCENT
                else "held"
            )
        return self._talks[path]

    def has_changed(self, person: Colleague) -> None:
        """Everybody knows at once who has left, and whose manager is another."""
        self.people = {**self.people, person.mail: person}

    def was_moved(self, path: str) -> None:
        self._moved.add(id_in(path))
