"""What Graph says when it refuses: a status, a code and a sentence, in Graph's own error shape."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.evidence import evidence

evidence(
    "documented",
    "An error is {error: {code, message, innerError}}, and innerError has the date and both request ids.",
    "learn.microsoft.com/graph/errors",
)
evidence(
    "reported",
    "A stale If-Match is 412 ErrorIrresolvableConflict, a missing item 404 ErrorItemNotFound, a mailbox that nobody"
    " has 404 ErrorInvalidUser.",
    "codes of Exchange Web Services in the answers that github.com/microsoftgraph issues quote",
)
evidence(
    "documented",
    "Without a good token it is 401 InvalidAuthenticationToken with WWW-Authenticate: Bearer.",
    "learn.microsoft.com/graph/resolve-auth-errors",
)


class GraphError(Exception):
    """A refusal with an HTTP `status`, Graph's error `code`, a sentence, and headers to send along."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def as_json(self, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Graph's error body; `now` is the (virtual) UTC instant it is stamped with."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
                    "request-id": request_id,
                    "client-request-id": client_request_id,
                },
            }
        }


def bad_request(message: str, code: str = "ErrorInvalidRequest") -> GraphError:
    return GraphError(400, code, message)


def item_not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def user_not_found(name: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_such_mailbox(name: str) -> GraphError:
    return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")


def mailbox_not_enabled() -> GraphError:
    return GraphError(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


def stale() -> GraphError:
    return GraphError(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request"
        " does not match the current change key for the item.",
    )


def over_concurrency() -> GraphError:
    return GraphError(
        429,
        "ApplicationThrottled",
        "Application is over its MailboxConcurrency limit.",
        {"Retry-After": "1"},
    )


_CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize",'
    ' client_id="00000003-0000-0000-c000-000000000000"'
)


def unauthenticated(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": _CHALLENGE})


def challenged(message: str, since: int) -> GraphError:
    """A claims challenge for a token that is valid since `since`, in seconds since 1970."""
    claims = base64.b64encode(json.dumps({"access_token": {"nbf": {"essential": True, "value": str(since)}}}).encode())
    header = f'{_CHALLENGE}, errorDescription="{message}", error="insufficient_claims", claims="{claims.decode()}"'
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": header})


def not_served(method: str, path: str) -> GraphError:
    return GraphError(
        404,
        "ResourceNotFound",
        f"The sandbox tenant does not serve {method} {path}. See its log for what was asked.",
    )
