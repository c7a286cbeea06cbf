"""One Graph request as the handlers see it, and the reply they give."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from sandbox.app_registrations import App
from sandbox.bodies import Body, read_body
from sandbox.errors import bad_request, mailbox_not_enabled, no_such_mailbox, user_not_found
from sandbox.evidence import evidence
from sandbox.filters import Filter, parse_filter
from sandbox.mailboxes import Mailbox
from sandbox.permissions import Granted
from sandbox.preferences import preference
from sandbox.tenant import Account, Tenant
from sandbox.zones import zone_named

Json = dict[str, Any]
_ANY = re.compile(r"([\w/]+)/any\s*\(\s*(\w+)\s*:", re.I)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_PROPERTY_ID = re.compile(r"id\s+eq\s+'((?:[^']|'')*)'", re.I)
_ODATA = frozenset(("count", "expand", "filter", "format", "orderby", "search", "select", "skip", "top"))
LARGEST_PAGE = 999


@dataclass(frozen=True, slots=True)
class Reply:
    """Its content is `body` as JSON, or `text` as it is. `confirm`, if there is one, is awaited before the reply
    is given; it does the deed, or raises GraphError.
    """

    status: int
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    confirm: Callable[[], Awaitable[None]] | None = None
    text: str = ""

    def encoded(self) -> bytes:
        if self.body is None:
            return self.text.encode()
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(slots=True)
class Call:
    """`now` is the (virtual) UTC instant of the request, `base` the address of `/v1.0` as the caller knows
    it.
    """

    tenant: Tenant
    app: App
    granted: Granted
    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    raw_body: bytes
    now: datetime
    base: str
    names: Mapping[str, str]
    _query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """Options by lower-case name; OData options with their `$`."""
        if self._query is None:
            pairs = parse_qsl(self.query_string, keep_blank_values=True)
            self._query = {_option(name.lower()): value for name, value in pairs}
        return self._query

    @property
    @evidence(
        "reported",
        "A body that does not say it is JSON is 400 BadRequest, in these words.",
        "github.com/microsoftgraph/msgraph-sample-pythondjangoapp issue 22",
    )
    def body(self) -> Body:
        """The JSON of the request; an action may come without any."""
        if self.raw_body and "json" not in self.headers.get("content-type", "").lower():
            raise bad_request("Entity only allows writes with a JSON Content-Type header.", "BadRequest")
        return read_body(self.raw_body)

    # Whose things -----------------------------------------------------------------------------------

    @property
    def account(self) -> Account:
        """Graph knows users by id or user principal name, not by a name that they had before."""
        name = self.names["user"]
        found = self.tenant.account(name)
        if found is None or name.lower() not in (found.id, found.mail.lower()):
            raise user_not_found(name)
        return found

    @property
    def mailbox(self) -> Mailbox:
        found = self.tenant.account(self.names["user"])
        if found is None or found.deleted:
            raise no_such_mailbox(self.names["user"])
        if not found.licensed:
            raise mailbox_not_enabled()
        return self.tenant.mailbox(found.id)

    # Options ----------------------------------------------------------------------------------------

    @property
    def select(self) -> list[str]:
        text = self.query.get("$select", "")
        return [name.strip() for name in text.split(",") if name.strip()]

    @property
    def filter(self) -> Filter | None:
        text = self.query.get("$filter")
        return parse_filter(text) if text else None

    @property
    def filtered(self) -> list[str]:
        """The paths in `$filter`, in lower case and in the order of their first mention."""
        wanted = self.filter
        if wanted is None:
            return []
        text = _TEXT.sub("''", self.query["$filter"]).lower()
        names = {alias: path for path, alias in _ANY.findall(text)}
        paths = {names.get(path.partition("/")[0], path) for path, _ in wanted.uses if path}
        return sorted(paths, key=text.find)

    @property
    def order(self) -> list[tuple[str, bool]]:
        """(path, descending) pairs of `$orderby`."""
        found = []
        for part in filter(None, (p.split() for p in self.query.get("$orderby", "").split(","))):
            if len(part) > 2 or (len(part) == 2 and part[1].lower() not in ("asc", "desc")):
                raise bad_request(f"Invalid $orderby: '{' '.join(part)[:60]}'.", "BadRequest")
            found.append((part[0], part[-1].lower() == "desc" and len(part) == 2))
        return found

    @property
    def expand(self) -> str:
        return self.query.get("$expand", "")

    @property
    def expanded_properties(self) -> list[str]:
        """The ids of extended properties asked for by `$expand=singleValueExtendedProperties($filter=id eq
        '..')`.
        """
        if "singlevalueextendedproperties" not in self.expand.lower():
            return []
        return [name.replace("''", "'") for name in _PROPERTY_ID.findall(self.expand)]

    def count_option(self, name: str, default: int) -> int:
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise bad_request(f"Invalid value '{text[:20]}' for {name} query option.", "BadRequest")
        return int(text)

    def preferred_page(self, default: int) -> int:
        """The page size asked for by `Prefer: odata.maxpagesize`."""
        wanted = preference(self.headers, "odata.maxpagesize")
        return int(wanted[:6]) if wanted.isascii() and wanted.isdigit() else default

    @property
    def zone(self) -> tuple[ZoneInfo | None, str]:
        """The zone in which times are wanted, and the name the caller gave it; UTC unless preferred
        otherwise.
        """
        name = preference(self.headers, "outlook.timezone")
        return (zone_named(name), name) if name else (None, "UTC")

    # Replies ----------------------------------------------------------------------------------------

    @evidence(
        "documented",
        "The context names what was selected: #users(displayName,id).",
        "graph docs, api/user-list-events.md and api/user-delta.md (example responses)",
    )
    def context(self, what: str) -> str:
        whole, entity, _ = what.partition("/$entity")
        selected = f"({','.join(self.select)})" if self.select else ""
        return f"{self.base}/$metadata#{whole}{selected}{entity}"

    def page(self, what: str, items: list[Any], default: int, view: Callable[[Any], Json]) -> Reply:
        """One page of `items` as a collection, with a nextLink when there is more."""
        size = self.count_option("$top", self.preferred_page(default))
        if not 0 < size <= LARGEST_PAGE:
            raise bad_request(f"Invalid value '{size}' for $top query option: it must be 1 to 999.", "BadRequest")
        skip = self.count_option("$skip", 0)
        body: Json = {"@odata.context": self.context(what)}
        if self.query.get("$count", "").lower() == "true":
            body["@odata.count"] = len(items)
        body["value"] = [view(item) for item in items[skip : skip + size]]
        if len(items) > skip + size:
            options = {**self.query, "$skip": str(skip + size)}
            body["@odata.nextLink"] = f"{self.base}{self.path}?{urlencode(options)}"
        return Reply(200, body)


@evidence(
    "documented",
    "The $ before an OData option may be left out: select=id is $select=id.",
    "learn.microsoft.com/graph/query-parameters",
)
def _option(name: str) -> str:
    return f"${name}" if name in _ODATA else name


def chosen(full: Json, select: list[str], what: str) -> Json:
    """`full` with only the selected properties (and annotations). Raises 400 for one it does not have."""
    if not select:
        return full
    unknown = [name for name in select if name not in full]
    if unknown:
        raise bad_request(
            f"Could not find a property named '{unknown[0][:60]}' on type '{what}'.",
            "RequestBroker--ParseUri",
        )
    kept = {name: value for name, value in full.items() if name.startswith("@odata.")}
    kept["id"] = full.get("id")
    return {**kept, **{name: full[name] for name in select}}
