"""A place to try Graph out: one test mailbox, and everything that is made there is noted, and taken away again."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from integrations.graph.errors import GraphTrouble
from integrations.graph.plain import Answer, PlainGraph

SUBJECT = "Perennial doctor: a trial that may be deleted"
TRIES = 10


@dataclass(slots=True)
class Bench:
    """`graph` reaches `mailbox`, and `attendee` where there is one. `now` is the tenant's present.

    `roles` are the app's in Entra, None if unknown; `webhook_url` is where Graph reaches us. `pause` is in seconds,
    `window` the minutes for which a transactionId is tried again.
    """

    graph: PlainGraph
    mailbox: str
    now: datetime
    attendee: str | None = None
    roles: frozenset[str] | None = None
    webhook_url: str | None = None
    pause: float = 3
    window: int = 0
    made: list[str] = field(default_factory=list)
    invited: set[str] = field(default_factory=set)

    def of(self, mailbox: str, rest: str) -> str:
        return f"/users/{quote(mailbox)}{rest}"

    async def ask(self, method: str, rest: str, body: Any = None, **others: Any) -> Answer:
        """Asks about the test mailbox."""
        return await self.graph.ask(method, self.of(self.mailbox, rest), body, **others)

    async def make(self, path: str, body: Any = None, **others: Any) -> Answer:
        """Posts, and notes what came of it, to be taken away."""
        answer = await self.graph.ask("POST", path, body, **others)
        if answer.well and isinstance(answer.body.get("id"), str):
            self.note(f"{path}/{quote(answer.body['id'], safe='')}")
        return answer

    async def make_event(self, **others: Any) -> Answer:
        """An event a year ahead, in free time, with nobody invited unless `others` say so."""
        answer = await self.make(self.of(self.mailbox, "/events"), self.event(**others))
        if others.get("attendees") and self.made:
            self.invited.add(self.made[-1])
        return answer

    def event(self, **others: Any) -> dict[str, Any]:
        start = (self.now + timedelta(days=365)).replace(hour=3, minute=0, second=0, microsecond=0)
        return {
            "subject": SUBJECT,
            "start": moment(start),
            "end": moment(start + timedelta(minutes=30)),
            "showAs": "free",
            "isReminderOn": False,
            **others,
        }

    def note(self, path: str) -> None:
        if path not in self.made:
            self.made.append(path)

    async def soon(self, rest: str, wanted: Any) -> Mapping[str, Any] | None:
        """Reads until `wanted`, a function of the body, is true of it; None if it never was."""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(self.pause)
            answer = await self.graph.ask("GET", rest)
            if answer.well and wanted(answer.body):
                return answer.body
        return None

    async def clean(self) -> list[str]:
        """Takes away what was made and what an earlier, broken run left; returns what is still there."""
        left = []
        for rest in ("/events", "/messages"):
            try:
                found = await self.ask("GET", f"{rest}?$filter=subject eq '{SUBJECT}'&$select=id&$top=50")
            except GraphTrouble:
                continue
            for each in found.body.get("value") or ():
                self.note(self.of(self.mailbox, f"{rest}/{quote(str(each['id']), safe='')}"))
        while self.made:
            path = self.made.pop()
            try:
                if not await self._take_away(path):
                    left.append(path)
            except GraphTrouble:
                left.append(path)
        return left

    async def _take_away(self, path: str) -> bool:
        # Deleting an event takes its invitations back; what nobody else has need not even be in Deleted Items.
        if path in self.invited:
            await self.graph.ask("DELETE", path)
        if not path.startswith("/subscriptions"):
            gone = await self.graph.ask("POST", f"{path}/permanentDelete")
            if gone.well or gone.status == 404:
                return True
        gone = await self.graph.ask("DELETE", path)
        return gone.well or gone.status == 404


def moment(at: datetime) -> dict[str, str]:
    return {"dateTime": at.replace(tzinfo=None).isoformat(timespec="seconds"), "timeZone": "UTC"}
