"""A stand-in for Graph over real HTTP that answers what a test tells it, and remembers what it was asked."""

import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest
import uvicorn
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from config.settings import Settings
from integrations.graph.client import Graph, open_graph

JSON = "application/json;odata.metadata=minimal"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class StubGraph:
    """Answers in turn with what `answers` got; the last answer stays."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    queue: list[Response] = field(default_factory=list)

    def answers(self, status: int, body: Any = None, **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "text/html" if isinstance(body, str) else JSON
        self.queue.append(Response(content, status, names, kind))

    def refuses(self, status: int, code: str, **headers: str) -> None:
        self.answers(status, {"error": {"code": code, "message": "Ann wrote: the canary sings"}}, **headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.asked.append(
            Asked(
                request.method,
                request.url.path,
                dict(request.query_params),
                dict(request.headers),
                json.loads(body) if body and "json" in request.headers["content-type"] else body or None,
            )
        )
        answer = self.queue.pop(0) if len(self.queue) > 1 else self.queue[0]
        await answer(scope, receive, send)


class CountedTokens(AccessTokenProvider):
    """Gives token-1, and after each `forget` the next."""

    def __init__(self) -> None:
        self.number = 1
        self.doubts = 0

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        return f"token-{self.number}"

    def forget(self) -> None:
        self.number += 1

    def doubt(self) -> None:
        self.doubts += 1


@pytest.fixture(scope="session")
def serving() -> Iterator[StubGraph]:
    stub = StubGraph()
    # Bound here, so that it takes calls at once: they wait in the backlog until the server runs.
    listening = socket.create_server(("127.0.0.1", 0))
    stub.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(stub, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    thread = Thread(target=server.run, args=([listening],))
    thread.start()
    yield stub
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def stub(serving: StubGraph) -> StubGraph:
    serving.asked.clear()
    serving.queue.clear()
    return serving


@pytest.fixture
def settings_for() -> Callable[[str], Settings]:
    def build(url: str) -> Settings:
        return Settings.model_validate(
            {
                "tenant_id": "11111111-1111-1111-1111-111111111111",
                "client_id": "22222222-2222-2222-2222-222222222222",
                "client_secret": "secret",
                "sandbox_url": url,
                "service_mailbox": "checkins@meadow.example",
                "encryption_keys": "zoYpS1yJ9n2eYg3q5bq3C0m0v0Qw2mYp4mYQ0rJmJ1E=",
                "session_key": "s" * 32,
            }
        )

    return build


@pytest.fixture
def tokens() -> CountedTokens:
    return CountedTokens()


@pytest.fixture
async def graph(
    stub: StubGraph, tokens: CountedTokens, settings_for: Callable[[str], Settings]
) -> AsyncIterator[Graph]:
    async with open_graph(settings_for(stub.url), tokens) as graph:
        yield graph
