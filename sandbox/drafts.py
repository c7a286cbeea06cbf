"""What a client may write into a message, as JSON or as MIME, and what Exchange refuses to take."""

import re

from sandbox import delivery
from sandbox.bodies import Body
from sandbox.calls import Call
from sandbox.errors import GraphError, bad_request
from sandbox.evidence import evidence
from sandbox.items import Address, Message
from sandbox.mailboxes import Mailbox
from sandbox.message_view import MESSAGE_TYPE
from sandbox.mime import read_mime

# What may still be changed once a message has been sent or received.
_AFTERWARDS = frozenset(
    ("categories", "flag", "importance", "inferenceClassification", "isRead", "singleValueExtendedProperties")
)
_DRAFT_NAMES = """
bccRecipients body ccRecipients from internetMessageHeaders internetMessageId isDeliveryReceiptRequested
isReadReceiptRequested replyTo sender subject toRecipients
"""
_DRAFT_ONLY = frozenset(_DRAFT_NAMES.split())
_READ_ONLY_NAMES = """
bodyPreview changeKey conversationId conversationIndex createdDateTime hasAttachments isDraft lastModifiedDateTime
parentFolderId receivedDateTime sentDateTime uniqueBody webLink
"""
_READ_ONLY = frozenset(_READ_ONLY_NAMES.split())
_KNOWN = frozenset(("id", *_AFTERWARDS, *_DRAFT_ONLY, *_READ_ONLY))
_MOST_HEADERS = 5
_ADDRESS = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+")


@evidence(
    "documented",
    "Most of a message can be changed only while it is a draft",
    "learn.microsoft.com/graph/api/message-update (properties)",
)
@evidence(
    "reported",
    "Afterwards it is 400 ErrorInvalidPropertySet, as is what can never be written; the id is ignored",
    "graph-docs #17008 (from), graph-docs #6439 and msgraph-sdk-dotnet #2408 (a whole message that had been read)",
)
def check_writable(message: Message, body: Body) -> None:
    """Raises 400 for what cannot be written into `message`, and for what no message has."""
    body.only(_KNOWN, MESSAGE_TYPE)
    if any(name in _READ_ONLY for name in body.values):
        raise bad_request("Set action is invalid for property.", "ErrorInvalidPropertySet")
    if not message.is_draft and any(name in _DRAFT_ONLY for name in body.values):
        raise bad_request("Message is not draft.", "ErrorInvalidPropertySet")


@evidence(
    "documented",
    "A body of type text/plain is MIME, of application/json is JSON",
    "learn.microsoft.com/graph/outlook-send-mime-message",
)
@evidence("assumed", "Any other body is 415 UnsupportedMediaType", "no document says what happens")
def is_mime(call: Call) -> bool:
    """Raises 415 for what is neither."""
    kind = call.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind == "text/plain":
        return True
    if kind in ("", "application/json") or not call.raw_body:
        return False
    raise GraphError(415, "UnsupportedMediaType", f"A message is application/json or text/plain, not {kind[:60]}.")


def new_draft(call: Call, box: Mailbox, body: Body | None = None) -> Message:
    """A draft as the call's body has it, or as `body` has it; not yet kept in the mailbox."""
    message = delivery.new_message(box, "drafts", "", call.now)
    message.is_read, message.sender = True, _owner(call, box)
    if body is None and is_mime(call):
        write_mime(call, box, message)
        return message
    body = call.body if body is None else body
    check_writable(message, body)
    message.properties = body.extended_properties()
    write(call, box, message, body)
    return message


@evidence(
    "assumed",
    "A MIME draft keeps the Message-ID and the x- headers that it came with",
    "internetMessageId of a draft is documented as writable; of MIME it is nowhere said",
)
def write_mime(call: Call, box: Mailbox, message: Message) -> None:
    """Writes the MIME message of the call into `message`; what it does not say stays as it was."""
    letter = read_mime(call.raw_body)
    if letter.sender is not None:
        _check_sender(letter.sender, _owner(call, box))
    message.subject, message.importance = letter.subject or message.subject, letter.importance
    message.to, message.cc, message.bcc = letter.to or message.to, letter.cc or message.cc, letter.bcc or message.bcc
    message.reply_to, message.headers = letter.reply_to, letter.headers
    message.internet_id = letter.message_id or message.internet_id
    message.in_reply_to = letter.in_reply_to or message.in_reply_to
    message.has_attachments = letter.has_attachments
    if letter.html is not None:
        message.body_type, message.body, message.text = "html", letter.html, letter.text
    else:
        message.body_type, message.body, message.text = "text", letter.text or "", None


