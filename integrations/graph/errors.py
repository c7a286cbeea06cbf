"""What can go wrong with Microsoft 365, in product words: whether to try again, and what a person can do.

Sentences name what we were doing and Graph's error code, never a body: bodies hold people's words.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
from kiota_abstractions.api_error import APIError
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from integrations.entra.tokens import TokenRefused

TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 509})
THROTTLED = frozenset({"ApplicationThrottled", "MailboxConcurrency", "TooManyRequests"})
# Somebody else saved the item meanwhile: read it again, then write.
OVERTAKEN = frozenset({"ErrorIrresolvableConflict", "ConcurrentItemSave"})
NO_MAILBOX = frozenset(
    {
        "ErrorInvalidUser",
        "ErrorNonExistentMailbox",
        "MailboxNotEnabledForRESTAPI",
        "Request_ResourceNotFound",
        "ResourceNotFound",
    }
)
# msal answers a repeated failure from its memory for a minute; asking earlier learns nothing.
AFTER_A_TOKEN_ERROR = timedelta(seconds=60)


class GraphTrouble(Exception):
    """Microsoft 365 did not do what we asked: `what` we were doing, and `advice` for a person.

    `permission` is what the call needs, `mailbox` whom it was about (an address or an id); both "" where unknown.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what, advice)
        self.what = what
        self.advice = advice
        self.permission = ""
        self.mailbox = ""

    def __str__(self) -> str:
        return f"Could not {self.what}: {self.advice}"


class Transient(GraphTrouble):
    """Worth trying again, after `retry_after` when Graph said when."""

    def __init__(self, what: str, advice: str, retry_after: timedelta | None = None) -> None:
        super().__init__(what, advice)
        self.retry_after = retry_after


class TokenRejected(Transient):
    """Graph did not accept our token; a fresh one may do."""


class Permanent(GraphTrouble):
    """Trying again changes nothing until a person does something."""


class NoMailbox(Permanent):
    """The person or address has no mailbox in this tenant."""


class Garbled(Permanent):
    """Graph answered with something that cannot be read."""


class NoZone(NoMailbox):
    """There is a mailbox, and it does not say where its owner lives; nobody else knows either."""


class NotAllowed(Permanent):
    """A permission is missing, or does not reach this mailbox."""


class NoToken(NotAllowed):
    """Entra lets the app in nowhere: its secret, its certificate or the app itself."""


class BadRequest(Permanent):
    """Graph found our request wrong: a fault of ours."""


class Gone(GraphTrouble):
    """The event or message is not there any more. Stays inside this package: callers get None or False."""


@asynccontextmanager
async def graph_words(doing: str, permission: str) -> AsyncIterator[None]:
    """Turn whatever the SDK, the wire or the token endpoint raises inside into GraphTrouble.

    `doing` completes "Could not ..."; `permission` is the application permission that the call needs.
    """
    try:
        yield
    except APIError as error:
        raise _in_our_words(error, doing, permission) from error
    except TokenRefused as error:
        if error.transient:
            raise Transient(doing, str(error), AFTER_A_TOKEN_ERROR) from error
        raise NoToken(doing, str(error)) from error
    except httpx.TimeoutException as error:
        raise Transient(doing, "Microsoft Graph did not answer in time; it will be tried again.") from error
    except httpx.TransportError as error:
        raise Transient(
            doing, "Microsoft Graph cannot be reached; check the network and PERENNIAL_GRAPH_URL."
        ) from error


def _in_our_words(error: APIError, doing: str, permission: str) -> GraphTrouble:
    status = error.response_status_code or 0
    code = (error.error.code or "" if error.error else "") if isinstance(error, ODataError) else ""
    if status in TRANSIENT_STATUSES or code in THROTTLED:
        advice = f"Microsoft Graph is busy or unwell ({code or status}); it will be tried again."
        return Transient(doing, advice, _retry_after(error))
    if status == 412 or code in OVERTAKEN:
        return Transient(doing, "somebody changed it at the same moment; it will be read again and retried.")
    if code in NO_MAILBOX:
        return no_mailbox(doing, code)
    if status == 404 and code == "ErrorItemNotFound":
        return Gone(doing, "it is gone from the mailbox.")
    if status == 401:
        return TokenRejected(
            doing,
            f"Microsoft Graph refused our token ({code or status}); "
            "if this stays so, check PERENNIAL_TENANT_ID and PERENNIAL_CLIENT_ID.",
            AFTER_A_TOKEN_ERROR,
        )
    if status == 403:
        return NotAllowed(
            doing,
            f"the app may not ({code or status}); grant it {permission} for this mailbox, and wait: "
            "Exchange remembers a refusal for up to two hours.",
        )
    return wrong_request(doing, code or str(status))


def no_mailbox(doing: str, code: str) -> NoMailbox:
    return NoMailbox(doing, f"there is no such mailbox ({code}); check the address and the Exchange licence.")


def wrong_request(doing: str, code: str) -> BadRequest:
    return BadRequest(doing, f"Microsoft Graph found the request wrong ({code}); please report this as a fault.")


def _retry_after(error: APIError) -> timedelta | None:
    """Graph gives whole seconds; the header's other form, a date, would need a clock and is passed over."""
    given = (error.response_headers or {}).get("Retry-After", "")
    return timedelta(seconds=int(given)) if given.isdecimal() else None
