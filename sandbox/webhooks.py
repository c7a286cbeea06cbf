"""HTTP to those who subscribed: the validation handshake and the posting of notifications, to this machine only."""

import hashlib
import ipaddress
import json
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from sandbox.errors import GraphError
from sandbox.evidence import evidence

ANSWER_WITHIN = 3.0
_PROVE_WITHIN = 10.0
_WEBHOOKS = "learn.microsoft.com/graph/change-notifications-delivery-webhooks"


def web_client() -> httpx.AsyncClient:
    """One that keeps to the address it is given: no proxy, no redirect. On a loopback, certificates prove nothing."""
    return httpx.AsyncClient(trust_env=False, verify=False, follow_redirects=False, timeout=ANSWER_WITHIN)  # noqa: S501


def check_address(url: str, name: str) -> None:
    """Raises 400 unless `url` is an address on this machine. Graph itself wants https to a public one."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        on_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        on_loopback = False
    if not on_loopback or parts.scheme not in ("http", "https"):
        raise GraphError(
            400,
            "ValidationError",
            f"The {name} '{url[:120]}' cannot be used: the sandbox tenant notifies addresses on the loopback only.",
        )


@evidence(
    "documented",
    "Each URL must answer a POST with validationToken in its query within 10 s: 200, text/plain, the decoded token.",
    _WEBHOOKS,
)
@evidence("reported", "Otherwise 400: 'Subscription validation request failed.', which is quoted widely.", _WEBHOOKS)
async def prove(url: str, request_id: str) -> None:
    """Raises 400 ValidationError unless the endpoint at `url` answers as it must."""
    # Characters that must be escaped in a query, so that who forgets to decode is found out.
    mark = hashlib.sha256(request_id.encode()).hexdigest()[:12]
    token = f"Validation: Testing client application reachability for subscription Request-Id: {request_id}+{mark}/="
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode({"validationToken": token}))))
    address = urlunsplit(parts._replace(query=query, fragment=""))
    try:
        async with web_client() as client:
            headers = {"content-type": "text/plain; charset=utf-8"}
            answer = await client.post(address, headers=headers, timeout=_PROVE_WITHIN)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unproven(url, f"it could not be asked ({type(error).__name__})") from error
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status_code != 200:
        raise _unproven(url, f"it answered {answer.status_code}")
    if kind != "text/plain":
        raise _unproven(url, f"its answer is {kind[:40] or 'of no content type'}, not text/plain")
    if answer.text != token:
        raise _unproven(url, "its answer is not the decoded validation token")


@evidence(
    "documented",
    "A notification counts as delivered when the endpoint answers 2xx within 3 seconds.",
    _WEBHOOKS,
)
async def post(client: httpx.AsyncClient, url: str, values: list[dict[str, Any]]) -> int:
    """The status that the endpoint answered; 0 if it did not answer in time."""
    content = json.dumps({"value": values}, separators=(",", ":")).encode()
    try:
        answer = await client.post(url, content=content, headers={"content-type": "application/json; charset=utf-8"})
    except (httpx.HTTPError, httpx.InvalidURL):
        return 0
    return answer.status_code


def _unproven(url: str, why: str) -> GraphError:
    return GraphError(
        400,
        "ValidationError",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request."
        f" (The sandbox tenant asked {url[:120]}: {why}.)",
    )
