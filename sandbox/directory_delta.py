"""users/delta: what is there, then what has changed since, page after page, by tokens that last seven days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from sandbox.calls import LARGEST_PAGE, Call, Json, Reply
from sandbox.directory_changes import DirectoryChange
from sandbox.errors import GraphError
from sandbox.evidence import evidence
from sandbox.opaque import Opaque, sealed, unsealed
from sandbox.routing import Routes
from sandbox.tenant import Account
from sandbox.user_view import DEFAULT, USER, property_names, whole_user

_PAGE = 200
_LIFE = timedelta(days=7)
_MOST_FOLLOWED = 50
_UNSUPPORTED = ("$expand", "$top", "$orderby", "$search", "$skip")
_OVERVIEW = "learn.microsoft.com/graph/delta-query-overview"
_REFERENCE = "learn.microsoft.com/graph/api/user-delta"


_Row = tuple[Account, Sequence[DirectoryChange]]
"""Somebody, and what changed of them; nothing if the client does not know them yet."""


class _Token(Opaque):
    """Both kinds of state token. `since` is the number of changes that the client knows, -1 before it knows
    anything; `until` that at the beginning of this round, `at` where its next page begins. `select` and `only`
    repeat the first request's `$select` and filter.
    """

    kind: Literal["skip", "delta"]
    generation: int
    issued: datetime
    since: int
    until: int
    at: int = 0
    select: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def add_routes(routes: Routes) -> None:
    routes.add("GET", "users/delta", users_delta)


@evidence("documented", "A round ends with a deltaLink; until then every page has a nextLink.", _OVERVIEW)
@evidence("documented", "$deltatoken=latest gives a deltaLink and no users.", _OVERVIEW)
def users_delta(call: Call) -> Reply:
    token = _token(call)
    size = call.preferred_page(_PAGE)
    if not 0 < size <= LARGEST_PAGE:
        raise GraphError(400, "BadRequest", f"The page size must be 1 to {LARGEST_PAGE}, not {size}.")
    rows = _everybody(call, token) if token.since < 0 else _changed(call, token)
    page = rows[token.at : token.at + size]
    minimal = "return=minimal" in call.headers.get("prefer", "").replace(" ", "").lower()
    body: Json = {"@odata.context": call.context("users"), "value": _shown(token, page, minimal)}
    if len(rows) > token.at + size:
        more = token.model_copy(update={"kind": "skip", "at": token.at + size})
        body["@odata.nextLink"] = f"{call.base}/users/delta?{urlencode({'$skiptoken': sealed(more)}, safe='$')}"
    else:
        done = {"kind": "delta", "issued": call.now, "since": token.until, "until": token.until, "at": 0}
        next_time = sealed(token.model_copy(update=done))
        body["@odata.deltaLink"] = f"{call.base}/users/delta?{urlencode({'$deltatoken': next_time}, safe='$')}"
    return Reply(200, body)


@evidence(
    "documented",
    "$top, $expand and $orderby do not go with users/delta; $filter only names up to 50 ids.",
    _REFERENCE,
)
def _token(call: Call) -> _Token:
    """The state that the request brings along, or that of a first request. Raises 400 or 410."""
    log = call.tenant.directory
    text = call.query.get("$deltatoken") or call.query.get("$skiptoken")
    if text and text.lower() != "latest":
        return _brought(call, text)
    for name in _UNSUPPORTED:
        if name in call.query:
            raise GraphError(400, "Request_UnsupportedQuery", f"'{name}' is not supported for delta queries of users.")
    select = tuple(name for name in call.select if name.lower() != "manager")
    names = tuple(property_names(whole_user(next(iter(call.tenant.accounts.values()))), select)) if select else ()
    if len(select) < len(call.select):
        names = (*names, "manager")
    return _Token(
        kind="delta",
        generation=log.generation,
        issued=call.now,
        since=log.position if text else -1,
        until=log.position,
        select=names,
        only=_only(call),
    )


@evidence("documented", "Tokens of the directory last seven days.", _OVERVIEW)
@evidence(
    "documented",
    "An expired token is 410 Gone with a Location without a token; the code resyncRequired is assumed.",
    _OVERVIEW,
)
def _brought(call: Call, text: str) -> _Token:
    log = call.tenant.directory
    token = unsealed(_Token, text)
    if token is None or token.at < 0 or token.issued.tzinfo is None:
        raise GraphError(400, "Request_BadRequest", "Badly formed token. The state token is not one of this tenant.")
    if token.generation != log.generation or token.until > log.position or call.now - token.issued > _LIFE:
        raise GraphError(
            410,
            "resyncRequired",
            "The delta token has expired. Begin anew without a token, and replace what you have.",
            {"Location": f"{call.base}/users/delta?$deltatoken="},
        )
    if token.kind == "delta":
        return token.model_copy(update={"until": log.position})
    return token


def _only(call: Call) -> tuple[str, ...]:
    """The ids in `id eq '..' or id eq '..'`."""
    wanted = call.filter
    if wanted is None:
        return ()
    if not wanted.uses <= {("id", "eq"), ("id", "in")}:
        raise GraphError(400, "Request_UnsupportedQuery", "Delta queries of users can only be filtered by id.")
    found = tuple(a.id for a in call.tenant.accounts.values() if wanted.holds({"id": a.id}.get))
    if len(found) > _MOST_FOLLOWED:
        raise GraphError(400, "Request_UnsupportedQuery", f"At most {_MOST_FOLLOWED} users can be followed by id.")
    # Nobody of these ids: nothing must match, while an empty tuple would match everybody.
    return found or ("",)


def _everybody(call: Call, token: _Token) -> list[_Row]:
    """The first round."""
    accounts = call.tenant.accounts.values()
    return [(a, ()) for a in accounts if not token.only or a.id in token.only]


@evidence(
    "documented",
    "With $select, users whose other properties have changed do not appear; manager can be selected too.",
    _OVERVIEW,
)
def _changed(call: Call, token: _Token) -> list[_Row]:
    found: list[_Row] = []
    for account_id, changes in call.tenant.directory.since(token.since, token.until).items():
        if token.only and account_id not in token.only:
            continue
        if any(change.kind == "created" for change in changes):
            found.append((call.tenant.accounts[account_id], ()))
        elif (
            not token.select
            or any(change.kind == "deleted" for change in changes)
            or any(name in token.select for change in changes for name in change.fields)
        ):
            found.append((call.tenant.accounts[account_id], changes))
    return found


@evidence(
    "documented",
    "A deleted user appears as @removed with reason changed, since it can be restored; in a first round not at all.",
    _OVERVIEW,
)
def _shown(token: _Token, rows: Sequence[_Row], minimal: bool) -> list[Json]:
    """A page may have fewer items than rows: who came and went in between is not told of."""
    found = []
    for account, changes in rows:
        if not account.deleted:
            found.append(_user(token, account, changes, minimal))
        elif changes:
            found.append({"id": account.id, "@removed": {"reason": "changed"}})
    return found


@evidence(
    "documented",
    "A property never set is left out; by default unchanged ones are repeated, with Prefer: return=minimal not.",
    _REFERENCE,
)
@evidence(
    "documented",
    "The manager is told as manager@delta, in the first round and when it changes; one taken away has @removed.",
    _OVERVIEW,
)
def _user(token: _Token, account: Account, changes: Sequence[DirectoryChange], minimal: bool) -> Json:
    """`changes` are empty for somebody whom the client does not know yet."""
    full = whole_user(account)
    fields = {name for change in changes for name in change.fields}
    names = [name for name in token.select or DEFAULT if name != "manager"]
    body: Json = {
        name: full[name]
        for name in names
        if name in fields or (not (minimal and changes) and full[name] is not None and full[name] != [])
    }
    if not token.select or "manager" in token.select:
        managers = _managers(account, changes)
        if managers:
            body["manager@delta"] = managers
    body["id"] = account.id
    return body


def _managers(account: Account, changes: Sequence[DirectoryChange]) -> list[Json]:
    new = [{"@odata.type": USER, "id": account.manager}] if account.manager else []
    if not changes:
        return new
    moves = [change for change in changes if "manager" in change.fields]
    if not moves or moves[0].manager_before == account.manager:
        return []
    before = moves[0].manager_before
    return ([{"@odata.type": USER, "id": before, "@removed": {"reason": "deleted"}}] if before else []) + new
