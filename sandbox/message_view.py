"""A message as Graph writes it in JSON, and what its lists may be filtered and sorted by."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from sandbox.calls import Call, Json, chosen
from sandbox.errors import bad_request
from sandbox.event_view import address_json, change_key, etag, properties_json
from sandbox.evidence import evidence
from sandbox.filters import Get
from sandbox.items import Message
from sandbox.mailboxes import FOLDERS
from sandbox.previews import plain_text, preview_of
from sandbox.sanitized import as_document, sanitized
from sandbox.zones import stamp

MESSAGE_TYPE = "Microsoft.OutlookServices.Message"
_READ = "https://outlook.office365.com/owa/?exvsurl=1&viewmodel=ReadMessageItem"
_IMMUTABLE = re.compile(r'idtype\s*=\s*"?immutableid\b', re.I)
_BODY_TYPE = re.compile(r'body-content-type\s*=\s*"?(text|html)\b', re.I)
_UNSAFE = re.compile(r"outlook\.allow-unsafe-html", re.I)
_OF_A_FOLDER = {"inbox": "I", "drafts": "D", "sentitems": "S", "deleteditems": "X"}
_KEPT, _MOVES = "AAkALg", "AAMkAG"


@evidence(
    "documented",
    "Without Prefer: IdType='ImmutableId' an item has another id, which changes when it moves to another folder;"
    " both are understood in a path",
    "learn.microsoft.com/graph/outlook-immutable-id",
)
def shown_id(call: Call, message: Message) -> str:
    if _IMMUTABLE.search(call.headers.get("prefer", "")):
        return message.id
    return f"{_MOVES}{_OF_A_FOLDER[message.folder]}{message.id.removeprefix(_KEPT)}"


def meant_message(messages: dict[str, Message], name: str) -> Message | None:
    """The message with this id of either kind; one that moves is only good in the folder it was given in."""
    if not name.startswith(_MOVES):
        return messages.get(name)
    found = messages.get(_KEPT + name[len(_MOVES) + 1 :])
    return found if found and name[len(_MOVES) :][:1] == _OF_A_FOLDER[found.folder] else None


def message_json(call: Call, message: Message) -> Json:
    """The message with `$select` and `$expand` of the call applied."""
    sender = address_json(message.sender) if message.sender else None
    item_id = shown_id(call, message)
    full: Json = {
        "@odata.etag": etag(message.id, message.change),
        "id": item_id,
        "createdDateTime": stamp(message.created),
        "lastModifiedDateTime": stamp(message.modified),
        "changeKey": change_key(message.id, message.change),
        "categories": message.categories,
        "receivedDateTime": stamp(message.received or message.created),
        "sentDateTime": stamp(message.sent or message.created),
        "hasAttachments": message.has_attachments,
        "internetMessageId": message.internet_id,
        "subject": message.subject,
        "bodyPreview": message.preview or preview_of(message.body),
        "importance": message.importance,
        "parentFolderId": f"AAMkFolder-{message.folder}",
        "conversationId": message.conversation,
        "conversationIndex": None,
        "isDeliveryReceiptRequested": message.delivery_receipt,
        "isReadReceiptRequested": message.read_receipt,
        "isRead": message.is_read,
        "isDraft": message.is_draft,
        "webLink": f"{_READ}&ItemID={quote(item_id, safe='')}",
        "inferenceClassification": message.inference,
        "body": _body_json(call, message),
        "sender": sender,
        "from": sender,
        "toRecipients": [address_json(a) for a in message.to],
        "ccRecipients": [address_json(a) for a in message.cc],
        "bccRecipients": [address_json(a) for a in message.bcc],
        "replyTo": [address_json(a) for a in message.reply_to],
        "flag": {"flagStatus": message.flag},
    }
    if "internetMessageHeaders" in call.select:
        full["internetMessageHeaders"] = [{"name": n, "value": v} for n, v in message.headers]
    if message.meeting:
        requested = message.meeting == "meetingRequest"
        full = {"@odata.type": f"#microsoft.graph.eventMessage{'Request' if requested else ''}", **full}
        full["meetingMessageType"] = message.meeting
    body = chosen(full, call.select, MESSAGE_TYPE)
    found = properties_json(message.properties, call.expanded_properties)
    if found:
        body["singleValueExtendedProperties"] = found
    return body


@evidence(
    "documented",
    "A body is read in the format that Prefer: outlook.body-content-type asks for",
    "learn.microsoft.com/graph/api/message-get (request headers)",
)
@evidence(
    "reported",
    "Without that preference a plain text stays one, though the documents say everything comes as HTML",
    "github.com/microsoftgraph/microsoft-graph-docs issue 12595",
)
def _body_json(call: Call, message: Message) -> Json:
    preferred = call.headers.get("prefer", "")
    wanted = _BODY_TYPE.search(preferred)
    kind = wanted.group(1).lower() if wanted else message.body_type
    if kind == "text":
        text = message.body if message.body_type == "text" else message.text or plain_text(message.body)
        return {"contentType": "text", "content": text}
    html = message.body if message.body_type == "html" else _as_html(message.body)
    return {"contentType": "html", "content": as_document(html if _UNSAFE.search(preferred) else sanitized(html))}


def _as_html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n")
    return f'<div class="PlainText">{escaped}</div>' if text else ""


evidence(
    "reported",
    "Messages can be filtered by internetMessageId, and not by internetMessageHeaders",
    "github.com/microsoftgraph/microsoft-graph-docs issue 3092 for the first; nobody does the second",
)
_FIELDS: dict[str, Callable[[Message], Any]] = {
    "id": lambda m: m.id,
    "receiveddatetime": lambda m: m.received or m.created,
    "sentdatetime": lambda m: m.sent or m.created,
    "createddatetime": lambda m: m.created,
    "lastmodifieddatetime": lambda m: m.modified,
    "isdraft": lambda m: m.is_draft,
    "isread": lambda m: m.is_read,
    "hasattachments": lambda m: m.has_attachments,
    "importance": lambda m: m.importance,
    "inferenceclassification": lambda m: m.inference,
    "flag/flagstatus": lambda m: m.flag,
    "subject": lambda m: m.subject,
    "bodypreview": lambda m: m.preview or preview_of(m.body),
    "internetmessageid": lambda m: m.internet_id,
    "conversationid": lambda m: m.conversation,
    "parentfolderid": lambda m: f"AAMkFolder-{m.folder}",
    "from/emailaddress/address": lambda m: m.sender.address if m.sender else None,
    "from/emailaddress/name": lambda m: m.sender.name if m.sender else None,
    "sender/emailaddress/address": lambda m: m.sender.address if m.sender else None,
    "sender/emailaddress/name": lambda m: m.sender.name if m.sender else None,
    "singlevalueextendedproperties": lambda m: [{"id": n, "value": v} for n, v in m.properties.items()],
}
_ANY = re.compile(r"([\w/]+)/any\s*\(\s*(\w+)\s*:", re.I)
_TEXT = re.compile(r"'(?:[^']|'')*'")


def getter(message: Message) -> Get:
    return partial(field_of, message)


def field_of(message: Message, path: str) -> Any:
    """Raises 400 for what messages have not."""
    found = _FIELDS.get(path.lower())
    if found is None:
        raise bad_request(
            f"Could not find a property named '{path[:60]}' on type '{MESSAGE_TYPE}'.", "RequestBroker--ParseUri"
        )
    return found(message)


@evidence(
    "documented",
    "$orderby with $filter: what is sorted by must come first in the filter, else 400 InefficientFilter",
    "learn.microsoft.com/graph/api/user-list-messages ('Using filter and orderby in the same query')",
)
def check_query(call: Call) -> None:
    """Raises 400 for properties that messages have not, and for a sorting that Exchange finds too complex."""
    ordered = [path.lower() for path, _ in call.order]
    filtered = _filtered(call)
    for path in (*ordered, *filtered):
        if path not in _FIELDS:
            raise bad_request(
                f"Could not find a property named '{path[:60]}' on type '{MESSAGE_TYPE}'.", "RequestBroker--ParseUri"
            )
    if filtered and filtered[: len(ordered)] != ordered:
        raise bad_request("The restriction or sort order is too complex for this operation.", "InefficientFilter")


def _filtered(call: Call) -> list[str]:
    """The paths in `$filter` in the order of their first mention."""
    wanted = call.filter
    if wanted is None:
        return []
    text = _TEXT.sub("''", call.query["$filter"]).lower()
    names = {alias: path for path, alias in _ANY.findall(text)}
    paths = {names.get(path.partition("/")[0], path) for path, _ in wanted.uses if path}
    return sorted(paths, key=text.find)


def folder_named(name: str) -> str | None:
    folder = name.lower().removeprefix("aamkfolder-")
    return folder if folder in FOLDERS else None
