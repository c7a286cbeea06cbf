"""How msal's calls reach a sandbox tenant: addressed to Entra's own host, carried to a loopback port.

msal insists on https and on Entra's host names, so the authority stays the production one; only the wire
differs.
"""

from typing import Any
from urllib.parse import urlsplit

import requests

from config.settings import LOOPBACK, SIGN_IN_BY_GRAPH_HOST

ENTRA = SIGN_IN_BY_GRAPH_HOST["graph.microsoft.com"]


class SandboxHttp:
    """msal's `http_client`: get, post and close, with Entra's origin replaced by the sandbox's."""

    def __init__(self, sandbox_url: str, session: requests.Session) -> None:
        if urlsplit(sandbox_url).hostname not in LOOPBACK:
            raise ValueError(f"{sandbox_url} is not on this machine; tokens of a sandbox must not leave it")
        self._sandbox_url = sandbox_url.rstrip("/")
        self._session = session

    def get(self, url: str, **options: Any) -> requests.Response:
        return self._session.get(self._rewritten(url), **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self._session.post(self._rewritten(url), **options)

    def close(self) -> None:
        self._session.close()

    def _rewritten(self, url: str) -> str:
        if not url.startswith(f"{ENTRA}/"):
            raise ValueError(f"{url} is not Entra's; the sandbox does not stand in for it")
        return self._sandbox_url + url.removeprefix(ENTRA)
