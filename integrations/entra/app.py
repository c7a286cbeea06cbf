"""The app registration as msal knows it, made when first needed: making it asks Entra for its endpoints."""

from typing import Any

import msal
import requests

from config.settings import Settings
from integrations.entra.http import EntraHttp


class EntraUnreachable(Exception):
    """Entra does not answer, or not sensibly; worth trying again."""


class TenantUnknown(Exception):
    """Entra answers, but knows no such tenant."""


def open_app(settings: Settings, http: EntraHttp, token_cache: Any = None) -> Any:
    """A ConfidentialClientApplication. Blocks on the network: call it in a thread.

    Raises EntraUnreachable and TenantUnknown.
    """
    try:
        return msal.ConfidentialClientApplication(
            settings.client_id,
            authority=settings.authority,
            client_credential=_credential(settings),
            http_client=http,
            # The authority is one of Microsoft's own, so there is nothing to look up.
            instance_discovery=False,
            token_cache=token_cache,
            exclude_scopes=["offline_access"],
        )
    except (requests.RequestException, msal.exceptions.MsalServiceError) as error:
        raise EntraUnreachable(unreachable(settings)) from error
    except ValueError as error:
        # Without a certificate, the authority is all that is left to be wrong.
        if "OIDC Discovery failed" in str(error) or not settings.certificate_file:
            raise TenantUnknown(f"Entra knows no tenant {settings.tenant_id}; correct PERENNIAL_TENANT_ID.") from error
        raise TenantUnknown(
            "The certificate cannot be used; check PERENNIAL_CERTIFICATE_FILE (it holds key and certificate) "
            "and PERENNIAL_CERTIFICATE_PASSWORD."
        ) from error


def unreachable(settings: Settings) -> str:
    if settings.sandbox_url:
        return f"No sandbox tenant answers at {settings.sandbox_url} (PERENNIAL_SANDBOX_URL); start it first."
    return f"Entra does not answer at {settings.sign_in_host}; check the network. It will be tried again."


def _credential(settings: Settings) -> object:
    if not settings.certificate_file:
        return settings.client_secret.get_secret_value() if settings.client_secret else None
    password = settings.certificate_password
    passphrase = {"passphrase": password.get_secret_value()} if password else {}
    if settings.certificate_file.suffix.lower() in {".pfx", ".p12"}:
        return {
            "private_key_pfx_path": str(settings.certificate_file),
            "public_certificate": True,
            **passphrase,
        }
    pem = settings.certificate_file.read_text()
    return {"private_key": pem, "public_certificate": pem, **passphrase}
