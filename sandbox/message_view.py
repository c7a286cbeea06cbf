"""A message as Graph writes it in JSON, and what its lists may be filtered and sorted by."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from sandbox.calls import Call, Json, chosen
from sandbox.errors import bad_request
from sandbox.event_view import address_json, change_key, etag, event_json, properties_json
from sandbox.evidence import evidence
from sandbox.filters import Get
from sandbox.item_ids import meant_id, shown_id
from sandbox.items import Message
from sandbox.mailboxes import FOLDERS
from sandbox.meeting_mail import NAMES, meeting_json
from sandbox.preferences import preference, prefers
from sandbox.previews import plain_text, preview_of
from sandbox.sanitized import as_document, sanitized
from sandbox.zones import stamp

MESSAGE_TYPE = "Microsoft.OutlookServices.Message"
_UNSAFE = "outlook.allow-unsafe-html"
_CAST = re.compile(r"microsoft\.graph\.eventMessage(?:Request|Response)?/", re.I)
_EVENT = re.compile(r"(?:^|,)\s*microsoft\.graph\.eventMessage/event\b", re.I)
_READ = "https://outlook.office365.com/owa/?exvsurl=1&viewmodel=ReadMessageItem"


def meant_message(messages: dict[str, Message], name: str) -> Message | None:
    """The message with this id of either kind; one that moves is only good in the folder it was given in."""
    lasting, folder = meant_id(name)
    found = messages.get(lasting)
    return found if found is not None and folder in (None, found.folder) else None


def message_json(call: Call, message: Message) -> Json:
    """The message with `$select` and `$expand` of the call applied."""
    sender = address_json(message.sender) if message.sender else None
    item_id = shown_id(call.headers, message.id, message.folder)
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
    own = meeting_json(message)
    full = {**({"@odata.type": own["@odata.type"]} if own else {}), **full, **own}
    # `microsoft.graph.eventMessage/event` is what only mail about meetings has.
    plain = [(_CAST.sub("", name), bool(_CAST.match(name))) for name in call.select]
    # Mail that is of another type than the cast has not what it names, but nobody has what does not exist.
    select = [name for name, cast in plain if not cast or name in own or name not in NAMES]
    body = chosen(full, select, MESSAGE_TYPE)
    if call.select and not select:
        body = chosen(full, ["id"], MESSAGE_TYPE)
    if own and message.event_id and _EVENT.search(call.expand):
        box = call.mailbox
        event = box.event(message.event_id)
        body["event"] = event_json(replace(call, query_string="", _query=None), box, event) if event else None
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
    wanted = preference(call.headers, "outlook.body-content-type").lower()
    kind = wanted if wanted in ("text", "html") else message.body_type
    if kind == "text":
        text = message.body if message.body_type == "text" else message.text or plain_text(message.body)
        return {"contentType": "text", "content": text}
    html = message.body if message.body_type == "html" else _as_html(message.body)
    return {"contentType": "html", "content": as_document(html if prefers(call.headers, _UNSAFE) else sanitized(html))}


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
    "categories": lambda m: [{"": name} for name in m.categories],
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
    filtered = call.filtered
    for path in (*ordered, *filtered):
        if path not in _FIELDS:
            raise bad_request(
                f"Could not find a property named '{path[:60]}' on type '{MESSAGE_TYPE}'.", "RequestBroker--ParseUri"
            )
    if filtered and filtered[: len(ordered)] != ordered:
        raise bad_request("The restriction or sort order is too complex for this operation.", "InefficientFilter")


def folder_named(name: str) -> str | None:
    folder = name.lower().removeprefix("aamkfolder-")
    return folder if folder in FOLDERS else None
