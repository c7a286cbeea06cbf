"""Which call needs which permission, and whether the caller has it: the roles in the token for every mailbox, and
Exchange's grants for the mailboxes of their scope.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sandbox.app_registrations import App, ScopeName
from sandbox.errors import GraphError
from sandbox.evidence import evidence
from sandbox.tenant import Account, Tenant

Json = dict[str, Any]
Workload = Literal["directory", "exchange", "any"]

_USERS = ("User.Read.All", "Directory.Read.All")
_BASIC_USERS = ("User.ReadBasic.All", *_USERS)
_READ_CALENDAR = ("Calendars.Read", "Calendars.ReadWrite")
SEE_CALENDAR = ("Calendars.ReadBasic.All", *_READ_CALENDAR)
_WRITE_CALENDAR = ("Calendars.ReadWrite",)
_SEE_MAIL = ("Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite")
_WRITE_MAIL = ("Mail.ReadWrite",)
_SEND_MAIL = ("Mail.Send",)
_READ_SETTINGS = ("MailboxSettings.Read", "MailboxSettings.ReadWrite")
_WRITE_SETTINGS = ("MailboxSettings.ReadWrite",)

_LISTED = "microsoft-graph-devx-content, permissions/new/permissions.json (2026-08-07)"
evidence("documented", "Each method and path accepts the application roles of Graph's own list.", _LISTED)

# Patterns are those of the routes, without `users/{user}`, folders and calendars in front, and with `{}` for names.
_ANYBODY: dict[str, tuple[str, ...]] = {"POST $batch": (), "GET $metadata": ()}
_OF_DIRECTORY: dict[str, tuple[str, ...]] = {
    "GET users": _BASIC_USERS,
    "GET users/$count": _USERS,
    "GET users/delta": _USERS,
    "GET users/{}": _BASIC_USERS,
    "GET users/{}/manager": _USERS,
    "GET users/{}/directreports": _USERS,
}
_OF_MAILBOX: dict[str, tuple[str, ...]] = {
    "GET mailboxsettings": _READ_SETTINGS,
    "GET mailboxsettings/{}": _READ_SETTINGS,
    "PATCH mailboxsettings": _WRITE_SETTINGS,
    "POST getschedule": SEE_CALENDAR,
    "GET ": SEE_CALENDAR,
    "GET calendars": SEE_CALENDAR,
    "GET calendarview": SEE_CALENDAR,
    "GET calendarview/delta": _READ_CALENDAR,
    "GET events": SEE_CALENDAR,
    "GET events/delta": _READ_CALENDAR,
    "POST events": _WRITE_CALENDAR,
    "GET events/{}": SEE_CALENDAR,
    "PATCH events/{}": _WRITE_CALENDAR,
    "DELETE events/{}": _WRITE_CALENDAR,
    "GET events/{}/instances": SEE_CALENDAR,
    "POST events/{}/cancel": _WRITE_CALENDAR,
    "POST events/{}/accept": _WRITE_CALENDAR,
    "POST events/{}/decline": _WRITE_CALENDAR,
    "POST events/{}/tentativelyaccept": _WRITE_CALENDAR,
    "POST events/{}/forward": _READ_CALENDAR,
    "POST events/{}/snoozereminder": _WRITE_CALENDAR,
    "POST events/{}/dismissreminder": _WRITE_CALENDAR,
    "POST events/{}/permanentdelete": _WRITE_CALENDAR,
    "GET mailfolders": _SEE_MAIL,
    "GET mailfolders/{}": _SEE_MAIL,
    "GET messages": _SEE_MAIL,
    "GET messages/delta": _SEE_MAIL,
    "POST messages": _WRITE_MAIL,
    "GET messages/{}": _SEE_MAIL,
    "GET messages/{}/$value": ("Mail.Read", "Mail.ReadWrite"),
    "PATCH messages/{}": _WRITE_MAIL,
    "DELETE messages/{}": _WRITE_MAIL,
    "POST messages/{}/permanentdelete": _WRITE_MAIL,
    "POST messages/{}/move": _WRITE_MAIL,
    "POST messages/{}/copy": _WRITE_MAIL,
    "POST messages/{}/createreply": _WRITE_MAIL,
    "POST messages/{}/createreplyall": _WRITE_MAIL,
    "POST messages/{}/createforward": _WRITE_MAIL,
    "POST messages/{}/send": _SEND_MAIL,
    "POST messages/{}/reply": _SEND_MAIL,
    "POST messages/{}/replyall": _SEND_MAIL,
    "POST messages/{}/forward": _SEND_MAIL,
    "POST sendmail": _SEND_MAIL,
}
_OF_SUBSCRIPTIONS = re.compile(r"(GET|POST|PATCH|DELETE) subscriptions(/\{\}(/reauthorize)?)?")

# Who may read only the basics of people sees these properties and no others.
_BASIC_PROPERTIES = frozenset(("displayname", "givenname", "id", "mail", "surname", "userprincipalname"))
_FRONT = re.compile(
    r"users/\{\}/(?:mailfolders/\{\}/(?=messages)|(?:calendars/\{\}|calendar(?=/|$))/?"
    r"(?=events|calendarview|getschedule|$))?"
)


_BASIC_ROLES = ("Calendars.ReadBasic.All", "Mail.ReadBasic.All")
_DETAILS = """
attachments body bodyPreview extensions multiValueExtendedProperties singleValueExtendedProperties uniqueBody event
"""
_BEYOND_BASICS = frozenset(_DETAILS.split())


@dataclass(frozen=True, slots=True)
class Needed:
    """What a call needs: one of `roles`, in the mailbox it is about if it is Exchange's. None needs nothing."""

    workload: Workload
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """What a caller has: the roles that were in its token, and what Exchange has for its app now."""

    app: App
    roles: frozenset[str]

    def reaches(self, tenant: Tenant, wanted: Collection[str], account: Account | None) -> bool:
        """Whether it has one of the `wanted` roles for the mailbox of `account`; for an account that nobody has, any
        mailbox will do, for Exchange then says that there is none.
        """
        if not self.roles.isdisjoint(wanted):
            return True
        grants = (grant for grant in self.app.exchange if grant.role in wanted)
        return any(account is None or in_scope(tenant, grant.scope, account) for grant in grants)


