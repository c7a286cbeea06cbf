"""One subscription to changes: what is watched, for whom, until when, and where notifications go."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Subscription:
    """`resource` is as the client wrote it; `watched` is the account id whose events are watched, or None
    for the directory, then `only` may name one account. Instants are aware UTC.

    While `paused` (it waits to be reauthorized) nothing is delivered; `challenged` says that the client has been
    told that it expires soon, and `missed` that something was lost meanwhile.
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
    paused: bool = False
    challenged: bool = False
    missed: bool = False

    @property
    def is_outlook(self) -> bool:
        return self.watched is not None
