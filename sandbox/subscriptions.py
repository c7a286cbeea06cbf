"""Subscriptions over Graph: who wants to hear of which changes, where, and for how long."""

import logging
import uuid
from datetime import datetime, timedelta

from sandbox.bodies import Body
from sandbox.calls import Call, Json, Reply
from sandbox.errors import GraphError
from sandbox.evidence import evidence
from sandbox.preferences import preference
from sandbox.routing import Routes
from sandbox.subscription import Subscription
from sandbox.subscription_targets import target_of
from sandbox.tenant import Tenant
from sandbox.webhooks import check_address, prove
from sandbox.zones import long_stamp, parse_moment

log = logging.getLogger("sandbox")

_LONGEST_OUTLOOK = timedelta(minutes=10_080)
_LONGEST_DIRECTORY = timedelta(minutes=41_760)
_SHORTEST = timedelta(minutes=45)
_LONGEST_STATE = 128
_MOST_OF_DIRECTORY = 100
_MOST_OF_MAILBOX = 1000
_CHANGE_TYPES = ("created", "updated", "deleted")
_CREATE_NAMES = """
applicationId changeType clientState creatorId encryptionCertificate encryptionCertificateId expirationDateTime id
includeResourceData latestSupportedTlsVersion lifecycleNotificationUrl notificationQueryOptions notificationUrl
notificationUrlAppId resource
"""
_CREATABLE = frozenset(_CREATE_NAMES.split())
_TLS = ("v1_0", "v1_1", "v1_2", "v1_3")
_RESOURCE_PAGE = "learn.microsoft.com/graph/api/resources/subscription"
_CREATE_PAGE = "learn.microsoft.com/graph/api/subscription-post-subscriptions"


def add_routes(routes: Routes) -> None:
    routes.add("POST", "subscriptions", create_subscription)
    routes.add("GET", "subscriptions", list_subscriptions)
    routes.add("GET", "subscriptions/{subscription}", get_subscription)
    routes.add("PATCH", "subscriptions/{subscription}", update_subscription)
    routes.add("DELETE", "subscriptions/{subscription}", delete_subscription)
    routes.add("POST", "subscriptions/{subscription}/reauthorize", reauthorize)


@evidence("documented", "A subscription exists only once both its URLs have been validated.", _CREATE_PAGE)
def create_subscription(call: Call) -> Reply:
    body = call.body
    body.only(_CREATABLE, "microsoft.graph.subscription")
    made = _read(call, body)
    _check_room(call.tenant, made)

    async def confirm() -> None:
        for url in dict.fromkeys(filter(None, (made.notification_url, made.lifecycle_url))):
            await prove(url, made.id)
        # Another request may have come first while the endpoint was thinking.
        _check_room(call.tenant, made)
        call.tenant.subscriptions[made.id] = made
        call.tenant.changed = True

    reply = _entity(call, made)
    return Reply(201, reply, {"Location": f"{call.base}/subscriptions/{made.id}"}, confirm)


def list_subscriptions(call: Call) -> Reply:
    mine = [s for s in call.tenant.subscriptions.values() if _is_mine(call, s) and s.expires > call.now]
    return call.page("subscriptions", mine, 100, subscription_json)


def get_subscription(call: Call) -> Reply:
    return Reply(200, _entity(call, _subscription(call)))


@evidence(
    "documented",
    "Renewing a subscription also reauthorizes it.",
    "learn.microsoft.com/graph/change-notifications-lifecycle-events",
)
@evidence(
    "documented",
    "Only expirationDateTime and notificationUrl can be changed; a new URL is validated first.",
    "learn.microsoft.com/graph/api/subscription-update",
)
def update_subscription(call: Call) -> Reply:
    found, body = _subscription(call), call.body
    target_of(call, found.resource)
    for name in body.values:
        if name not in ("expirationDateTime", "notificationUrl"):
            raise _invalid(f"The property '{name[:60]}' of a subscription cannot be changed.")
    url = body.text("notificationUrl") or found.notification_url
    expires = _expiry(call, body, found.is_outlook) if "expirationDateTime" in body else found.expires
    check_address(url, "notificationUrl")
    if url == found.notification_url:
        _renew(call.tenant, found, url, expires, call.now)
        return Reply(200, _entity(call, found))

    async def confirm() -> None:
        await prove(url, found.id)
        _renew(call.tenant, found, url, expires, call.now)

    changed = {"notificationUrl": url, "expirationDateTime": long_stamp(expires)}
    return Reply(200, {**_entity(call, found), **changed}, confirm=confirm)


def delete_subscription(call: Call) -> Reply:
    del call.tenant.subscriptions[_subscription(call).id]
    call.tenant.changed = True
    return Reply(204)


@evidence(
    "documented",
    "POST reauthorize answers a challenge without renewing; notifications flow again.",
    "learn.microsoft.com/graph/change-notifications-lifecycle-events",
)
def reauthorize(call: Call) -> Reply:
    found = _subscription(call)
    target_of(call, found.resource)
    found.paused = False
    call.tenant.changed = True
    return Reply(204)


def subscription_json(subscription: Subscription) -> Json:
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.app_id,
        "changeType": ",".join(subscription.change_types),
        "clientState": subscription.client_state,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": long_stamp(subscription.expires),
        "creatorId": subscription.creator_id,
        "includeResourceData": None,
        "latestSupportedTlsVersion": subscription.tls,
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def _entity(call: Call, subscription: Subscription) -> Json:
    return {"@odata.context": call.context("subscriptions/$entity"), **subscription_json(subscription)}


