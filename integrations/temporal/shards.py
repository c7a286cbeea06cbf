"""Polls the queues whose leases this process holds: takes them over, finishes them and gives them back."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.worker import (
    Interceptor,
    PollerBehavior,
    PollerBehaviorAutoscaling,
    PollerBehaviorSimpleMaximum,
    Worker,
)

from integrations.clock import Clock
from integrations.database.leases import RENEWALS, Leases

log = logging.getLogger(__name__)

A_SECOND = 4
"""Activities begun on a queue, in real time. Four calls each are 9,600 in ten minutes; Exchange takes 10,000 from an
app in a mailbox (Outlook service limits)."""

GRACE = timedelta(seconds=25)
"""What is in flight may take so long once we are told to end: orchestrators grant 30 s before they kill. It is less
than a lease lasts. What it cuts off is found by its key."""

# What a database that is not there raises, with SQLAlchemy and before it.
AWAY = (SQLAlchemyError, OSError)


class Poller(Protocol):
    """What works on a queue: Temporal's Worker."""

    async def run(self) -> None: ...

    async def shutdown(self) -> None:
        """Returns when what was in flight has finished."""


class Polling:
    """`open_queue(name)` makes what polls that queue. `clock` tells real time."""

    def __init__(self, leases: Leases, clock: Clock, open_queue: Callable[[str], Poller]) -> None:
        self._leases = leases
        self._clock = clock
        self._open_queue = open_queue
        self._polled: dict[str, tuple[Poller, asyncio.Task[None]]] = {}
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._until: datetime | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def polled(self) -> frozenset[str]:
        return frozenset(self._polled)

    async def look(self) -> timedelta:
        """One round: renews, opens, and begins to close. Returns how soon the next is due."""
        now = await self._clock.now()
        try:
            done = await self._leases.renew(now)
        except AWAY as error:
            log.warning("the leases of our queues cannot be renewed (%s)", type(error).__name__)
            if self._leases.others_may_reach_it and self._until and now >= self._until:
                # Somebody else may have them by now.
                self._close(self._polled, give_back=False)
            return self._leases.lasts / RENEWALS / 10
        self._until = done.until
        ours = done.division.kept | done.division.taken
        self._close(self._polled.keys() - ours - done.division.surplus, give_back=False)
        self._close(done.division.surplus, give_back=True)
        for name in sorted(ours):
            self._open(name)
        soon = self._leases.lasts / RENEWALS
        return min(soon, max(done.next_lapse - now, soon / 10)) if done.next_lapse else soon

    def _open(self, name: str) -> None:
        if name in self._closing:
            # What was in flight here is still being finished; the next round opens it.
            return
        if name in self._polled:
            _, running = self._polled[name]
            if not running.done():
                return
            log.error("what polls %s ended by itself and is begun anew", name, exc_info=running.exception())
        poller = self._open_queue(name)
        self._polled[name] = poller, asyncio.create_task(poller.run())

    def _close(self, names: Iterable[str], *, give_back: bool) -> None:
        for name in [each for each in names if each not in self._closing]:
            self._closing[name] = asyncio.create_task(self._finish(name, give_back))

    async def _finish(self, name: str, give_back: bool) -> None:
        try:
            if name in self._polled:
                poller, running = self._polled.pop(name)
                if not running.done():
                    await poller.shutdown()
                await asyncio.gather(running, return_exceptions=True)
            if give_back:
                with suppress(*AWAY):
                    await self._leases.give_back([name])
        finally:
            del self._closing[name]

    def keep(self) -> None:
        """Begins rounds without end; they end when the queues are put away."""
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            soon = await self.look()
            await asyncio.sleep(soon.total_seconds())

    async def put_away(self) -> None:
        """Begins nothing more and finishes all queues at once, then gives all leases back for whoever looks next.

        What is being finished stays ours meanwhile.
        """
        if self._keeping:
            await _ended(self._keeping)
        holding = asyncio.create_task(self._hold())
        self._close(list(self._polled), give_back=False)
        await asyncio.gather(*self._closing.values())
        await _ended(holding)
        with suppress(*AWAY):
            await self._leases.give_back_all()

    async def _hold(self) -> None:
        while True:
            with suppress(*AWAY):
                await self._leases.prolong(await self._clock.now())
            await asyncio.sleep((self._leases.lasts / RENEWALS).total_seconds())


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def polling(leases: Leases, clock: Clock, open_queue: Callable[[str], Poller]) -> AsyncIterator[Polling]:
    """Inside, this process polls its share of the queues; the first round is over when it begins."""
    queues = Polling(leases, clock, open_queue)
    await queues.look()
    queues.keep()
    try:
        yield queues
    finally:
        await queues.put_away()


def pollers(behavior: PollerBehavior, *, virtual: bool) -> PollerBehavior:
    """`behavior` where time is real, and a fixed number where it is virtual.

    Pollers whose number adapts give up a poll after eleven seconds (temporalio 1.35). Temporal's test server may answer
    one in that very moment, with frames on a stream that it has just reset; then the client drops the whole connection
    with every task that is on its way, and time stands still until each of them has timed out.
    """
    return PollerBehaviorSimpleMaximum(5) if virtual else behavior


def queue_of_a_mailbox(
    client: Client,
    activities: Sequence[Callable[..., Awaitable[Any]]],
    interceptors: Sequence[Interceptor],
    *,
    virtual: bool,
) -> Callable[[str], Worker]:
    """Makes what polls one queue; how many calls are in flight in a mailbox is up to the Graph client's lanes."""

    def open_queue(name: str) -> Worker:
        return Worker(
            client,
            task_queue=name,
            activities=activities,
            interceptors=interceptors,
            activity_task_poller_behavior=pollers(
                PollerBehaviorAutoscaling(minimum=1, initial=1, maximum=10), virtual=virtual
            ),
            max_concurrent_activities=20,
            # Where time is virtual, a second of it may last no time at all.
            max_task_queue_activities_per_second=None if virtual else A_SECOND,
            graceful_shutdown_timeout=GRACE,
        )

    return open_queue
