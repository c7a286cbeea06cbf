"""Graph as it answers, not in our words: for questions about Graph itself, whose statuses and codes are the answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
from kiota_abstractions.authentication import AccessTokenProvider

from config.settings import Settings
from integrations.graph.client import PREFERENCES
from integrations.graph.errors import graph_words

TRIES = 3
LONGEST_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is that of an error, or empty; `body` is {} where there was no JSON object."""

    status: int
    code: str
    body: Mapping[str, Any] = field(hash=False)

    @property
    def well(self) -> bool:
        return self.status < 400


class PlainGraph:
    """Asks what the SDK has no words for. An async context manager; calls raise GraphTrouble when nothing answers."""

    def __init__(self, settings: Settings, tokens: AccessTokenProvider) -> None:
        self.url = settings.graph_url
        self._tokens = tokens
        self._http = httpx.AsyncClient(timeout=30, trust_env=False)

    async def ask(
        self, method: str, path: str, body: Any = None, *, mime: bytes | None = None, prefer: str = PREFERENCES
    ) -> Answer:
        """The answer to a request, whatever its status; `path` begins with a slash and is below Graph's base URL.

        One that is throttled is asked again, as Graph has not done it.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"{path} is no path of Graph's")
        doing = f"ask Microsoft Graph to {method} {path.split('?')[0].rsplit('/', 1)[-1]}"
        for attempt in range(1, TRIES + 1):
            async with graph_words(doing, "what the README asks for"):
                token = await self._tokens.get_authorization_token(self.url)
                headers = {"Authorization": f"Bearer {token}", "Prefer": prefer}
                if mime is not None:
                    headers["Content-Type"] = "text/plain"
                response = await self._http.request(method, self.url + path, headers=headers, json=body, content=mime)
            if response.status_code != 429 or attempt == TRIES:
                break
            await asyncio.sleep(min(_seconds(response), LONGEST_WAIT_SECONDS))
        return _answer(response)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()


def _answer(response: httpx.Response) -> Answer:
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    error = body.get("error")
    return Answer(response.status_code, str(error.get("code", "")) if isinstance(error, dict) else "", body)


def _seconds(response: httpx.Response) -> int:
    given = response.headers.get("Retry-After", "")
    return int(given) if given.isdecimal() else 10
