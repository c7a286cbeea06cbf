"""Reads what the sandbox tells of itself (seed file, state) and the policy files into records."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from cli.demo.evidence import Colleague, Mailed, Sent, Stretch, Talk


def merged_policies(documents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """The shipped YAML documents by name, each laid section by section over the one it is based on."""
    by_name = {document["name"]: document for document in documents}

    def merged(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        base = document.get("based_on")
        found = merged(by_name[base]) if base else {}
        for section, values in document.items():
            if isinstance(values, Mapping):
                found[section] = found.get(section, {}) | dict(values)
        return found

    return {name: merged(document) for name, document in by_name.items()}


def read_people(organization: Mapping[str, Any]) -> dict[str, Colleague]:
    """Everybody in the sandbox's seed file by mail address."""
    holidays = {
        country: frozenset(date.fromisoformat(day) for day in days)
        for country, days in organization["holidays"].items()
    }
    return {
        each["mail"].lower(): Colleague(
            oid=each["id"],
            mail=each["mail"].lower(),
            name=each["name"],
            manager=each["manager"].lower() if each["manager"] else None,
            zone=ZoneInfo(each["zone"]),
            weekdays=frozenset(each["weekdays"]),
            opens=time.fromisoformat(each["opens"]),
            closes=time.fromisoformat(each["closes"]),
            hired=date.fromisoformat(each["hired"]),
            leave=tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in each["leave"]),
            holidays=holidays.get(each["country"], frozenset()),
            busy=tuple(
                Stretch(instant(span["start"]), instant(span["end"]))
                for span in each["busy"]
                if span["status"] in ("busy", "oof")
            ),
        )
        for each in organization["people"]
    }


def read_talks(state: Mapping[str, Any], service_mailbox: str) -> list[Talk]:
    """The service mailbox's events that carry a booking key, from the sandbox's state."""
    found = []
    for event in _mailboxes(state)[service_mailbox]["calendar"]:
        key = _property(event, "PerennialKey")
        if key.startswith("booking/"):
            found.append(
                Talk(
                    check_in=key.split("/")[1],
                    no=int(key.split("/")[2]),
                    start=instant(event["start"]),
                    end=instant(event["end"]),
                    zone=event["timeZone"],
                    attendees=tuple(each["mail"].lower() for each in event["attendees"]),
                    cancelled=event["isCancelled"],
                    booked=instant(event["created"]),
                )
            )
    return found


def read_letters(state: Mapping[str, Any], senders: Iterable[str]) -> list[Sent]:
    """Their Sent Items; a message to several people counts once for each."""
    return [
        Sent(
            keys=tuple(_property(message, "PerennialItems").split()),
            to=recipient.lower(),
            at=instant(message["sent"]),
            subject=message["subject"],
            body=message["body"],
        )
        for sender in senders
        for message in _mailboxes(state)[sender]["folders"]["sentitems"]
        for recipient in message["to"]
    ]


def read_keys(state: Mapping[str, Any], mailbox: str) -> set[str]:
    """Which letters there is something of in a mailbox, in whatever folder."""
    folders = _mailboxes(state)[mailbox]["folders"].values()
    return {_property(message, "PerennialKey") for messages in folders for message in messages} - {""}


def read_received(state: Mapping[str, Any], senders: Collection[str]) -> list[tuple[str, str, datetime]]:
    """What lies in people's inboxes from the senders, Outlook's own invitations left out."""
    return [
        (mail, message["subject"], instant(message["received"]))
        for mail, mailbox in _mailboxes(state).items()
        for message in mailbox["folders"]["inbox"]
        if mail not in senders and (message["from"] or "").lower() in senders and not message["meetingMessageType"]
    ]


def read_called_off(state: Mapping[str, Any]) -> list[tuple[str, str, datetime]]:
    """(mailbox, subject, instant) of each cancellation that lies in an inbox."""
    return [
        (mail, message["subject"], instant(message["received"]))
        for mail, mailbox in _mailboxes(state).items()
        for message in mailbox["folders"]["inbox"]
        if message["meetingMessageType"] == "meetingCancelled"
    ]


def read_mailed(state: Mapping[str, Any]) -> list[Mailed]:
    """Every word in every mailbox: messages of all folders, and events."""
    found = []
    for mail, mailbox in _mailboxes(state).items():
        items = [message for messages in mailbox["folders"].values() for message in messages]
        found += [
            Mailed(mail, "\n".join((each["subject"], each["body"], each.get("text") or "")))
            for each in items + mailbox["calendar"]
        ]
    return found


def read_languages(state: Mapping[str, Any]) -> dict[str, str]:
    """What each mailbox is set to."""
    return {mail: mailbox["language"] for mail, mailbox in _mailboxes(state).items()}


def instant(text: str) -> datetime:
    """An ISO instant; ValueError when it has no zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no zone; the tenant's state gives instants in UTC.")
    return found


def _mailboxes(state: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {mail.lower(): mailbox for mail, mailbox in state["mailboxes"].items()}


def _property(item: Mapping[str, Any], name: str) -> str:
    """The value of an extended property, by the end of its long id; empty when the item has none."""
    ending = f" Name {name}".casefold()
    properties = item["extendedProperties"].items()
    return next((str(value) for key, value in properties if key.casefold().endswith(ending)), "")
