"""App-only tokens for Graph, by msal, as the Graph SDK asks for them."""

import asyncio
import base64
import threading
from typing import Any
from urllib.parse import urlsplit

import msal
import requests
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator

from config.settings import Settings
from integrations.entra.app import EntraUnreachable, TenantUnknown, open_app, unreachable
from integrations.entra.http import open_entra_http

# Entra's own words for "not now"; everything else it refuses stays refused until somebody acts.
PASSING = frozenset({"temporarily_unavailable", "server_error", "too_many_requests"})
# AADSTS numbers (learn.microsoft.com/entra/identity-platform/reference-error-codes) and what to do then.
ADVICE = {
    7000215: "the client secret is wrong; correct PERENNIAL_CLIENT_SECRET (the value, not the id)",
    7000222: "the client secret has expired; make a new one and set PERENNIAL_CLIENT_SECRET",
    700016: "the tenant knows no such app; correct PERENNIAL_CLIENT_ID or PERENNIAL_TENANT_ID",
    700027: "the certificate is not registered for the app; upload it, or correct PERENNIAL_CERTIFICATE_FILE",
    90002: "there is no such tenant; correct PERENNIAL_TENANT_ID",
}


class TokenRefused(Exception):
    """Entra gave no token; `transient` when asking again later can help."""

    def __init__(self, sentence: str, transient: bool) -> None:
        super().__init__(sentence)
        self.transient = transient


class MsalTokens(AccessTokenProvider):
    """Tokens of the app itself, cached by msal for as long as they live. Their lifetimes are real time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = open_entra_http(settings)
        self._app: Any = None
        self._opening = threading.Lock()

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([urlsplit(self._settings.graph_url).hostname or ""])

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        """A bearer token for a URL of Graph's; a claims challenge gets a fresh one. Raises TokenRefused."""
        if not self.get_allowed_hosts_validator().is_url_host_valid(uri):
            raise TokenRefused(f"No token leaves for {urlsplit(uri).hostname}, which is not Graph.", False)
        # kiota hands on the challenge as it stood in the header, base64; msal wants the JSON in it.
        claims = (additional_authentication_context or {}).get("claims")
        challenge = base64.b64decode(claims + "=" * (-len(claims) % 4)).decode() if claims else None
        return await asyncio.to_thread(self._acquire, challenge)

    def forget(self) -> None:
        """Drop what is cached, since Graph refused it."""
        self._app = None

    def close(self) -> None:
        self._http.close()

    def _acquire(self, claims_challenge: str | None) -> str:
        try:
            with self._opening:
                app = self._app = self._app or open_app(self._settings, self._http)
            answer = app.acquire_token_for_client([self._settings.graph_scope], claims_challenge=claims_challenge)
        except EntraUnreachable as error:
            raise TokenRefused(str(error), transient=True) from error
        except TenantUnknown as error:
            raise TokenRefused(str(error), transient=False) from error
        except (requests.RequestException, msal.exceptions.MsalServiceError, ValueError) as error:
            # ValueError: an answer that is no JSON, from a proxy for instance.
            raise TokenRefused(unreachable(self._settings), transient=True) from error
        if "access_token" not in answer:
            raise _refused(answer)
        return str(answer["access_token"])


def _refused(answer: dict[str, Any]) -> TokenRefused:
    codes = answer.get("error_codes") or []
    known = [ADVICE[code] for code in codes if code in ADVICE]
    reason = known[0] if known else "look the code up at https://login.microsoftonline.com/error"
    names = ", ".join(f"AADSTS{code}" for code in codes) or answer.get("error", "no reason given")
    trace = answer.get("correlation_id")
    return TokenRefused(
        f"Entra gave the app no token ({names}{f', correlation id {trace}' if trace else ''}): {reason}.",
        transient=answer.get("error") in PASSING,
    )
