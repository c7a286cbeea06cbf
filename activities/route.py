"""On which queue an activity that talks to a mailbox runs: its mailbox's, which one process polls at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.settings import Settings
from cycle.shards import Shards


@dataclass(frozen=True, slots=True)
class Route:
    """Comes back from the activity that says what is next, so that a workflow need not know any settings.

    `queue`: None for the common one. `team`: whose work takes turns with other teams'. `soon`: somebody waits for it.
    """

    queue: str | None = None
    team: str | None = None
    soon: bool = False


COMMON = Route()


class Routes:
    """`of(mailbox)` for whatever an activity is about to ask of that mailbox."""

    def __init__(self, task_queue: str, shards: Shards, service_mailbox: str) -> None:
        self._task_queue = task_queue
        self._shards = shards
        self.service_mailbox = service_mailbox

    def of(self, mailbox: str, team: str | None = None, *, soon: bool = False) -> Route:
        """`mailbox` as Graph is asked for it: an address of ours, or a person's object id."""
        return Route(f"{self._task_queue}/{self._shards.of(mailbox)}", team, soon)

    @property
    def queues(self) -> tuple[str, ...]:
        """Every queue that needs somebody to poll it, beside the common one."""
        return tuple(f"{self._task_queue}/{name}" for name in self._shards.names)


def routes_of(settings: Settings, former_senders: Sequence[str] = ()) -> Routes:
    """The service mailbox and each sender have a queue of their own; all others share some.

    Senders that the settings name no more keep theirs as long as there are letters that may wait on it.
    """
    shards = Shards((settings.service_mailbox, *settings.sender_mailboxes, *former_senders))
    return Routes(settings.temporal_task_queue, shards, settings.service_mailbox)
