"""Entra over HTTP: discovery, keys, and which endpoint answers what; its errors carry AADSTS numbers."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.entra_calls import Ask, EntraError
from sandbox.errors import not_served
from sandbox.evidence import evidence
from sandbox.sign_in import SignIn
from sandbox.sign_in_page import trouble_page
from sandbox.token_endpoint import TokenEndpoint
from sandbox.tokens import LOGIN, Mint

log = logging.getLogger("sandbox")
_CODES = "learn.microsoft.com/entra/identity-platform/reference-error-codes"
_WORLD = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")
# The host that is preferred on the network, the one in caches, and all its names.
_CLOUDS = (
    ("login.microsoftonline.com", "login.windows.net", _WORLD),
    (
        "login.partner.microsoftonline.cn",
        "login.partner.microsoftonline.cn",
        ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    ),
    (
        "login.microsoftonline.us",
        "login.microsoftonline.us",
        ("login.microsoftonline.us", "login.usgovcloudapi.net"),
    ),
)
_HOSTS = tuple(alias for _, _, aliases in _CLOUDS for alias in aliases)
_CLAIMS = "sub iss aud exp iat nonce name preferred_username oid tid"
# What a fault by status says in Entra's words, where the order does not say it.
_TROUBLES = {
    429: ("temporarily_unavailable", 90055, "There are too many incoming requests."),
    500: ("server_error", 50000, "There was an issue with the sign-in service."),
}
_OUTAGE = ("temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")


@dataclass(slots=True)
class Entra:
    mint: Mint
    sign_in: SignIn = field(init=False)
    tokens: TokenEndpoint = field(init=False)

    def __post_init__(self) -> None:
        self.sign_in = SignIn(self.mint)
        self.tokens = TokenEndpoint(self.mint, self.sign_in.codes)

    def answer(self, ask: Ask) -> Response:
        """The response; a refusal has an AADSTS number, on a page where a browser asked. Raises GraphError for what
        neither Entra nor anybody else here serves.
        """
        path = "/".join(ask.segments).lower()
        if path == "common/discovery/instance" and ask.method == "GET":
            return self._instance(ask)
        page = self._page(path.partition("/")[2], ask.method)
        if page is None:
            asked = "/" + "/".join(ask.segments)
            log.warning("NOT SERVED: a client wanted %s %s", ask.method, asked[:200])
            raise not_served(ask.method, asked[:200])
        try:
            self._check_tenant(ask.segments[0])
            return page(ask)
        except EntraError as error:
            if path.endswith("/authorize"):
                return HTMLResponse(trouble_page(error.message), error.status)
            return self._refusal(error, ask)

    def _page(self, rest: str, method: str) -> Callable[[Ask], Response] | None:
        pages: dict[tuple[str, str], Callable[[Ask], Response]] = {
            ("GET", "v2.0/.well-known/openid-configuration"): self._configuration,
            ("GET", "discovery/v2.0/keys"): self._keys,
            ("POST", "oauth2/v2.0/token"): self.tokens.answer,
            ("GET", "oauth2/v2.0/authorize"): self.sign_in.authorize,
            ("POST", "oauth2/v2.0/authorize"): self.sign_in.authorize,
            ("GET", "oauth2/v2.0/logout"): self.sign_in.logout,
            ("POST", "oauth2/v2.0/logout"): self.sign_in.logout,
            ("GET", "oauth2/v2.0/token"): _only_post,
        }
        return pages.get((method, rest))

    def _check_tenant(self, name: str) -> None:
        tenant = self.mint.tenant
        domain = tenant.organization.service.mail.partition("@")[2]
        if name.lower() not in (tenant.id, "common", "organizations", domain):
            raise EntraError("invalid_tenant", 90002, f"Tenant '{name[:60]}' not found. Check the tenant id.")

    # Discovery ------------------------------------------------------------------------------------

    @evidence(
        "proven",
        "Instance discovery names the hosts that are one cloud; msal asks for it after a failure.",
        "msal 1.39, GET /common/discovery/instance?api-version=1.1",
    )
    @evidence("documented", "An authority on no host of Entra's is AADSTS50049.", _CODES)
    def _instance(self, ask: Ask) -> Response:
        asked = ask.options.get("authorization_endpoint", "")
        try:
            host = urlsplit(asked).hostname
        except ValueError:
            host = asked
        if host and host not in (*_HOSTS, urlsplit(ask.base).hostname):
            return self._refusal(EntraError("invalid_instance", 50049, "Unknown or invalid instance."), ask)
        found: dict[str, object] = {"tenant_discovery_endpoint": f"{self.mint.issuer}/.well-known/openid-configuration"}
        if ask.options.get("api-version") == "1.1":
            found |= {"api-version": "1.1", "metadata": [_cloud(*cloud) for cloud in _CLOUDS]}
        return JSONResponse(found)

    def _configuration(self, ask: Ask) -> Response:
        """What only programs use is where Entra says it is, by default on the real host as msal insists; what a
        browser opens is here.
        """
        tid, login = self.mint.tenant.id, self.mint.login
        opened = ask.base if login == LOGIN else login
        return JSONResponse(
            {
                "token_endpoint": f"{login}/{tid}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "jwks_uri": f"{login}/{tid}/discovery/v2.0/keys",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": self.mint.issuer,
                "authorization_endpoint": f"{opened}/{tid}/oauth2/v2.0/authorize",
                "end_session_endpoint": f"{opened}/{tid}/oauth2/v2.0/logout",
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

    @evidence("documented", "An overloaded tenant is AADSTS90055, a passing outage AADSTS90033.", _CODES)
    @evidence("assumed", "These come as temporarily_unavailable, with the status of the outage.", "OAuth 2.0, RFC 6749")
    def ordered(self, status: int, code: str | None, ask: Ask) -> Response:
        """The refusal that somebody ordered: by `status`, or by a `code` like AADSTS7000222."""
        kind, number, message = _TROUBLES.get(status, _OUTAGE)
        digits = (code or "").upper().removeprefix("AADSTS")
        if digits.isdecimal() and len(digits) < 12:
            kind = "invalid_client" if status == 401 else kind if status >= 429 else "invalid_request"
            number, message = int(digits), "This refusal was ordered from the sandbox tenant."
        elif code:
            kind = code
        return self._refusal(EntraError(kind, number, message, status), ask)

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


def _cloud(network: str, cache: str, aliases: tuple[str, ...]) -> dict[str, object]:
    return {"preferred_network": network, "preferred_cache": cache, "aliases": list(aliases)}


@evidence("reported", "A token is asked for by POST; a GET is AADSTS900561.", "github.com, many issues of its clients")
def _only_post(ask: Ask) -> Response:
    message = f"The endpoint only accepts POST requests. Received a {ask.method} request."
    raise EntraError("invalid_request", 900561, message, 405)
