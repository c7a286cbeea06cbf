"""What somebody did to a booked event in Outlook, read off a fresh look at it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Untouched:
    """The event is as we last wrote or intend it."""


@dataclass(frozen=True, slots=True)
class Moved:
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The event is gone or was cancelled."""


MeetingChange = Untouched | Moved | Cancelled


def classify(
    booked: tuple[datetime, datetime], event: tuple[datetime, datetime] | None, cancelled: bool
) -> MeetingChange:
    """Compares our booking (start, end as UTC instants) with the event; None for an event that is gone."""
    if event is None or cancelled:
        return Cancelled()
    return Untouched() if event == booked else Moved(*event)
