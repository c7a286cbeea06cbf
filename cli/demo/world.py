"""What the people of the demo share: the clock, the facts of their talks, the titles in use, and who is who."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cli.demo.evidence import Colleague
from cli.demo.temperaments import Temperament
from cli.demo.words import draw, title

Said = Literal["held", "moved", "did_not_happen"]
MOVED_PERCENT, NOT_HELD_PERCENT = 8, 6


@dataclass(slots=True)
class World:
    """`clock` tells the virtual instant. What took place in a talk is one fact, whoever is asked."""

    seed: int
    clock: Callable[[], Awaitable[datetime]]
    people: Mapping[str, Colleague]
    temperaments: Mapping[str, Temperament]
    titles_used: int = 0
    _talks: dict[str, Said] = field(default_factory=dict)
    _moved: set[str] = field(default_factory=set)

    def next_title(self) -> str:
        self.titles_used += 1
        return title(self.seed, self.titles_used - 1)

    def talk(self, path: str, *case: object) -> Said:
        """How the talk of this page went. One that was moved is held the second time."""
        if path in self._moved:
            return "held"
        if path not in self._talks:
            number = draw(self.seed, "talk", *case) % 100
            self._talks[path] = (
                "moved"
                if number < MOVED_PERCENT
                else "did_not_happen"
                if number < MOVED_PERCENT + NOT_HELD_PERCENT
                else "held"
            )
        return self._talks[path]

    def was_moved(self, path: str) -> None:
        self._moved.add(path)
