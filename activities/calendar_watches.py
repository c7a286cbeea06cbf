"""Reads what changed in an organizer's calendar and wakes the check-ins concerned; keeps the subscription alive."""

import logging
import secrets
from dataclasses import replace
from datetime import datetime

from temporalio import activity

from activities.moment import Moment
from cycle.calendar_watch import (
    SUBSCRIBED_FOR,
    TRY_AGAIN,
    Looks,
    Subscribed,
    Window,
    has_rolled,
    needs_care,
    next_looks,
    window_at,
)
from integrations.database.calendar_watches import (
    event_ids_between,
    hear,
    lock_watch,
    name_of_mailbox,
    organizes_nothing,
)
from integrations.database.connection import Database
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.tables import CalendarWatchRow
from integrations.graph.calendar_delta import CalendarDelta, Round
from integrations.graph.errors import NoMailbox, Permanent
from integrations.graph.subscriptions import Subscriptions

log = logging.getLogger(__name__)

NOTIFICATIONS, LIFECYCLE = "/graph/notifications", "/graph/lifecycle"
"""Where the web face takes them."""


class CalendarWatches:
    """The first half of `CalendarWatch`; the other is `activities.reconciliation`."""

    def __init__(
        self,
        database: Database,
        delta: CalendarDelta,
        subscriptions: Subscriptions,
        reached_at: str | None,
        service_mailbox: str,
    ) -> None:
        self._database = database
        self._delta = delta
        self._subscriptions = subscriptions
        self._reached_at = reached_at
        self._service_mailbox = service_mailbox

    @activity.defn(name="calendar_watches.read_changes")
    async def read_changes(self, about: Moment) -> Looks | None:
        """Reads what changed since the last time, and returns when to look again; None when the watch is over.

        1. The subscription is made, renewed or left alone; while there is none, reading by the clock does. 2. The
        changes are read; they only name events. 3. Which check-ins to wake, and from where to go on, are committed
        together: cut off before, the same changes are read again.
        """
        async with self._database.reading() as session:
            watch = await session.get(CalendarWatchRow, about.id)
            if watch is None or watch.closed_at:
                # None: Temporal outlived the database that it waited for.
                return None
            idle = watch.mailbox != self._service_mailbox and await organizes_nothing(session, watch.mailbox, about.now)
        if idle and await self._over(watch, about.now):
            return None
        looks = next_looks(about.now, watch.compared_at or watch.opened_at, watch.mailbox)
        try:
            if not await self._tend(watch, about.now):
                looks = replace(looks, at=min(looks.at, about.now + TRY_AGAIN))
            await self._read(watch, about.now)
        except NoMailbox as trouble:
            await self._say(watch, f"organizer/{watch.mailbox}", trouble, about.now)
        return looks

    # The subscription

    async def _tend(self, watch: CalendarWatchRow, now: datetime) -> bool:
        """False when Graph refused it for the first time, and it is worth another try before long."""
        if self._reached_at is None:
            return True
        url = self._reached_at + NOTIFICATIONS
        known = Subscribed(watch.subscription_id, watch.notification_url, watch.tended_at, watch.doubted_at)
        if not needs_care(known, url, now, watch.mailbox):
            return True
        try:
            if not (known.url == url and known.id and await self._renewed(watch, known.id, now)):
                await self._subscribe(watch, self._reached_at, now)
        except NoMailbox:
            raise
        except Permanent as trouble:
            log.warning("no notifications of a calendar: %s", trouble)
            return await self._refused(watch, trouble, now)
        return True

    async def _renewed(self, watch: CalendarWatchRow, subscription_id: str, now: datetime) -> bool:
        until = now + SUBSCRIBED_FOR
        if not await self._subscriptions.renew(watch.mailbox, subscription_id, until):
            return False
        await self._tended(watch, now, expires_at=until)
        return True

    async def _subscribe(self, watch: CalendarWatchRow, reached_at: str, now: datetime) -> None:
        """1. The secret is committed. 2. What an earlier try may have left at Graph, unknown to us, is ended.
        3. The subscription is made. 4. Its id is committed; notifications that came before it are let go, since the
        calendar is read next.
        """
        secret = secrets.token_urlsafe(32)
        async with self._database.transaction() as session:
            row = await lock_watch(session, watch.id)
            row.client_state, row.subscription_id = secret, None
        url = reached_at + NOTIFICATIONS
        for left in await self._subscriptions.ours(watch.mailbox, url):
            await self._subscriptions.delete(watch.mailbox, left)
        made = await self._subscriptions.create(
            watch.mailbox, url, reached_at + LIFECYCLE, secret, now + SUBSCRIBED_FOR
        )
        await self._tended(watch, now, subscription_id=made.id, notification_url=url, expires_at=made.expires)

    async def _tended(self, watch: CalendarWatchRow, now: datetime, **changes: object) -> None:
        async with self._database.transaction() as session:
            row = await lock_watch(session, watch.id)
            for name, value in changes.items():
                setattr(row, name, value)
            row.tended_at, row.refused_at = now, None
            if row.doubted_at == watch.doubted_at:
                row.doubted_at = None
            await mended(session, f"notifications/{watch.mailbox}", now)

    async def _refused(self, watch: CalendarWatchRow, trouble: Permanent, now: datetime) -> bool:
        """Says so on HR's list from the second time on: at first the web face may just have been starting."""
        async with self._database.transaction() as session:
            row = await lock_watch(session, watch.id)
            first = row.refused_at is None
            row.refused_at = row.refused_at or now
        if not first:
            await self._say(watch, f"notifications/{watch.mailbox}", trouble, now)
        return not first

    async def _say(self, watch: CalendarWatchRow, key: str, trouble: Permanent, now: datetime) -> None:
        async with self._database.transaction() as session:
            whose = await name_of_mailbox(session, watch.mailbox)
            if isinstance(trouble, NoMailbox):
                sentence = (
                    f"{whose} organizes check-ins and has no mailbox any more: give it back, "
                    "or let somebody else organize them."
                )
            else:
                sentence = (
                    f"Changes in the calendar of {whose} are noticed hours later. Graph would tell at once, "
                    f"but: {trouble}"
                )
            await ask_for_a_hand(session, key, sentence, now)

    async def _over(self, watch: CalendarWatchRow, now: datetime) -> bool:
        """Ends the watch of somebody who organizes nothing any more, unless they do again by now."""
        if watch.subscription_id:
            await self._subscriptions.delete(watch.mailbox, watch.subscription_id)
        async with self._database.transaction() as session:
            row = await lock_watch(session, watch.id)
            row.subscription_id = row.client_state = row.delta_link = None
            if await organizes_nothing(session, watch.mailbox, now):
                row.closed_at = now
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
            await mended(session, f"organizer/{watch.mailbox}", now)
