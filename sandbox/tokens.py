"""Entra's keys and the tokens signed with them: app tokens for Graph, id tokens for people. Lifetimes are
real time.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import jwt

from sandbox.app_registrations import App
from sandbox.evidence import evidence
from sandbox.permissions import Granted
from sandbox.signing_keys import SigningKey, rotate
from sandbox.tenant import Account, Tenant

GRAPH = "https://graph.microsoft.com"
LOGIN = "https://login.microsoftonline.com"
LIFETIME = 3599
_MOST_CHECKED = 10_000


class BearerError(Exception):
    """A bearer token that does not open Graph; the sentence says why."""


class ClaimsChallengeError(BearerError):
    """A bearer from before its app's tokens were revoked; one that is valid since `since` (seconds) opens again."""

    def __init__(self, since: int) -> None:
        super().__init__(
            "Continuous access evaluation resulted in challenge with result: InteractionRequired and code:"
            " TokenIssuedBeforeRevocationTimestamp"
        )
        self.since = since


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a token for Graph says, once its signature was found good. Times are real seconds since 1970."""

    client_id: str
    roles: frozenset[str]
    issued: int
    expires: int


@dataclass(slots=True)
class Mint:
    """Signs with the first key, publishes all, and remembers which bearers it has checked. `wall` is real
    time, `login` the address that Entra goes by in discovery and in id tokens.
    """

    tenant: Tenant
    keys: list[SigningKey]
    wall: Callable[[], float] = time.time
    login: str = LOGIN
    _checked: dict[str, Bearer] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"{self.login}/{self.tenant.id}/v2.0"

    @evidence(
        "documented",
        "An app's token for Graph is of version 1: iss of sts.windows.net, appid, roles, idtyp app.",
        "learn.microsoft.com/entra/identity-platform/access-token-claims-reference",
    )
    def app_token(self, app: App, by_certificate: bool = False, since: int = 0) -> str:
        """A version 1 token for Graph, with the app's roles; valid from `since` (seconds) on at the earliest."""
        claims = {"roles": list(app.roles)} if app.roles else {}
        return self._sign(
            {
                "aud": GRAPH,
                "iss": f"https://sts.windows.net/{self.tenant.id}/",
                "app_displayname": app.name,
                "appid": app.client_id,
                "appidacr": "2" if by_certificate else "1",
                "idp": f"https://sts.windows.net/{self.tenant.id}/",
                "idtyp": "app",
                "oid": app.object_id,
                **claims,
                "sub": app.object_id,
                "tid": self.tenant.id,
                "uti": secrets.token_urlsafe(16),
                "ver": "1.0",
            },
            since,
        )

    def user_token(self, app: App, account: Account, scope: str) -> str:
        """A token that a person's sign-in gives beside the id token; it opens nothing here."""
        return self._sign(
            {
                "aud": GRAPH,
                "iss": f"https://sts.windows.net/{self.tenant.id}/",
                "appid": app.client_id,
                "idtyp": "user",
                "oid": account.id,
                "scp": scope,
                "sub": self._pairwise(app, account),
                "tid": self.tenant.id,
                "ver": "1.0",
            }
        )

    @evidence(
        "documented",
        "name, oid and preferred_username need the scope profile, email the scope email.",
        "learn.microsoft.com/entra/identity-platform/id-token-claims-reference",
    )
    def id_token(self, app: App, account: Account, scopes: Collection[str], nonce: str | None) -> str:
        """A version 2 id token; `nonce` is echoed as it came."""
        claims: dict[str, Any] = {
            "aud": app.client_id,
            "iss": self.issuer,
            "rh": "0.",
            "sub": self._pairwise(app, account),
            "tid": self.tenant.id,
            "uti": secrets.token_urlsafe(16),
            "ver": "2.0",
        }
        if "profile" in scopes:
            claims |= {"name": account.name, "oid": account.id, "preferred_username": account.mail}
        if "email" in scopes:
            claims["email"] = account.mail
        if account.roles:
            claims["roles"] = account.roles
        if nonce:
            claims["nonce"] = nonce
        return self._sign(claims)

    def granted(self, bearer: str) -> Granted:
        """The app that a Graph token belongs to, and the roles in the token. Raises BearerError."""
        known = self._checked.get(bearer)
        if known is None:
            known = self._check(bearer)
            if len(self._checked) >= _MOST_CHECKED:
                self._checked.clear()
            self._checked[bearer] = known
        app = self.tenant.apps.get(known.client_id)
        if app is None:
            raise BearerError("The token belongs to an app that the tenant does not know.")
        if known.expires <= self.wall():
            del self._checked[bearer]
            raise BearerError("Lifetime validation failed, the token is expired.")
        if known.issued < app.tokens_since:
            raise ClaimsChallengeError(app.tokens_since)
        return Granted(app, known.roles)

    def rotate_keys(self) -> None:
        """A fresh key signs; bearers of the key that left are refused."""
        rotate(self.keys)
        self._checked.clear()
        self.tenant.changed = True

    @evidence(
        "documented",
        "After a revocation a bearer meets 401 with a claims challenge, which a fresh token answers.",
        "learn.microsoft.com/entra/identity-platform/claims-challenge",
    )
    @evidence(
        "assumed",
        "Every app is challenged; live only one that declared the capability cp1, others until their token ends.",
        "learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation",
    )
    def revoke(self, app: App) -> int:
        """Ends all tokens of `app` made until now; the answer is the second from which others are valid."""
        since = int(self.wall()) + 1
        self.tenant.register(replace(app, tokens_since=since))
        return since

    def _check(self, bearer: str) -> Bearer:
        try:
            kid = jwt.get_unverified_header(bearer).get("kid")
            key = next((k for k in self.keys if k.kid == kid), None)
            if key is None:
                raise BearerError("IDX10503: Signature validation failed: no such key.")
            claims = jwt.decode(
                bearer,
                key.private.public_key(),
                algorithms=["RS256"],
                audience=GRAPH,
                issuer=f"https://sts.windows.net/{self.tenant.id}/",
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise BearerError(f"CompactToken validation failed: {error}.") from error
        if claims.get("idtyp") != "app":
            raise BearerError("The sandbox tenant serves app-only tokens.")
        roles = frozenset(claims.get("roles", ()))
        return Bearer(str(claims["appid"]), roles, int(claims["iat"]), int(claims["exp"]))

    def _sign(self, claims: dict[str, Any], since: int = 0) -> str:
        now = max(int(self.wall()), since)
        times = {"iat": now, "nbf": now - 300, "exp": now + LIFETIME}
        key = self.keys[0]
        return jwt.encode({**claims, **times}, key.private, "RS256", {"kid": key.kid, "x5t": key.kid})

    def _pairwise(self, app: App, account: Account) -> str:
        digest = hashlib.sha256(f"{app.client_id}/{account.id}".encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
