"""The directory: users, their managers and their reports."""

from datetime import UTC, datetime, time
from typing import Any

from sandbox.calls import Call, Json, Reply
from sandbox.errors import GraphError, user_not_found
from sandbox.routing import Routes
from sandbox.tenant import Account, Tenant
from sandbox.zones import stamp

_DEFAULT_NAMES = """
businessPhones displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage surname
userPrincipalName id
"""
_DEFAULT = _DEFAULT_NAMES.split()


def add_routes(routes: Routes) -> None:
    routes.add("GET", "users", list_users)
    routes.add("GET", "users/{user}", get_user)
    routes.add("GET", "users/{user}/manager", get_manager)
    routes.add("GET", "users/{user}/directReports", list_reports)


def list_users(call: Call) -> Reply:
    users = list(call.tenant.accounts.values())
    wanted = call.filter
    if wanted is not None:
        users = [u for u in users if wanted.holds(_getter(u))]
    for path, descending in reversed(call.order):
        users.sort(key=lambda u: str(_getter(u)(path) or "").casefold(), reverse=descending)
    return call.page("users", users, 100, lambda user: _user_json(call, user))


def get_user(call: Call) -> Reply:
    body = _user_json(call, call.account)
    return Reply(200, {"@odata.context": call.context("users/$entity"), **body})


def get_manager(call: Call) -> Reply:
    manager = _manager_of(call.tenant, call.account)
    if manager is None:
        raise user_not_found("manager")
    body = {"@odata.type": "#microsoft.graph.user", **_chosen(manager, call.select)}
    return Reply(200, {"@odata.context": call.context("directoryObjects/$entity"), **body})


def list_reports(call: Call) -> Reply:
    boss = call.account
    reports = [a for a in call.tenant.accounts.values() if a.manager == boss.id]

    def view(account: Account) -> Json:
        return {"@odata.type": "#microsoft.graph.user", **_chosen(account, call.select)}

    return call.page("directoryObjects", reports, 100, view)


def _user_json(call: Call, account: Account) -> Json:
    body = _chosen(account, call.select)
    if call.expand.lower().startswith("manager"):
        manager = _manager_of(call.tenant, account)
        if manager is not None:
            body["manager"] = {"@odata.type": "#microsoft.graph.user", **_chosen(manager, [])}
    elif call.expand:
        raise GraphError(400, "Request_BadRequest", f"The sandbox tenant cannot expand '{call.expand[:60]}' of a user.")
    return body


def _manager_of(tenant: Tenant, account: Account) -> Account | None:
    return tenant.accounts.get(account.manager) if account.manager else None


def _chosen(account: Account, select: list[str]) -> Json:
    full = _full(account)
    known = {name.lower(): name for name in full}
    names = [known.get(name.lower(), "") for name in select] if select else _DEFAULT
    if "" in names:
        unknown = select[names.index("")][:60]
        raise GraphError(
            400,
            "Request_BadRequest",
            f"Could not find a property named '{unknown}' on type 'microsoft.graph.user'.",
        )
    return {name: full[name] for name in names}


def _getter(account: Account) -> Any:
    full = _full(account)
    known = {name.lower(): value for name, value in full.items()}

    def get(path: str) -> Any:
        if path.lower() not in known:
            message = f"Could not find a property named '{path[:60]}' on type 'microsoft.graph.user'."
            raise GraphError(400, "BadRequest", f"Invalid filter clause: {message}")
        return known[path.lower()]

    return get


def _full(account: Account) -> Json:
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
        "surname": account.surname or None,
        "usageLocation": account.country,
        "userPrincipalName": account.mail,
        "userType": "Member",
    }
