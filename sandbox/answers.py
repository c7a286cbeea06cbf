"""What goes back over the wire: an answer, a refusal in Graph's words, and the failures that somebody ordered."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from sandbox.errors import GraphError
from sandbox.faults import Fault, Order
from sandbox.wire import Receive, hold, reset

_CODES = {
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    429: "ApplicationThrottled",
    503: "serviceNotAvailable",
    504: "gatewayTimeout",
    500: "generalException",
}
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(slots=True)
class Answer:
    """`breaks`: the connection does so in the middle of it, by order of a fault."""

    status: int
    headers: dict[str, str]
    content: bytes
    breaks: bool = False

    def refuse(self, error: GraphError, now: datetime) -> None:
        """Becomes a refusal; `now` is the (virtual) UTC instant it is stamped with."""
        ids = self.headers.get("request-id", ""), self.headers.get("client-request-id", "")
        self.status, self.content = error.status, json.dumps(error.as_json(now, *ids)).encode()
        self.headers.update(error.headers)


async def suffer(fault: Fault, receive: Receive) -> None:
    """Lives through what was ordered before an answer is given. Raises UnansweredError if none is to be given."""
    order = fault.order
    if order.fault == "slow":
        # A client that does not wait for it leaves nothing under way.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(order.seconds) as wait:
                fault.waits.add(wait)
                try:
                    await hold(receive)
                finally:
                    fault.waits.remove(wait)
    elif order.fault == "hold":
        await hold(receive)
    elif order.fault == "reset" and order.when != "midway":
        reset(receive)


def ordered(order: Order, headers: Mapping[str, str], now: datetime) -> Answer:
    """The error that was ordered; a 502 comes as a gateway's HTML page, as it does live."""
    found = Answer(order.status, dict(headers), b"")
    if order.status == 502:
        found.headers["content-type"], found.content = "text/html", _GATEWAY
    else:
        code = order.code or _CODES.get(order.status, "UnknownError")
        found.refuse(GraphError(order.status, code, _words(order.status)), now)
    found.headers.update(order.headers)
    if order.retry_after is not None:
        found.headers["retry-after"] = str(order.retry_after)
    return found


def _words(status: int) -> str:
    try:
        known = HTTPStatus(status)
    except ValueError:
        return "This refusal was ordered from the sandbox tenant."
    return known.description or known.phrase
