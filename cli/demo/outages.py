"""What befalls the full Temporal server during the short story: drawn from a seed, one outage a chapter at most."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from temporalio.client import Client

from cli.demo.real_life import FullServer, RealLife
from cli.recover import recover_everything
from integrations.database.connection import Deliverer, open_database
from integrations.temporal.connect import TemporalUnreachable, connect
from integrations.temporal.pokes import Pokes

Chapter = Literal["booked", "asked", "told", "moved", "called_off"]
CALLS: dict[Chapter, tuple[str, str]] = {
    "booked": ("POST", "/events$"),
    "asked": ("POST", "/messages$"),
    "told": ("POST", "/send$"),
    "moved": ("GET", "/calendarView/.*delta"),
    "called_off": ("POST", "/cancel$"),
}
"""The story's chapters, each with a call to Microsoft 365 that belongs to it: method and path."""
CHAPTERS = tuple(CALLS)

Kind = Literal["killed", "away", "wiped", "killed_in_recovery"]
KINDS: tuple[Kind, ...] = ("killed", "away", "wiped", "killed_in_recovery")
"""Started again with its file; put away in order, and gone for longer; without its file, and recovered; the same, and
killed once more while it is being recovered.
"""

Moment = Literal["between", "under_way", "ended"]
MOMENTS: tuple[Moment, ...] = ("between", "under_way", "ended")
"""When it goes: before what somebody does next, so that it is gone meanwhile; during the chapter's call, and is back
before that ends; during that call, which ends while it is gone.
"""

# Longer than any outage. The call ends before, if we want it to; our client waits for half a minute.
HELD_UP_SECONDS = 60
LONGEST_AWAY_SECONDS = 10
# So long what was recovered has to come to the same call, while the first try is still at it.
STILL_UNDER_WAY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Outage:
    """`seconds`: how long nobody starts the server again."""

    chapter: Chapter
    kind: Kind
    moment: Moment
    seconds: int

    @property
    def name(self) -> str:
        return f"server_{self.kind}_{self.moment}"


NAMES = frozenset(f"server_{kind}_{moment}" for kind in KINDS for moment in MOMENTS)
"""Of all outages there are."""


def draw_outages(seed: int) -> list[Outage]:
    """One of each kind, and perhaps one more.

    Of neighbouring seeds, three have each kind at each moment, and fifteen have that in each chapter.
    """
    chance = random.Random(seed)  # noqa: S311 - nobody gains by guessing it
    block, place = divmod(seed, len(MOMENTS))
    # Steps of 1, 2 and 3 each lead through all five chapters, in another order.
    chapters = [CHAPTERS[(n * (1 + place) + block) % len(CHAPTERS)] for n in range(len(CHAPTERS))]
    drawn = [(kind, MOMENTS[(n + place) % len(MOMENTS)]) for n, kind in enumerate(KINDS)]
    if chance.random() < 0.5:
        drawn.append((chance.choice(KINDS), chance.choice(MOMENTS)))
    return [
        Outage(chapter, kind, moment, chance.randint(2, LONGEST_AWAY_SECONDS) if kind == "away" else 1)
        for chapter, (kind, moment) in zip(chapters, drawn, strict=False)
    ]


class Outages:
    """Strikes as drawn; without any, all stays calm."""

    def __init__(self, life: RealLife, drawn: Iterable[Outage] = ()) -> None:
        self.struck: Counter[str] = Counter()
        """How often each was met as it was meant."""
        self._life = life
        self._drawn = {each.chapter: each for each in drawn}
        self._held_up: dict[Chapter, int] = {}

    async def expect(self, chapter: Chapter) -> None:
        """Said where its call may come before the chapter begins. One that came and went meanwhile was another's."""
        outage, number = self._drawn.get(chapter), self._held_up.get(chapter)
        if outage is None or outage.moment == "between":
            return
        if number is not None:
            order = await self._order(number)
            if order["waiting"] or not order["met"]:
                return
        method, path = CALLS[chapter]
        order = {"fault": "slow", "seconds": HELD_UP_SECONDS, "method": method, "path": path, "app": "check-ins"}
        told = await self._life.tenant.control(self._life.http, "POST", "faults", order)
        self._held_up[chapter] = told["number"]

    @asynccontextmanager
    async def during(self, chapter: Chapter) -> AsyncIterator[None]:
        """Inside, somebody does what the chapter begins with. Afterwards the server is there."""
        outage = self._drawn.get(chapter)
        if outage is None:
            yield
        elif outage.moment == "between":
            await self._goes(outage)
            yield
            await self._comes_back(outage)
            self.struck[outage.name] += 1
        else:
            await self.expect(chapter)
            yield
            await self._strike_during_the_call(outage)

    async def _strike_during_the_call(self, outage: Outage) -> None:
        number = self._held_up[outage.chapter]

        async def met() -> int:
            times: int = (await self._order(number))["met"]
            return times

        await self._life.until(f"a call is under way with which something is {outage.chapter}", met)
        await self._goes(outage)
        if outage.moment == "ended":
            was_under_way = await self._answered(number)
            await self._comes_back(outage)
        else:
            await self._comes_back(outage)
            await asyncio.sleep(STILL_UNDER_WAY_SECONDS)
            was_under_way = await self._answered(number)
        self.struck[outage.name] += was_under_way

    async def _order(self, number: int) -> dict[str, Any]:
        """What has become of it."""
        return next(fault for fault in (await self._life.ask("faults"))["faults"] if fault["number"] == number)

    async def _answered(self, number: int) -> bool:
        """Has the call end; false when nobody waited for it any more."""
        taken_back = await self._life.tenant.control(self._life.http, "DELETE", f"faults/{number}")
        return bool(taken_back["waiting"])

    async def _goes(self, outage: Outage) -> None:
        server = self._life.server
        await (server.stop() if outage.kind == "away" else server.kill())

    async def _comes_back(self, outage: Outage) -> None:
        await asyncio.sleep(outage.seconds)
        server = self._life.server
        lost = outage.kind in ("wiped", "killed_in_recovery")
        if lost:
            server.forget_everything()
        await server.start()
        if lost:
            await self._recover(killed=outage.kind == "killed_in_recovery")

    async def _recover(self, *, killed: bool) -> None:
        """As the operator's guide says, once the server answers."""
        settings = self._life.settings
        pokes: Deliverer = Pokes(
            await self._life.until("Temporal answers", self._connected), settings.temporal_task_queue
        )
        if killed:
            pokes = Deadly(pokes, self._life.server)
        keys = tuple(key.get_secret_value() for key in settings.encryption_keys)
        database = open_database(settings.database_url, keys, pokes)
        try:
            await recover_everything(replace(self._life.installation, database=database))
        finally:
            await database.close()

    async def _connected(self) -> Client | None:
        try:
            return await connect(self._life.settings)
        except TemporalUnreachable:
            return None


@dataclass(slots=True)
class Deadly:
    """Delivers wake-ups to a server that dies after the first one, and is started again with its file."""

    pokes: Deliverer
    server: FullServer
    has_struck: bool = False

    async def deliver(self, workflow: str, target: str, reason: str) -> None:
        await self.pokes.deliver(workflow, target, reason)
        if not self.has_struck:
            self.has_struck = True
            await self.server.kill()
            await self.server.start()
