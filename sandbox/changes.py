"""What has changed in the watched mailboxes and in the directory since somebody looked last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.evidence import evidence
from sandbox.mailboxes import Mailbox
from sandbox.subscription import Watched
from sandbox.tenant import Tenant

ChangeType = Literal["created", "updated", "deleted"]
CALENDAR = "calendar"
Place = tuple[str, Watched]
"""An account id, and what of its mailbox is watched."""
State = tuple[int, str]
"""The change number of an item, and the folder that it lies in."""


@dataclass(frozen=True, slots=True)
class Change:
    """`watched` is the account whose event or message (`what`) `item` is; None if `item` is an account itself.
    `version` is the item's change number, 0 where there is none, `folder` that which the item came into or left.
    """

    watched: str | None
    kind: ChangeType
    item: str
    version: int = 0
    what: Watched = "events"
    folder: str = CALENDAR


evidence(
    "assumed",
    "A message that moves is told as deleted where it was and created where it is, as its ordinary id would be.",
    "the documents do not say what a subscriber hears of a move",
)
evidence(
    "assumed",
    "A change of one occurrence is told as an update of its series' master.",
    "the documents do not say which id such a notification has",
)


@dataclass(slots=True)
class Watch:
    """Mailboxes are compared as a whole, so that nothing that changes them has to tell."""

    _boxes: dict[Place, tuple[int, dict[str, State]]] = field(default_factory=dict)
    _directory: int | None = None

    def look(self, tenant: Tenant, watched: Iterable[Place], directory: bool) -> list[Change]:
        """The changes since the last look; what is looked at for the first time has none. What is no longer
        watched is forgotten.
        """
        found: list[Change] = []
        wanted = set(watched)
        for place in [p for p in self._boxes if p not in wanted]:
            del self._boxes[place]
        for place in sorted(wanted):
            found += self._look_into(place, tenant.mailbox(place[0]))
        found += self._look_at_directory(tenant) if directory else []
        if not directory:
            self._directory = None
        return found

    def _look_into(self, place: Place, box: Mailbox) -> list[Change]:
        before = self._boxes.get(place)
        if before is not None and before[0] == box.revision:
            return []
        account_id, what = place
        now = _events(box) if what == "events" else _messages(box)
        self._boxes[place] = box.revision, now
        if before is None:
            return []
        then = before[1]
        found = [
            Change(account_id, "deleted", item, what=what, folder=folder)
            for item, (_, folder) in then.items()
            if item not in now or now[item][1] != folder
        ]
        for item, (version, folder) in now.items():
            if item not in then or then[item][1] != folder:
                found.append(Change(account_id, "created", item, version, what, folder))
            elif then[item][0] != version:
                found.append(Change(account_id, "updated", item, version, what, folder))
        return found

    def _look_at_directory(self, tenant: Tenant) -> list[Change]:
        position, before = tenant.directory.position, self._directory
        self._directory = position
        if before is None:
            return []
        # Who was deleted can still be restored, which subscribers hear of as an update.
        return [Change(None, "updated", account_id) for account_id in tenant.directory.since(before, position)]


def _events(box: Mailbox) -> dict[str, State]:
    return {e.id: (e.change, CALENDAR) for e in box.contents.events.values() if e.series is None}


def _messages(box: Mailbox) -> dict[str, State]:
    return {m.id: (m.change, m.folder) for m in box.contents.messages.values()}
