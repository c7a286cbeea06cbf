"""The queue before a mailbox's outgoing mail: thirty messages a minute leave it, the others wait their turn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sandbox.evidence import evidence
from sandbox.items import Message, Parcel
from sandbox.mailboxes import Contents

A_MINUTE = 30
NEVER = datetime.max.replace(tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


@evidence(
    "documented",
    "A mailbox sends 30 messages a minute",
    "learn.microsoft.com/office365/servicedescriptions, Exchange Online limits: message rate limit",
)
@evidence(
    "reported",
    "What is sent beyond that is accepted without an error, and leaves in the minutes that follow",
    "universities' help pages for their users (Virginia Tech, Oregon State, Syracuse)",
)
def departure(contents: Contents, now: datetime) -> datetime:
    """When a message that is sent at `now` leaves: at once, or as soon as fewer than 30 left in the minute before."""
    waits = bool(contents.queue)
    # Without a queue, what seems to lie ahead was before somebody set the clock back.
    recent = [at for at in contents.departures if at > now - _MINUTE and (waits or at <= now)][-A_MINUTE:]
    leaves = max(now, recent[-1]) if recent else now
    if len(recent) == A_MINUTE:
        leaves = max(leaves, recent[0] + _MINUTE)
    contents.departures = [*recent, leaves]
    return leaves


def wait(contents: Contents, message: Message, due: datetime) -> None:
    contents.queue.append(Parcel(due, message))
    contents.longest_queue = max(contents.longest_queue, len(contents.queue))


def leaving(contents: Contents, now: datetime) -> Iterator[Parcel]:
    """Takes out what is due, in the order it was sent."""
    while contents.queue and contents.queue[0].due <= now:
        yield contents.queue.pop(0)
