"""What a notification says: of its subscription, and of the item that has changed."""

from typing import Any

from sandbox.changes import Change
from sandbox.event_view import etag
from sandbox.evidence import evidence
from sandbox.item_ids import moving_id
from sandbox.subscription import Subscription
from sandbox.tenant import Tenant
from sandbox.zones import long_stamp

_LIFECYCLE = "learn.microsoft.com/graph/change-notifications-lifecycle-events"
_KINDS = {"events": "#Microsoft.Graph.Event", "messages": "#Microsoft.Graph.Message"}


def concerns(subscription: Subscription, change: Change) -> bool:
    if subscription.watched != change.watched or change.kind not in subscription.change_types:
        return False
    if change.watched is not None and subscription.what != change.what:
        return False
    if subscription.folder not in (None, change.folder):
        return False
    return subscription.only is None or subscription.only == change.item


@evidence("documented", "What a notification says of itself, and that it repeats the clientState.", _LIFECYCLE)
def head(tenant: Tenant, subscription: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": long_stamp(subscription.expires),
        "clientState": subscription.client_state,
        "tenantId": tenant.id,
    }


@evidence(
    "documented",
    "A basic notification names the item and, in mailboxes, its etag; nothing of its contents.",
    "learn.microsoft.com/graph/api/resources/resourcedata",
)
@evidence(
    "documented",
    "A subscription made with Prefer: IdType='ImmutableId' tells immutable ids, any other the ordinary ones.",
    "learn.microsoft.com/graph/outlook-immutable-id (change notifications)",
)
def resource_of(change: Change, subscription: Subscription) -> dict[str, Any]:
    item = change.item
    if change.watched is None:
        path, kind = f"Users/{item}", "#Microsoft.Graph.User"
    else:
        item = item if subscription.lasting_ids else moving_id(item, change.folder)
        path, kind = f"Users/{change.watched}/{change.what.title()}/{item}", _KINDS[change.what]
    data: dict[str, Any] = {"@odata.type": kind, "@odata.id": path, "id": item}
    if change.version:
        data["@odata.etag"] = etag(change.item, change.version)
    return {"resource": path, "resourceData": data}
