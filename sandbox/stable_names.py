"""Ids by stable names, so that two runs of the same story compare equal although their ids were drawn anew."""

import re
from typing import Any

Json = dict[str, Any]

# A meeting's iCalUId, an item of a mailbox, a letter's internetMessageId, and whatever UUIDs a client wrote.
_KINDS = (
    ("meeting", r"040000008200E00074C5B7101A82E008[0-9A-F]+"),
    ("item", r"AA(?:kALg|MkAG)[A-Za-z0-9_-]+=*"),
    ("letter", r"<[A-Za-z0-9._-]{16,}@[A-Za-z0-9.-]+>"),
    ("id", r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
)
_ANY = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS))


def with_stable_names(record: Json) -> Json:
    """The state's record with each id replaced by a name like `meeting-3`, numbered as they come.

    Lists are ordered by what is in them but for the ids. Items that differ in nothing else keep their order, so
    only between such may two runs still differ.
    """
    names: dict[str, str] = {}
    counts: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        known = names.get(found[0])
        if known is None:
            kind = str(found.lastgroup)
            counts[kind] = counts.get(kind, 0) + 1
            known = names[found[0]] = f"{kind}-{counts[kind]}"
        return known

    def named(value: Any) -> Any:
        if isinstance(value, str):
            return _ANY.sub(name, value)
        if isinstance(value, list):
            return [named(element) for element in sorted(value, key=_masked)]
        if isinstance(value, dict):
            return {key: named(each) for key, each in value.items()}
        return value

    found: Json = named(record)
    return found


def _masked(value: Any) -> str:
    """What can be compared between runs, the instants first so that lists stay in the order of events."""
    if not isinstance(value, dict):
        return _ANY.sub("*", str(value))
    first = [str(value.get(key)) for key in ("start", "end", "received", "created", "subject") if key in value]
    return _ANY.sub("*", "\n".join([*first, str(sorted(value.items(), key=lambda item: item[0]))]))
