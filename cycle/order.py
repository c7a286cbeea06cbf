"""The order of a plan's actions, as its person arranges them: one step up or down among those of the same goal."""

from collections.abc import Sequence
from typing import Literal

Way = Literal["up", "down"]


def stepped(order: Sequence[str], moved: str, way: Way, among: Sequence[str]) -> list[str]:
    """`order` with `moved` swapped with its neighbour in `among`; as it was when there is none on that side.

    `among` are the ids shown beside it, in the same order; those between the two keep their places.
    """
    if moved not in among:
        return list(order)
    at = among.index(moved) + (-1 if way == "up" else 1)
    if not 0 <= at < len(among):
        return list(order)
    swap = {moved: among[at], among[at]: moved}
    return [swap.get(each, each) for each in order]
