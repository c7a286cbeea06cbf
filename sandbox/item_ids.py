"""The two ids of an item: the lasting one, and the one that it has where it lies."""

from collections.abc import Mapping

from sandbox.evidence import evidence
from sandbox.preferences import preference

_LASTING, _MOVES = "AAkALg", "AAMkAG"
_FOLDERS = {"inbox": "I", "drafts": "D", "sentitems": "S", "deleteditems": "X", "calendar": "C"}


@evidence(
    "documented",
    "Without Prefer: IdType='ImmutableId' an item has another id, which changes when it moves to another folder;"
    " both are understood in a path",
    "learn.microsoft.com/graph/outlook-immutable-id",
)
@evidence(
    "assumed",
    "No id of an event ever changes: who declines or deletes it moves it to Deleted Items, where the calendar has it"
    " no more",
    "graph docs, api/event-decline.md and api/event-delete.md; nothing says that /events would find it there",
)
def shown_id(headers: Mapping[str, str], lasting_id: str, folder: str = "calendar") -> str:
    """The id of an item in `folder` as the request with these headers wants it."""
    if preference(headers, "idtype").lower() == "immutableid":
        return lasting_id
    return moving_id(lasting_id, folder)


def moving_id(lasting_id: str, folder: str = "calendar") -> str:
    return f"{_MOVES}{_FOLDERS[folder]}{lasting_id.removeprefix(_LASTING)}"


def meant_id(name: str) -> tuple[str, str | None]:
    """The lasting id that an id of either kind means, and the folder that it is good in; None for any."""
    if not name.startswith(_MOVES):
        return name, None
    letter = name[len(_MOVES) :][:1]
    folder = next((folder for folder, mark in _FOLDERS.items() if mark == letter), "")
    return _LASTING + name[len(_MOVES) + 1 :], folder
