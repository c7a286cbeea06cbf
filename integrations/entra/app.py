"""The app registration as msal knows it, made when first needed: making it asks Entra for its endpoints."""

import logging
import threading
import time
from typing import Any

import msal
import requests

from config.settings import Settings
from integrations.entra.credential import (
    CAPABILITIES,
    CredentialUnusable,
    ManagedIdentity,
    Version,
    for_msal,
    version_of,
)
from integrations.entra.http import EntraHttp

log = logging.getLogger(__name__)

# A certificate that could not be taken up is tried again so much later, unless it changes once more before.
AGAIN_AFTER_SECONDS = 60


class EntraUnreachable(Exception):
    """Entra does not answer, or not sensibly; worth trying again."""


class TenantUnknown(Exception):
    """Entra answers, but knows no such tenant."""


class EntraApp:
    """msal's client for the app, with one memory of `tokens` whatever becomes of its certificate.

    Blocks on the network: call it in a thread. Lifetimes are real time.
    """

    def __init__(self, settings: Settings, http: EntraHttp, tokens: msal.TokenCache) -> None:
        self._settings = settings
        self._http = http
        self._tokens = tokens
        self._identity = ManagedIdentity(settings) if settings.managed_identity else None
        self._client: Any = None
        self._version: Version = None
        self._refused: Version = None
        self._again_at = 0.0
        self._opening = threading.Lock()

    def client(self) -> Any:
        """A ConfidentialClientApplication; a fresh one when the certificate file was changed.

        Tokens from before stay good until they expire, and while a changed file cannot be used (half written, not
        there for a moment) the client of before goes on. Raises EntraUnreachable, TenantUnknown, CredentialUnusable.
        """
        with self._opening:
            version = version_of(self._settings)
            if self._client is None:
                self._client, self._version = self._open(), version
            elif version and version != self._version and self._is_worth_trying(version):
                self._take_up(version)
            return self._client

    def token_of_the_machine(self, resource: str, claims_challenge: str | None) -> str | None:
        """The token of a system-assigned identity, which is its own principal; None with every other credential.

        Raises CredentialUnusable.
        """
        if self._identity is None or not self._identity.is_system:
            return None
        return self._identity.token(resource, claims_challenge)

    def forget(self) -> None:
        """Drop the tokens that are remembered, since Graph refused one."""
        with self._opening:
            if self._client:
                self._client.remove_tokens_for_client()
            if self._identity:
                self._identity.close()
                self._identity = ManagedIdentity(self._settings)

    def close(self) -> None:
        if self._identity:
            self._identity.close()
        self._http.close()

    def _is_worth_trying(self, version: Version) -> bool:
        return version != self._refused or time.monotonic() >= self._again_at

    def _take_up(self, version: Version) -> None:
        try:
            self._client, self._version = self._open(), version
            log.info("the changed certificate is in use")
        except (EntraUnreachable, TenantUnknown, CredentialUnusable) as error:
            self._refused, self._again_at = version, time.monotonic() + AGAIN_AFTER_SECONDS
            log.warning("the changed certificate is not used yet: %s", error)

    def _open(self) -> Any:
        settings = self._settings
        try:
            return msal.ConfidentialClientApplication(
                settings.client_id,
                authority=settings.authority,
                client_credential=for_msal(settings, self._identity),
                http_client=self._http,
                # The authority is one of Microsoft's own, so there is nothing to look up.
                instance_discovery=False,
                token_cache=self._tokens,
                exclude_scopes=["offline_access"],
                client_capabilities=CAPABILITIES,
            )
        except (requests.RequestException, msal.exceptions.MsalServiceError) as error:
            raise EntraUnreachable(unreachable(settings)) from error
        except ValueError as error:
            # Without a certificate, the authority is all that is left to be wrong.
            if "OIDC Discovery failed" in str(error) or not settings.certificate_file:
                raise TenantUnknown(
                    f"Entra knows no tenant {settings.tenant_id}; correct PERENNIAL_TENANT_ID."
                ) from error
            raise CredentialUnusable(
                "The certificate cannot be used; check PERENNIAL_CERTIFICATE_FILE (it holds key and certificate) "
                "and PERENNIAL_CERTIFICATE_PASSWORD.",
                transient=False,
            ) from error
        except OSError as error:
            if not settings.certificate_file:
                raise
            raise CredentialUnusable(
                f"The certificate in {settings.certificate_file} cannot be read; check PERENNIAL_CERTIFICATE_FILE and "
                "its rights.",
                transient=False,
            ) from error


def unreachable(settings: Settings) -> str:
    if settings.sandbox_url:
        return f"No sandbox tenant answers at {settings.sandbox_url} (PERENNIAL_SANDBOX_URL); start it first."
    return f"Entra does not answer at {settings.sign_in_host}; check the network. It will be tried again."
