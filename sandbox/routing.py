"""Which handler serves a Graph path: segments in any case, doubled slashes collapsed, ids kept as they were
written.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.calls import Call, Reply
from sandbox.evidence import evidence

_KEYED = re.compile(r"(\w+)\('((?:[^']|'')+)'\)")
Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: str
    segments: tuple[str, ...]
    handler: Handler
    of_mailbox: bool

    def names(self, segments: list[str]) -> dict[str, str] | None:
        found = {}
        for ours, theirs in zip(self.segments, segments, strict=True):
            if ours[0] == "{":
                found[ours[1:-1]] = theirs
            elif ours != theirs.lower():
                return None
        return found


class Routes:
    """Routes by method and number of segments; literal segments go before named ones."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[Route]] = {}

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """`pattern` like `users/{user}/events/{event}`. What lies below a user, but the directory's own, is
        of a mailbox.
        """
        segments = tuple(s if s[0] == "{" else s.lower() for s in pattern.split("/"))
        of_mailbox = segments[0] == "users" and len(segments) > 2 and segments[2] not in ("manager", "directreports")
        routes = self._routes.setdefault((method, len(segments)), [])
        routes.append(Route(method, pattern, segments, handler, of_mailbox))
        routes.sort(key=lambda route: tuple(s[0] == "{" for s in route.segments))

    def __iter__(self) -> Iterator[Route]:
        return (route for routes in self._routes.values() for route in routes)

    def find(self, method: str, segments: list[str]) -> tuple[Route, dict[str, str]] | None:
        for route in self._routes.get((method, len(segments)), ()):
            names = route.names(segments)
            if names is not None:
                return route, names
        return None


@evidence(
    "proven",
    "Doubled slashes, %40, delta() and microsoft.graph.delta() are taken as the single form.",
    "msgraph-sdk 1.65 sends all of these in its default set-up",
)
@evidence(
    "documented",
    "A key may stand in parentheses, as in the Location of what was created: messages('id').",
    "learn.microsoft.com/graph/api/user-post-messages, response",
)
@evidence("assumed", "Names in a path are the same in any case.", "others' clients write them in several ways")
def split_path(raw_path: str) -> list[str]:
    """The decoded segments of an undecoded path, without empty ones; `getSchedule()`, `microsoft.graph.` and
    `messages('id')` forms too, the last being that of the Location header.
    """
    segments = []
    for part in raw_path.split("/"):
        if part:
            segment = unquote(part)
            if segment.lower().startswith("microsoft.graph."):
                segment = segment[16:]
            keyed = _KEYED.fullmatch(segment)
            if keyed:
                segments += [keyed.group(1), keyed.group(2).replace("''", "'")]
            else:
                segments.append(segment.removesuffix("()"))
    return segments
