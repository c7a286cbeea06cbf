"""Graph's door: says who we are when asked, and takes every notification as a hint that somebody should look."""

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from integrations.database.calendar_watches import watches_of_subscriptions
from integrations.database.connection import poke
from integrations.database.directory_watches import watches_of_users
from integrations.database.tables import CalendarWatchRow, DirectoryWatchRow
from web.face import Face, face_of

router = APIRouter(prefix="/graph")

log = logging.getLogger(__name__)

READ_WITHIN, ANSWER_WITHIN = 1.0, 1.5
"""Seconds. Graph counts a notification as lost that is not answered within three, and slows down for everybody;
what is left is for the way there and back."""

LARGEST = 1_000_000
"""Bytes of a post."""

REMEMBERED = 10_000
"""Notifications that are known to have come already."""


class Notification(BaseModel):
    """The part of one notification that is looked at; none of it is believed."""

    subscription_id: str = Field(alias="subscriptionId", max_length=128)
    client_state: str = Field(default="", alias="clientState", max_length=256)
    resource: dict[str, Any] | None = Field(default=None, alias="resourceData")

    @property
    def once(self) -> tuple[str, str, str] | None:
        """What makes it the same as another one; None where Graph does not say which change it is about."""
        about = self.resource or {}
        item, change = about.get("id"), about.get("@odata.etag")
        return (self.subscription_id, str(item), str(change)) if item and change else None


class Posted(BaseModel):
    value: list[Notification] = Field(max_length=1000)


@dataclass(slots=True)
class Ear:
    """What one web process has heard, and what it is still passing on."""

    passing_on: "set[asyncio.Task[None]]" = field(default_factory=set)
    heard: "OrderedDict[tuple[str, str, str], None]" = field(default_factory=OrderedDict)

    def is_new(self, notification: Notification) -> bool:
        return notification.once is None or notification.once not in self.heard

    def remember(self, notification: Notification) -> None:
        if notification.once:
            self.heard[notification.once] = None
            if len(self.heard) > REMEMBERED:
                self.heard.popitem(last=False)

    def start(self, face: Face, notifications: list[Notification], doubted: bool) -> "asyncio.Task[None]":
        task = asyncio.create_task(_pass_on(face, self, notifications, doubted))
        self.passing_on.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.passing_on.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Nothing is lost but time: the watch also looks by itself.
            log.warning("a notification was not passed on: %s", type(error).__name__)


@router.post("/notifications")
async def notifications(request: Request) -> Response:
    return await _take(request, doubted=False)


@router.post("/lifecycle")
async def lifecycle(request: Request) -> Response:
    """Whatever Graph says of a subscription (it expires, is gone, missed something), it is looked after now."""
    return await _take(request, doubted=True)


async def _take(request: Request, doubted: bool) -> Response:
    token = request.query_params.get("validationToken")
    if token is not None:
        return PlainTextResponse(token)
    taken = Response(status_code=202)
    try:
        async with asyncio.timeout(READ_WITHIN):
            posted = Posted.model_validate_json(await _body(request))
    except (TimeoutError, ClientDisconnect, ValidationError, TooLarge) as error:
        log.warning("a notification could not be read: %s", type(error).__name__)
        return taken
    ear = cast(Ear, request.app.state.ear)
    fresh = [each for each in posted.value if ear.is_new(each)]
    if fresh:
        passed_on, _ = await asyncio.wait({ear.start(face_of(request), fresh, doubted)}, timeout=ANSWER_WITHIN)
        if any(each.exception() for each in passed_on):
            # Our database is away: Graph brings them again, for some hours.
            return Response(status_code=503)
    return taken


class TooLarge(Exception):
    """Nothing of Graph's is as long as that."""


async def _body(request: Request) -> bytes:
    """Raises TooLarge, as soon as it is."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise TooLarge
    return bytes(body)


async def _pass_on(face: Face, ear: Ear, notifications: list[Notification], doubted: bool) -> None:
    """Wakes the watches of those notifications that repeat their subscription's secret."""
    now = await face.clock.now()
    async with face.database.reading() as session:
        named = {each.subscription_id for each in notifications}
        watches: Mapping[str, CalendarWatchRow | DirectoryWatchRow] = {
            **await watches_of_subscriptions(session, named),
            **await watches_of_users(session, named),
        }
    trusted: list[tuple[CalendarWatchRow | DirectoryWatchRow, Notification]] = []
    for each in notifications:
        watch = watches.get(each.subscription_id)
        secret = watch.client_state if watch else None
        # An unknown subscription is compared too, so that nobody learns from the time it takes which ones there are.
        if hmac.compare_digest((secret or "-").encode(), each.client_state.encode()) and watch and secret:
            trusted.append((watch, each))
    if len(trusted) < len(notifications):
        log.warning("a notification without the secret of its subscription was let go")
    if not trusted:
        return
    async with face.database.transaction() as session:
        for watch in sorted({watch.id: watch for watch, _ in trusted}.values(), key=lambda each: each.id):
            if doubted:
                kind: type[CalendarWatchRow] | type[DirectoryWatchRow] = type(watch)
                row: CalendarWatchRow | DirectoryWatchRow = await session.get_one(
                    kind, watch.id, with_for_update=True, populate_existing=True
                )
                row.doubted_at = now
            workflow = "CalendarWatch" if isinstance(watch, CalendarWatchRow) else "DirectoryWatch"
            poke(session, workflow, watch.id, "notified", now)
    for _, each in trusted:
        ear.remember(each)
