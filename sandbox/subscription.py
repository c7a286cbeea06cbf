"""One subscription to changes: what is watched, for whom, until when, and where notifications go; and one of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Watched = Literal["events", "messages"]


@dataclass(slots=True)
class Subscription:
    """`resource` is as the client wrote it; `watched` is the account id whose events or messages (`what`) are
    watched, the messages of one `folder` maybe, or None for the directory, then `only` may name one account.
    Instants are aware UTC.

    At `challenge_at` the client is told that it expires soon; None once that is done. While `paused` it waits to
    be reauthorized and nothing is delivered; `missed` says that something was lost meanwhile. `lasting_ids` says
    that items are named by their immutable ids.
    """

    id: str
    app_id: str
    creator_id: str
    resource: str
    watched: str | None
    only: str | None
    change_types: list[str]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    created: datetime
    expires: datetime
    tls: str = "v1_2"
    challenge_at: datetime | None = None
    paused: bool = False
    missed: bool = False
    what: Watched = "events"
    folder: str | None = None
    lasting_ids: bool = False

    @property
    def is_outlook(self) -> bool:
        return self.watched is not None


@dataclass(slots=True)
class Delivery:
    """One notification on its way: from `due` on (virtual UTC), in the order of `number`; `held` until a later
    one to the same URL has gone first.
    """

    subscription: str
    url: str
    value: dict[str, Any]
    due: datetime
    number: int
    tries: int = 0
    held: bool = False
    lifecycle: bool = False
