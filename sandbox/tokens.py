"""Entra's keys and the tokens signed with them: app tokens for Graph, id tokens for people. Lifetimes are
real time.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.tenant import Account, App, Tenant

GRAPH = "https://graph.microsoft.com"
LOGIN = "https://login.microsoftonline.com"
LIFETIME = 3599
_PUBLIC_CLAIMS = ("n", "e", "kty")


class BearerError(Exception):
    """A bearer token that does not open Graph; the sentence says why."""


@dataclass(slots=True)
class SigningKey:
    pem: str
    _private: rsa.RSAPrivateKey | None = None

    @classmethod
    def fresh(cls) -> "SigningKey":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(pem.decode(), key)

    @property
    def private(self) -> rsa.RSAPrivateKey:
        if self._private is None:
            loaded = serialization.load_pem_private_key(self.pem.encode(), None)
            assert isinstance(loaded, rsa.RSAPrivateKey)
            self._private = loaded
        return self._private

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as Entra publishes it."""
        full: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        public = {name: full[name] for name in _PUBLIC_CLAIMS}
        return {**public, "use": "sig", "kid": self.kid, "x5t": self.kid}

    @property
    def kid(self) -> str:
        numbers = self.private.public_key().public_numbers()
        return base64.urlsafe_b64encode(hashlib.sha256(str(numbers.n).encode()).digest()).decode()[:27]


@dataclass(slots=True)
class Mint:
    """Signs with the first key, publishes all, and remembers which bearers it has checked. `wall` is real
    time.
    """

    tenant: Tenant
    keys: list[SigningKey]
    wall: Callable[[], float] = time.time
    _checked: dict[str, tuple[App, int]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"{LOGIN}/{self.tenant.id}/v2.0"

    def app_token(self, app: App) -> str:
        """A version 1 token for Graph, with the app's roles."""
        return self._sign(
            {
                "aud": GRAPH,
                "iss": f"https://sts.windows.net/{self.tenant.id}/",
                "app_displayname": app.name,
                "appid": app.client_id,
                "appidacr": "1",
                "idp": f"https://sts.windows.net/{self.tenant.id}/",
                "idtyp": "app",
                "oid": app.object_id,
                "roles": list(app.roles),
                "sub": app.object_id,
                "tid": self.tenant.id,
                "uti": secrets.token_urlsafe(16),
                "ver": "1.0",
            }
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

    def id_token(self, app: App, account: Account, nonce: str | None) -> str:
        """A version 2 id token; `nonce` is echoed as it came."""
        claims: dict[str, Any] = {
            "aud": app.client_id,
            "iss": self.issuer,
            "name": account.name,
            "oid": account.id,
            "preferred_username": account.mail,
            "rh": "0.",
            "sub": self._pairwise(app, account),
            "tid": self.tenant.id,
            "uti": secrets.token_urlsafe(16),
            "ver": "2.0",
        }
        if account.roles:
            claims["roles"] = account.roles
        if nonce:
            claims["nonce"] = nonce
        return self._sign(claims)

    def app_of(self, bearer: str) -> App:
        """The app that a Graph token belongs to. Raises BearerError."""
        known = self._checked.get(bearer)
        if known is None:
            known = self._checked[bearer] = self._check(bearer)
        app, expires = known
        if expires <= self.wall():
            del self._checked[bearer]
            raise BearerError("Lifetime validation failed, the token is expired.")
        return app

    def _check(self, bearer: str) -> tuple[App, int]:
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
        app = self.tenant.apps.get(claims["appid"])
        if app is None or claims.get("idtyp") != "app":
            raise BearerError("The sandbox tenant serves app-only tokens.")
        return app, int(claims["exp"])

    def _sign(self, claims: dict[str, Any]) -> str:
        now = int(self.wall())
        times = {"iat": now, "nbf": now - 300, "exp": now + LIFETIME}
        key = self.keys[0]
        return jwt.encode({**claims, **times}, key.private, "RS256", {"kid": key.kid, "x5t": key.kid})

    def _pairwise(self, app: App, account: Account) -> str:
        digest = hashlib.sha256(f"{app.client_id}/{account.id}".encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
