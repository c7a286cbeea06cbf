"""Letters that come as MIME: base64 on the wire, one message with its headers and up to two alternatives inside."""

import base64
import binascii
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import Header
from email.headerregistry import AddressHeader
from email.message import EmailMessage, MIMEPart
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from sandbox.bodies import check_size
from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.items import Address, Message

# What the standard parser is known to raise on headers and charsets that are not what they claim to be.
_BROKEN = (ValueError, LookupError, AttributeError, TypeError, AssertionError, MessageError, RecursionError)
_HEADER = re.compile(r"[xX]-[\w-]+", re.ASCII)
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


@evidence(
    "documented",
    "$value of a message is its MIME content, as text/plain",
    "learn.microsoft.com/graph/outlook-get-mime-message, api/message-get (example 4)",
)
@evidence(
    "assumed",
    "It has the headers that the sandbox knows, in an order of its own, and of attachments nothing",
    "real ones carry the path that the message took",
)
def written_mime(message: Message) -> str:
    """The message as MIME: ASCII, with the lines ended by CR LF."""
    if message.body_type == "html" and message.text is not None:
        letter: MIMEMultipart | MIMEText = MIMEMultipart("alternative")
        letter.attach(MIMEText(message.text, "plain", "utf-8"))
        letter.attach(MIMEText(message.body, "html", "utf-8"))
        # Else it would be drawn by lot, and the same message would never look the same twice.
        letter.set_boundary(f"_000_{message.id[6:40]}_")
    else:
        letter = MIMEText(message.body, "html" if message.body_type == "html" else "plain", "utf-8")
    when = message.sent or message.created
    named = {
        "From": _written([message.sender] if message.sender else []),
        "To": _written(message.to),
        "Cc": _written(message.cc),
        "Bcc": _written(message.bcc),
        "Reply-To": _written(message.reply_to),
        "Subject": _encoded(message.subject),
        "Date": format_datetime(when),
        "Message-ID": _encoded(message.internet_id),
        "In-Reply-To": _encoded(message.in_reply_to),
        "Importance": message.importance if message.importance != "normal" else "",
        **{name: _encoded(value) for name, value in message.headers if _HEADER.fullmatch(name)},
    }
    for name, value in named.items():
        if value:
            letter[name] = value
    return letter.as_bytes(policy=policy.compat32.clone(linesep="\r\n")).decode("ascii")


def _written(addresses: list[Address]) -> str:
    return ", ".join(f"{_encoded(a.name, quoted=True)} <{_encoded(a.address)}>" for a in addresses)


def _encoded(text: str, quoted: bool = False) -> str:
    """One line of ASCII."""
    line = " ".join(text.split())
    if not line.isascii():
        return Header(line, "utf-8", maxlinelen=998).encode()
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"' if quoted else line


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
        headers=[(_text(name), _text(value)) for name, value in message.items() if name[:2].lower() == "x-"],
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
    return _whole(content).replace("\r\n", "\n").removesuffix("\n") if isinstance(content, str) else None


def _line(message: EmailMessage, name: str) -> str:
    return _text(message.get(name, ""))


def _text(value: object) -> str:
    """One line that can be written again: bytes that are none of their charset leave half surrogates behind."""
    return _whole(" ".join(str(value).split()))


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _addresses(message: EmailMessage, name: str) -> list[Address]:
    found = []
    for header in message.get_all(name, []):
        if isinstance(header, AddressHeader):
            known = ((_text(a.display_name), _text(a.addr_spec)) for a in header.addresses)
            found += [Address(name or mail, mail) for name, mail in known if mail]
    return found


def _invalid() -> GraphError:
    return bad_request("The MIME content is invalid.", "ErrorMimeContentInvalid")
