"""App-only tokens for Graph, by msal, as the Graph SDK asks for them."""

import asyncio
import base64
import time
from typing import Any
from urllib.parse import urlsplit

import msal
import requests
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator

from config.settings import Settings
from integrations.entra.app import EntraApp, EntraUnreachable, TenantUnknown, unreachable
from integrations.entra.credential import CredentialUnusable
from integrations.entra.http import open_entra_http

# However many calls are refused for want of a permission, a fresh token is fetched no more often than this.
DOUBTED_EVERY_SECONDS = 300.0
# Entra's own words for "not now"; everything else it refuses stays refused until somebody acts.
PASSING = frozenset({"temporarily_unavailable", "server_error", "too_many_requests"})
# AADSTS numbers (learn.microsoft.com/entra/identity-platform/reference-error-codes) and what to do then.
ADVICE = {
    7000215: "the client secret is wrong; correct PERENNIAL_CLIENT_SECRET (the value, not the id)",
    7000222: "the client secret has expired; make a new one and set PERENNIAL_CLIENT_SECRET",
    700016: "the tenant knows no such app; correct PERENNIAL_CLIENT_ID or PERENNIAL_TENANT_ID",
    700027: "the certificate is not registered for the app; upload it, or correct PERENNIAL_CERTIFICATE_FILE",
    700024: "what proves the app is out of its time; check this machine's clock, and that the token file is kept fresh",
    700211: "the app trusts nobody of that issuer; correct the issuer of its federated credential",
    700212: "the app's federated credential is for another audience; correct it there, or in what writes the token",
    700213: "the app trusts no such subject; correct the subject of its federated credential",
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
        self._app = EntraApp(settings, open_entra_http(settings), msal.TokenCache())
        self._doubted_at = -DOUBTED_EVERY_SECONDS

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
        self._app.forget()

    def doubt(self) -> None:
        """As `forget`, but now and then only: what was granted since is in the next token, if at all."""
        if time.monotonic() - self._doubted_at >= DOUBTED_EVERY_SECONDS:
            self._doubted_at = time.monotonic()
            self._app.forget()

    def close(self) -> None:
        self._app.close()

    def _acquire(self, claims_challenge: str | None) -> str:
        scope = self._settings.graph_scope
        try:
            of_the_machine = self._app.token_of_the_machine(scope.removesuffix("/.default"), claims_challenge)
            if of_the_machine is not None:
                return of_the_machine
            answer = self._app.client().acquire_token_for_client([scope], claims_challenge=claims_challenge)
        except EntraUnreachable as error:
            raise TokenRefused(str(error), transient=True) from error
        except TenantUnknown as error:
            raise TokenRefused(str(error), transient=False) from error
        except CredentialUnusable as error:
            raise TokenRefused(str(error), error.transient) from error
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
