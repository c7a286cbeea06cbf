"""Which queries of users Entra answers by default, which only as advanced ones, and which not at all."""

from sandbox.calls import Call
from sandbox.errors import GraphError
from sandbox.evidence import evidence
from sandbox.filters import Filter

_TABLE = "learn.microsoft.com/graph/aad-advanced-queries, tables of $filter and $orderby by property of user"
_DEFAULT_NAMES = """
accountEnabled city country createdDateTime department displayName employeeId givenName id jobTitle mail mailNickname
state surname usageLocation userPrincipalName userType
"""
_ADVANCED_NAMES = """
companyName employeeHireDate employeeType mobilePhone officeLocation preferredLanguage
"""
_FILTERED_BY_DEFAULT = frozenset(_DEFAULT_NAMES.lower().split())
_FILTERED = _FILTERED_BY_DEFAULT | frozenset(_ADVANCED_NAMES.lower().split())
_SORTED_BY_DEFAULT = ("displayname", "userprincipalname")
_SORTED = (*_SORTED_BY_DEFAULT, "createddatetime")
_ENDS_WITH = ("mail", "userprincipalname")


def is_eventual(call: Call) -> bool:
    """Whether the caller accepts eventual consistency, without which Entra counts nothing."""
    return call.headers.get("consistencylevel", "").strip().lower() == "eventual"


@evidence(
    "documented",
    "ne, not, endsWith, $filter with $orderby, and some properties need ConsistencyLevel: eventual and $count=true;"
    " else 400 Request_UnsupportedQuery.",
    _TABLE,
)
@evidence(
    "documented",
    "A property that is not indexed cannot be filtered or sorted by: 400 Request_UnsupportedQuery.",
    _TABLE,
)
def check_query(call: Call, wanted: Filter | None) -> None:
    """Raises 400 for a query that Entra would refuse."""
    advanced = is_eventual(call) and call.query.get("$count", "").lower() == "true"
    if "$search" in call.query:
        _refuse_search(call)
    if "$skip" in call.query:
        raise GraphError(400, "Request_UnsupportedQuery", "'$skip' is not supported by the service.")
    for path, operator in sorted(wanted.uses if wanted else ()):
        _check_clause(path, operator, advanced)
    for path, _ in call.order:
        if path.lower() not in _SORTED:
            raise GraphError(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")
        if not advanced and (wanted is not None or path.lower() not in _SORTED_BY_DEFAULT):
            raise GraphError(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")


def _check_clause(path: str, operator: str, advanced: bool) -> None:
    if operator == "not":
        if not advanced:
            raise _needs_more("not")
        return
    if path not in _FILTERED and path in _UNFILTERED:
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            f"Unsupported or invalid query filter clause specified for property '{path[:60]}' of resource 'User'.",
        )
    if operator == "contains" or (operator == "endswith" and path not in _ENDS_WITH):
        raise GraphError(
            400,
            "Request_UnsupportedQuery",
            f"Unsupported or invalid query filter clause specified for property '{path[:60]}' of resource 'User'.",
        )
    if not advanced and (operator in ("ne", "endswith") or (path in _FILTERED and path not in _FILTERED_BY_DEFAULT)):
        raise _needs_more(operator)


_UNFILTERED = ("businessphones",)


@evidence(
    "documented",
    "$search of directory objects without ConsistencyLevel: eventual is 400 Request_UnsupportedQuery.",
    "learn.microsoft.com/graph/aad-advanced-queries, error handling",
)
def _refuse_search(call: Call) -> None:
    if is_eventual(call):
        raise GraphError(400, "Request_UnsupportedQuery", "The sandbox tenant does not search; use $filter.")
    raise GraphError(
        400,
        "Request_UnsupportedQuery",
        "Request with $search query parameter only works through MSGraph with a special request header:"
        " 'ConsistencyLevel: eventual'",
    )


def _needs_more(operator: str) -> GraphError:
    return GraphError(
        400,
        "Request_UnsupportedQuery",
        f"Operator '{operator}' is not supported because the required parameters might be missing. Try adding"
        " $count=true query parameter and ConsistencyLevel:eventual header. Refer to"
        " https://aka.ms/graph-docs/advanced-queries for more information",
    )
