"""Which OData options a request may have: what is not served is refused, and never silently passed over."""

import re
from collections.abc import Mapping

from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence

_OPTION_NAMES = "$count $deltatoken $expand $filter $format $orderby $search $select $skip $skiptoken $top"
_OPTIONS = frozenset(_OPTION_NAMES.split())
_TEXT = re.compile(r"'(?:[^']|'')*'")
_BRACKETS = re.compile(r"\([^()]*\)")
_EXPANDED = ("singlevalueextendedproperties", "microsoft.graph.eventmessage/event")


@evidence(
    "assumed",
    "An option that is not served here is 400 ErrorInvalidUrlQuery in mailboxes and else BadRequest.",
    "$search of messages, and $expand of attachments among others, exist live",
)
def check_options(query: Mapping[str, str], of_mailbox: bool) -> None:
    """Raises 400 for options that nobody here would look at."""
    for name in query:
        if name.startswith("$") and name not in _OPTIONS:
            code = "ErrorInvalidUrlQuery" if of_mailbox else "BadRequest"
            raise _not_served(f"the query option '{name[:40]}'", code)
    if not of_mailbox:
        return
    if "$search" in query:
        raise _not_served("$search in mailboxes; use $filter")
    for expanded in _names(query.get("$expand", "")):
        if expanded.lower() not in _EXPANDED:
            raise _not_served(f"$expand={expanded[:60]} in mailboxes")


def _names(expand: str) -> list[str]:
    """What is expanded, without the options in brackets behind it."""
    left, before = _TEXT.sub("", expand), ""
    while left != before:
        left, before = _BRACKETS.sub("", left), left
    return [name.strip() for name in left.split(",") if name.strip()]


def _not_served(what: str, code: str = "ErrorInvalidUrlQuery") -> GraphError:
    return bad_request(f"The sandbox tenant does not serve {what}.", code)
