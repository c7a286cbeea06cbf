"""Letters that come as MIME: base64 on the wire, one message with its headers and up to two alternatives inside."""

import base64
import binascii
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.headerregistry import AddressHeader
from email.message import EmailMessage, MIMEPart

from sandbox.bodies import check_size
from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.items import Address

# What the standard parser is known to raise on headers and charsets that are not what they claim to be.
_BROKEN = (ValueError, LookupError, AttributeError, TypeError, AssertionError, MessageError, RecursionError)
_IMPORTANCE = {"1": "high", "2": "high", "high": "high", "urgent": "high", "4": "low", "5": "low", "low": "low"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a MIME message says. Line ends are `\\n`; an alternative that it does not have is None."""

    subject: str
    sender: Address | None
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    reply_to: list[Address]
    message_id: str
    in_reply_to: str
    importance: str
    headers: list[tuple[str, str]]
    text: str | None
    html: str | None
    has_attachments: bool


@evidence(
    "documented",
    "MIME comes base64-encoded as text/plain; what is no base64 is 400 ErrorMimeContentInvalidBase64String",
    "learn.microsoft.com/graph/outlook-send-mime-message, api/user-sendmail (error in the request body)",
)
def read_mime(raw: bytes) -> Letter:
    """Raises 400 for what is no base64 or no message, and 413 for what is too large."""
    check_size(raw)
    try:
        decoded = base64.b64decode(b"".join(raw.split()), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        raise bad_request("Invalid base64 string for MIME content.", "ErrorMimeContentInvalidBase64String")
    try:
        return _letter(message_from_bytes(decoded, policy=policy.default))
    except _BROKEN as error:
        raise _invalid() from error


def _letter(message: EmailMessage) -> Letter:
    if not message.keys():
        raise _invalid()
    return Letter(
        subject=_line(message, "subject"),
        sender=next(iter(_addresses(message, "from")), None),
        to=_addresses(message, "to"),
        cc=_addresses(message, "cc"),
        bcc=_addresses(message, "bcc"),
        reply_to=_addresses(message, "reply-to"),
        message_id=_line(message, "message-id"),
        in_reply_to=_line(message, "in-reply-to"),
        importance=_IMPORTANCE.get(_line(message, "importance").lower() or _line(message, "x-priority")[:1], "normal"),
        headers=[(name, " ".join(str(value).split())) for name, value in message.items() if name[:2].lower() == "x-"],
        text=_part(message, "plain"),
        html=_part(message, "html"),
        has_attachments=any(True for _ in message.iter_attachments()) if message.is_multipart() else False,
    )


def _part(message: EmailMessage, kind: str) -> str | None:
    found: MIMEPart | None = message.get_body((kind,))
    if found is None:
        return None
    content = found.get_content()
    # The last line end closes the part, and is not of the text.
    return content.replace("\r\n", "\n").removesuffix("\n") if isinstance(content, str) else None


def _line(message: EmailMessage, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _addresses(message: EmailMessage, name: str) -> list[Address]:
    found = []
    for header in message.get_all(name, []):
        if isinstance(header, AddressHeader):
            found += [Address(a.display_name or a.addr_spec, a.addr_spec) for a in header.addresses if a.addr_spec]
    return found


def _invalid() -> GraphError:
    return bad_request("The MIME content is invalid.", "ErrorMimeContentInvalid")
