"""One mailbox: its settings, calendar and folders, with the indexes that make look-ups by key cheap."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sandbox.items import Event, Message, Parcel
from sandbox.series import days_touching, occurrence_on, parse_occurrence_id
from sandbox.zones import usable_zone

FOLDERS = ("inbox", "drafts", "sentitems", "deleteditems")


@dataclass(slots=True)
class AutomaticReplies:
    """`status` is disabled, alwaysEnabled or scheduled; the span counts only when scheduled. `audience` is who
    outside the company is answered: none, contactsOnly or all; empty until somebody says.
    """

    status: str = "disabled"
    start: datetime | None = None
    end: datetime | None = None
    audience: str = ""
    internal: str = ""
    external: str = ""


@dataclass(slots=True)
class DeltaRound:
    """What one round of calendarView/delta tells: instants of its window, `known` what each event was like, by
    id, when it began, and the ids that it lists as changed and as removed, in the order of its pages.
    """

    start: datetime
    end: datetime
    known: dict[str, str]
    changed: list[str]
    removed: list[str]


@dataclass(slots=True)
class Contents:
    """Everything of a mailbox that outlives the process."""

    account_id: str
    zone: str
    weekdays: list[int]
    opens: str
    closes: str
    language: str = "en-GB"
    automatic_replies: AutomaticReplies = field(default_factory=AutomaticReplies)
    events: dict[str, Event] = field(default_factory=dict)
    cancelled: list[Event] = field(default_factory=list)
    deleted_events: list[Event] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    serial: int = 0
    queue: list[Parcel] = field(default_factory=list)
    departures: list[datetime] = field(default_factory=list)
    longest_queue: int = 0
    delta_rounds: dict[str, DeltaRound] = field(default_factory=dict)
    delta_serial: int = 0
    # The zone whose rules a "Customized Time Zone" has; empty for any other.
    custom_zone: str = ""
    # The zone of the working hours, if it is not that of the mailbox.
    hours_zone: str = ""
    # Settings of the mailbox that nothing here depends on, by Graph's names for them.
    formats: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> ZoneInfo:
        """The zone that the mailbox's setting means; UTC where it says nothing usable."""
        return usable_zone(self.custom_zone or self.zone)


def property_key(name: str) -> str:
    """Extended-property ids are the same whatever the case of their GUID."""
    return name.strip().casefold()


