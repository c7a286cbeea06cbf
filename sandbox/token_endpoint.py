"""The token endpoint: who the app is, and what its grant gives it."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.app_registrations import App
from sandbox.entra_calls import Ask, EntraError
from sandbox.sign_in import Code
from sandbox.tokens import GRAPH, LIFETIME, Mint


@dataclass(slots=True)
class TokenEndpoint:
    """Takes client credentials, or a code from the authorize page, which it takes back."""

    mint: Mint
    codes: dict[str, Code]

    def answer(self, ask: Ask) -> Response:
        grant = ask.form.get("grant_type")
        if not grant:
            raise EntraError(
                "invalid_request",
                900144,
                "The request body must contain the following parameter: 'grant_type'.",
            )
        if grant not in ("client_credentials", "authorization_code"):
            raise EntraError(
                "unsupported_grant_type",
                70003,
                f"The app requested an unsupported grant type '{grant[:60]}'.",
            )
        app = self._authenticated_app(ask)
        body = self._for_app(app, ask) if grant == "client_credentials" else self._for_code(app, ask)
        return JSONResponse(body, headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})

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
        if "client_assertion" in ask.form:
            message = "Client assertion failed signature validation: no certificate is registered for the app."
            raise EntraError("invalid_client", 700027, message, 401)
        if secret is None:
            message = "The request body must contain 'client_assertion' or 'client_secret'."
            raise EntraError("invalid_client", 7000218, message, 401)
        if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
            message = f"Invalid client secret provided. Ensure the secret is the one of the app '{client_id}'."
            raise EntraError("invalid_client", 7000215, message, 401)
        return app

    def _for_app(self, app: App, ask: Ask) -> dict[str, Any]:
        scope = ask.form.get("scope", "")
        resource, dot, default = scope.rpartition("/")
        if default != ".default" or not dot:
            message = f"The value '{scope[:80]}' of 'scope' is not valid: it must end in /.default."
            raise EntraError("invalid_scope", 1002012, message)
        if resource.rstrip("/") != GRAPH:
            message = f"The resource principal named {resource[:80]} was not found in the tenant named Meadow."
            raise EntraError("invalid_resource", 500011, message)
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": self.mint.app_token(app),
        }

    def _for_code(self, app: App, ask: Ask) -> dict[str, Any]:
        code = self.codes.pop(ask.form.get("code", ""), None)
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
        account = self.mint.tenant.accounts[code.account_id]
        info = json.dumps({"uid": account.id, "utid": self.mint.tenant.id}).encode()
        return {
            "token_type": "Bearer",
            "scope": code.scope,
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": self.mint.user_token(app, account, code.scope),
            "id_token": self.mint.id_token(app, account, code.nonce),
            "client_info": base64.urlsafe_b64encode(info).decode().rstrip("="),
        }


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