@cache
def needed(method: str, pattern: str) -> Needed | None:
    """What the route accepts, by its method and pattern (`users/{user}/events`); None if nobody wrote it down."""
    bare = re.sub(r"\{[^}]*\}", "{}", pattern.lower())
    whole = f"{method} {bare}"
    if whole in _ANYBODY or _OF_SUBSCRIPTIONS.fullmatch(whole):
        return Needed("any", ())
    if whole in _OF_DIRECTORY:
        return Needed("directory", _OF_DIRECTORY[whole])
    front = _FRONT.match(bare)
    roles = _OF_MAILBOX.get(f"{method} {bare[front.end() :]}") if front else None
    return Needed("exchange", roles) if roles else None


def every_accepted() -> Iterator[tuple[str, ...]]:
    """The roles that each call accepts, of all calls that need one."""
    for table in (_OF_DIRECTORY, _OF_MAILBOX):
        yield from table.values()


def authorize(
    tenant: Tenant, granted: Granted, method: str, pattern: str, names: Mapping[str, str], query: Mapping[str, str]
) -> None:
    """Lets a call pass, or raises the 403 that Graph has for it. `names` are the path's, `query` has lower-case
    names.
    """
    need = needed(method, pattern)
    if need is None:
        raise GraphError(
            403, "ErrorAccessDenied", f"sandbox/permissions.py does not say which permission opens {method} {pattern}."
        )
    if not need.roles:
        return
    if need.workload == "directory":
        accepted = need.roles if not _beyond_basics(query) else _USERS
        if granted.roles.isdisjoint(accepted):
            raise denied("directory")
    elif not granted.reaches(tenant, need.roles, tenant.account(names.get("user", ""))):
        raise denied("exchange")


