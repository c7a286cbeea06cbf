"""The lowest layer: reading a request's body, sending an answer, and the two ways of never sending one."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class UnansweredError(Exception):
    """There is nobody to answer any more, by order of a fault or because the client left."""


# One byte more than anybody here takes.
_MOST = 4 * 1024 * 1024 + 1


async def read_all(receive: Receive) -> bytes:
    """The whole body, or the beginning of one that is too large anyway. Raises UnansweredError if the client
    leaves before its end.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        found: bytes = message.get("body", b"")
        return found
    parts, size = [], 0
    while message["type"] == "http.request":
        if size < _MOST:
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise UnansweredError


async def answer(send: Send, status: int, headers: Mapping[str, str], content: bytes) -> None:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    if status != 204:
        pairs.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})


async def answer_half(send: Send, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Announces the whole answer and sends half of it."""
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    pairs.append((b"content-length", str(max(len(content), 2)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})


async def hold(receive: Receive) -> None:
    """Says nothing until the client has gone away. Raises UnansweredError then."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise UnansweredError


def reset(receive: Receive) -> None:
    """Breaks the connection without a word. Raises UnansweredError.

    ASGI has no way to say this, so it takes the transport from uvicorn's request cycle, whose bound method
    `receive` is.
    """
    cycle: Any = getattr(receive, "__self__", None)
    if cycle is not None:
        cycle.transport.abort()
    raise UnansweredError
