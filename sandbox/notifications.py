"""Telling subscribers: notices changes, posts them, tries again, and says when a subscription needs care."""

import asyncio
import logging
import re
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Literal

import httpx

from sandbox.changes import Change, Watch
from sandbox.clock import Clock, ClockError
from sandbox.errors import GraphError
from sandbox.evidence import evidence
from sandbox.mishaps import MishapOrder, Mishaps
from sandbox.notices import concerns, head, resource_of
from sandbox.permissions import Granted, authorize_subscription
from sandbox.subscription import Delivery, Subscription
from sandbox.subscriptions import subscription_json
from sandbox.tenant import Tenant
from sandbox.webhooks import post, web_client
from sandbox.zones import stamp

log = logging.getLogger("sandbox")

LifecycleEvent = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]
_LIFECYCLE = "learn.microsoft.com/graph/change-notifications-lifecycle-events"
_AT_ONCE = 20
_PULSE_SECONDS = 0.2
_REMEMBERED = 1000
# Waits between tries, in virtual minutes; together just under four hours.
_TRIES = (1, 2, 5, 10, 20, 40, 60, 90)

evidence(
    "documented",
    "What is not answered 2xx in time is posted again for up to 4 hours, and then given up.",
    "learn.microsoft.com/graph/change-notifications-delivery-webhooks",
)
evidence("assumed", "The waits between those tries grow from one minute to ninety.", "the documents give no schedule")
evidence(
    "assumed", "What nobody has taken yet outlives a restart of the service.", "a queue that would lose it is no queue"
)
evidence(
    "documented",
    "A POST may hold several notifications, also of different subscriptions with the same URL.",
    "learn.microsoft.com/graph/change-notifications-delivery-webhooks",
)


