"""What lies in a mailbox: events and messages, as plain records that the state file can hold."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sandbox.recurrence import Recurrence


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    address: str


@dataclass(slots=True)
class Attendee:
    address: Address
    kind: str = "required"
    response: str = "none"
    responded: datetime | None = None
    proposed: tuple[datetime, datetime] | None = None


@dataclass(slots=True)
class Event:
    """One person's copy of an event; copies of a meeting share `uid`. Instants are aware UTC.

    A series is its master (`recurrence`, and the days `removed` from it) and the exceptions from it: events
    that name their `series` and the `original` day, in the series' zone, which they stand for.
    """

    id: str
    uid: str
    subject: str
    start: datetime
    end: datetime
    start_zone: str
    end_zone: str
    organizer: Address
    is_organizer: bool
    created: datetime
    modified: datetime
    change: int = 1
    body_type: str = "html"
    body: str = ""
    all_day: bool = False
    show_as: str = "busy"
    sensitivity: str = "normal"
    importance: str = "normal"
    cancelled: bool = False
    attendees: list[Attendee] = field(default_factory=list)
    response: str = "organizer"
    responded: datetime | None = None
    transaction_id: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    location: str = ""
    categories: list[str] = field(default_factory=list)
    online: bool = False
    join_url: str | None = None
    reminder_on: bool = True
    reminder_minutes: int = 15
    response_requested: bool = True
    allow_proposals: bool = True
    hide_attendees: bool = False
    recurrence: Recurrence | None = None
    removed: list[date] = field(default_factory=list)
    series: str | None = None
    original: date | None = None
    original_start: datetime | None = None
    is_exception: bool = False
    # How the organizer's calendar shows it; an attendee's copy does so once it is accepted.
    meant_as: str = "busy"

    @property
    def kind(self) -> str:
        if self.recurrence is not None:
            return "seriesMaster"
        if self.series is None:
            return "singleInstance"
        return "exception" if self.is_exception else "occurrence"

    @property
    def calendar_uid(self) -> str:
        """The iCalUId: `uid` with the day of the occurrence written into it."""
        day = self.original
        return self.uid if day is None else f"{self.uid[:32]}{day.year:04X}{day.month:02X}{day.day:02X}{self.uid[40:]}"


@dataclass(frozen=True, slots=True)
class About:
    """What a meeting mail says of the meeting, as it was when the mail was written. Instants are aware UTC."""

    start: datetime
    end: datetime
    all_day: bool
    location: str
    kind: str
    zone: str
    recurrence: Recurrence | None = None
    response_requested: bool = True
    allow_proposals: bool = True
    is_update: bool = False
    proposed: tuple[datetime, datetime] | None = None


@dataclass(slots=True)
class Message:
    """One mail in one mailbox. `folder` is drafts, sentitems, inbox or deleteditems.

    `text` is the plain alternative of an HTML `body`, if it was written with one. A mail about a `meeting` says
    what kind it is; `event_id` is the recipient's own event, if there is one.
    """

    id: str
    folder: str
    subject: str
    created: datetime
    modified: datetime
    internet_id: str
    conversation: str
    sender: Address | None = None
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    body_type: str = "text"
    body: str = ""
    preview: str = ""
    sent: datetime | None = None
    received: datetime | None = None
    is_draft: bool = True
    is_read: bool = False
    importance: str = "normal"
    categories: list[str] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    change: int = 1
    meeting: str | None = None
    event_id: str | None = None
    about: About | None = None
    text: str | None = None
    in_reply_to: str = ""
    has_attachments: bool = False
    delivery_receipt: bool = False
    read_receipt: bool = False
    inference: str = "focused"
    flag: str = "notFlagged"


@dataclass(slots=True)
class Parcel:
    """A message as it was sent, waiting in its sender's queue to be delivered at `due`."""

    due: datetime
    message: Message
