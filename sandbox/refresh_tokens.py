"""Refresh tokens: opaque to their holder, and enough in themselves to go on after a restart."""

import hashlib
import secrets
from dataclasses import dataclass

import jwt

from sandbox.app_registrations import App
from sandbox.entra_calls import EntraError
from sandbox.evidence import evidence

LIVES = 90 * 24 * 3600
"""Real seconds: learn.microsoft.com/entra/identity-platform/refresh-tokens, token lifetime."""

_FRONT = "1.A"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a refresh token stands for."""

    account_id: str
    scope: str


def refresh_token(app: App, kept: Kept, now: float) -> str:
    claims = {"sub": kept.account_id, "scope": kept.scope, "iat": int(now), "jti": secrets.token_urlsafe(12)}
    return _FRONT + jwt.encode(claims, _key(app), "HS256")


@evidence(
    "documented",
    "A refresh token opens for its own app only, for 90 days, and is not used up by its use.",
    "learn.microsoft.com/entra/identity-platform/refresh-tokens",
)
@evidence(
    "documented",
    "An expired refresh token is AADSTS700082, and one that never was AADSTS70000.",
    "learn.microsoft.com/entra/identity-platform/reference-error-codes",
)
def read_refresh_token(app: App, token: str, now: float) -> Kept:
    """Raises EntraError for one that is not `app`'s, or too old. `now` is real seconds."""
    try:
        claims = jwt.decode(token.removeprefix(_FRONT), _key(app), algorithms=["HS256"], options={"verify_iat": False})
        issued, kept = int(claims["iat"]), Kept(str(claims["sub"]), str(claims["scope"]))
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        message = "Provided grant is invalid or malformed: the refresh token isn't valid for this app."
        raise EntraError("invalid_grant", 70000, message) from None
    if issued + LIVES <= now:
        message = "The refresh token has expired due to inactivity. It was inactive for 90.00:00:00."
        raise EntraError("invalid_grant", 700082, message)
    return kept


def _key(app: App) -> bytes:
    return hashlib.sha256(f"{app.client_id}/{app.client_secret}/refresh".encode()).digest()