@dataclass(slots=True)
class Notifications:
    """`notice` is called after whatever may have changed the tenant; the rest happens by itself."""

    tenant: Tenant
    clock: Clock
    mishaps: Mishaps = field(default_factory=Mishaps)
    posted: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _watch: Watch = field(default_factory=Watch)
    _numbers: "count[int]" = field(default_factory=count)
    # Those that are being posted: still undelivered, but not waiting any more.
    _in_hand: set[int] = field(default_factory=set)
    _lanes: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _pulse: "asyncio.Task[None] | None" = None
    _client: httpx.AsyncClient | None = None

    def __post_init__(self) -> None:
        # After a restart, what changes from now on is news.
        self._look()
        self._numbers = count(1 + max((d.number for d in self.tenant.undelivered), default=-1))

    # Noticing -------------------------------------------------------------------------------------

    def notice(self, now: datetime) -> None:
        """Looks for changes, ends what has expired, and sends off what is due. Does nothing if nobody subscribed."""
        if not self.tenant.subscriptions and not self.tenant.undelivered:
            return
        self._care(now)
        for change in self._look():
            for subscription in list(self.tenant.subscriptions.values()):
                if concerns(subscription, change):
                    self._tell(subscription, change, now)
        self._send_due(now)
        self.resume()

    def resume(self) -> None:
        """Keeps an eye on the clock while there is somebody to tell; after a restart nobody may ask anything."""
        idle = self._pulse is None or self._pulse.done()
        if idle and (self.tenant.subscriptions or self.tenant.undelivered):
            self._pulse = asyncio.get_running_loop().create_task(self._beat())

    def _look(self) -> list[Change]:
        subscriptions = self.tenant.subscriptions.values()
        watched = {(s.watched, s.what) for s in subscriptions if s.watched is not None}
        return self._watch.look(self.tenant, watched, any(s.watched is None for s in subscriptions))

    @evidence("documented", "Whose subscription is about to expire is told reauthorizationRequired.", _LIFECYCLE)
    @evidence("assumed", "When a mailbox goes, its subscriptions end with subscriptionRemoved.", _LIFECYCLE)
    @evidence("documented", "A subscription that is not renewed in time is deleted without a word.", _LIFECYCLE)
    def _care(self, now: datetime) -> None:
        for subscription in list(self.tenant.subscriptions.values()):
            account = self.tenant.account(subscription.watched) if subscription.watched else None
            if subscription.expires <= now:
                self._remove(subscription)
            elif subscription.watched and (account is None or not account.has_mailbox):
                self.raise_event(subscription, "subscriptionRemoved", now)
            elif subscription.challenge_at is not None and subscription.challenge_at <= now:
                subscription.challenge_at = None
                self.tenant.changed = True
                self._tell_lifecycle(subscription, "reauthorizationRequired", now)
            elif subscription.missed and not subscription.paused:
                subscription.missed = False
                self.tenant.changed = True
                if subscription.is_outlook:
                    self._tell_lifecycle(subscription, "missed", now)

    @evidence(
        "documented",
        "Until an app reauthorizes, notifications may pause, and what happens meanwhile is lost.",
        _LIFECYCLE,
    )
    @evidence(
        "documented",
        "subscriptionRemoved and missed exist for Outlook resources, not for users.",
        _LIFECYCLE,
    )
    def raise_event(self, subscription: Subscription, event: LifecycleEvent, now: datetime) -> None:
        """As if Graph had its reasons. Raises 400 for an event that such a subscription never gets."""
        if event != "reauthorizationRequired" and not subscription.is_outlook:
            raise GraphError(400, "BadRequest", f"Subscriptions to users never get '{event}'.")
        self._tell_lifecycle(subscription, event, now)
        if event == "reauthorizationRequired":
            subscription.paused = True
        elif event == "subscriptionRemoved":
            self._remove(subscription)
        self.tenant.changed = True

    @evidence(
        "documented",
        "When an administrator takes an app's permission away, its subscriptions hear reauthorizationRequired.",
        _LIFECYCLE,
    )
    def consent_changed(self, now: datetime) -> None:
        """Challenges the subscriptions whose app may not read any more what they watch."""
        for subscription in list(self.tenant.subscriptions.values()):
            app = self.tenant.apps.get(subscription.app_id)
            try:
                if app is not None:
                    granted = Granted(app, frozenset(app.roles))
                    authorize_subscription(self.tenant, granted, subscription.resource)
            except GraphError:
                self._challenge(subscription, now)

    def consent_taken(self, app: str | None, path: str, now: datetime) -> None:
        """As above, when a fault takes away what opens `path`, a regular expression, for the app called `app`."""
        for subscription in list(self.tenant.subscriptions.values()):
            known = self.tenant.apps.get(subscription.app_id)
            named = app is None or (known is not None and known.name == app)
            if named and re.search(path, f"/v1.0/{subscription.resource.lstrip('/')}"):
                self._challenge(subscription, now)

    def _challenge(self, subscription: Subscription, now: datetime) -> None:
        if not subscription.paused:
            self.raise_event(subscription, "reauthorizationRequired", now)

    def _remove(self, subscription: Subscription) -> None:
        self.tenant.subscriptions.pop(subscription.id, None)
        kept = [d for d in self.tenant.undelivered if d.subscription != subscription.id or d.lifecycle]
        self.tenant.undelivered = kept
        self.tenant.changed = True

    # Telling --------------------------------------------------------------------------------------

    def _tell(self, subscription: Subscription, change: Change, now: datetime) -> None:
        if subscription.paused:
            subscription.missed = True
            self.tenant.changed = True
            return
        order = self.mishaps.meet(subscription.id)
        if order is not None and order.mishap == "lose":
            subscription.missed = subscription.missed or order.tell
            return
        value = {**head(self.tenant, subscription), "changeType": change.kind, **resource_of(change, subscription)}
        delivery = Delivery(subscription.id, subscription.notification_url, value, now, next(self._numbers))
        if order is not None and order.mishap in ("delay", "reorder"):
            delivery.due = now + timedelta(minutes=order.minutes)
            delivery.held = order.mishap == "reorder"
            self._send(delivery)
            return
        self._send(delivery)
        if order is not None and order.mishap == "double":
            self._send(replace(delivery, number=next(self._numbers)))
        for other in self.tenant.undelivered:
            if other.held and other.url == delivery.url:
                other.held, other.due, other.number = False, now, next(self._numbers)

    def _tell_lifecycle(self, subscription: Subscription, event: LifecycleEvent, now: datetime) -> None:
        if subscription.lifecycle_url is None:
            return
        value = {**head(self.tenant, subscription), "lifecycleEvent": event}
        delivery = Delivery(subscription.id, subscription.lifecycle_url, value, now, next(self._numbers))
        delivery.lifecycle = True
        self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        self.tenant.undelivered.append(delivery)
        self.tenant.changed = True

    # Posting --------------------------------------------------------------------------------------

    def _send_due(self, now: datetime) -> None:
        """Each URL has a lane of its own, in which one POST goes after the other."""
        for url in {d.url for d in self.tenant.undelivered if d.due <= now}:
            if url not in self._lanes:
                self._lanes[url] = asyncio.get_running_loop().create_task(self._run_lane(url))

    async def _run_lane(self, url: str) -> None:
        try:
            while True:
                now = await self.clock.now()
                due = (d for d in self.tenant.undelivered if d.url == url and d.due <= now)
                ready = sorted(due, key=_turn)[:_AT_ONCE]
                if not ready:
                    return
                await self._post(url, ready, now)
        except ClockError as error:
            log.error("%s", error)
        finally:
            del self._lanes[url]

    async def _post(self, url: str, ready: list[Delivery], now: datetime) -> None:
        if self._client is None:
            self._client = web_client()
        numbers = {d.number for d in ready}
        self._in_hand |= numbers
        try:
            values = [d.value for d in ready]
            status = await post(self._client, url, values)
        finally:
            self._in_hand -= numbers
        self.posted.append({"at": stamp(now), "url": url, "status": status, "value": values})
        done = numbers if 200 <= status < 300 else self._put_off(ready, now)
        self.tenant.undelivered = [d for d in self.tenant.undelivered if d.number not in done]
        self.tenant.changed = True

    def _put_off(self, refused: list[Delivery], now: datetime) -> set[int]:
        """Plans the next try of each; the answer is the numbers of those that had their last."""
        given_up = set()
        for delivery in refused:
            if delivery.tries < len(_TRIES):
                delivery.due = now + timedelta(minutes=_TRIES[delivery.tries])
                delivery.tries += 1
                continue
            given_up.add(delivery.number)
            subscription = self.tenant.subscriptions.get(delivery.subscription)
            if subscription is not None and not delivery.lifecycle:
                subscription.missed = True
        return given_up

    async def _beat(self) -> None:
        """Looks at the clock now and then, for what falls due while nobody asks anything."""
        while self.tenant.subscriptions or self.tenant.undelivered:
            await asyncio.sleep(_PULSE_SECONDS)
            try:
                self.notice(await self.clock.now())
            except ClockError as error:
                log.error("%s", error)

    async def close(self) -> None:
        """Stops posting; what nobody has taken stays undelivered."""
        tasks = [*self._lanes.values(), *([self._pulse] if self._pulse else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    # For the control plane ------------------------------------------------------------------------

    def as_json(self) -> dict[str, Any]:
        return {
            "subscriptions": [{**subscription_json(s), "paused": s.paused} for s in self.tenant.subscriptions.values()],
            "waiting": [
                {"url": d.url, "due": stamp(d.due), "tries": d.tries, **d.value}
                for d in self.tenant.undelivered
                if d.number not in self._in_hand
            ],
            "posting": len(self._in_hand),
            "posted": list(self.posted),
            "mishaps": [mishap.as_json() for mishap in self.mishaps.standing],
        }

    def order(self, order: MishapOrder) -> dict[str, Any]:
        return self.mishaps.add(order).as_json()


def _turn(delivery: Delivery) -> tuple[datetime, int]:
    return delivery.due, delivery.number