def _subscription(call: Call) -> Subscription:
    found = call.tenant.subscriptions.get(call.names["subscription"].lower())
    if found is None or not _is_mine(call, found) or found.expires <= call.now:
        raise GraphError(404, "ResourceNotFound", "The object was not found.")
    return found


def _is_mine(call: Call, subscription: Subscription) -> bool:
    return subscription.app_id == call.app.client_id


def _read(call: Call, body: Body) -> Subscription:
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not body.text(name):
            raise _invalid(f"A subscription needs the property '{name}'.")
    if body.flag("includeResourceData"):
        log.warning("NOT SERVED: a client wanted notifications with resource data")
        raise _invalid("The sandbox tenant has no notifications with resource data.")
    target = target_of(call, body.text("resource"))
    url, lifecycle_url = body.text("notificationUrl"), body.text("lifecycleNotificationUrl") or None
    check_address(url, "notificationUrl")
    if lifecycle_url is not None:
        check_address(lifecycle_url, "lifecycleNotificationUrl")
    state = body.text("clientState") or None
    if state is not None and len(state) > _LONGEST_STATE:
        raise _invalid(f"The clientState may have at most {_LONGEST_STATE} characters, not {len(state)}.")
    expires = _expiry(call, body, target.watched is not None)
    # As opaque as the real ones; it need not be the same in another run, since nobody sorts by it.
    return Subscription(
        id=str(uuid.uuid4()),
        app_id=call.app.client_id,
        creator_id=call.app.object_id,
        resource=body.text("resource"),
        watched=target.watched,
        only=target.only,
        what=target.what,
        folder=target.folder,
        change_types=_change_types(body.text("changeType"), target.watched is not None),
        notification_url=url,
        lifecycle_url=lifecycle_url,
        client_state=state,
        created=call.now,
        expires=expires,
        tls=body.choice("latestSupportedTlsVersion", _TLS, "v1_2"),
        challenge_at=challenge_at(call.now, expires),
        lasting_ids=preference(call.headers, "idtype").lower() == "immutableid",
    )


@evidence(
    "documented",
    "Users have updated (created and soft-deleted ones too) and deleted (for good), but not created.",
    _RESOURCE_PAGE,
)
def _change_types(text: str, is_outlook: bool) -> list[str]:
    asked = [part.strip().lower() for part in text.split(",")]
    allowed = _CHANGE_TYPES if is_outlook else _CHANGE_TYPES[1:]
    for name in asked:
        if name not in allowed:
            raise _invalid(f"The changeType '{name[:40]}' is not supported here; there are: {', '.join(allowed)}.")
    return [name for name in allowed if name in asked]


@evidence(
    "documented",
    "Subscriptions last at most 10,080 minutes for Outlook and 41,760 for users; under 45 minutes is raised to 45.",
    _RESOURCE_PAGE,
)
@evidence(
    "reported",
    "A longer one is 400; some have met 10,070 minutes as the limit of Outlook, and ExtensionError as the code.",
    "'Subscription expiration can only be 10070 minutes in the future.', in several clients' sources",
)
def _expiry(call: Call, body: Body, is_outlook: bool) -> datetime:
    expires = parse_moment(body.text("expirationDateTime"))
    longest = _LONGEST_OUTLOOK if is_outlook else _LONGEST_DIRECTORY
    if expires - call.now > longest:
        minutes = int(longest.total_seconds() // 60)
        raise _invalid(f"Subscription expiration can only be {minutes} minutes in the future.")
    return max(expires, call.now + _SHORTEST)


@evidence(
    "documented",
    "The same app, resource and changeType again is 409; in 2025-26 a second 201 was reported now and then.",
    _CREATE_PAGE + "; learn.microsoft.com/answers 5600330 and 5768670",
)
@evidence(
    "documented",
    "At most 1,000 subscriptions a mailbox of all apps, 100 to users an app; the code of the 403 is assumed.",
    "graph-docs includes/outlook-subscription-notes.md and " + _RESOURCE_PAGE,
)
def _check_room(tenant: Tenant, made: Subscription) -> None:
    alike = [s for s in tenant.subscriptions.values() if s.expires > made.created and s.watched == made.watched]
    for other in alike:
        if _is_alike(other, made):
            raise GraphError(
                409, "Conflict", f"Subscription Id {other.id} already exists for the requested combination"
            )
    if made.watched is not None and len(alike) >= _MOST_OF_MAILBOX:
        raise GraphError(403, "Forbidden", f"The mailbox has {_MOST_OF_MAILBOX} subscriptions already.")
    if made.watched is None and len([s for s in alike if s.app_id == made.app_id]) >= _MOST_OF_DIRECTORY:
        raise GraphError(403, "Forbidden", f"The app has {_MOST_OF_DIRECTORY} subscriptions to users already.")


def _is_alike(one: Subscription, other: Subscription) -> bool:
    if (one.app_id, one.change_types) != (other.app_id, other.change_types):
        return False
    return (one.only, one.what, one.folder) == (other.only, other.what, other.folder)


@evidence(
    "assumed",
    "Who subscribed is told once of the coming end: 12 hours before, or a quarter of the lifetime if that is less.",
    "the documents say 'about to expire' and leave the frequency open",
)
def challenge_at(now: datetime, expires: datetime) -> datetime:
    return expires - min(timedelta(hours=12), (expires - now) / 4)


def _renew(tenant: Tenant, subscription: Subscription, url: str, expires: datetime, now: datetime) -> None:
    subscription.notification_url, subscription.expires = url, expires
    subscription.challenge_at = challenge_at(now, expires)
    subscription.paused = False
    tenant.changed = True


def _invalid(message: str) -> GraphError:
    return GraphError(400, "ValidationError", message)
