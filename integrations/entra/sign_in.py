"""Who somebody is: sign-in with Entra by authorization code and PKCE, the id_token verified by us.

msal 1.38 and later does not verify the id_token at all, so signature, audience, issuer, tenant, times and
nonce are checked here. A person is known by `oid` within `tid`, never by a mail address: those change hands.
"""

import asyncio
import hashlib
import hmac
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import msal
import requests

from config.settings import SYSTEM, Settings, SettingsError
from cycle.sentences import Sentence
from integrations.entra.app import EntraApp, EntraUnreachable, TenantUnknown, unreachable
from integrations.entra.credential import CredentialUnusable
from integrations.entra.http import open_entra_http

LEEWAY_SECONDS = 60
REQUIRED = ("aud", "iss", "exp", "nbf", "iat", "oid", "tid", "nonce")


class SignInRefused(Exception):
    """Nobody was signed in; `sentence` may be shown to the person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person whom Entra vouched for just now. `roles` are the app roles given to them in Entra."""

    oid: str
    tid: str
    name: str
    mail: str
    roles: frozenset[str]


class ForgetfulCache(msal.TokenCache):  # type: ignore[misc]
    """Keeps nothing: we ask who somebody is, and never act as them."""

    def add(self, event: dict[str, Any], now: float | None = None) -> None:
        return None


class SignIn:
    """One sign-in is `start`, a walk to Entra and back, and `finish`. Lifetimes are real time.

    Raises SettingsError when the credential is one that can sign nobody in.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.managed_identity == SYSTEM:
            raise SettingsError(
                (
                    "PERENNIAL_MANAGED_IDENTITY is 'system', an identity that signs nobody in; give the web face a "
                    "user-assigned one that the app registration trusts, or another credential of the app.",
                )
            )
        self._settings = settings
        self._http = open_entra_http(settings)
        self._app = EntraApp(settings, self._http, ForgetfulCache())
        self._keys: dict[str, jwt.PyJWK] = {}

    async def start(self, redirect_uri: str) -> tuple[str, dict[str, Any]]:
        """The URL to send the browser to, and the flow to keep in its session until it comes back with its "state".

        Raises SignInRefused when Entra cannot be reached.
        """
        app = await asyncio.to_thread(self._open)
        with warnings.catch_warnings():
            # msal would have Entra post the code back; our session cookie, being SameSite, would stay behind.
            warnings.filterwarnings("ignore", "response_mode='form_post' is recommended")
            flow = app.initiate_auth_code_flow([], redirect_uri=redirect_uri)
        # Not needed again, and the longest part of what a cookie has to hold.
        return str(flow.pop("auth_uri")), dict(flow)

    async def finish(self, flow: dict[str, Any], query: Mapping[str, str]) -> SignedIn:
        """Redeem the code in `query`, what Entra sent back. Raises SignInRefused."""
        return await asyncio.to_thread(self._finish, flow, dict(query))

    def close(self) -> None:
        self._app.close()

    def _finish(self, flow: dict[str, Any], query: dict[str, str]) -> SignedIn:
        app = self._open()
        try:
            answer = app.acquire_token_by_auth_code_flow(flow, query)
        except CredentialUnusable as error:
            raise SignInRefused(Sentence("{what} Please tell whoever runs this.", what=str(error))) from error
        except (ValueError, RuntimeError, KeyError) as error:
            # msal's words for a state, a nonce or a flow that is not the one this browser started with.
            raise SignInRefused(
                Sentence("This sign-in was not begun in this browser, or took too long; please sign in again.")
            ) from error
        except (requests.RequestException, msal.exceptions.MsalServiceError) as error:
            raise SignInRefused(unreachable(self._settings)) from error
        if "id_token" not in answer:
            raise SignInRefused(
                Sentence("Entra did not sign you in ({reason}); please try again.", reason=answer.get("error", "?"))
            )
        return self._verified(answer["id_token"], flow["nonce"])

    def _open(self) -> Any:
        try:
            return self._app.client()
        except (EntraUnreachable, TenantUnknown, CredentialUnusable) as error:
            raise SignInRefused(str(error)) from error

    def _verified(self, id_token: str, nonce: str) -> SignedIn:
        settings = self._settings
        try:
            claims = jwt.decode(
                id_token,
                self._key(jwt.get_unverified_header(id_token)),
                algorithms=["RS256"],
                audience=settings.client_id,
                issuer=f"{settings.authority}/v2.0",
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED)},
            )
        except jwt.PyJWTError as error:
            raise SignInRefused(
                Sentence(
                    "What Entra said about you does not hold ({reason}); please sign in again.",
                    reason=type(error).__name__,
                )
            ) from error
        # msal sends the hash of the nonce that it keeps in the flow.
        expected = hashlib.sha256(nonce.encode()).hexdigest()
        if not hmac.compare_digest(str(claims["nonce"]), expected):
            raise SignInRefused(Sentence("This sign-in was not begun in this browser; please sign in again."))
        if claims["tid"] != settings.tenant_id:
            raise SignInRefused(
                Sentence("You signed in with another organization's account; please use your own here.")
            )
        return SignedIn(
            oid=str(claims["oid"]),
            tid=str(claims["tid"]),
            name=str(claims.get("name", "")),
            mail=str(claims.get("email") or claims.get("preferred_username", "")),
            roles=frozenset(map(str, claims.get("roles", ()))),
        )

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """The tenant's key that signed; for an unknown one the keys are fetched again, once: they rotate."""
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise jwt.InvalidTokenError("no key named")
        if kid not in self._keys:
            self._keys = self._fetched_keys()
        if kid not in self._keys:
            raise jwt.InvalidTokenError("signed with an unknown key")
        return self._keys[kid]

    def _fetched_keys(self) -> dict[str, jwt.PyJWK]:
        try:
            answer = self._http.get(f"{self._settings.authority}/discovery/v2.0/keys")
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(json.loads(answer.text)).keys
        except (requests.RequestException, ValueError) as error:
            raise SignInRefused(unreachable(self._settings)) from error
        return {key.key_id: key for key in keys if key.key_id}