@evidence(
    "documented",
    "With a ReadBasic permission alone, events and messages have no body, preview, attachments or extensions.",
    "learn.microsoft.com/graph/permissions-reference; for the preview also microsoft-graph-docs #10946",
)
@evidence(
    "assumed", "What is not shown is left out, even where $select names it.", "no answer of the service was found"
)
def without_details(
    tenant: Tenant, granted: Granted, method: str, pattern: str, names: Mapping[str, str], body: Json
) -> Json:
    """`body`, an item or a page of them, as a caller with this grant may see it."""
    need = needed(method, pattern)
    if method != "GET" or need is None or need.workload != "exchange" or need.roles[0] not in _BASIC_ROLES:
        return body
    if granted.reaches(tenant, need.roles[1:], tenant.account(names.get("user", ""))):
        return body
    shown = {name: value for name, value in body.items() if name not in _BEYOND_BASICS}
    if isinstance(shown.get("value"), list):
        shown["value"] = [{k: v for k, v in item.items() if k not in _BEYOND_BASICS} for item in shown["value"]]
    return shown


@evidence(
    "reported",
    "Without the permission the directory says Authorization_RequestDenied, and Exchange ErrorAccessDenied.",
    "github.com/microsoftgraph/microsoft-graph-docs issue 5796",
)
def denied(workload: Workload) -> GraphError:
    if workload == "directory":
        message = "Insufficient privileges to complete the operation."
        return GraphError(403, "Authorization_RequestDenied", message)
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


@evidence(
    "documented",
    "A subscription needs the permission to read what it watches; one to write is not accepted in its place.",
    "learn.microsoft.com/graph/api/subscription-post-subscriptions, permissions",
)
@evidence(
    "reported",
    "Refused a subscription for want of a permission, one hears 403 ExtensionError.",
    "github.com/microsoftgraph/msgraph-sdk-java issue 1209",
)
@evidence(
    "assumed",
    "A grant of Exchange's own opens a subscription as one of Entra's does.",
    "documented nowhere; needs a run against a live tenant",
)
def authorize_subscription(tenant: Tenant, granted: Granted, resource: str) -> None:
    """Lets somebody watch `resource` (`users/{id}/events`, `/users`), or raises 403. What nobody can watch passes."""
    parts = [part for part in resource.lower().partition("?")[0].split("/") if part]
    if not parts or parts[0] != "users":
        return
    rest = parts[2:]
    if not rest:
        allowed = not granted.roles.isdisjoint(_USERS)
    elif "messages" in rest:
        account = tenant.account(parts[1])
        allowed = granted.reaches(tenant, ("Mail.ReadBasic.All", "Mail.Read"), account)
    elif "events" in rest:
        allowed = granted.reaches(tenant, ("Calendars.Read",), tenant.account(parts[1]))
    else:
        return
    if not allowed:
        raise GraphError(
            403,
            "ExtensionError",
            "Operation: Create; Exception: [Status Code: Forbidden; Reason: Access is denied.]",
        )


def in_scope(tenant: Tenant, scope: ScopeName, account: Account) -> bool:
    if scope == "service":
        return account.id == tenant.organization.service.id
    if scope == "senders":
        return any(account.id == each.id for each in tenant.organization.senders)
    if not (account.is_person and account.in_group):
        return False
    return scope == "participants" or _leads(tenant, account)


def _leads(tenant: Tenant, account: Account) -> bool:
    """Whether somebody reports to them, or did on day 0: an administrator's list of managers is not cleared at once."""
    on_day_0 = {each.manager for each in tenant.organization.people}
    return account.mail in on_day_0 or any(each.manager == account.id for each in tenant.accounts.values())


@evidence("documented", "User.ReadBasic.All shows a person's basic properties only.", _LISTED)
@evidence(
    "assumed",
    "Asking for more than the basics with User.ReadBasic.All alone is refused whole.",
    "the list names the permission for each property; the live answer may leave properties out instead",
)
def _beyond_basics(query: Mapping[str, str]) -> bool:
    selected = {name.strip().lower() for name in query.get("$select", "").split(",") if name.strip()}
    return bool(query.get("$expand")) or not selected <= _BASIC_PROPERTIES
