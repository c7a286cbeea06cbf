"""One mailbox: its settings, calendar and folders, with the indexes that make look-ups by key cheap."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.items import Event, Message

FOLDERS = ("inbox", "drafts", "sentitems", "deleteditems")


@dataclass(slots=True)
class AutomaticReplies:
    """`status` is disabled, alwaysEnabled or scheduled; the span counts only when scheduled."""

    status: str = "disabled"
    start: datetime | None = None
    end: datetime | None = None


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
    messages: dict[str, Message] = field(default_factory=dict)
    serial: int = 0


def property_key(name: str) -> str:
    """Extended-property ids are the same whatever the case of their GUID."""
    return name.strip().casefold()


class Mailbox:
    """The living mailbox. `touched` says whether the state file has to be written again."""

    def __init__(self, contents: Contents, mail: str) -> None:
        self.contents = contents
        self.mail = mail
        self.touched = False
        self._by_property: dict[tuple[str, str], list[str]] = {}
        self._by_transaction: dict[str, str] = {}
        self._by_uid: dict[str, str] = {}
        self._folders: dict[str, dict[str, None]] = {name: {} for name in FOLDERS}
        for event in contents.events.values():
            self._index_event(event)
        for message in contents.messages.values():
            self._index_properties(message.id, message.properties)
            self._folders[message.folder][message.id] = None

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
        self.contents.events.pop(event.id, None)
        if self._by_uid.get(event.uid) == event.id:
            del self._by_uid[event.uid]
        if event.transaction_id and self._by_transaction.get(event.transaction_id) == event.id:
            del self._by_transaction[event.transaction_id]
        self._forget_properties(event.id, event.properties)
        self.touched = True

    def event_of_uid(self, uid: str) -> Event | None:
        return self.contents.events.get(self._by_uid.get(uid, ""))

    def event_of_transaction(self, transaction_id: str) -> Event | None:
        return self.contents.events.get(self._by_transaction.get(transaction_id, ""))

    def events_between(self, start: datetime, end: datetime) -> list[Event]:
        """Events that overlap [start, end), earliest first."""
        found = [e for e in self.contents.events.values() if e.start < end and (e.end > start or e.start >= start)]
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
        self._by_uid[event.uid] = event.id
        if event.transaction_id:
            self._by_transaction[event.transaction_id] = event.id
        if event.properties:
            self._index_properties(event.id, event.properties)

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
