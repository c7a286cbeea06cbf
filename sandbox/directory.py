"""The directory: users, their managers and their reports."""

from collections.abc import Callable
from urllib.parse import urlencode

from sandbox.calls import LARGEST_PAGE, Call, Json, Reply
from sandbox.errors import GraphError, bad_request, user_not_found
from sandbox.evidence import evidence
from sandbox.opaque import Opaque, sealed, unsealed
from sandbox.routing import Routes
from sandbox.tenant import Account
from sandbox.user_queries import check_query, is_eventual
from sandbox.user_view import USER, chosen_user, manager_of, reports_of, user_getter, user_json

_PAGE = 100
_LARGEST_EXPANDED = 100
View = Callable[[Call, Account], Json]


class _Cursor(Opaque):
    """Where the next page begins: after `last`, or at `at` if that user is no longer among those listed."""

    at: int
    last: str


def add_routes(routes: Routes) -> None:
    routes.add("GET", "users", list_users)
    routes.add("GET", "users/$count", count_users)
    routes.add("GET", "users/{user}", get_user)
    routes.add("GET", "users/{user}/manager", get_manager)
    routes.add("GET", "users/{user}/directReports", list_reports)


def list_users(call: Call) -> Reply:
    return _page(call, "users", _found(call), user_json)


@evidence(
    "documented",
    "/users/$count without ConsistencyLevel: eventual is 400 Request_BadRequest; as a query option $count is then"
    " silently ignored.",
    "learn.microsoft.com/graph/aad-advanced-queries, error handling",
)
def count_users(call: Call) -> Reply:
    if not is_eventual(call):
        raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
    number = len(_found(call, counted=True))
    return Reply(200, headers={"content-type": "text/plain;charset=utf-8"}, text=str(number))


def get_user(call: Call) -> Reply:
    body = user_json(call, call.account)
    return Reply(200, {"@odata.context": call.context("users/$entity"), **body})


@evidence(
    "documented",
    "Somebody without a manager: GET manager is 404 Request_ResourceNotFound.",
    "learn.microsoft.com/graph/api/user-list-manager",
)
def get_manager(call: Call) -> Reply:
    manager = manager_of(call.tenant, call.account)
    if manager is None:
        raise user_not_found("manager")
    body = {"@odata.type": USER, **chosen_user(manager, call.select)}
    return Reply(200, {"@odata.context": call.context("directoryObjects/$entity"), **body})


def list_reports(call: Call) -> Reply:
    def view(call: Call, account: Account) -> Json:
        return {"@odata.type": USER, **chosen_user(account, call.select)}

    return _page(call, "directoryObjects", reports_of(call.tenant, call.account), view)


def _found(call: Call, counted: bool = False) -> list[Account]:
    """Who matches `$filter`, in the order of `$orderby`."""
    wanted = call.filter
    if counted:
        call.query.setdefault("$count", "true")
    check_query(call, wanted)
    users = [u for u in call.tenant.accounts.values() if not u.deleted]
    if wanted is not None:
        users = [u for u in users if wanted.holds(user_getter(u))]
    for path, descending in reversed(call.order):
        users.sort(key=lambda u: str(user_getter(u)(path) or "").casefold(), reverse=descending)
    return users


@evidence(
    "reported",
    "With $expand a page has at most 100 items, whatever $top says.",
    "techcommunity.microsoft.com, discussions of Graph 3885391 and 4203190",
)
@evidence(
    "documented",
    "Pages of users have 100 items, at most 999 by $top; the nextLink carries an opaque $skiptoken.",
    "learn.microsoft.com/graph/api/user-list and learn.microsoft.com/graph/paging",
)
def _page(call: Call, what: str, users: list[Account], view: View) -> Reply:
    size = call.count_option("$top", call.preferred_page(_PAGE))
    if not 0 < size <= LARGEST_PAGE:
        raise bad_request(f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive.", "BadRequest")
    if call.expand:
        size = min(size, _LARGEST_EXPANDED)
    start = _start(call, users)
    body: Json = {"@odata.context": call.context(what)}
    if is_eventual(call) and call.query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(users)
    shown = users[start : start + size]
    body["value"] = [view(call, user) for user in shown]
    if len(users) > start + size:
        token = sealed(_Cursor(at=start + size, last=shown[-1].id))
        options = {**call.query, "$skiptoken": token}
        body["@odata.nextLink"] = f"{call.base}{call.path}?{urlencode(options, safe='$')}"
    return Reply(200, body)


def _start(call: Call, users: list[Account]) -> int:
    text = call.query.get("$skiptoken")
    if text is None:
        return 0
    cursor = unsealed(_Cursor, text)
    if cursor is None:
        raise GraphError(400, "Directory_ExpiredPageToken", "The specified page token value is not valid.")
    positions = [i for i, user in enumerate(users) if user.id == cursor.last]
    return positions[0] + 1 if positions else min(max(cursor.at, 0), len(users))
