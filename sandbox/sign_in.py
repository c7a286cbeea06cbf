"""Signing in and out in a browser: who is allowed to return where, as whom, with which code."""

import secrets
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.app_registrations import App
from sandbox.entra_calls import Ask, EntraError
from sandbox.sign_in_page import picker_page, trouble_page
from sandbox.tokens import Mint

_CODE_LIVES = 600


@dataclass(frozen=True, slots=True)
class Code:
    """What somebody agreed to on the authorize page; good for one exchange within ten real minutes."""

    app: App
    account_id: str
    redirect_uri: str
    challenge: str | None
    nonce: str | None
    scope: str
    expires: float


@dataclass(slots=True)
class SignIn:
    mint: Mint
    codes: dict[str, Code] = field(default_factory=dict)

    def authorize(self, ask: Ask) -> Response:
        """The account picker, or with a `login_hint` straight back to the app with a code."""
        asked = {**ask.options, **ask.form}
        app = self.mint.tenant.apps.get(asked.get("client_id", ""))
        if app is None:
            client_id = asked.get("client_id", "")[:60]
            raise EntraError("unauthorized_client", 700016, f"Application with identifier '{client_id}' was not found.")
        redirect_uri = asked.get("redirect_uri", "")
        if not _registered(redirect_uri, app.redirect_uris):
            raise EntraError(
                "invalid_request",
                50011,
                f"The redirect URI '{redirect_uri[:120]}' specified in the request does not match the"
                f" redirect URIs configured for the application '{app.client_id}'.",
            )
        if asked.get("response_type", "code") != "code" or asked.get("response_mode", "query") != "query":
            raise EntraError("unsupported_response_type", 700054, "Only response_type 'code' by query is enabled here.")
        challenge = asked.get("code_challenge")
        if challenge and asked.get("code_challenge_method", "S256") != "S256":
            raise EntraError("invalid_request", 501491, "The code_challenge_method must be S256.")
        people = [a for a in self.mint.tenant.accounts.values() if a.is_person and a.enabled]
        hint = asked.get("login_hint", "").lower()
        account = next((a for a in people if hint in (a.mail.lower(), a.id)), None)
        chosen = ask.method == "POST" or asked.get("prompt") != "select_account"
        if account is None or not chosen:
            return HTMLResponse(picker_page(people, asked, unknown=hint if hint and account is None else None))
        code = f"1.{secrets.token_urlsafe(40)}"
        self.codes[code] = Code(
            app=app,
            account_id=account.id,
            redirect_uri=redirect_uri,
            challenge=challenge,
            nonce=asked.get("nonce"),
            scope=asked.get("scope", "openid profile"),
            expires=self.mint.wall() + _CODE_LIVES,
        )
        back = {"code": code, "session_state": str(uuid.uuid4())}
        if "state" in asked:
            back["state"] = asked["state"]
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return RedirectResponse(f"{redirect_uri}{joint}{urlencode(back)}", 302)

    def logout(self, ask: Ask) -> Response:
        back = ask.options.get("post_logout_redirect_uri", "")
        origins = {_origin(uri) for app in self.mint.tenant.apps.values() for uri in app.redirect_uris}
        if back and _origin(back) in origins:
            return RedirectResponse(back, 302)
        return HTMLResponse(trouble_page("You signed out of your account.", title="Signed out"))


def _registered(uri: str, registered: tuple[str, ...]) -> bool:
    """As Entra compares: exactly, but for the port of http://localhost."""
    parts = urlsplit(uri)
    if parts.scheme == "http" and parts.hostname == "localhost":
        return any(
            (p.scheme, p.hostname, p.path) == ("http", "localhost", parts.path) for p in map(urlsplit, registered)
        )
    return uri in registered


def _origin(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc
