"""A stand-in for Entra over real HTTP: it signs what a test tells it to, with the key a test tells it to."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from config.settings import Settings

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "22222222-2222-2222-2222-222222222222"
ENTRA = "https://login.microsoftonline.com"


@dataclass
class StubEntra:
    """`keys` are published under their names; `id_token` is handed out for any code."""

    url: str = ""
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    id_token: str = ""
    refusal: tuple[int, Any] | None = None
    forms: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    identity: dict[str, Any] = field(default_factory=dict)
    identity_status: int = 200
    identity_asked: list[dict[str, str]] = field(default_factory=list)

    def claims(self, nonce: str, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": f"{ENTRA}/{TENANT}/v2.0",
            "aud": CLIENT,
            "sub": "sub-ann",
            "oid": "oid-ann",
            "tid": TENANT,
            "name": "Ann",
            "preferred_username": "ann@meadow.example",
            "nonce": nonce,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "roles": ["HR"],
            "ver": "2.0",
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def sign(self, claims: dict[str, Any], kid: str = "k1") -> str:
        return jwt.encode(claims, self.keys[kid], "RS256", {"kid": kid})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = request.url.path
        if path == "/msi/token":
            self.identity_asked.append(dict(request.query_params))
            await JSONResponse(self.identity, self.identity_status)(scope, receive, send)
            return
        self.paths.append(path)
        body = (await request.body()).decode()
        if body:
            self.forms.append({name: values[0] for name, values in parse_qs(body).items()})
        await self._answer(path)(scope, receive, send)

    def _answer(self, path: str) -> Response:
        if path.endswith("/openid-configuration"):
            base = f"{ENTRA}/{TENANT}"
            return JSONResponse(
                {
                    "issuer": f"{base}/v2.0",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{self.url}/{TENANT}/oauth2/v2.0/authorize",
                    "jwks_uri": f"{base}/discovery/v2.0/keys",
                }
            )
        if path.endswith("/keys"):
            published = []
            for kid, key in self.keys.items():
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
                published.append(public | {"kid": kid, "use": "sig"})
            return JSONResponse({"keys": published})
        if self.refusal:
            status, refused = self.refusal
            return Response(refused, status) if isinstance(refused, str) else JSONResponse(refused, status)
        answer = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{len(self.forms)}"}
        if self.forms[-1]["grant_type"] == "authorization_code":
            answer |= {"id_token": self.id_token, "scope": "openid profile", "client_info": "eyJ1aWQiOiJ1In0"}
        return JSONResponse(answer)


@pytest.fixture(scope="session")
def serving() -> Iterator[StubEntra]:
    stub = StubEntra()
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


@pytest.fixture(scope="session")
def spare_keys() -> list[rsa.RSAPrivateKey]:
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


@pytest.fixture
def entra(serving: StubEntra, spare_keys: list[rsa.RSAPrivateKey]) -> StubEntra:
    serving.keys = {"k1": spare_keys[0]}
    serving.id_token = ""
    serving.refusal = None
    serving.forms.clear()
    serving.paths.clear()
    serving.identity, serving.identity_status = {}, 200
    serving.identity_asked.clear()
    return serving


@pytest.fixture
def settings_for() -> Callable[..., Settings]:
    def build(url: str, **changes: Any) -> Settings:
        given = {
            "tenant_id": TENANT,
            "client_id": CLIENT,
            "client_secret": "the-secret",
            "sandbox_url": url,
            "service_mailbox": "checkins@meadow.example",
            "encryption_keys": "zoYpS1yJ9n2eYg3q5bq3C0m0v0Qw2mYp4mYQ0rJmJ1E=",
            "session_key": "s" * 32,
        }
        return Settings.model_validate({name: value for name, value in (given | changes).items() if value is not None})

    return build