class Mailbox:
    """The living mailbox. `touched` says whether the state file has to be written again; `revision` grows
    whenever it is set, so that who watches the mailbox knows when to look.
    """

    def __init__(self, contents: Contents, mail: str) -> None:
        self.contents = contents
        self.mail = mail
        self.revision = 0
        self._touched = False
        self._by_property: dict[tuple[str, str], list[str]] = {}
        self._by_transaction: dict[str, str] = {}
        self._by_uid: dict[tuple[str, date | None], str] = {}
        self._masters: dict[str, dict[date, str]] = {}
        self._folders: dict[str, dict[str, None]] = {name: {} for name in FOLDERS}
        for event in contents.events.values():
            self._index_event(event)
        for message in contents.messages.values():
            self._index_properties(message.id, message.properties)
            self._folders[message.folder][message.id] = None

    @property
    def touched(self) -> bool:
        return self._touched

    @touched.setter
    def touched(self, value: bool) -> None:
        self._touched = value
        self.revision += value

    def new_id(self, kind: str) -> str:
        """A fresh id: opaque, case-sensitive, and the same for the same history of the same tenant."""
        self.contents.serial += 1
        mark = hashlib.blake2b(f"{self.contents.account_id}/{kind}/{self.contents.serial}".encode(), digest_size=30)
        return f"AAkALg{base64.urlsafe_b64encode(mark.digest()).decode()}AAA="

    # Events ---------------------------------------------------------------------------------------

    def keep_event(self, event: Event) -> None:
        self.contents.events[event.id] = event
        self._index_event(event)
        self.touched = True

    def drop_event(self, event: Event) -> None:
        """Takes an event away: a series with all its exceptions, an occurrence out of its series."""
        for exception in self.exceptions_of(event):
            self._forget_event(exception)
        self._masters.pop(event.id, None)
        self._forget_event(event)
        master = self.contents.events.get(event.series or "")
        if master is not None and event.original is not None and event.original not in master.removed:
            master.removed.append(event.original)
            master.change += 1
        self.touched = True

    def discard_event(self, event: Event) -> None:
        """To Deleted Items, where Graph's calendar does not show it any more."""
        self.drop_event(event)
        self.contents.deleted_events.append(event)

    def note_change(self, event: Event, now: datetime) -> None:
        """Every change of a kept event comes through here, so that its change key is a new one; so is that of
        its series.
        """
        event.change += 1
        event.modified = now
        master = self.contents.events.get(event.series or "")
        if master is not None:
            master.change += 1
        if event.recurrence is not None:
            self._masters.setdefault(event.id, {})
        self.touched = True

    def event(self, event_id: str) -> Event | None:
        """A kept event, or the occurrence that such an id means."""
        found = self.contents.events.get(event_id)
        if found is not None:
            return found
        named = parse_occurrence_id(event_id)
        master = self.contents.events.get(named[0]) if named else None
        return self.occurrence(master, named[1]) if master is not None and named else None

    def occurrence(self, master: Event, day: date) -> Event | None:
        """What became of the series on `day`: an exception, an unchanged occurrence, or nothing."""
        if master.recurrence is None or day in master.removed:
            return None
        exception = self._masters.get(master.id, {}).get(day)
        if exception is not None:
            return self.contents.events[exception]
        return occurrence_on(master, day, self.contents.home) if master.recurrence.falls_on(day) else None

    def own(self, event: Event) -> Event:
        """The event as one that can be changed: an unchanged occurrence becomes an exception."""
        if event.id in self.contents.events:
            return event
        event.is_exception = True
        event.attendees = [replace(attendee) for attendee in event.attendees]
        event.categories = list(event.categories)
        self.keep_event(event)
        return event

    def exceptions_of(self, master: Event) -> list[Event]:
        return [self.contents.events[i] for i in self._masters.get(master.id, {}).values()]

    def strays_of(self, event: Event) -> list[Event]:
        """Occurrences of the series `event` that this mailbox has as single events, since it has no series."""
        if event.recurrence is None:
            return []
        return [e for e in self.contents.events.values() if e.uid == event.uid and e.original and e.series is None]

    def forget_exceptions(self, master: Event) -> None:
        """As if every occurrence were unchanged."""
        for exception in self.exceptions_of(master):
            self._forget_event(exception)
        self._masters[master.id] = {}
        master.removed = []

    def copy_of(self, event: Event) -> Event | None:
        """This mailbox's own copy of an event of another; for an occurrence, of that occurrence."""
        kept = self._by_uid.get((event.uid, event.original))
        if kept is not None:
            return self.contents.events[kept]
        master = self.event_of_uid(event.uid)
        if master is None or event.original is None:
            return None
        return self.occurrence(master, event.original)

    def event_of_uid(self, uid: str) -> Event | None:
        """The single event or the series' master."""
        return self.contents.events.get(self._by_uid.get((uid, None), ""))

    def event_of_transaction(self, transaction_id: str) -> Event | None:
        return self.contents.events.get(self._by_transaction.get(transaction_id, ""))

    def events_between(self, start: datetime, end: datetime) -> list[Event]:
        """Events, exceptions and occurrences (but no masters) that overlap [start, end), earliest first."""
        found, home = [], self.contents.home
        for event in self.contents.events.values():
            if event.recurrence is None:
                if event.start < end and (event.end > start or event.start >= start):
                    found.append(event)
                continue
            exceptions = self._masters.get(event.id, {})
            for day in days_touching(event, start, end, home):
                if day not in exceptions:
                    each = occurrence_on(event, day, home)
                    if each.start < end and (each.end > start or each.start >= start):
                        found.append(each)
        found.sort(key=lambda e: (e.start, e.end, e.id))
        return found

    # Messages -------------------------------------------------------------------------------------

    def keep_message(self, message: Message) -> None:
        self.contents.messages[message.id] = message
        self._folders[message.folder][message.id] = None
        self._index_properties(message.id, message.properties)
        self.touched = True

    def move_message(self, message: Message, folder: str) -> None:
        del self._folders[message.folder][message.id]
        message.folder = folder
        self._folders[folder][message.id] = None
        self.touched = True

    def drop_message(self, message: Message) -> None:
        del self.contents.messages[message.id]
        del self._folders[message.folder][message.id]
        self._forget_properties(message.id, message.properties)
        self.touched = True

    def messages_in(self, folder: str | None) -> Iterator[Message]:
        """Newest first; of one folder, or of all."""
        ids = self.contents.messages if folder is None else self._folders[folder]
        return (self.contents.messages[i] for i in reversed(ids))

    # Extended properties --------------------------------------------------------------------------

    def set_properties(self, item: Event | Message, properties: dict[str, str]) -> None:
        self._forget_properties(item.id, item.properties)
        item.properties = {**item.properties, **properties}
        self._index_properties(item.id, item.properties)
        self.touched = True

    def ids_with_property(self, name: str, value: str) -> list[str]:
        return self._by_property.get((property_key(name), value), [])

    def _index_event(self, event: Event) -> None:
        self._by_uid[event.uid, event.original] = event.id
        if event.recurrence is not None:
            self._masters.setdefault(event.id, {})
        if event.series is not None and event.original is not None:
            self._masters.setdefault(event.series, {})[event.original] = event.id
        if event.transaction_id:
            self._by_transaction[event.transaction_id] = event.id
        if event.properties:
            self._index_properties(event.id, event.properties)

    def _forget_event(self, event: Event) -> None:
        self.contents.events.pop(event.id, None)
        if self._by_uid.get((event.uid, event.original)) == event.id:
            del self._by_uid[event.uid, event.original]
        if event.transaction_id and self._by_transaction.get(event.transaction_id) == event.id:
            del self._by_transaction[event.transaction_id]
        if event.series is not None and event.original is not None:
            self._masters.get(event.series, {}).pop(event.original, None)
        self._forget_properties(event.id, event.properties)

    def _index_properties(self, item_id: str, properties: dict[str, str]) -> None:
        for name, value in properties.items():
            ids = self._by_property.setdefault((property_key(name), value), [])
            if item_id not in ids:
                ids.append(item_id)

    def _forget_properties(self, item_id: str, properties: dict[str, str]) -> None:
        for name, value in properties.items():
            ids = self._by_property.get((property_key(name), value), [])
            if item_id in ids:
                ids.remove(item_id)
