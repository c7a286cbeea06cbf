"""Entra over HTTP: discovery, keys, and which endpoint answers what; its errors carry AADSTS numbers."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.entra_calls import Ask, EntraError
from sandbox.sign_in import SignIn
from sandbox.sign_in_page import trouble_page
from sandbox.token_endpoint import TokenEndpoint
from sandbox.tokens import LOGIN, Mint

log = logging.getLogger("sandbox")
_ALIASES = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]


_CLAIMS = "sub iss aud exp iat nonce name preferred_username oid tid"


@dataclass(slots=True)
class Entra:
    mint: Mint
    sign_in: SignIn = field(init=False)
    tokens: TokenEndpoint = field(init=False)

    def __post_init__(self) -> None:
        self.sign_in = SignIn(self.mint)
        self.tokens = TokenEndpoint(self.mint, self.sign_in.codes)

    def answer(self, ask: Ask) -> tuple[Response, str | None]:
        """The response, and the client id concerned if there is one."""
        path = "/".join(ask.segments).lower()
        if path == "common/discovery/instance":
            return JSONResponse(self._instance()), None
        page = self._page(path.partition("/")[2], ask.method)
        if page is None:
            log.warning("NOT SERVED: a client wanted %s /%s", ask.method, path)
            trouble = {
                "code": "ResourceNotFound",
                "message": f"The sandbox tenant does not serve {ask.method} /{path}.",
            }
            return JSONResponse({"error": trouble}, 404), None
        client = ask.form.get("client_id") or ask.options.get("client_id")
        try:
            self._check_tenant(ask.segments[0])
            return page(ask), client
        except EntraError as error:
            if path.endswith("/authorize"):
                return HTMLResponse(trouble_page(error.message), error.status), client
            return self._refusal(error, ask), client

    def _page(self, rest: str, method: str) -> Callable[[Ask], Response] | None:
        pages: dict[tuple[str, str], Callable[[Ask], Response]] = {
            ("GET", "v2.0/.well-known/openid-configuration"): self._configuration,
            ("GET", "discovery/v2.0/keys"): self._keys,
            ("POST", "oauth2/v2.0/token"): self.tokens.answer,
            ("GET", "oauth2/v2.0/authorize"): self.sign_in.authorize,
            ("POST", "oauth2/v2.0/authorize"): self.sign_in.authorize,
            ("GET", "oauth2/v2.0/logout"): self.sign_in.logout,
        }
        return pages.get((method, rest))

    def _check_tenant(self, name: str) -> None:
        tenant = self.mint.tenant
        domain = tenant.organization.service.mail.partition("@")[2]
        if name.lower() not in (tenant.id, "common", "organizations", domain):
            raise EntraError("invalid_tenant", 90002, f"Tenant '{name[:60]}' not found. Check the tenant id.")

    # Discovery ------------------------------------------------------------------------------------

    def _instance(self) -> dict[str, object]:
        return {
            "tenant_discovery_endpoint": f"{self.mint.issuer}/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": _ALIASES[0],
                    "preferred_cache": "login.windows.net",
                    "aliases": _ALIASES,
                }
            ],
        }

    def _configuration(self, ask: Ask) -> Response:
        """What only programs use is on the real host, as in production; what a browser opens is here."""
        tid = self.mint.tenant.id
        return JSONResponse(
            {
                "token_endpoint": f"{LOGIN}/{tid}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "jwks_uri": f"{LOGIN}/{tid}/discovery/v2.0/keys",
                "response_modes_supported": ["query"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": self.mint.issuer,
                "authorization_endpoint": f"{ask.base}/{tid}/oauth2/v2.0/authorize",
                "end_session_endpoint": f"{ask.base}/{tid}/oauth2/v2.0/logout",
                "code_challenge_methods_supported": ["S256"],
                "claims_supported": _CLAIMS.split(),
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
                "cloud_graph_host_name": "graph.windows.net",
                "msgraph_host": "graph.microsoft.com",
            }
        )

    def _keys(self, ask: Ask) -> Response:
        return JSONResponse({"keys": [{**key.jwk, "issuer": self.mint.issuer} for key in self.mint.keys]})

    def _refusal(self, error: EntraError, ask: Ask) -> Response:
        trace, correlation = str(uuid.uuid4()), ask.headers.get("client-request-id") or str(uuid.uuid4())
        moment = datetime.fromtimestamp(self.mint.wall(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        description = f"{error.message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
        return JSONResponse(
            {
                "error": error.kind,
                "error_description": description,
                "error_codes": [error.number],
                "timestamp": moment,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"{LOGIN}/error?code={error.number}",
            },
            error.status,
        )
