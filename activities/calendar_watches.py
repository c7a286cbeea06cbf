"""Reads what changed in an organizer's calendar and wakes the check-ins concerned; keeps the subscription alive."""

from dataclasses import dataclass, replace
from datetime import datetime

from temporalio import activity

from activities.moment import Moment
from activities.route import COMMON, Route, Routes
from activities.subscription_care import Say, SubscriptionCare
from cycle.calendar_watch import (
    LOOK_EVERY_HOURS,
    TRY_AGAIN,
    Window,
    has_rolled,
    next_looks,
    window_at,
)
from cycle.sentences import Quote, Sentence
from cycle.stuck import Kind, line_key
from integrations.database.calendar_watches import (
    event_ids_between,
    hear,
    lock_watch,
    name_of_mailbox,
    organizes_nothing,
)
from integrations.database.connection import Database
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.stuck import line_of_mailbox
from integrations.database.tables import CalendarWatchRow
from integrations.graph.calendar_delta import CalendarDelta, Round
from integrations.graph.errors import NoMailbox, Permanent
from integrations.graph.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class Watched:
    """When a calendar is read next and when it is compared with our tables, UTC instants; and where."""

    at: datetime
    compare_at: datetime
    route: Route = COMMON


class CalendarWatches:
    """The first half of `CalendarWatch`; the other is `activities.reconciliation`."""

    def __init__(
        self,
        database: Database,
        delta: CalendarDelta,
        subscriptions: Subscriptions,
        reached_at: str | None,
        service_mailbox: str,
        routes: Routes,
        look_every_hours: int = LOOK_EVERY_HOURS,
    ) -> None:
        self._database = database
        self._delta = delta
        self._routes = routes
        self._look_every_hours = look_every_hours
        self._care = SubscriptionCare(database, subscriptions, reached_at)
        self._service_mailbox = service_mailbox

    @activity.defn(name="calendar_watches.find_route")
    async def find_route(self, about: Moment) -> Route:
        """Where the watch's own mailbox is talked to, for the first look of a run."""
        async with self._database.reading() as session:
            watch = await session.get(CalendarWatchRow, about.id)
        return self._routes.of(watch.mailbox) if watch else COMMON

    @activity.defn(name="calendar_watches.read_changes")
    async def read_changes(self, about: Moment) -> Watched | None:
        """Reads what changed since the last time, and returns when to look again; None when the watch is over.

        1. The subscription is made, renewed or left alone; while there is none, reading by the clock does. 2. The
        changes are read; they only name events. 3. Which check-ins to wake, and from where to go on, are committed
        together: cut off before, the same changes are read again. 4. If there was no subscription to be had although
        the calendar can be read, that is said.
        """
        async with self._database.reading() as session:
            watch = await session.get(CalendarWatchRow, about.id)
            if watch is None or watch.closed_at:
                # None: Temporal outlived the database that it waited for.
                return None
            idle = watch.mailbox != self._service_mailbox and await organizes_nothing(session, watch.mailbox, about.now)
        if idle and await self._over(watch, about.now):
            return None
        looks = next_looks(about.now, watch.compared_at or watch.opened_at, watch.mailbox, self._look_every_hours)
        try:
            refusal = await self._care.tend(watch, watch.mailbox, about.now)
            await self._read(watch, about.now)
            if refusal and await self._care.refused(watch, refusal, about.now, self._say_refused(watch, about.now)):
                looks = replace(looks, at=min(looks.at, about.now + TRY_AGAIN))
        except NoMailbox as trouble:
            async with self._database.reading() as session:
                line = await line_of_mailbox(session, watch.mailbox)
            await self._say(watch, line, trouble, about.now)
        return Watched(looks.at, looks.compare_at, self._routes.of(watch.mailbox))

    # The subscription

    def _say_refused(self, watch: CalendarWatchRow, now: datetime) -> Say:
        async def say(trouble: Permanent) -> None:
            await self._say(watch, f"notifications/{watch.mailbox}", trouble, now)

        return say

    async def _say(self, watch: CalendarWatchRow, key: str, trouble: Permanent, now: datetime) -> None:
        async with self._database.transaction() as session:
            whose = await name_of_mailbox(session, watch.mailbox)
            if isinstance(trouble, NoMailbox):
                sentence = Sentence(
                    "{whose} organizes check-ins and has no mailbox any more: give it back, "
                    "or let somebody else organize them.",
                    whose=whose,
                )
            else:
                sentence = Sentence(
                    "Changes in the calendar of {whose} are noticed hours later. Graph would tell at once, "
                    "but: {trouble}",
                    whose=whose,
                    trouble=Quote(trouble),
                )
            await ask_for_a_hand(session, key, sentence, now)

    async def _over(self, watch: CalendarWatchRow, now: datetime) -> bool:
        """Ends the watch of somebody who organizes nothing any more, unless they do again by now."""
        await self._care.end(watch, watch.mailbox)
        async with self._database.transaction() as session:
            row = await lock_watch(session, watch.id)
            row.subscription_id = row.client_state = row.delta_link = None
            if await organizes_nothing(session, watch.mailbox, now):
                row.closed_at = now
                await mended(session, line_key(Kind.NO_MAILBOX, watch.mailbox), now)
                for about in ("notifications", "calendar", "surplus"):
                    await mended(session, f"{about}/{watch.mailbox}", now)
            return row.closed_at is not None

    # The changes

    async def _read(self, watch: CalendarWatchRow, now: datetime) -> None:
        window = Window(watch.window_start, watch.window_end) if watch.window_start and watch.window_end else None
        found: Round | None = None
        if watch.delta_link and window and not has_rolled(window, now):
            found = await self._delta.go_on(watch.mailbox, watch.delta_link)
        whole = found is None
        if found is None or window is None:
            window = window_at(now)
            found = await self._delta.begin(watch.mailbox, window.start, window.end)
        async with self._database.transaction() as session:
            row = await lock_watch(session, watch.id)
            named = found.named
            if whole:
                # Read whole, a calendar does not name what is gone from it.
                expected = await event_ids_between(session, watch.mailbox, now, window.end)
                named = dict.fromkeys(expected) | named
                row.full_look_at = now
            await hear(session, watch.mailbox, named, now)
            row.delta_link, row.window_start, row.window_end = found.link, window.start, window.end
            row.looked_at = now
            await mended(session, await line_of_mailbox(session, watch.mailbox), now)
