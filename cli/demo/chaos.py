"""What goes wrong in a run, drawn from a seed: each fault is one method of `Chaos`, found by its name."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import AsyncActivityHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from cli.demo.histories import workflow_ids
from cli.demo.stage import Stage
from cli.recover import recover_everything
from integrations.database.wake_ups import deliver_owed

# What the sandbox calls our app: nobody else's requests are struck.
OURS = "check-ins"
GRAPH, TOKENS = "^/v1.0/", "/token$"
DRAFTS, SENDING, EVENTS = "/messages$", "/send$", "/events$"
# What the web face says of itself while its database is away.
DOES_NOT_ANSWER = 503
# What a delta link is answered that the tenant has forgotten.
GONE = 410

CHEAP = (
    "throttled",
    "unavailable",
    "bad_gateway",
    "done_but_504",
    "connection_reset",
    "reset_after_the_deed",
    "slow",
    "no_token",
    "challenged",
    "consent_revoked",
    "notification_lost",
    "notification_doubled",
    "notification_late",
    "notification_overtaken",
    "delta_gone",
)
"""These cost virtual time only."""

DEAR = ("worker_killed", "web_killed", "database_away", "temporal_away", "temporal_wiped")
"""Each of these costs seconds of real time."""

CHEAP_EVERY, DEAR_EVERY = timedelta(days=1), timedelta(days=15)
LULL = timedelta(days=3)
"""Nothing strikes in the last days: what went wrong before has come right by the end."""
AN_HOUR = timedelta(hours=1)

# Longer than SQLite tries to read or write (10 s), so that whoever tries gives up.
SHUT_SECONDS = 11.0
AWAY_SECONDS = 4.0
# How long a call is held up so that something happens while it is under way; it ends with the process that made it.
UNDER_WAY_SECONDS = 25.0
LOOK_SECONDS = 0.05
QUIET_SECONDS = 0.5


@dataclass(frozen=True, slots=True, order=True)
class Trouble:
    """`luck` decides what else is to be decided about it."""

    at: datetime
    fault: str
    luck: int


def draw_troubles(seed: int, began: datetime, until: datetime) -> list[Trouble]:
    """What strikes between two instants, in order. Every cheap fault comes before any comes a second time."""
    chance = random.Random(seed)  # noqa: S311 - nobody gains by guessing it
    span = until - LULL - began
    faults = []
    for kinds, every in ((CHEAP, CHEAP_EVERY), (DEAR, DEAR_EVERY)):
        wanted = max(2, int(span / every))
        rounds = [chance.sample(kinds, len(kinds)) for _ in range(wanted // len(kinds) + 1)]
        if kinds is DEAR:
            # Neighbouring seeds have different ones, so that a few short runs see them all.
            rounds[0] = [DEAR[(2 * seed + n) % len(DEAR)] for n in range(len(DEAR))]
        faults += [fault for each in rounds for fault in each][:wanted]
    minutes = int(span / timedelta(minutes=1))
    return sorted(
        Trouble(began + timedelta(minutes=chance.randrange(minutes)), fault, chance.randrange(1000)) for fault in faults
    )


class Chaos:
    """Lets time run as `Calm` does, and strikes at the instants of `troubles`."""

    breaks_things = True

    def __init__(self, stage: Stage, troubles: Sequence[Trouble]) -> None:
        self.struck: Counter[str] = Counter()
        self._stage = stage
        self._ahead = sorted(troubles)
        self._ordered: dict[int, str] = {}
        self._mishaps: list[str] = []
        """The faults whose mishaps were ordered, in that order, in which the tenant lists them."""
        self._under_way: dict[int, Callable[[], Awaitable[None]]] = {}
        self._at_their_pages: list[Callable[[], Awaitable[None]]] = []

    async def live_until(self, instant: datetime) -> None:
        now = await self._stage.time.now()
        while now < instant:
            stops = [instant, *(trouble.at for trouble in self._ahead[:1])]
            if self._revoke in self._under_way.values():
                # What strikes meanwhile has an end of its own.
                stops.append(now + AN_HOUR)
            now = max(now, min(stops))
            await self._skip_to(now)
            while self._ahead and self._ahead[0].at <= now < instant:
                trouble = self._ahead.pop(0)
                strike: Callable[[Trouble], Awaitable[None]] = getattr(self, trouble.fault)
                await strike(trouble)

    @asynccontextmanager
    async def while_somebody_acts(self) -> AsyncIterator[None]:
        if not self._at_their_pages:
            yield
            return
        strike = self._at_their_pages.pop(0)
        striking = asyncio.ensure_future(strike())
        try:
            yield
        finally:
            await striking

    async def clears(self) -> None:
        for fault in (await self._sandbox("GET", "faults"))["faults"]:
            if name := self._ordered.get(fault["number"]):
                self.struck[name] += fault["met"]
        befell = (await self._sandbox("GET", "notifications"))["mishaps"]
        for fault, mishap in zip(self._mishaps, befell, strict=True):
            self.struck[fault] += mishap["met"]
        asked = (await self._sandbox("GET", "ledger"))["entries"]
        self.struck["delta_gone"] += sum(each["app"] == OURS and each["status"] == GONE for each in asked)
        await self._sandbox("DELETE", "faults")
        await self._sandbox("DELETE", "notifications")

    async def _skip_to(self, instant: datetime) -> None:
        """Lets time run. What waits for a call to be under way is done when one is."""
        await self._all_delivered()
        skipping = asyncio.create_task(self._stage.time.skip_to(instant))
        try:
            while self._under_way and not skipping.done():
                for fault in (await self._sandbox("GET", "faults"))["faults"]:
                    if fault["met"] and (strike := self._under_way.pop(fault["number"], None)):
                        await strike()
                await asyncio.wait({skipping}, timeout=LOOK_SECONDS)
            await skipping
        finally:
            # Where the run is ended meanwhile, nothing may ever let the time run again.
            skipping.cancel()
            await asyncio.wait({skipping})

    async def _all_delivered(self) -> None:
        """A poke that waits for seconds in real time would come hours late in virtual time."""
        while await deliver_owed(self._stage.installation.database):
            pass

    # Microsoft 365

    async def throttled(self, trouble: Trouble) -> None:
        wait = (None, 5, 60, 600)[trouble.luck % 4]
        await self._order(trouble, status=429, retry_after=wait, count=1 + trouble.luck % 3)

    async def unavailable(self, trouble: Trouble) -> None:
        await self._order(trouble, status=503, count=1 + trouble.luck % 3)

    async def bad_gateway(self, trouble: Trouble) -> None:
        await self._order(trouble, status=502, count=1 + trouble.luck % 2)

    async def done_but_504(self, trouble: Trouble) -> None:
        await self._order(trouble, status=504, when="after", method="POST", path=self._a_write(trouble))

    async def connection_reset(self, trouble: Trouble) -> None:
        await self._order(trouble, fault="reset", count=1 + trouble.luck % 2)

    async def reset_after_the_deed(self, trouble: Trouble) -> None:
        when = ("after", "midway")[trouble.luck % 2]
        await self._order(trouble, fault="reset", when=when, method="POST", path=self._a_write(trouble))

    async def slow(self, trouble: Trouble) -> None:
        await self._order(trouble, fault="slow", seconds=1.5)

    async def no_token(self, trouble: Trouble) -> None:
        """All tokens are void, and the endpoint that gives new ones breaks the connection."""
        await self._sandbox("POST", "act", {"act": "revoke_tokens", "app": OURS})
        await self._order(trouble, fault="reset", path=TOKENS, count=1 + trouble.luck % 3)

    async def challenged(self, trouble: Trouble) -> None:
        """Continuous access evaluation: the token is good no longer, and another is asked for."""
        await self._order(trouble, fault="claims")

    async def consent_revoked(self, trouble: Trouble) -> None:
        """In the middle of something, and for an hour everything is refused."""
        await self._while_under_way(trouble, self._revoke, seconds=0.5)

    async def _revoke(self) -> None:
        number = await self._order(None, fault="consent", count=None)
        self._ordered[number] = "consent_revoked"
        given_at = await self._stage.time.now() + AN_HOUR
        self._ahead = sorted([*self._ahead, Trouble(given_at, "consent_given", number)])

    async def consent_given(self, trouble: Trouble) -> None:
        """`luck` is the number of the order by which it was revoked."""
        taken_back = await self._sandbox("DELETE", f"faults/{trouble.luck}")
        self.struck[self._ordered.pop(trouble.luck)] += taken_back["met"]

    async def notification_lost(self, trouble: Trouble) -> None:
        await self._befalls(trouble, "lose", tell=trouble.luck % 2 == 0)

    async def notification_doubled(self, trouble: Trouble) -> None:
        await self._befalls(trouble, "double")

    async def notification_late(self, trouble: Trouble) -> None:
        await self._befalls(trouble, "delay", minutes=10 + trouble.luck % 170)

    async def notification_overtaken(self, trouble: Trouble) -> None:
        await self._befalls(trouble, "reorder")

    async def delta_gone(self, _: Trouble) -> None:
        await self._sandbox("POST", "expire_delta", {})

    # Our own processes

    async def worker_killed(self, trouble: Trouble) -> None:
        """While one of its calls is under way: the deed is done, and nobody hears of it."""
        await self._while_under_way(trouble, self._kill_worker)

    async def web_killed(self, trouble: Trouble) -> None:
        """While somebody is at their pages."""
        self._at_their_pages.append(lambda: self._kill_web(trouble.luck / 2000))

    async def database_away(self, trouble: Trouble) -> None:
        """While somebody is at their pages, or a call is under way whose result is then to be written down."""
        if trouble.luck % 2:
            self._at_their_pages.append(self._shut_database)
        else:
            await self._while_under_way(trouble, self._shut_database, seconds=0.5)

    async def temporal_away(self, trouble: Trouble) -> None:
        """While a call is under way of whose end Temporal is then to hear."""
        await self._while_under_way(trouble, self._cut_line, seconds=AWAY_SECONDS / 2)

    async def temporal_wiped(self, trouble: Trouble) -> None:
        """Between two things that happen, or while a call is under way."""
        if trouble.luck % 2:
            await self._while_under_way(trouble, self._wipe_temporal, seconds=3)
        else:
            await self._wipe_temporal()

    async def _kill_worker(self) -> None:
        stage = self._stage
        assert stage.worker is not None
        # The test server never runs again after the death of somebody who was at a workflow's next step, which take
        # milliseconds; the call under way takes longer.
        await asyncio.sleep(QUIET_SECONDS)
        stage.children.forget(stage.worker)
        await stage.worker.kill()
        await asyncio.sleep(QUIET_SECONDS)
        left = await self._left_behind()
        await stage.start_worker(mortal=True)
        await self._all_delivered()
        for activity in left:
            # Temporal notices a dead worker by a time-out, for which the test server would wait in real time.
            with contextlib.suppress(RPCError):
                await activity.fail(ApplicationError("its worker is gone", type="TimedOut"))
        self.struck["worker_killed"] += 1

    async def _left_behind(self) -> list[AsyncActivityHandle]:
        """The activities that somebody is at."""
        client = self._stage.time.environment.client
        found = []
        for name in await workflow_ids(self._stage.installation.database):
            try:
                told = (await client.get_workflow_handle(name).describe()).raw_description
            except RPCError:
                continue
            run_id = told.workflow_execution_info.execution.run_id
            found += [
                client.get_async_activity_handle(workflow_id=name, run_id=run_id, activity_id=each.activity_id)
                for each in told.pending_activities
                if each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            ]
        return found

    async def _kill_web(self, after: float) -> None:
        await asyncio.sleep(after)
        self._stage.children.forget(self._stage.web)
        await self._stage.web.kill()
        await self._stage.start_web()
        self.struck["web_killed"] += 1

    async def _shut_database(self) -> None:
        """Nobody can read or write, and the web face says so to whoever asks."""
        stage = self._stage
        async with stage.database.away():
            health, _ = await asyncio.gather(
                stage.http.get(f"{stage.site}/healthz"),
                asyncio.sleep(SHUT_SECONDS),
            )
        self.struck["database_away"] += health.status_code == DOES_NOT_ANSWER

    async def _cut_line(self) -> None:
        self._stage.line.cut()
        await asyncio.sleep(AWAY_SECONDS)
        self._stage.line.mend()
        self.struck["temporal_away"] += 1

    async def _wipe_temporal(self) -> None:
        """And recovered, as the operator's guide says."""
        self._stage.line.cut()
        await self._stage.time.lose_everything()
        self._stage.line.mend(self._stage.time.address)
        await recover_everything(self._stage.installation)
        self.struck["temporal_wiped"] += 1

    # Orders

    def _a_write(self, trouble: Trouble) -> str:
        return (DRAFTS, SENDING, EVENTS)[trouble.luck % 3]

    async def _while_under_way(
        self, trouble: Trouble, strike: Callable[[], Awaitable[None]], seconds: float = UNDER_WAY_SECONDS
    ) -> None:
        path = (GRAPH, DRAFTS, SENDING, EVENTS)[trouble.luck % 4]
        number = await self._order(None, fault="slow", seconds=seconds, path=path)
        self._under_way[number] = strike

    async def _order(self, trouble: Trouble | None, **order: Any) -> int:
        wanted = {"fault": "status", "path": GRAPH, "app": OURS, "count": 1} | order
        number: int = (await self._sandbox("POST", "faults", wanted))["number"]
        self._ordered[number] = trouble.fault if trouble else ""
        return number

    async def _befalls(self, trouble: Trouble, mishap: str, **order: Any) -> None:
        await self._sandbox("POST", "notifications", {"mishap": mishap, "count": 1} | order)
        self._mishaps.append(trouble.fault)

    async def _sandbox(self, method: str, what: str, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return await self._stage.tenant.control(self._stage.http, method, what, said)
