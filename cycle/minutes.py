"""Places in the minutes of a mailbox: how what falls due all at once is spread, a few a minute."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

Place = tuple[str, datetime]
"""A mailbox and a whole minute, UTC."""

ONE_MINUTE = timedelta(minutes=1)


def first_with_room(mailboxes: Sequence[str], taken: Mapping[Place, int], begin: datetime, most: int) -> Place:
    """The first place from the whole minute `begin` on: of several mailboxes, the first that has room then."""
    minute = begin
    while True:
        for mailbox in mailboxes:
            if taken.get((mailbox, minute), 0) < most:
                return mailbox, minute
        minute += ONE_MINUTE


def minute_of(now: datetime) -> datetime:
    """The minute that has begun."""
    return now.replace(second=0, microsecond=0)


def next_minute(now: datetime) -> datetime:
    """The first minute that begins at or after `now`."""
    begun = minute_of(now)
    return begun if begun == now else begun + ONE_MINUTE