def write(call: Call, box: Mailbox, message: Message, body: Body) -> None:
    """Writes what `body` has into `message`; everything is read before anything is written."""
    sender = body.record("from") or body.record("sender")
    if sender is not None:
        _check_sender(sender.address(), _owner(call, box))
    kind, content = body.content("body")
    lists = {name: body.addresses(f"{name}Recipients") for name in ("to", "cc", "bcc")}
    reply_to, categories, headers = body.addresses("replyTo"), body.texts("categories"), _headers(body)
    flag = body.record("flag")
    status = flag.choice("flagStatus", ("notFlagged", "complete", "flagged"), "notFlagged") if flag else message.flag
    importance = body.choice("importance", ("low", "normal", "high"), message.importance)
    inference = body.choice("inferenceClassification", ("focused", "other"), message.inference)
    subject, internet_id = body.text("subject", message.subject), body.text("internetMessageId", message.internet_id)
    is_read = body.flag("isRead", message.is_read)
    delivery_receipt = body.flag("isDeliveryReceiptRequested", message.delivery_receipt)
    read_receipt = body.flag("isReadReceiptRequested", message.read_receipt)
    message.subject, message.internet_id = subject, internet_id
    message.importance, message.inference, message.flag = importance, inference, status
    message.is_read, message.delivery_receipt, message.read_receipt = is_read, delivery_receipt, read_receipt
    if "body" in body:
        message.body_type, message.body, message.text = kind, content, None
    for name, addresses in lists.items():
        if f"{name}Recipients" in body:
            setattr(message, name, addresses)
    if "replyTo" in body:
        message.reply_to = reply_to
    if "categories" in body:
        message.categories = categories
    if headers:
        message.headers = headers


@evidence(
    "reported",
    "A message without recipients, or with one that is no address, cannot be sent: 400 ErrorInvalidRecipients",
    "github.com/microsoftgraph/msgraph-sdk-dotnet issue 1891, ruby-connect-rest-sample issue 15",
)
def check_recipients(message: Message) -> None:
    everybody = [*message.to, *message.cc, *message.bcc]
    unresolved = [each.address for each in everybody if not _ADDRESS.fullmatch(each.address)]
    if unresolved:
        reason = f"Recipient '{unresolved[0][:80]}' is not resolved. All recipients must be resolved before a message"
        raise bad_request(f"At least one recipient is not valid., {reason} can be submitted.", "ErrorInvalidRecipients")
    if not everybody:
        raise bad_request(
            "At least one recipient is not valid., A message can't be sent because it contains no recipients.",
            "ErrorInvalidRecipients",
        )


@evidence(
    "documented",
    "Custom internet headers of a JSON message start with x-",
    "learn.microsoft.com/graph/api/resources/internetmessageheader",
)
@evidence(
    "reported",
    "More than five of them are 400 InvalidInternetMessageHeaderCollection",
    "learn.microsoft.com/answers/questions/762243",
)
def _headers(body: Body) -> list[tuple[str, str]]:
    headers = [(h.text("name"), h.text("value")) for h in body.records("internetMessageHeaders")]
    if len(headers) > _MOST_HEADERS or any(not name.lower().startswith("x-") for name, _ in headers):
        raise bad_request(
            "Custom headers must start with 'x-', and there may be five.",
            "InvalidInternetMessageHeaderCollection",
        )
    return headers


@evidence(
    "documented",
    "A mailbox sends in its own name; another's is 403 ErrorSendAsDenied",
    "learn.microsoft.com/graph/outlook-create-send-messages, learn.microsoft.com/graph/errors",
)
def _check_sender(sender: Address, owner: Address) -> None:
    if sender.address.lower() != owner.address.lower():
        raise GraphError(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have"
            " the right to send mail on behalf of the specified sending account.",
        )


def _owner(call: Call, box: Mailbox) -> Address:
    return call.tenant.accounts[box.contents.account_id].address
