"""Subscriptions: Graph tells a URL of ours that something changed in a calendar or the directory, and no more."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime

from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.subscriptions.item.subscription_item_request_builder import SubscriptionItemRequestBuilder

from integrations.graph.calendars import READ
from integrations.graph.client import Graph, asking
from integrations.graph.directory import READ as READ_USERS
from integrations.graph.errors import BadRequest, Permanent, no_mailbox, wrong_request

CHANGES = "updated,deleted"
"""What is created in a calendar we create ourselves; in the directory it is told as updated."""

USERS = "/users"


class NotReached(Permanent):
    """Graph asked the URL of ours to prove itself, and got no answer that it takes."""


@dataclass(frozen=True, slots=True)
class Made:
    id: str
    expires: datetime


class Subscriptions:
    """Every call raises GraphTrouble; what is gone is False.

    A calendar is meant by its mailbox's id or address, the directory by USERS.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def create(self, mailbox: str, url: str, lifecycle_url: str, secret: str, until: datetime) -> Made:
        """Subscribe; Graph asks both URLs first whether they are ours. Raises NotReached, NoMailbox."""
        wanted = Subscription(
            change_type=CHANGES,
            resource=_resource(mailbox),
            notification_url=url,
            lifecycle_notification_url=lifecycle_url,
            client_state=secret,
            expiration_date_time=until,
        )
        async with self._graph.words("subscribe to changes", _permission(mailbox), mailbox):
            try:
                made = await self._graph.service.subscriptions.post(wanted, asking())
            except ODataError as error:
                code = error.error.code if error.error else None
                if error.response_status_code == 404:
                    # Whatever the code: the path names nothing, so it is what is subscribed to that is not found.
                    said = wrong_request if mailbox == USERS else no_mailbox
                    raise said("subscribe to changes", code or "404") from error
                if error.response_status_code == 400 and code == "ValidationError":
                    raise NotReached(
                        "subscribe to changes",
                        "Microsoft Graph does not reach PERENNIAL_PUBLIC_URL; let it through to /graph/notifications "
                        "and /graph/lifecycle there.",
                    ) from error
                raise
        if made is None or not made.id:
            raise BadRequest("subscribe to changes", "Microsoft Graph answered without the subscription.")
        return Made(made.id, made.expiration_date_time or until)

    async def renew(self, mailbox: str, subscription_id: str, until: datetime) -> bool:
        """Let it last until then, which also answers Graph's question whether we are still allowed to."""
        async with self._graph.words("renew a subscription", _permission(mailbox), mailbox):
            return await _unless_gone(self._patch(subscription_id, until))

    async def delete(self, mailbox: str, subscription_id: str) -> bool:
        async with self._graph.words("end a subscription", _permission(mailbox), mailbox):
            return await _unless_gone(self._item(subscription_id).delete(asking()))

    async def ours(self, mailbox: str, url: str) -> list[str]:
        """The ids of this app's subscriptions that tell this URL of this calendar."""
        found, builder = list[str](), self._graph.service.subscriptions
        while True:
            async with self._graph.words("list the subscriptions", _permission(mailbox), mailbox):
                page = await builder.get(asking())
            for each in (page and page.value) or ():
                if each.id and _plain(each.resource) == _plain(_resource(mailbox)) and each.notification_url == url:
                    found.append(each.id)
            if page is None or not page.odata_next_link:
                return found
            builder = builder.with_url(page.odata_next_link)

    async def _patch(self, subscription_id: str, until: datetime) -> object:
        return await self._item(subscription_id).patch(Subscription(expiration_date_time=until), asking())

    def _item(self, subscription_id: str) -> SubscriptionItemRequestBuilder:
        return self._graph.service.subscriptions.by_subscription_id(subscription_id)


async def _unless_gone(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except ODataError as error:
        # Here it is the subscription that is not found, whatever the code: nothing else is named in the path.
        if error.response_status_code == 404:
            return False
        raise
    return True


def _resource(mailbox: str) -> str:
    return USERS if mailbox == USERS else f"/users/{mailbox}/events"


def _permission(mailbox: str) -> str:
    return READ_USERS if mailbox == USERS else READ


def _plain(resource: str | None) -> str:
    return (resource or "").strip("/").casefold()
