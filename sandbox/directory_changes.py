"""What changed in the directory, in order: the memory behind users/delta and the notifications of /users."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """`fields` are the changed properties in Graph's names, `manager` among them if it is another one;
    `manager_before` is the account id of the one before.
    """

    at: datetime
    account_id: str
    kind: Literal["created", "updated", "deleted"]
    fields: list[str] = field(default_factory=list)
    manager_before: str | None = None


@dataclass(slots=True)
class DirectoryLog:
    """Delta tokens of an earlier `generation` have been made to expire."""

    changes: list[DirectoryChange] = field(default_factory=list)
    generation: int = 0

    @property
    def position(self) -> int:
        return len(self.changes)

    def since(self, position: int, until: int) -> dict[str, list[DirectoryChange]]:
        """The changes after `position` up to `until`, by account id, both in their order."""
        found: dict[str, list[DirectoryChange]] = {}
        for change in self.changes[position:until]:
            found.setdefault(change.account_id, []).append(change)
        return found
