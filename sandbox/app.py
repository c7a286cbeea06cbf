"""The ASGI application: one loopback port for Graph, Entra, the control plane and the page for people."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sandbox import batch, graph
from sandbox.answers import Answer, ordered, suffer
from sandbox.bodies import read_body
from sandbox.calls import Reply
from sandbox.clock import Clock, ClockError
from sandbox.control import Control
from sandbox.delivery import deliver_due
from sandbox.entra import Entra
from sandbox.entra_calls import Ask, read_form
from sandbox.errors import GraphError
from sandbox.faults import REFUSALS, Faults
from sandbox.graph import Graph
from sandbox.ledger import Entry, Ledger
from sandbox.limits import Limits
from sandbox.notifications import Notifications
from sandbox.page import POLICY, View, people_page
from sandbox.preferences import applied
from sandbox.routing import split_path
from sandbox.tenant import Tenant
from sandbox.tokens import Mint
from sandbox.wire import Receive, Scope, Send, UnansweredError, answer, answer_half, read_all, reset

log = logging.getLogger("sandbox")
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?", re.I | re.ASCII)
# In any case, and after any number of slashes, as Graph takes all of its paths.
_GRAPH = re.compile(r"/+v1\.0(?=/|$)", re.I)


@dataclass(slots=True)
class Request:
    """What all three faces need of a request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    origin: str
    receive: Receive

    @property
    def options(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(slots=True)
class Sandbox:
    """Everything that lives behind the port."""

    tenant: Tenant
    mint: Mint
    clock: Clock
    graph: Graph
    entra: Entra
    notifications: Notifications
    ledger: Ledger = field(default_factory=Ledger)
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    # Called once the deed is done and before anybody hears of it.
    before_answer: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers: dict[str, str] = {}
        for raw, value in scope["headers"]:
            name, text = raw.decode("latin-1"), value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
        raw_path = scope["raw_path"].decode("latin-1").partition("?")[0]
        origin = _origin(headers)
        query = scope["query_string"].decode("latin-1")
        request = Request(scope["method"], raw_path, query, headers, origin, receive)
        try:
            if _GRAPH.match(raw_path):
                found = await self._graph(request)
                self.before_answer()
                if found.breaks:
                    await answer_half(send, found.status, found.headers, found.content)
                    reset(receive)
                await answer(send, found.status, found.headers, found.content)
                return
            if raw_path == "/" or raw_path.startswith("/_sandbox/"):
                response = await self._control(request)
            else:
                response = await self._entra(request)
            self.before_answer()
        except UnansweredError:
            return
        except ClockError as error:
            log.error("%s", error)
            response = self._failure(request, GraphError(503, "serviceNotAvailable", str(error)))
        except Exception:
            # The outermost layer: the caller hears it in Graph's words, and the log has the rest.
            log.exception("the sandbox tenant failed at %s %s", request.method, raw_path)
            trouble = GraphError(500, "generalException", "The sandbox tenant failed; its log says why.")
            response = self._failure(request, trouble)
        await response(scope, receive, send)

    def _failure(self, request: Request, error: GraphError) -> Response:
        """A refusal in Graph's words of what never came to a handler, stamped with real time."""
        found = Answer(0, graph.answer_headers(request.headers), b"")
        found.refuse(error, datetime.fromtimestamp(self.mint.wall(), UTC))
        return Response(found.content, found.status, found.headers)

    async def _graph(self, request: Request, content: bytes | None = None) -> Answer:
        """Counts the request in, asks the time, meets faults, handles, writes the ledger, counts out.

        `content` is the body of a request that is one of a batch.
        """
        ask = graph.Ask(
            method=request.method,
            raw_path=_GRAPH.sub("", request.path, count=1),
            query_string=request.query,
            headers=request.headers,
            base=f"{request.origin}/v1.0",
        )
        found = self.graph.find(ask)
        app, mailbox = (found.app.name if found.app else ""), found.mailbox
        in_flight = self.ledger.enter(app, mailbox) if mailbox else 1
        try:
            body = await read_all(request.receive) if content is None else content
            if mailbox and content is None:
                # Requests that came at once are under way at once, however quickly each is answered.
                await asyncio.sleep(0)
            now = await self.clock.now()
            fault = self.faults.meet(request.method, request.path, app)
            order = fault.order if fault else None
            result = Answer(0, graph.answer_headers(request.headers), b"")
            if order is not None and order.fault in REFUSALS:
                found.refusal = found.refusal or self.graph.ordered(order.fault, found)
            if order is None or order.commits:
                try:
                    if mailbox and found.refusal is None:
                        self.limits.check(app, mailbox, now, in_flight)
                    if found.route is not None and found.route.handler is batch.handled_by_the_app:
                        reply = await self._batch(request, body, now)
                    else:
                        reply = self.graph.handle(ask, found, body, now)
                    if reply.confirm is not None:
                        await reply.confirm()
                    result.status, result.content = reply.status, reply.encoded()
                    result.headers.update(reply.headers)
                    if not result.content:
                        # Clients read as JSON whatever calls itself JSON, and nothing is none.
                        del result.headers["content-type"]
                    if mailbox and (follows := applied(request.headers)):
                        result.headers["preference-applied"] = follows
                except GraphError as error:
                    result.refuse(error, now)
                self.notifications.notice(now)
            if order is not None and order.fault == "status":
                result = ordered(order, result.headers, now)
            entry = Entry(
                at=now,
                app=app or None,
                method=request.method,
                path=request.path,
                query=request.query,
                route=f"{request.method} {found.route.pattern}" if found.route else None,
                status=result.status,
                mailbox=mailbox,
                in_flight=in_flight,
                body_kind=request.headers.get("content-type", "").partition(";")[0] or None,
            )
            self.ledger.entries.append(entry)
            if order is not None and order.fault in ("hold", "reset") and order.when != "midway":
                entry.status = 0
            if fault is not None:
                await suffer(fault, request.receive)
                result.breaks = fault.order.when == "midway"
            return result
        finally:
            if mailbox:
                self.ledger.leave(app, mailbox)

    async def _batch(self, request: Request, body: bytes, now: datetime) -> Reply:
        """Serves each item as a request of its own; a reset or a silence of one is that of the whole batch."""

        async def serve(item: batch.Item) -> batch.Served:
            path, _, query = item.url.lstrip("/").partition("?")
            own = replace(request, method=item.method, path=f"/v1.0/{path}", query=query, headers=item.headers)
            found = await self._graph(own, item.body)
            if found.breaks:
                reset(request.receive)
            return found.status, found.headers, found.content

        def refuse(error: GraphError) -> batch.Served:
            found = Answer(0, graph.answer_headers(request.headers), b"")
            found.refuse(error, now)
            return found.status, found.headers, found.content

        items = batch.read_items(read_body(body), request.headers.get("authorization", ""))
        return Reply(200, await batch.answer_items(items, serve, refuse))

    async def _entra(self, request: Request) -> Response:
        body, now = await read_all(request.receive), await self.clock.now()
        # Queries and forms of Entra hold codes and secrets, so the ledger keeps neither.
        entry = Entry(now, None, request.method, request.path, "", None, 0, None, 1, None)
        self.ledger.entries.append(entry)
        ask = Ask(
            method=request.method,
            segments=split_path(request.path),
            options=request.options,
            form=read_form(body) if _is_form(request) else {},
            headers=request.headers,
            base=request.origin,
        )
        known = self.tenant.apps.get(ask.client_id)
        entry.app = known.name if known else None
        fault = self.faults.meet(request.method, request.path, entry.app or "")
        order = fault.order if fault else None
        if order is not None and order.fault == "reset":
            reset(request.receive)
        if fault is not None:
            await suffer(fault, request.receive)
        if order is not None and order.fault == "status":
            failure = ordered(order, {"content-type": "application/json"}, now)
            entry.status = failure.status
            if failure.headers["content-type"] == "application/json":
                failure.content = bytes(self.entra.ordered(order.status, order.code, ask).body)
            return Response(failure.content, failure.status, failure.headers)
        try:
            response = self.entra.answer(ask)
        except GraphError as error:
            response = self._failure(request, error)
        entry.status = response.status_code
        return response

    async def _control(self, request: Request) -> Response:
        now = await self.clock.now()
        deliver_due(self.tenant, now)
        if request.path == "/":
            return self._page(now, request.options)
        body = await read_all(request.receive)
        control = Control(self.tenant, self.mint, self.clock, self.ledger, self.faults, self.notifications)
        what = request.path.removeprefix("/_sandbox/")
        if what == "clock/advance" and _is_form(request):
            return await self._advance_from_page(control, request, body)
        response = await control.answer(request.method, what, request.options, body)
        self.notifications.notice(await self.clock.now())
        return response

    def _page(self, now: datetime, options: Mapping[str, str], note: str = "") -> Response:
        found = people_page(self.tenant, now, View.asked(options), note)
        return HTMLResponse(found, 409 if note else 200, {"content-security-policy": POLICY})

    async def _advance_from_page(self, control: Control, request: Request, body: bytes) -> Response:
        """A button of the page, and of no other site's: lives on, and comes back to the same person."""
        form = {name: value for name, value in read_form(body).items() if name in ("person", "find")}
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return JSONResponse({"error": "Only the sandbox tenant's own page may send this form."}, 403)
        days = read_form(body).get("days", "")
        wish = json.dumps({"days": int(days) if days in ("1", "7") else 0}).encode()
        answer = await control.answer("POST", "clock/advance", {}, wish)
        if answer.status_code == HTTPStatus.OK:
            return RedirectResponse(f"/?{urlencode(form)}", 303)
        return self._page(await self.clock.now(), form, json.loads(bytes(answer.body))["error"])


def build_app(tenant: Tenant, mint: Mint, clock: Clock) -> Sandbox:
    return Sandbox(tenant, mint, clock, Graph(tenant, mint), Entra(mint), Notifications(tenant, clock))


def _origin(headers: Mapping[str, str]) -> str:
    """Where the client believes to be, so that links lead back the same way: through a proxy that speaks TLS too."""
    scheme = headers.get("x-forwarded-proto", "").lower()
    host = headers.get("x-forwarded-host") or headers.get("host", "")
    return f"{scheme if scheme == 'https' else 'http'}://{host if _HOST.fullmatch(host) else '127.0.0.1'}"


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
