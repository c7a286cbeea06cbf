"""App registrations: how an app proves itself, where its sign-ins may return, and what it was granted, in Entra and
in Exchange.
"""

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from sandbox.evidence import evidence

APP_ROLES = (
    "Calendars.Read",
    "Calendars.ReadBasic.All",
    "Calendars.ReadWrite",
    "Directory.Read.All",
    "Mail.Read",
    "Mail.ReadBasic.All",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "User.Read.All",
    "User.ReadBasic.All",
)
"""Every application role that opens something here; the default app holds them all, for every mailbox."""

ScopeName = Literal["participants", "service", "senders", "managers"]
Organizer = Literal["service_mailbox", "manager"]


@dataclass(frozen=True, slots=True)
class ScopedGrant:
    """A role assignment of Exchange's RBAC for Applications: `role` as Graph calls it, in the mailboxes of `scope`.

    The scope `participants` is the members of the participants' group, `service` the service mailbox, `senders` all
    mailboxes that send, `managers` those participants who lead somebody, or did on day 0.
    """

    role: str
    scope: ScopeName


@dataclass(frozen=True, slots=True)
class App:
    """`roles` were consented to in Entra, for every mailbox; `exchange` adds to them. `certificates` are PEM.

    A `public` one, as on a telephone, signs people in without proving itself. Bearers made before `tokens_since`
    (real seconds since 1970) meet a claims challenge.
    """

    client_id: str
    client_secret: str
    name: str
    object_id: str
    roles: tuple[str, ...] = APP_ROLES
    exchange: tuple[ScopedGrant, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    tokens_since: int = 0
    public: bool = False


STRICT_ROLES = ("User.Read.All",)
STRICT_EXCHANGE = (
    ScopedGrant("Calendars.Read", "participants"),
    ScopedGrant("MailboxSettings.Read", "participants"),
    ScopedGrant("Calendars.Read", "service"),
    ScopedGrant("Calendars.ReadWrite", "service"),
    ScopedGrant("Mail.ReadWrite", "senders"),
    ScopedGrant("Mail.Send", "senders"),
)
"""The grant of --strict-permissions: what the README asks an administrator for, and nothing else."""

STRICT_EXCHANGE_OF: dict[Organizer, tuple[ScopedGrant, ...]] = {
    "service_mailbox": STRICT_EXCHANGE,
    "manager": tuple(
        replace(grant, scope="managers") if grant.role == "Calendars.ReadWrite" else grant for grant in STRICT_EXCHANGE
    ),
}
"""By whose calendar the check-ins stand in: the managers' own may be written instead of the service mailbox's."""

evidence(
    "documented",
    "Role assignments of RBAC for Applications reach the mailboxes of their scope, and add to Entra's consents.",
    "learn.microsoft.com/exchange/permissions-exo/application-rbac",
)


def app_secret(seed: int, name: str) -> str:
    """It opens nothing but this stand-in on the loopback, so it may as well be the same each time."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{seed}/{name}".encode()).digest()).decode()[:40]
