"""Graph over HTTP: who calls, which mailbox, how many at once, which fault stands in the way, which handler
answers.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox import batch, calendars, directory, free_busy, mail, mailbox_settings
from sandbox.calls import Call, Reply
from sandbox.errors import GraphError, not_served, unauthenticated
from sandbox.routing import Route, Routes, split_path
from sandbox.tenant import App, Tenant
from sandbox.tokens import BearerError, Mint

log = logging.getLogger("sandbox")
CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_NOT_SEGMENTS = ("delta", "$count", "$ref")


def all_routes() -> Routes:
    routes = Routes()
    for part in (batch, directory, mailbox_settings, free_busy, calendars, mail):
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
            app = self._app(ask.headers.get("authorization", ""))
        except GraphError as error:
            return Found(None, None, None, {}, error)
        segments = split_path(ask.raw_path)
        found = self.routes.find(ask.method, segments)
        if found is None or any(s.lower().partition("(")[0] in _NOT_SEGMENTS for s in segments):
            log.warning("NOT SERVED: a client wanted %s /v1.0%s", ask.method, ask.raw_path)
            return Found(app, None, None, {}, not_served(ask.method, ask.raw_path))
        route, names = found
        mailbox = None
        if route.of_mailbox:
            account = self.tenant.account(names["user"])
            mailbox = account.mail if account else names["user"]
        return Found(app, mailbox, route, names, None)

    def handle(self, ask: Ask, found: Found, body: bytes, now: datetime) -> Reply:
        """Does what was asked. Raises GraphError."""
        if found.refusal is not None or found.route is None or found.app is None:
            raise found.refusal or not_served(ask.method, ask.raw_path)
        call = Call(
            tenant=self.tenant,
            app=found.app,
            method=ask.method,
            path=ask.raw_path,
            query_string=ask.query_string,
            headers=ask.headers,
            raw_body=body,
            now=now,
            base=ask.base,
            names=found.names,
        )
        return found.route.handler(call)

    def _app(self, authorization: str) -> App:
        kind, _, bearer = authorization.partition(" ")
        if kind.lower() != "bearer" or not bearer.strip():
            raise unauthenticated("Access token is empty.")
        try:
            return self.mint.app_of(bearer.strip())
        except BearerError as error:
            raise unauthenticated(str(error)) from error


def answer_headers(ask_headers: Mapping[str, str]) -> dict[str, str]:
    """What every answer of Graph carries."""
    request_id = str(uuid.uuid4())
    headers = {"content-type": CONTENT_TYPE, "cache-control": "private", "request-id": request_id}
    headers["client-request-id"] = ask_headers.get("client-request-id") or request_id
    if "outlook.timezone" in ask_headers.get("prefer", "").lower():
        headers["preference-applied"] = ask_headers["prefer"][:200]
    return headers
