"""When a watched calendar is looked at without being told to, compared with our tables, and its subscription tended."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

LOOK_EVERY_HOURS = 8
"""From the night's comparison on, on a weekday, a calendar is read so often even if nobody told of a change: so much a
lost notification costs at most."""

COMPARED_AT = 2
"""UTC hour of each night at which our tables and the calendar are compared."""

FRIDAY = 4

SUBSCRIBED_FOR = timedelta(days=6)
RENEWED_AFTER = timedelta(days=2)
"""At night a subscription is renewed that is so old; Outlook allows 10,080 minutes, and some met 10,070."""

TRY_AGAIN = timedelta(minutes=10)
"""After the first refusal of a subscription: the web face may just be starting."""

BACK = timedelta(days=1)
AHEAD = timedelta(days=300)
ROLLED_AFTER = timedelta(days=31)
"""The window that is read: from a day ago to well beyond what is booked; it moves on once a month."""


@dataclass(frozen=True, slots=True)
class Window:
    """The days of a calendar that are read, UTC instants."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Looks:
    """When a calendar is read next, and when it is compared with our tables; UTC instants."""

    at: datetime
    compare_at: datetime


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What is known of a watch's subscription; instants are aware UTC.

    `url` is where its notifications go, `tended_at` when it was last made or renewed; `doubted_at` is set while Graph
    says that it needs care.
    """

    id: str | None
    url: str | None
    tended_at: datetime | None
    doubted_at: datetime | None


def window_at(now: datetime) -> Window:
    day = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return Window(day - BACK, day + AHEAD)


def has_rolled(window: Window, now: datetime) -> bool:
    """Whether the window lies so far back that the calendar is read whole, in a new one."""
    return now >= window.start + BACK + ROLLED_AFTER


def next_look(now: datetime, mailbox: str, every_hours: int = LOOK_EVERY_HOURS) -> datetime:
    """The next instant after `now` at which the calendar is read unasked; with 24 hours, in the night alone."""
    day, minute = now.astimezone(UTC).date(), _minute(mailbox)
    while True:
        for hour in range(COMPARED_AT, 24, every_hours) if day.weekday() <= FRIDAY else ():
            at = datetime.combine(day, time(hour, minute), UTC)
            if at > now:
                return at
        day += timedelta(days=1)


def next_comparison(after: datetime, mailbox: str) -> datetime:
    """The first night's instant after `after`, which is when tables and calendar were last compared."""
    at = _night(after.astimezone(UTC).date(), mailbox)
    return at if at > after else at + timedelta(days=1)


def next_looks(now: datetime, compared_at: datetime, mailbox: str, every_hours: int = LOOK_EVERY_HOURS) -> Looks:
    return Looks(next_look(now, mailbox, every_hours), next_comparison(compared_at, mailbox))


def needs_care(known: Subscribed, url: str, now: datetime, mailbox: str) -> bool:
    """Whether the subscription is to be made, made anew at another `url`, or renewed."""
    if known.id is None or known.url != url or known.doubted_at is not None or known.tended_at is None:
        return True
    return next_comparison(known.tended_at + RENEWED_AFTER - timedelta(days=1), mailbox) <= now


def _night(day: date, mailbox: str) -> datetime:
    return datetime.combine(day, time(COMPARED_AT, _minute(mailbox)), UTC)


def _minute(mailbox: str) -> int:
    """Of the hour, the mailbox's own: not all of them are read in the same minute."""
    return int.from_bytes(hashlib.sha256(mailbox.casefold().encode()).digest()[:4]) % 60
