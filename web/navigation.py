"""The entries of every page's header: in this order, and only those whose page is there."""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.routing import BaseRoute

from cycle.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """`parts` are the beginnings of other addresses that belong to this entry."""

    path: str
    words: Sentence
    parts: tuple[str, ...] = ()
    hr_only: bool = False

    def current(self, path: str) -> str | None:
        """What `aria-current` says on the page at `path`; None elsewhere."""
        if path == self.path:
            return "page"
        return "true" if any(path.startswith(part) for part in self.parts) else None


ALL = (
    Entry("/", Sentence("Home"), ("/check-ins/", "/reflections/", "/learning-moment")),
    # Goals and actions have pages that others open too, to whom they are not their own.
    Entry("/plan", Sentence("My plan")),
    Entry("/history", Sentence("History"), ("/history/",)),
    Entry("/feedback", Sentence("Feedback"), ("/feedback/",)),
    Entry("/pathways", Sentence("Pathways"), ("/pathways/",)),
    Entry("/privacy", Sentence("Privacy"), ("/privacy/", "/handovers/")),
    Entry("/hr", Sentence("HR"), ("/hr/",), hr_only=True),
)


def entries_among(routes: Iterable[BaseRoute]) -> tuple[Entry, ...]:
    """Those of `ALL` whose page is among `routes`: a page module appears in the header by being included."""
    there = {getattr(route, "path", None) for route in routes}
    return tuple(entry for entry in ALL if entry.path in there)
