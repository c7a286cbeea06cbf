"""People's inboxes, read over Graph by a mail client that is an app of its own, and what a letter asks about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx

from cli.demo.evidence import Stretch
from cli.demo.page import read_page
from cli.demo.phrases import ASKED_AGAIN, ASKS_FOR_HELP, RESTS

Kind = Literal[
    "form",
    "form-reminder",
    "learning",
    "pre-read",
    "outcome",
    "second-outcome",
    "action",
    "stall",
    "repairs",
    "request",
    "weekly",
    "rest",
    "slots",
    "handover",
    "orphan",
    "feedback",
    "supporter",
    "help",
    "other",
]
# Links that stand in every letter's frame.
FRAME = frozenset({"/", "", "/privacy"})
MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a letter is about: its path and what the text above its links says."""

    kind: Kind
    path: str
    text: str
    queries: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in somebody's inbox; `invitation`: it is Outlook's own word about a meeting, and has no parts.

    `about` is the path of the check-in that such a meeting is for, `hour` when it is; None if it is called off.
    """

    id: str
    subject: str
    received: datetime
    invitation: bool
    parts: tuple[Part, ...]
    about: str | None = None
    hour: Stretch | None = None


@dataclass(slots=True)
class MailClient:
    """Reads inboxes with an app-only token of its own."""

    graph_url: str
    token_url: str
    credentials: Mapping[str, str]
    http: httpx.AsyncClient
    _token: str = ""
    _seen: dict[str, set[str]] = field(default_factory=dict)

    async def new_letters(self, mail: str, since: datetime) -> list[Letter]:
        """What arrived at or after `since` and was not returned before, oldest first."""
        query = {
            "$filter": f"receivedDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "$orderby": "receivedDateTime",
            "$top": str(MOST_AT_ONCE),
        }
        found = await self._get(f"{self.graph_url}/users/{mail}/mailFolders/inbox/messages", query)
        seen = self._seen.setdefault(mail, set())
        letters = [_letter(each) for each in found["value"] if each["id"] not in seen]
        seen.update(letter.id for letter in letters)
        return letters

    async def _get(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        for _ in range(2):
            if not self._token:
                await self._sign_in()
            answer = await self.http.get(url, params=query, headers={"Authorization": f"Bearer {self._token}"})
            if answer.status_code != 401:
                break
            self._token = ""
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def _sign_in(self) -> None:
        asked = {
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
            "client_id": self.credentials["client_id"],
            "client_secret": self.credentials["client_secret"],
        }
        answer = await self.http.post(self.token_url, data=asked)
        answer.raise_for_status()
        self._token = answer.json()["access_token"]


def _letter(message: Mapping[str, Any]) -> Letter:
    invitation = "eventMessage" in message.get("@odata.type", "")
    return Letter(
        id=message["id"],
        subject=message["subject"],
        received=datetime.fromisoformat(message["receivedDateTime"]).astimezone(UTC),
        invitation=invitation,
        parts=() if invitation else parts_of(message["body"]["content"]),
        about=_check_in_of(message["body"]["content"]) if invitation else None,
        hour=_hour_of(message),
    )


def _check_in_of(html: str) -> str | None:
    paths = (urlsplit(link.href).path for link in read_page(html, "").links)
    return next((path for path in paths if path.startswith("/check-ins/")), None)


def _hour_of(message: Mapping[str, Any]) -> Stretch | None:
    if message.get("meetingMessageType") != "meetingRequest":
        return None
    start, end = (
        datetime.fromisoformat(message[name]["dateTime"][:19]).replace(tzinfo=UTC)
        for name in ("startDateTime", "endDateTime")
    )
    return Stretch(start, end)


def parts_of(html: str) -> tuple[Part, ...]:
    """The things a letter is about, in its order: neighbouring links to one path belong together.

    All links of one thing to the plan stand next to each other, so that words between two tell things apart.
    """
    groups: list[tuple[str, str, list[Mapping[str, str]]]] = []
    links = [(urlsplit(link.href), link.before) for link in read_page(html, "").links]
    paths = [parts.path for parts, _ in links]
    for parts, before in links:
        if parts.path in FRAME:
            continue
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if groups and groups[-1][0] == parts.path and not (before and parts.path == "/plan"):
            groups[-1][2].append(query)
        else:
            groups.append((parts.path, before, [query]))
    found = [
        Part(_kind(path, text, queries, _reminds(path, paths)), path, text, tuple(queries))
        for path, text, queries in groups
    ]
    return tuple(part for part in found if part.kind != "other")


def _reminds(path: str, paths: list[str]) -> bool:
    """Whether questions are mentioned again: only their own letter, which travels alone, also lets one sit out."""
    talk = f"/check-ins/{path.rpartition('/')[2]}"
    return f"{talk}/not-this-time" not in paths or f"{talk}/slots" in paths


def _kind(path: str, text: str, queries: list[Mapping[str, str]], reminded: bool) -> Kind:
    chosen = {name for query in queries for name in query}
    match path.strip("/").split("/"):
        case ["reflections", _]:
            return "form-reminder" if reminded else "form"
        case ["learning-moment"]:
            return "learning"
        case ["check-ins", _] if "said" in chosen:
            return "second-outcome" if ASKED_AGAIN.is_in(text) else "outcome"
        case ["check-ins", _] | ["check-ins", _, "pre-read"]:
            return "pre-read"
        case ["check-ins", _, "slots"]:
            return "slots"
        case ["actions", _] if {"choose": "done"} in queries:
            return "action"
        case ["actions" | "plans", _] if ASKS_FOR_HELP.is_in(text):
            return "help"
        case ["actions", _] if not chosen:
            return "orphan"
        case ["handovers", _]:
            return "handover"
        case ["stalls", _] if {"choose": "leave"} in queries:
            return "stall"
        case ["hr"]:
            return "request"
        case ["plan"] if len(queries) == 1:
            return "rest" if RESTS.is_in(text) else "weekly"
        case ["actions" | "stalls" | "plans", _] | ["plan"]:
            return "repairs"
        case ["feedback", _]:
            return "feedback"
        case ["supporting", _]:
            return "supporter"
    return "other"
