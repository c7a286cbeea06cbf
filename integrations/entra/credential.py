"""How the app proves who it is: a secret, a certificate, a token kept fresh by others, or Azure's managed identity."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import msal
import requests

from config.settings import SYSTEM, Settings
from integrations.entra.http import PatientSession

# What a token must be meant for to vouch for an app, by where its cloud signs in
# (learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity).
EXCHANGE = {
    "https://login.microsoftonline.com": "api://AzureADTokenExchange",
    "https://login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
    "https://login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
}
CAPABILITIES = ["CP1"]
"""We answer claims challenges, so Entra may give tokens that live for a day and are taken back at once."""

# Which content of a file was read; None while it cannot be.
Version = tuple[int, int, int] | None


# What the identity endpoint answers while it starts, moves or has too much to do, as Azure's own libraries know it; and
# whatever is five hundred or more.
IDENTITY_PASSES = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS}


class CredentialUnusable(Exception):
    """The app cannot prove who it is; `transient` when that may pass by itself."""

    def __init__(self, sentence: str, transient: bool) -> None:
        super().__init__(sentence)
        self.transient = transient


class ManagedIdentity:
    """The identity that Azure gives to the machine we run on. Blocks on the network: call it in a thread."""

    def __init__(self, settings: Settings) -> None:
        self.is_system = settings.managed_identity == SYSTEM
        # Azure's endpoint for it is on the machine itself, in sandbox mode too.
        self._http = PatientSession()
        self._http.hooks["response"].append(_refuse_what_passes)
        which = (
            msal.SystemAssignedManagedIdentity()
            if self.is_system
            else msal.UserAssignedManagedIdentity(client_id=settings.managed_identity)
        )
        self._client = msal.ManagedIdentityClient(
            which, http_client=self._http, client_capabilities=CAPABILITIES, token_cache=msal.TokenCache()
        )

    def token(self, resource: str, claims_challenge: str | None = None) -> str:
        """A token for `resource`, kept by msal while it lives. Raises CredentialUnusable."""
        try:
            answer = self._client.acquire_token_for_client(resource=resource, claims_challenge=claims_challenge)
        except (requests.RequestException, ValueError) as error:
            raise CredentialUnusable(
                "This machine's managed identity does not answer; run where Azure gives one, or use another "
                "credential than PERENNIAL_MANAGED_IDENTITY. It will be tried again.",
                transient=True,
            ) from error
        if "access_token" not in answer:
            raise CredentialUnusable(
                f"This machine's managed identity gives no token ({answer.get('error', 'no reason given')}); "
                "assign it to the machine, or correct PERENNIAL_MANAGED_IDENTITY.",
                transient=False,
            )
        return str(answer["access_token"])

    def close(self) -> None:
        self._http.close()


def _refuse_what_passes(answer: requests.Response, *_: object, **__: object) -> None:
    """Raises HTTPError for what Azure's identity endpoint says while it starts, moves or has too much to do, which msal
    would hand on as a refusal like any other.
    """
    if answer.status_code in IDENTITY_PASSES or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        answer.close()
        answer.raise_for_status()


def for_msal(settings: Settings, identity: ManagedIdentity | None) -> Any:
    """What msal calls the client_credential. What it must ask for afresh each time, it gets as a function.

    Raises OSError or ValueError where a certificate is not there to be read.
    """
    if settings.managed_identity:
        assert identity is not None
        # A managed identity cannot redeem codes or hold our redirect URI, but the app registration can trust it.
        return {"client_assertion": lambda: identity.token(EXCHANGE[settings.sign_in_host])}
    if (file := settings.federated_token_file) is not None:
        return {"client_assertion": lambda: _token_in(file)}
    if settings.certificate_file:
        return _certificate(settings.certificate_file, settings)
    return settings.client_secret.get_secret_value() if settings.client_secret else None


def version_of(settings: Settings) -> Version:
    """Changes when the certificate file does; None where there is none to read."""
    try:
        found = settings.certificate_file.stat() if settings.certificate_file else None
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found else None


def _token_in(file: Path) -> str:
    try:
        token = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialUnusable(_unreadable(file), transient=True) from error
    if not token:
        raise CredentialUnusable(_unreadable(file), transient=True)
    return token


def _unreadable(file: Path) -> str:
    return (
        f"There is no token in {file} (PERENNIAL_FEDERATED_TOKEN_FILE); whoever keeps it fresh must write it there. "
        "It will be tried again."
    )


def _certificate(file: Path, settings: Settings) -> dict[str, Any]:
    password = settings.certificate_password
    passphrase = {"passphrase": password.get_secret_value()} if password else {}
    if file.suffix.lower() in {".pfx", ".p12"}:
        return {"private_key_pfx_path": str(file), "public_certificate": True, **passphrase}
    pem = file.read_text()
    return {"private_key": pem, "public_certificate": pem, **passphrase}
