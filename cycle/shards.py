"""Which shard of the work a mailbox belongs to, and how worker processes divide the shards among themselves."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

SHARED = 8
"""Shards for all mailboxes that have none of their own. Every process must count the same, so it is no setting."""


@dataclass(frozen=True, slots=True)
class Shards:
    """`own`: the mailboxes that have a shard each, in any order and any case. Names hold no address."""

    own: tuple[str, ...]

    def of(self, mailbox: str) -> str:
        """The shard's name: the same in each process and after each restart, whatever else is in `own`."""
        name = mailbox.casefold()
        digest = hashlib.sha256(name.encode()).digest()
        if name in {each.casefold() for each in self.own}:
            return f"mailbox-{digest.hex()[:12]}"
        return f"shared-{int.from_bytes(digest[:4]) % SHARED}"

    @property
    def names(self) -> tuple[str, ...]:
        """All shards, those with a mailbox of their own first."""
        own = dict.fromkeys(self.of(each) for each in self.own)
        return (*own, *(f"shared-{number}" for number in range(SHARED)))


@dataclass(frozen=True, slots=True)
class Division:
    """What a process does now. `surplus` is part of neither `kept` nor `taken`: it is finished, then given back."""

    kept: frozenset[str]
    taken: frozenset[str]
    surplus: frozenset[str]


def divide(names: Sequence[str], holders: Mapping[str, str], me: str, processes: int) -> Division:
    """Takes what nobody holds, up to a fair share, and gives back what is more than that.

    `holders`: shard -> process, of the leases that have not lapsed; `processes` counts those alive, `me` among them.
    Nothing that another holds is taken.
    """
    share = ceil(len(names) / max(1, processes))
    mine = [name for name in names if holders.get(name) == me]
    free = [name for name in names if name not in holders]
    kept = mine[:share]
    return Division(frozenset(kept), frozenset(free[: share - len(kept)]), frozenset(mine[share:]))
