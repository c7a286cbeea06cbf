"""The token endpoint: who the app is, and what its grant gives it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.app_registrations import App
from sandbox.client_assertions import Assertions
from sandbox.entra_calls import Ask, EntraError
from sandbox.evidence import evidence
from sandbox.refresh_tokens import Kept, read_refresh_token, refresh_token
from sandbox.sign_in import Code
from sandbox.tenant import Account
from sandbox.tokens import GRAPH, LIFETIME, LOGIN, Mint

_CODES = "learn.microsoft.com/entra/identity-platform/reference-error-codes"
_LATEST_SINCE = 300


@dataclass(slots=True)
class TokenEndpoint:
    """Takes client credentials, a code from the authorize page, which it takes back, or a refresh token."""

    mint: Mint
    codes: dict[str, Code]
    assertions: Assertions = field(init=False)

    def __post_init__(self) -> None:
        self.assertions = Assertions(self.mint.wall)

    @evidence("proven", "A refused token request has an AADSTS number, and trace and correlation ids.", "msal 1.39")
    @evidence("documented", "A missing parameter is AADSTS900144, an unknown grant type AADSTS70003.", _CODES)
    def answer(self, ask: Ask) -> Response:
        """The tokens as JSON. Raises EntraError."""
        grants: dict[str, Callable[[App, Ask], dict[str, Any]]] = {
            "client_credentials": self._for_app,
            "authorization_code": self._for_code,
            "refresh_token": self._for_refresh_token,
        }
        grant = _required(ask, "grant_type")
        if grant not in grants:
            raise EntraError(
                "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant[:60]}'."
            )
        body = grants[grant](self._authenticated_app(ask), ask)
        return JSONResponse(body, headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})

    # Who the app is -------------------------------------------------------------------------------

    @evidence("documented", "A public client has no secret; one that shows any is AADSTS700025.", _CODES)
    @evidence("reported", "A wrong secret is 401 AADSTS7000215, an unknown app 400 AADSTS700016.", _CODES)
    def _authenticated_app(self, ask: Ask) -> App:
        client_id, secret = ask.form.get("client_id", ""), ask.form.get("client_secret")
        basic = ask.headers.get("authorization", "")
        if basic.lower().startswith("basic "):
            try:
                client_id, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
            except ValueError:
                raise EntraError("invalid_request", 90014, "The authorization header is malformed.") from None
        app = self.mint.tenant.apps.get(client_id)
        if app is None:
            message = f"Application with identifier '{client_id[:60]}' was not found in the directory 'Meadow'."
            raise EntraError("unauthorized_client", 700016, message)
        if app.public and ask.form.get("grant_type") != "client_credentials":
            if secret is not None or "client_assertion" in ask.form:
                message = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
                raise EntraError("invalid_client", 700025, message, 401)
            return app
        if "client_assertion" in ask.form:
            kind = ask.form.get("client_assertion_type", "")
            self.assertions.verify(app, ask.form["client_assertion"], kind, self._audiences(ask))
            return app
        if secret is None:
            message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise EntraError("invalid_client", 7000218, message, 401)
        if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
            message = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret"
                f" value, not the client secret ID, for a secret added to app '{client_id}'."
            )
            raise EntraError("invalid_client", 7000215, message, 401)
        return app

    def _audiences(self, ask: Ask) -> set[str]:
        """What an assertion may be meant for: the token endpoint or the issuer, by any name of the tenant."""
        names = {self.mint.tenant.id, ask.segments[0].lower()}
        ends = ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/", "")
        hosts = (LOGIN, self.mint.login, ask.base)
        return {f"{host}/{name}{end}".lower() for host in hosts for name in names for end in ends}

    # What it gets ---------------------------------------------------------------------------------

    @evidence(
        "reported",
        "An app's token comes with token_type, expires_in 3599 and ext_expires_in, and nothing else.",
        "answers of the real service, as published in 2026",
    )
    def _for_app(self, app: App, ask: Ask) -> dict[str, Any]:
        scope = _required(ask, "scope")
        resource, dot, default = scope.rpartition("/")
        if default != ".default" or not dot:
            message = (
                f"The provided value for scope {scope[:80]} is not valid. Client credential flows must have a scope"
                " value with /.default suffixed to the resource identifier (application ID URI)."
            )
            raise EntraError("invalid_scope", 1002012, message)
        if resource.rstrip("/") != GRAPH:
            message = f"The resource principal named {resource[:80]} was not found in the tenant named Meadow."
            raise EntraError("invalid_resource", 500011, message)
        since = min(_since(ask.form.get("claims", "")), int(self.mint.wall()) + _LATEST_SINCE)
        token = self.mint.app_token(app, "client_assertion" in ask.form, since)
        return {**_BEARER, "access_token": token}

    def _for_code(self, app: App, ask: Ask) -> dict[str, Any]:
        code = self.codes.pop(_required(ask, "code"), None)
        if code is None:
            raise EntraError("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, or never given.")
        if code.expires < self.mint.wall():
            raise EntraError("invalid_grant", 70008, "The provided authorization code has expired.")
        if code.app.client_id != app.client_id or code.redirect_uri != ask.form.get("redirect_uri"):
            raise EntraError(
                "invalid_grant", 500112, "The reply address does not match the one of the authorization code."
            )
        if code.challenge is not None and code.challenge != _challenge(ask.form.get("code_verifier", "")):
            raise EntraError("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge.")
        return self._for_person(app, ask, Kept(code.account_id, code.scope), code.nonce)

    def _for_refresh_token(self, app: App, ask: Ask) -> dict[str, Any]:
        kept = read_refresh_token(app, _required(ask, "refresh_token"), self.mint.wall())
        return self._for_person(app, ask, Kept(kept.account_id, ask.form.get("scope") or kept.scope), None)

    @evidence(
        "documented",
        "An id token comes for the scope openid, a refresh token for offline_access; a disabled account gets none.",
        "learn.microsoft.com/entra/identity-platform/scopes-oidc",
    )
    def _for_person(self, app: App, ask: Ask, kept: Kept, nonce: str | None) -> dict[str, Any]:
        account = self.mint.tenant.account(kept.account_id)
        if account is None:
            raise EntraError("invalid_grant", 50034, "The user account does not exist in the directory.")
        if not account.enabled:
            raise EntraError("invalid_grant", 50057, "The user account is disabled.")
        scopes = kept.scope.split()
        access = self.mint.user_token(app, account, kept.scope)
        body = {**_BEARER, "scope": kept.scope, "access_token": access}
        if "openid" in scopes:
            body["id_token"] = self.mint.id_token(app, account, scopes, nonce)
        if "offline_access" in scopes:
            body["refresh_token"] = refresh_token(app, kept, self.mint.wall())
        if ask.form.get("client_info") == "1":
            body["client_info"] = self._client_info(account)
        return body

    def _client_info(self, account: Account) -> str:
        info = json.dumps({"uid": account.id, "utid": self.mint.tenant.id}).encode()
        return base64.urlsafe_b64encode(info).decode().rstrip("=")


_BEARER: dict[str, Any] = {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME}


def _required(ask: Ask, name: str) -> str:
    value = ask.form.get(name)
    if not value:
        raise EntraError("invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")
    return value


@evidence(
    "documented",
    "The claims of a challenge are sent along as `claims`, and the new token is valid from their nbf on.",
    "learn.microsoft.com/entra/identity-platform/claims-challenge",
)
def _since(claims: str) -> int:
    """The `nbf` that a claims request asks of the access token, in seconds; 0 if it asks none."""
    if not claims:
        return 0
    try:
        wanted = json.loads(claims).get("access_token") or {}
        return int((wanted.get("nbf") or {}).get("value", 0))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise EntraError("invalid_request", 90100, "The claims parameter is empty or not valid.") from None


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
