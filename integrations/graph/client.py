"""The one Graph client of a process: where it may go, with which token, and never retrying by itself."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, runtime_checkable
from urllib.parse import urlsplit

import httpx
from kiota_abstractions.authentication import AccessTokenProvider, BaseBearerTokenAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import RetryHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_request_adapter import options as sdk_options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

from config.settings import Settings
from integrations.graph.errors import GraphTrouble, TokenRejected, graph_words

Q = TypeVar("Q")

IN_FLIGHT = 3
"""Calls at a time in one mailbox: Exchange refuses an app's fifth (MailboxConcurrency in throttling-limits)."""

PREFERENCES = 'IdType="ImmutableId", outlook.timezone="UTC"'


class ForeignHost(Exception):
    """A request was about to leave for somewhere else than Graph; it got no token and did not go."""


class TokensForGraphOnly(BaseBearerTokenAuthenticationProvider):
    """Adds the token to requests for Graph's own origin, and stops all others (a forged nextLink, say).

    kiota's own check compares the host name only, and lets what fails it go out without a token.
    """

    def __init__(self, tokens: AccessTokenProvider, base_url: str) -> None:
        super().__init__(tokens)
        self._origin = _origin(base_url)

    async def authenticate_request(
        self, request: RequestInformation, additional_authentication_context: dict[str, Any] | None = None
    ) -> None:
        """Raises ForeignHost."""
        if _origin(request.url) != self._origin:
            raise ForeignHost(f"A request was meant for {urlsplit(request.url).hostname}, which is not Graph.")
        await super().authenticate_request(request, additional_authentication_context or {})


@runtime_checkable
class Forgetful(Protocol):
    """Tokens that can be fetched anew."""

    def forget(self) -> None: ...


class Graph:
    """The SDK's client and its connections; one per event loop. An async context manager, or `aclose` it."""

    def __init__(
        self, service: GraphServiceClient, wire: httpx.AsyncHTTPTransport, tokens: AccessTokenProvider
    ) -> None:
        self.service = service
        self._wire = wire
        self._tokens = tokens
        self._lanes = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(IN_FLIGHT))

    @asynccontextmanager
    async def words(self, doing: str, permission: str, mailbox: str) -> AsyncIterator[None]:
        """`graph_words`, in a lane of `mailbox`: its other calls wait while three are in flight.

        A trouble learns whom it is about. A refused token is also forgotten, so that the next try fetches a new one.
        """
        try:
            async with self._lanes[mailbox.casefold()], graph_words(doing, permission):
                yield
        except GraphTrouble as trouble:
            trouble.permission, trouble.mailbox = permission, mailbox
            if isinstance(trouble, TokenRejected) and isinstance(self._tokens, Forgetful):
                self._tokens.forget()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        # Closing the HTTP client would leave its connections open: the SDK's transport does not pass it on.
        await self._wire.aclose()


def open_graph(settings: Settings, tokens: AccessTokenProvider) -> Graph:
    """The client for settings.graph_url: the sandbox's in sandbox mode, Microsoft's otherwise."""
    no_retries = RetryHandlerOption(max_retries=0, should_retry=False)
    # HTTP/2 over TLS only: a cleartext connection stays HTTP/1.1.
    wire = httpx.AsyncHTTPTransport(http2=True, trust_env=False)
    http = GraphClientFactory.create_with_default_middleware(
        client=httpx.AsyncClient(
            base_url=settings.graph_url, timeout=httpx.Timeout(30), transport=wire, trust_env=False
        ),
        options={**sdk_options, RetryHandlerOption.get_key(): no_retries},
    )
    adapter = GraphRequestAdapter(TokensForGraphOnly(tokens, settings.graph_url), client=http)
    # Taken from the HTTP client it would end in a slash, and paths begin with a second one.
    adapter.base_url = settings.graph_url
    return Graph(GraphServiceClient(request_adapter=adapter), wire, tokens)


def asking(query: Q | None = None, if_match: str | None = None) -> RequestConfiguration[Q]:
    """What goes with a request: ids that stay when an item moves, times in UTC; `if_match` is an etag."""
    headers = HeadersCollection()
    headers.add("Prefer", PREFERENCES)
    if if_match:
        headers.add("If-Match", if_match)
    return RequestConfiguration(headers=headers, query_parameters=query)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
