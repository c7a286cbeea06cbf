"""A user of the directory as Graph writes it in JSON, and as `$filter` and `$orderby` look at it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from sandbox.calls import Call, Json
from sandbox.errors import GraphError
from sandbox.evidence import evidence
from sandbox.filters import Get
from sandbox.tenant import Account, Tenant
from sandbox.zones import stamp

USER = "#microsoft.graph.user"
_DEFAULT_NAMES = """
businessPhones displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage surname
userPrincipalName id
"""
DEFAULT = tuple(_DEFAULT_NAMES.split())
_EXPANSION = re.compile(r"\s*(manager|directreports)\s*(?:\(\s*(.*?)\s*\))?\s*$", re.I)
_MOST_EXPANDED = 20


def whole_user(account: Account) -> Json:
    """Every property that the tenant knows of a user."""
    return {
        "accountEnabled": account.enabled,
        "businessPhones": [],
        "city": None,
        "companyName": "Meadow",
        "country": account.country,
        "createdDateTime": stamp(datetime.combine(account.hired, time(), UTC)),
        "department": account.department,
        "displayName": account.name,
        "employeeHireDate": stamp(datetime.combine(account.hired, time(), UTC)),
        "employeeId": None,
        "employeeType": None,
        "givenName": account.given,
        "id": account.id,
        "jobTitle": account.title,
        "mail": account.mail,
        "mailNickname": account.mail.partition("@")[0],
        "mobilePhone": None,
        "officeLocation": account.country,
        "preferredLanguage": None,
        "state": None,
        "surname": account.surname or None,
        "usageLocation": account.country,
        "userPrincipalName": account.mail,
        "userType": "Member",
    }


@evidence(
    "documented",
    "A user comes with eleven properties unless $select names others; one that users have not is 400.",
    "learn.microsoft.com/graph/api/user-get, response",
)
def chosen_user(account: Account, select: Sequence[str]) -> Json:
    """The selected properties, or those that come without `$select`. Raises 400 for one that users have not."""
    full = whole_user(account)
    return {name: full[name] for name in property_names(full, select)}


def property_names(full: Json, select: Sequence[str]) -> Sequence[str]:
    """The names of `select` as Graph writes them. Raises 400 for one that is not in `full`."""
    if not select:
        return DEFAULT
    known = {name.lower(): name for name in full}
    for name in select:
        if name.lower() not in known:
            raise GraphError(
                400,
                "Request_BadRequest",
                f"Could not find a property named '{name[:60]}' on type 'microsoft.graph.user'.",
            )
    return [known[name.lower()] for name in select]


@evidence(
    "documented",
    "Of directory objects one relationship can be expanded, with at most 20 objects.",
    "learn.microsoft.com/graph/query-parameters, expand",
)
def user_json(call: Call, account: Account) -> Json:
    """The user with the call's `$select` and `$expand`; only one relationship can be expanded."""
    body = chosen_user(account, call.select)
    if not call.expand:
        return body
    found = _EXPANSION.match(call.expand)
    if found is None:
        raise GraphError(400, "Request_BadRequest", f"The sandbox tenant cannot expand '{call.expand[:60]}' of a user.")
    select = _select_of(found.group(2) or "")
    if found.group(1).lower() == "manager":
        manager = manager_of(call.tenant, account)
        if manager is not None:
            body["manager"] = {"@odata.type": USER, **chosen_user(manager, select)}
    else:
        reports = reports_of(call.tenant, account)[:_MOST_EXPANDED]
        body["directReports"] = [{"@odata.type": USER, **chosen_user(report, select)} for report in reports]
    return body


def _select_of(options: str) -> list[str]:
    """The names in `$select=id,mail`, the one option that an expansion may have here."""
    if not options:
        return []
    name, _, value = options.partition("=")
    if name.strip().lower() not in ("$select", "select") or ";" in value:
        raise GraphError(400, "Request_BadRequest", f"The sandbox tenant cannot expand with '{options[:60]}'.")
    return [part.strip() for part in value.split(",") if part.strip()]


def manager_of(tenant: Tenant, account: Account) -> Account | None:
    return tenant.account(account.manager) if account.manager else None


def reports_of(tenant: Tenant, boss: Account) -> list[Account]:
    return [a for a in tenant.accounts.values() if a.manager == boss.id and not a.deleted]


def user_getter(account: Account) -> Get:
    """Looks at properties in any case. Raises 400 for one that users have not."""
    known = {name.lower(): value for name, value in whole_user(account).items()}

    def get(path: str) -> Any:
        if path.lower() not in known:
            message = f"Could not find a property named '{path[:60]}' on type 'microsoft.graph.user'."
            raise GraphError(400, "BadRequest", f"Invalid filter clause: {message}")
        return known[path.lower()]

    return get
