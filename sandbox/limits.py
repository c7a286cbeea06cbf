"""How much one app may ask of one mailbox: so many requests at once, and so many in ten minutes."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.errors import GraphError, over_concurrency
from sandbox.evidence import evidence

MOST_IN_FLIGHT = 4
MOST_IN_WINDOW = 10_000
WINDOW_SECONDS = 600


@dataclass(slots=True)
class Limits:
    """Counts what was let through; `now` is virtual. A clock that is set back empties the window."""

    _let_through: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    @evidence(
        "documented",
        "An app has at most 4 requests under way on a mailbox; the fifth is 429 ApplicationThrottled with Retry-After.",
        "learn.microsoft.com/graph/throttling-limits, Outlook service limits",
    )
    @evidence(
        "documented",
        "An app has at most 10,000 requests in 10 minutes on a mailbox; others' and other mailboxes' do not count.",
        "learn.microsoft.com/graph/throttling-limits, Outlook service limits",
    )
    @evidence(
        "assumed",
        "Retry-After of the 10-minute limit lasts until the oldest request leaves the window; refused ones are not"
        " counted.",
        "nothing is documented beyond 'wait the number of seconds given'",
    )
    def check(self, app: str, mailbox: str, now: datetime, in_flight: int) -> None:
        """Lets a request through and counts it, or raises 429."""
        if in_flight > MOST_IN_FLIGHT:
            raise over_concurrency()
        moment = now.timestamp()
        window = self._let_through.setdefault((app, mailbox), deque())
        if window and window[-1] > moment:
            window.clear()
        while window and window[0] <= moment - WINDOW_SECONDS:
            window.popleft()
        if len(window) >= MOST_IN_WINDOW:
            wait = max(1, round(window[0] + WINDOW_SECONDS - moment))
            raise GraphError(
                429, "ApplicationThrottled", "Application is over its request rate limit.", {"Retry-After": str(wait)}
            )
        window.append(moment)
