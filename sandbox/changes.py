"""What has changed in the watched mailboxes and in the directory since somebody looked last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.evidence import evidence
from sandbox.mailboxes import Mailbox
from sandbox.tenant import Tenant

ChangeType = Literal["created", "updated", "deleted"]


@dataclass(frozen=True, slots=True)
class Change:
    """`watched` is the account whose event `item` is; None if `item` is an account itself. `version` is the
    event's change number, 0 where there is none.
    """

    watched: str | None
    kind: ChangeType
    item: str
    version: int = 0


evidence(
    "assumed",
    "A change of one occurrence is told as an update of its series' master.",
    "the documents do not say which id such a notification has",
)


@dataclass(slots=True)
class Watch:
    """Mailboxes are compared as a whole, so that nothing that changes them has to tell."""

    _boxes: dict[str, tuple[int, dict[str, int]]] = field(default_factory=dict)
    _directory: int | None = None

    def look(self, tenant: Tenant, watched: Iterable[str], directory: bool) -> list[Change]:
        """The changes since the last look; what is looked at for the first time has none. What is no longer
        watched is forgotten.
        """
        found: list[Change] = []
        wanted = set(watched)
        for account_id in [a for a in self._boxes if a not in wanted]:
            del self._boxes[account_id]
        for account_id in sorted(wanted):
            found += self._look_into(account_id, tenant.mailbox(account_id))
        found += self._look_at_directory(tenant) if directory else []
        if not directory:
            self._directory = None
        return found

    def _look_into(self, account_id: str, box: Mailbox) -> list[Change]:
        before = self._boxes.get(account_id)
        if before is not None and before[0] == box.revision:
            return []
        now = {event.id: event.change for event in box.contents.events.values() if event.series is None}
        self._boxes[account_id] = box.revision, now
        if before is None:
            return []
        then = before[1]
        found = [Change(account_id, "deleted", event_id) for event_id in then if event_id not in now]
        for event_id, version in now.items():
            if event_id not in then:
                found.append(Change(account_id, "created", event_id, version))
            elif then[event_id] != version:
                found.append(Change(account_id, "updated", event_id, version))
        return found

    def _look_at_directory(self, tenant: Tenant) -> list[Change]:
        position, before = tenant.directory.position, self._directory
        self._directory = position
        if before is None:
            return []
        # Who was deleted can still be restored, which subscribers hear of as an update.
        return [Change(None, "updated", account_id) for account_id in tenant.directory.since(before, position)]
