"""What can be subscribed to: the directory or one person in it, and the events or messages of a mailbox."""

import logging
import re
from dataclasses import dataclass

from sandbox.calls import Call
from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.message_view import folder_named
from sandbox.permissions import authorize_subscription
from sandbox.subscription import Watched

log = logging.getLogger("sandbox")

_ITEMS = r"/events|(?:/mailFolders(?:/(?P<folder>[^/?()']+)|\('(?P<folder_quoted>[^'/]+)'\)))?/messages"
_RESOURCE = re.compile(rf"/?users(?:(?:/(?P<id>[^/?()']+)|\('(?P<quoted>[^'/]+)'\))(?P<items>{_ITEMS})?)?/?", re.I)


@dataclass(frozen=True, slots=True)
class Target:
    """As in a Subscription."""

    watched: str | None = None
    only: str | None = None
    what: Watched = "events"
    folder: str | None = None


@evidence(
    "documented",
    "Events, messages of all folders or of one, all users and one user can be subscribed to.",
    "learn.microsoft.com/graph/change-notifications-overview, supported resources",
)
def target_of(call: Call, resource: str) -> Target:
    """What `resource` names, if the caller may watch it. Raises GraphError."""
    found = _RESOURCE.fullmatch(resource.strip())
    if found is None:
        log.warning("NOT SERVED: a client wanted to subscribe to %s", resource[:200])
        raise bad_request(
            f"The sandbox tenant has no subscriptions to '{resource[:120]}', only to users, their events and messages.",
            "ValidationError",
        )
    name, items = found.group("id") or found.group("quoted"), (found.group("items") or "").lower()
    below = f"/{name}{items}" if name else ""
    authorize_subscription(call.tenant, call.granted, f"users{below}")
    if name is None:
        return Target()
    account, folder = call.tenant.account(name), found.group("folder") or found.group("folder_quoted")
    if account is None or (items and not account.has_mailbox) or (folder and folder_named(folder) is None):
        raise GraphError(404, "ResourceNotFound", f"The resource '{resource[:120]}' was not found.")
    if not items:
        return Target(only=account.id)
    return Target(
        watched=account.id,
        what="messages" if items.endswith("messages") else "events",
        folder=folder_named(folder) if folder else None,
    )
