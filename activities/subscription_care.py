"""Keeps a watch's subscription alive: made, renewed each night, made anew where Graph lost it."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cycle.calendar_watch import SUBSCRIBED_FOR, Subscribed, needs_care
from integrations.database.connection import Database
from integrations.database.needs_a_hand import mended
from integrations.database.tables import CalendarWatchRow, DirectoryWatchRow
from integrations.graph.errors import NoMailbox, Permanent
from integrations.graph.subscriptions import Subscriptions

log = logging.getLogger(__name__)

NOTIFICATIONS, LIFECYCLE = "/graph/notifications", "/graph/lifecycle"
"""Where the web face takes them."""

Watch = CalendarWatchRow | DirectoryWatchRow
Say = Callable[[Permanent], Awaitable[None]]
"""Puts on HR's list that there are no notifications, and why."""


async def lock_row(session: AsyncSession, watch: Watch) -> Watch:
    """The watch's row as it is now, nobody else's to change until the transaction ends."""
    kind: type[Watch] = type(watch)
    return await session.get_one(kind, watch.id, with_for_update=True, populate_existing=True)


class SubscriptionCare:
    """`reached_at` is where Graph reaches us; None: nowhere, and so there is no subscription."""

    def __init__(self, database: Database, subscriptions: Subscriptions, reached_at: str | None) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._reached_at = reached_at

    async def tend(self, watch: Watch, resource: str, now: datetime) -> Permanent | None:
        """Returns why Graph refused it, for `refused`, once what is watched could be read: a refusal of that as well
        has the same cause, which is not the subscription's own and is told in a line of its own.

        `resource` is a mailbox or USERS, and names the watch on HR's list too. Raises NoMailbox.
        """
        if self._reached_at is None:
            return None
        url = self._reached_at + NOTIFICATIONS
        known = Subscribed(watch.subscription_id, watch.notification_url, watch.tended_at, watch.doubted_at)
        if not needs_care(known, url, now, resource):
            return None
        try:
            if not (known.url == url and known.id and await self._renewed(watch, resource, known.id, now)):
                await self._subscribe(watch, resource, self._reached_at, now)
        except NoMailbox:
            raise
        except Permanent as trouble:
            log.warning("no notifications: %s", trouble)
            return trouble
        return None

    async def refused(self, watch: Watch, trouble: Permanent, now: datetime, say: Say) -> bool:
        """Says so on HR's list from the second time on: at first the web face may just have been starting.

        True the first time: it is worth another try before long.
        """
        async with self._database.transaction() as session:
            row = await lock_row(session, watch)
            first = row.refused_at is None
            row.refused_at = row.refused_at or now
        if not first:
            await say(trouble)
        return first

    async def end(self, watch: Watch, resource: str) -> None:
        if watch.subscription_id:
            await self._subscriptions.delete(resource, watch.subscription_id)

    async def _renewed(self, watch: Watch, resource: str, subscription_id: str, now: datetime) -> bool:
        until = now + SUBSCRIBED_FOR
        if not await self._subscriptions.renew(resource, subscription_id, until):
            return False
        await self._tended(watch, resource, now, expires_at=until)
        return True

    async def _subscribe(self, watch: Watch, resource: str, reached_at: str, now: datetime) -> None:
        """1. The secret is committed. 2. What an earlier try may have left at Graph, unknown to us, is ended.
        3. The subscription is made. 4. Its id is committed; notifications that came before it are let go, since what
        is watched is read next.
        """
        secret = secrets.token_urlsafe(32)
        async with self._database.transaction() as session:
            row = await lock_row(session, watch)
            row.client_state, row.subscription_id = secret, None
        url = reached_at + NOTIFICATIONS
        for left in await self._subscriptions.ours(resource, url):
            await self._subscriptions.delete(resource, left)
        made = await self._subscriptions.create(resource, url, reached_at + LIFECYCLE, secret, now + SUBSCRIBED_FOR)
        await self._tended(watch, resource, now, subscription_id=made.id, notification_url=url, expires_at=made.expires)

    async def _tended(self, watch: Watch, resource: str, now: datetime, **changes: object) -> None:
        async with self._database.transaction() as session:
            row = await lock_row(session, watch)
            for name, value in changes.items():
                setattr(row, name, value)
            row.tended_at, row.refused_at = now, None
            if row.doubted_at == watch.doubted_at:
                row.doubted_at = None
            await mended(session, f"notifications/{resource}", now)
