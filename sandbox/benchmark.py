"""How many small requests a second the sandbox answers, beside a bare Starlette "hello" on the same server.

Reads of a single resource, three of them under way at a time, since a mailbox takes no more than four.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.server import listen

_CONNECTIONS = 3
_REQUESTS = 6000
_WARM_UP = 300


def benchmark(requests: int = _REQUESTS) -> str:
    """A table for people; takes some seconds. Raises OSError, or ValueError for an answer that is not 200."""
    with _served("-m", "sandbox", "--json") as about, _served("-m", "sandbox.benchmark") as hello:
        bearer = {"Authorization": f"Bearer {_token(about)}"}
        user = f"/v1.0/users/{about['people'][0]['userPrincipalName']}"
        listed = urlopen(Request(f"{about['entra']}{user}/events?$top=1&$select=id", headers=bearer))  # noqa: S310
        event = json.load(listed)["value"][0]["id"]
        graph = about["entra"]
        rates = {
            "a bare Starlette hello": _rate(hello["entra"], "/", {}, requests),
            "GET /users/{id}": _rate(graph, user, bearer, requests),
            "GET /users/{id}/events/{id}": _rate(graph, f"{user}/events/{event}", bearer, requests),
        }
    lines = [f"{name:<28} {rate:>7,.0f} requests a second" for name, rate in rates.items()]
    return "\n".join([*lines, f"({requests:,} each, {_CONNECTIONS} at a time, one server process)"])


@contextmanager
def _served(*arguments: str) -> Iterator[dict[str, Any]]:
    """A server in a process of its own, for as long as it is needed, and what its first line says."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _token(about: dict[str, Any]) -> str:
    form = {
        "client_id": about["client_id"],
        "client_secret": about["client_secret"],
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{about['entra']}/{about['tenant_id']}/oauth2/v2.0/token"
    with urlopen(url, urlencode(form).encode()) as answer:  # noqa: S310
        return str(json.load(answer)["access_token"])


def _rate(url: str, path: str, headers: dict[str, str], requests: int) -> float:
    """Answers a second, all of them 200."""
    host = urlsplit(url)
    lines = [f"GET {path} HTTP/1.1", f"Host: {host.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    asked = "\r\n".join([*lines, "", ""]).encode()
    connections = [socket.create_connection((host.hostname or "", host.port or 80)) for _ in range(_CONNECTIONS)]
    try:
        _ask(connections, asked, _WARM_UP)
        began = time.perf_counter()
        _ask(connections, asked, requests)
        return requests / (time.perf_counter() - began)
    finally:
        for each in connections:
            each.close()


def _ask(connections: list[socket.socket], asked: bytes, count: int) -> None:
    for _ in range(count // len(connections)):
        for connection in connections:
            connection.sendall(asked)
        for connection in connections:
            _read(connection)


def _read(connection: socket.socket) -> None:
    """Takes one whole answer off the connection. Raises ValueError if it is no 200."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += _more(connection)
    head, _, body = found.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError(f"The answer was {head.splitlines()[0].decode('latin-1')}.")
    length = int(head.lower().partition(b"content-length:")[2].split(None, 1)[0])
    left = length - len(body)
    while left > 0:
        left -= len(_more(connection))


def _more(connection: socket.socket) -> bytes:
    found = connection.recv(65_536)
    if not found:
        raise ConnectionError("The server closed the connection.")
    return found


def _hello(_: Asked) -> PlainTextResponse:
    return PlainTextResponse("hello")


def _serve_hello() -> None:
    listening = listen(0)
    # Whoever reads the line comes at once, and must not be earlier than uvicorn.
    listening.listen()
    print(json.dumps({"entra": f"http://127.0.0.1:{listening.getsockname()[1]}"}), flush=True)
    app = Starlette(routes=[Route("/", _hello)])
    config = uvicorn.Config(app, access_log=False, log_config=None, lifespan="off", proxy_headers=False, ws="none")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    _serve_hello()
