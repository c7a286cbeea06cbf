"""What a new conversation partner may see of the time before them: the one rule, and what there is to choose from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["goal", "action", "topic", "heard", "note", "answer", "pre-read"]
KINDS: tuple[Kind, ...] = ("goal", "action", "topic", "heard", "note", "answer", "pre-read")

UNASKED: tuple[Kind, ...] = ("goal", "action")
"""What a new partner sees while nothing was chosen: goals, and actions that are open and were shared."""

Key = tuple[Kind, str]
"""What it is, and its id."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was shared with a former partner. `open` is false for an action that is done or let go."""

    kind: Kind
    id: str
    made_at: datetime
    open: bool = True

    @property
    def key(self) -> Key:
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class Change:
    """One change of partner: at which instant, and what was chosen; `chosen` is None while nothing was."""

    at: datetime
    chosen: Collection[Key] | None


def may_see_from_before(item: Item, changes: Sequence[Change]) -> bool:
    """Whether the partner who came with the last of `changes` (oldest first) may see something shared before.

    What was shared in their own time they see in any case. What was chosen decides, item by item; with no answer
    goals and open actions, and of these only what the one before them could see.
    """
    if not changes or item.made_at >= changes[-1].at:
        return True
    newest, earlier = changes[-1], changes[:-1]
    if newest.chosen is not None:
        return item.key in newest.chosen
    return item.kind in UNASKED and item.open and may_see_from_before(item, earlier)
