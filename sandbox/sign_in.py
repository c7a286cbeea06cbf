"""Signing in and out in a browser: who is allowed to return where, as whom, with which code."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.app_registrations import App
from sandbox.entra_calls import Ask, EntraError
from sandbox.evidence import evidence
from sandbox.sign_in_page import picker_page, returning_page, trouble_page
from sandbox.tenant import Account
from sandbox.tokens import Mint

_CODE_LIVES = 600
evidence(
    "reported",
    "An authorization code is good for ten minutes and for one exchange: AADSTS70008, AADSTS54005.",
    "learn.microsoft.com/answers 1127615",
)
_COOKIE = "ESTSAUTH"
_MODES = ("query", "fragment", "form_post")
_PROMPTS = ("", "none", "login", "select_account", "consent")
_PROTOCOL = "learn.microsoft.com/entra/identity-platform/v2-protocols-oidc"


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


@dataclass(frozen=True, slots=True)
class Wish:
    """A request to sign in that may be answered at its redirect URI, whatever becomes of it."""

    app: App
    redirect_uri: str
    mode: str
    state: str | None

    def back(self, **fields: str) -> Response:
        """Sends the browser back with `fields`, as the response mode says."""
        told = fields if self.state is None else {**fields, "state": self.state}
        if self.mode == "form_post":
            return HTMLResponse(returning_page(self.redirect_uri, told))
        joint = "#" if self.mode == "fragment" else "&" if "?" in self.redirect_uri else "?"
        return RedirectResponse(f"{self.redirect_uri}{joint}{urlencode(told)}", 302)

    def refuse(self, kind: str, number: int, message: str) -> Response:
        return self.back(error=kind, error_description=f"AADSTS{number}: {message}")


@dataclass(slots=True)
class SignIn:
    mint: Mint
    codes: dict[str, Code] = field(default_factory=dict)

    @evidence(
        "documented",
        "prompt=select_account asks which account, login asks again, none never asks and says login_required instead.",
        _PROTOCOL,
    )
    @evidence("documented", "response_type and scope are required; what is missing is AADSTS900144.", _PROTOCOL)
    @evidence(
        "documented",
        "A code_challenge without a method is a plain one, which Entra takes and the sandbox tenant does not.",
        "learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow",
    )
    @evidence(
        "assumed",
        "Without a prompt the account is asked for, as if several were signed in; live a single one goes straight on.",
        "a choice of the sandbox tenant, where everybody shares a browser",
    )
    def authorize(self, ask: Ask) -> Response:
        """The account picker, or with a `login_hint` straight back to the app with a code. Raises EntraError for
        what may not be sent back.
        """
        asked = {**ask.options, **ask.form}
        wish = self._wish(asked)
        for name in ("response_type", "scope"):
            if not asked.get(name):
                message = f"The request body must contain the following parameter: '{name}'."
                return wish.refuse("invalid_request", 900144, message)
        if asked["response_type"] != "code":
            message = "The response_type is not enabled for the application; here only 'code' is."
            return wish.refuse("unsupported_response_type", 700054, message)
        if asked.get("code_challenge") and asked.get("code_challenge_method", "plain") != "S256":
            message = "The code_challenge_method must be said, and be S256; the sandbox tenant takes no plain one."
            return wish.refuse("invalid_request", 501491, message)
        prompt = asked.get("prompt", "")
        if prompt not in _PROMPTS:
            return wish.refuse("invalid_request", 90023, f"Unsupported 'prompt' value '{prompt[:40]}'.")
        people = [a for a in self.mint.tenant.accounts.values() if a.is_person and a.enabled and not a.deleted]
        hint = asked.get("login_hint", "").lower()
        hinted = next((a for a in people if hint in (a.mail.lower(), a.id)), None)
        if prompt == "none":
            known = self._signed_in(ask, people)
            if known is None or (hint and known is not hinted):
                message = "Session information is not sufficient for single-sign-on."
                return wish.refuse("login_required", 50058, message)
            return self._return(wish, asked, known)
        if hinted is not None and (ask.method == "POST" or prompt not in ("select_account", "login")):
            return self._return(wish, asked, hinted)
        offered = [hinted] if hinted is not None and prompt == "login" else people
        return HTMLResponse(picker_page(offered, asked, unknown=hint if hint and hinted is None else None))

    @evidence("documented", "After signing out one returns only to a registered redirect URI.", _PROTOCOL)
    def logout(self, ask: Ask) -> Response:
        """Ends the browser's session, and sends it back if the app may have it so."""
        back = {**ask.options, **ask.form}.get("post_logout_redirect_uri", "")
        apps = self.mint.tenant.apps.values()
        response: Response = HTMLResponse(trouble_page("You signed out of your account.", title="Signed out"))
        if back and any(_registered(back, app.redirect_uris) for app in apps):
            response = RedirectResponse(back, 302)
        response.delete_cookie(_COOKIE)
        return response

    @evidence("documented", "Nobody is sent to an address that is not registered: AADSTS50011, on a page.", _PROTOCOL)
    def _wish(self, asked: Mapping[str, str]) -> Wish:
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
        mode = asked.get("response_mode", "query")
        if mode not in _MODES:
            raise EntraError("invalid_request", 90023, f"Unsupported 'response_mode' value '{mode[:40]}'.")
        return Wish(app, redirect_uri, mode, asked.get("state"))

    def _signed_in(self, ask: Ask, people: list[Account]) -> Account | None:
        held = {cookie.strip() for cookie in ask.headers.get("cookie", "").split(";")}
        return next((person for person in people if f"{_COOKIE}={person.id}" in held), None)

    def _return(self, wish: Wish, asked: Mapping[str, str], account: Account) -> Response:
        code = f"1.{secrets.token_urlsafe(40)}"
        self.codes[code] = Code(
            app=wish.app,
            account_id=account.id,
            redirect_uri=wish.redirect_uri,
            challenge=asked.get("code_challenge"),
            nonce=asked.get("nonce"),
            scope=asked["scope"],
            expires=self.mint.wall() + _CODE_LIVES,
        )
        response = wish.back(code=code, session_state=str(uuid.uuid4()))
        # Who can open this port can sign in as anybody anyway, so the session need not be hard to forge.
        response.set_cookie(_COOKIE, account.id, httponly=True, samesite="lax")
        return response


def _registered(uri: str, registered: tuple[str, ...]) -> bool:
    """As Entra compares: exactly, but for the port of http://localhost."""
    portless = _without_port(uri)
    return uri in registered or (portless is not None and portless in map(_without_port, registered))


def _without_port(uri: str) -> str | None:
    """None for what is not at http://localhost."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    here = parts.scheme == "http" and parts.netloc == ("localhost" if port is None else f"localhost:{port}")
    return parts._replace(netloc="localhost").geturl() if here else None
