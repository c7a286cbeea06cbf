"""The wire to Entra: never by way of the machine's proxies, never without a time limit."""

from typing import Any

import requests

from config.settings import Settings
from integrations.entra.sandbox_http import SandboxHttp

SECONDS = 30


class PatientSession(requests.Session):
    """A session with a time limit, which requests itself leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", SECONDS)
        return super().request(*args, **options)


# What msal needs of an HTTP client: get, post, close.
EntraHttp = PatientSession | SandboxHttp


def open_entra_http(settings: Settings) -> EntraHttp:
    """The session itself in production; in sandbox mode one that ends on this machine."""
    session = PatientSession()
    return SandboxHttp(settings.sandbox_url, session) if settings.sandbox_url else session
