"""The ledger: every request that Graph or Entra was asked, and how many of them were under way at once."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sandbox.zones import stamp


@dataclass(slots=True)
class Entry:
    """One request. `at` is virtual; `in_flight` counts this app's on this mailbox, itself included."""

    at: datetime
    app: str | None
    method: str
    path: str
    query: str
    route: str | None
    status: int
    mailbox: str | None
    in_flight: int
    body_kind: str | None


@dataclass(slots=True)
class Ledger:
    entries: list[Entry] = field(default_factory=list)
    under_way: Counter[tuple[str, str]] = field(default_factory=Counter)

    def enter(self, app: str, mailbox: str) -> int:
        """Counts a request in; the answer is how many are now under way. Must be followed by `leave`."""
        self.under_way[app, mailbox] += 1
        return self.under_way[app, mailbox]

    def leave(self, app: str, mailbox: str) -> None:
        self.under_way[app, mailbox] -= 1

    def as_json(self, start: int = 0) -> list[dict[str, Any]]:
        """The entries from number `start` on."""
        return [{"no": start + i, **asdict(e), "at": stamp(e.at)} for i, e in enumerate(self.entries[start:])]
