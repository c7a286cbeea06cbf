"""Graph over HTTP: who calls, which mailbox, how many at once, which fault stands in the way, which handler
answers.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sandbox import (
    batch,
    calendar_delta,
    calendars,
    directory,
    directory_delta,
    free_busy,
    mail,
    mailbox_settings,
    replies,
    responses,
    subscriptions,
)
from sandbox.app_registrations import App
from sandbox.calls import Call, Reply
from sandbox.delivery import deliver_due
from sandbox.errors import GraphError, challenged, not_served, unauthenticated
from sandbox.evidence import evidence
from sandbox.permissions import Granted, authorize, denied, needed, without_details
from sandbox.query_options import check_options
from sandbox.routing import Route, Routes, split_path
from sandbox.tenant import Tenant
from sandbox.tokens import BearerError, ClaimsChallengeError, Mint

log = logging.getLogger("sandbox")
CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
# Where these stand for an id, a client wanted a function or a count that is not served there.
_NOT_IDS = ("delta", "$count", "$ref", "$value")
_PARTS = (
    batch,
    directory,
    directory_delta,
    calendar_delta,
    mailbox_settings,
    free_busy,
    calendars,
    mail,
    replies,
    responses,
    subscriptions,
)


def all_routes() -> Routes:
    routes = Routes()
    for part in _PARTS:
        part.add_routes(routes)
    return routes


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as it came in, before anybody knows whether Graph serves it."""

    method: str
    raw_path: str
    query_string: str
    headers: Mapping[str, str]
    base: str


@dataclass(slots=True)
class Found:
    """What is known of a request before it is handled. Exactly one of `route` and `refusal` is there."""

    app: App | None
    granted: Granted | None
    mailbox: str | None
    route: Route | None
    names: Mapping[str, str]
    refusal: GraphError | None


@dataclass(slots=True)
class Graph:
    tenant: Tenant
    mint: Mint
    routes: Routes = field(default_factory=all_routes)

    def find(self, ask: Ask) -> Found:
        """Checks the bearer and finds the route."""
        try:
            granted = self._granted(ask.headers.get("authorization", ""))
        except GraphError as error:
            return Found(None, None, None, None, {}, error)
        segments = split_path(ask.raw_path)
        found = self.routes.find(ask.method, segments)
        if found is None or any(s.lower().partition("(")[0] in _NOT_IDS for s in found[1].values()):
            log.warning("NOT SERVED: a client wanted %s /v1.0%s", ask.method, ask.raw_path)
            return Found(granted.app, granted, None, None, {}, not_served(ask.method, ask.raw_path))
        route, names = found
        mailbox = None
        if route.of_mailbox:
            account = self.tenant.account(names["user"])
            mailbox = account.mail if account else names["user"]
        return Found(granted.app, granted, mailbox, route, names, None)

    def handle(self, ask: Ask, found: Found, body: bytes, now: datetime) -> Reply:
        """Does what was asked. Raises GraphError."""
        deliver_due(self.tenant, now)
        if found.refusal is not None or found.route is None or found.granted is None:
            raise found.refusal or not_served(ask.method, ask.raw_path)
        call = Call(
            tenant=self.tenant,
            app=found.granted.app,
            granted=found.granted,
            method=ask.method,
            path=ask.raw_path,
            query_string=ask.query_string,
            headers=ask.headers,
            raw_body=body,
            now=now,
            base=ask.base,
            names=found.names,
        )
        authorize(self.tenant, found.granted, ask.method, found.route.pattern, found.names, call.query)
        try:
            check_options(call.query, found.route.of_mailbox)
        except GraphError as error:
            log.warning("NOT SERVED: a client wanted %s /v1.0%s: %s", ask.method, ask.raw_path, error)
            raise
        reply = found.route.handler(call)
        if reply.body is None:
            return reply
        pattern = found.route.pattern
        shown = without_details(self.tenant, found.granted, ask.method, pattern, found.names, reply.body)
        return reply if shown is reply.body else replace(reply, body=shown)

    def ordered(self, fault: str, found: Found) -> GraphError | None:
        """The refusal that a fault of authorization stands for: `consent` taken away, or a `claims` challenge."""
        if found.app is None or found.route is None:
            return None
        if fault == "claims":
            return challenged(str(ClaimsChallengeError(0)), self.mint.revoke(found.app))
        need = needed(found.route.method, found.route.pattern)
        return denied(need.workload if need else "exchange")

    def _granted(self, authorization: str) -> Granted:
        kind, _, bearer = authorization.partition(" ")
        if kind.lower() != "bearer" or not bearer.strip():
            raise unauthenticated("Access token is empty.")
        try:
            return self.mint.granted(bearer.strip())
        except ClaimsChallengeError as error:
            raise challenged(str(error), error.since) from error
        except BearerError as error:
            raise unauthenticated(str(error)) from error


@evidence(
    "documented",
    "Every answer has a request-id, and gives the client-request-id back that it was asked with.",
    "learn.microsoft.com/graph/best-practices-concept, reliability and support",
)
def answer_headers(ask_headers: Mapping[str, str]) -> dict[str, str]:
    """What every answer of Graph carries."""
    request_id = str(uuid.uuid4())
    headers = {"content-type": CONTENT_TYPE, "cache-control": "private", "request-id": request_id}
    headers["client-request-id"] = ask_headers.get("client-request-id") or request_id
    return headers
