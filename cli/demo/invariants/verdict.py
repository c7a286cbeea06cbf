"""The verdict on one named promise: how many cases it was held against, and the first that broke it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """`holds` is False as well when no case was met: a promise that nothing tested is not kept."""

    name: str
    checked: int
    holds: bool
    first_violation: str | None
    violated_at: datetime | None = None
    """When the first violation showed, of promises that know it."""


class Tally:
    """Counts the cases of one promise and keeps the first violation."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._checked = 0
        self._first: str | None = None
        self._at: datetime | None = None

    def case(self, kept: bool, violation: str, at: datetime | None = None) -> None:
        """One more case; `violation` is the sentence to show if it was not kept."""
        self._checked += 1
        if not kept and self._first is None:
            self._first, self._at = violation, at

    def broken(self, violation: str, at: datetime | None = None) -> None:
        self.case(False, violation, at)

    def verdict(self) -> Verdict:
        first = self._first
        if self._checked == 0:
            first = "No case of this was met, so it shows nothing."
        return Verdict(self._name, self._checked, first is None, first, self._at)
