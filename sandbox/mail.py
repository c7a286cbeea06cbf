"""Messages over Graph: drafts, sending, folders. How a letter reaches the others is in `delivery`."""

from functools import partial
from typing import Any
from urllib.parse import quote

from sandbox import delivery
from sandbox.bodies import Body
from sandbox.calls import Call, Json, Reply, chosen
from sandbox.errors import GraphError, bad_request, item_not_found, stale
from sandbox.event_view import address_json, change_key, etag, properties_json
from sandbox.items import Message
from sandbox.mailboxes import FOLDERS, Mailbox
from sandbox.previews import plain_text, preview_of
from sandbox.routing import Routes
from sandbox.zones import stamp

_TYPE = "Microsoft.OutlookServices.Message"
_PAGE = 10
_READ = "https://outlook.office365.com/owa/?exvsurl=1&viewmodel=ReadMessageItem"
# What may still be changed once a message has been sent or received.
_AFTERWARDS_NAMES = "categories flag importance inferenceClassification isRead singleValueExtendedProperties"
_AFTERWARDS = frozenset(_AFTERWARDS_NAMES.split())
_DRAFT_NAMES = """
bccRecipients body ccRecipients from internetMessageHeaders internetMessageId isDeliveryReceiptRequested
isReadReceiptRequested replyTo sender subject toRecipients
"""
_WRITABLE = _AFTERWARDS.union(_DRAFT_NAMES.split())


def add_routes(routes: Routes) -> None:
    routes.add("POST", "users/{user}/messages", create_draft)
    routes.add("GET", "users/{user}/messages", list_messages)
    routes.add("GET", "users/{user}/messages/{message}", get_message)
    routes.add("PATCH", "users/{user}/messages/{message}", update_message)
    routes.add("DELETE", "users/{user}/messages/{message}", delete_message)
    routes.add("POST", "users/{user}/messages/{message}/send", send_draft)
    routes.add("POST", "users/{user}/sendMail", send_mail)
    routes.add("GET", "users/{user}/mailFolders/{folder}/messages", list_messages)
    routes.add("GET", "users/{user}/mailFolders/{folder}/messages/{message}", get_message)


def create_draft(call: Call) -> Reply:
    box = call.mailbox
    message = _new_draft(call, box, call.body)
    box.keep_message(message)
    location = f"{call.base}/users('{call.names['user']}')/messages('{message.id}')"
    return Reply(201, _entity(call, message), {"Location": location, "ETag": etag(message.id, message.change)})


def list_messages(call: Call) -> Reply:
    box, wanted = call.mailbox, call.filter
    folder = _folder(call.names["folder"]) if "folder" in call.names else None
    if wanted is not None and wanted.key is not None:
        ids = box.ids_with_property(*wanted.key)
        found = [box.contents.messages[i] for i in reversed(ids) if i in box.contents.messages]
        messages = [m for m in found if folder is None or m.folder == folder]
        messages = [m for m in messages if wanted.holds(_getter(m))]
    else:
        messages = [m for m in box.messages_in(folder) if wanted is None or wanted.holds(_getter(m))]
    for path, descending in reversed(call.order):
        messages.sort(key=lambda m: str(_field(m, path)), reverse=descending)
    return call.page(f"users('{call.names['user']}')/messages", messages, _PAGE, partial(message_json, call))


def get_message(call: Call) -> Reply:
    message = _message(call, call.mailbox)
    return Reply(200, _entity(call, message), {"ETag": etag(message.id, message.change)})


def update_message(call: Call) -> Reply:
    box, body = call.mailbox, call.body
    message = _message(call, box)
    _check_match(call, message)
    body.only(_WRITABLE if message.is_draft else _AFTERWARDS, _TYPE)
    _write(call, box, message, body)
    properties = body.extended_properties()
    if properties:
        box.set_properties(message, properties)
    message.change, message.modified = message.change + 1, call.now
    box.touched = True
    return Reply(200, _entity(call, message), {"ETag": etag(message.id, message.change)})


def delete_message(call: Call) -> Reply:
    """To Deleted Items; from there, for good."""
    box = call.mailbox
    message = _message(call, box)
    _check_match(call, message)
    if message.folder == "deleteditems":
        box.drop_message(message)
    else:
        box.move_message(message, "deleteditems")
    return Reply(204)


def send_draft(call: Call) -> Reply:
    box = call.mailbox
    message = _message(call, box)
    if not message.is_draft:
        raise bad_request("The message has been sent already.")
    _check_recipients(message)
    delivery.send(call.tenant, box, message, call.now)
    return Reply(202)


def send_mail(call: Call) -> Reply:
    """Sends without saying under which id; nothing keeps a retry from sending again."""
    if not call.headers.get("content-type", "application/json").startswith("application/json"):
        raise GraphError(415, "UnsupportedMediaType", "The sandbox tenant takes no MIME messages yet.")
    box, body = call.mailbox, call.body
    content = body.record("message")
    if content is None:
        raise bad_request("sendMail needs a message.", "ErrorInvalidParameter")
    keep = body.flag("saveToSentItems", True)
    message = _new_draft(call, box, content)
    _check_recipients(message)
    if keep:
        box.keep_message(message)
    delivery.send(call.tenant, box, message, call.now, keep)
    return Reply(202)


def message_json(call: Call, message: Message) -> Json:
    """The message with `$select` and `$expand` of the call applied."""
    kind, content = message.body_type, message.body
    if 'body-content-type="text"' in call.headers.get("prefer", "").lower().replace(" ", "") and kind == "html":
        kind, content = "text", plain_text(content)
    sender = address_json(message.sender) if message.sender else None
    full: Json = {
        "@odata.etag": etag(message.id, message.change),
        "id": message.id,
        "createdDateTime": stamp(message.created),
        "lastModifiedDateTime": stamp(message.modified),
        "changeKey": change_key(message.id, message.change),
        "categories": message.categories,
        "receivedDateTime": stamp(message.received or message.created),
        "sentDateTime": stamp(message.sent or message.created),
        "hasAttachments": False,
        "internetMessageId": message.internet_id,
        "subject": message.subject,
        "bodyPreview": message.preview or preview_of(message.body),
        "importance": message.importance,
        "parentFolderId": f"AAMkFolder-{message.folder}",
        "conversationId": message.conversation,
        "conversationIndex": None,
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": message.is_read,
        "isDraft": message.is_draft,
        "webLink": f"{_READ}&ItemID={quote(message.id, safe='')}",
        "inferenceClassification": "focused",
        "body": {"contentType": kind, "content": content},
        "sender": sender,
        "from": sender,
        "toRecipients": [address_json(a) for a in message.to],
        "ccRecipients": [address_json(a) for a in message.cc],
        "bccRecipients": [address_json(a) for a in message.bcc],
        "replyTo": [address_json(a) for a in message.reply_to],
        "flag": {"flagStatus": "notFlagged"},
    }
    if "internetMessageHeaders" in call.select:
        full["internetMessageHeaders"] = [{"name": n, "value": v} for n, v in message.headers]
    if message.meeting:
        requested = message.meeting == "meetingRequest"
        full = {"@odata.type": f"#microsoft.graph.eventMessage{'Request' if requested else ''}", **full}
        full["meetingMessageType"] = message.meeting
    body = chosen(full, call.select, _TYPE)
    found = properties_json(message.properties, call.expanded_properties)
    if found:
        body["singleValueExtendedProperties"] = found
    return body


def _entity(call: Call, message: Message) -> Json:
    return {
        "@odata.context": call.context(f"users('{call.names['user']}')/messages/$entity"),
        **message_json(call, message),
    }


def _message(call: Call, box: Mailbox) -> Message:
    message = box.contents.messages.get(call.names["message"])
    folder = _folder(call.names["folder"]) if "folder" in call.names else None
    if message is None or folder not in (None, message.folder):
        raise item_not_found()
    return message


def _folder(name: str) -> str:
    folder = name.lower().removeprefix("aamkfolder-")
    if folder not in FOLDERS:
        raise item_not_found()
    return folder


def _check_match(call: Call, message: Message) -> None:
    if call.headers.get("if-match", "*").strip() not in ("*", etag(message.id, message.change)):
        raise stale()


def _check_recipients(message: Message) -> None:
    if not (message.to or message.cc or message.bcc):
        raise bad_request("At least one recipient is not valid.", "ErrorInvalidRecipients")


def _new_draft(call: Call, box: Mailbox, body: Body) -> Message:
    body.only(_WRITABLE, _TYPE)
    message = delivery.new_message(box, "drafts", "", call.now)
    message.is_read = True
    _write(call, box, message, body)
    message.properties = body.extended_properties()
    return message


def _write(call: Call, box: Mailbox, message: Message, body: Body) -> None:
    """Writes what `body` has into `message`; everything is read before anything is written."""
    owner = call.tenant.accounts[box.contents.account_id].address
    sender = body.record("from") or body.record("sender")
    if sender is not None and sender.address().address.lower() != owner.address.lower():
        raise GraphError(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have"
            " the right to send mail on behalf of the specified sending account.",
        )
    kind, content = body.content("body")
    lists = {name: body.addresses(f"{name}Recipients") for name in ("to", "cc", "bcc")}
    reply_to, categories = body.addresses("replyTo"), body.texts("categories")
    headers = [(h.text("name"), h.text("value")) for h in body.records("internetMessageHeaders")]
    if len(headers) > 5 or any(not name.lower().startswith("x-") for name, _ in headers):
        raise bad_request(
            "Custom headers must start with 'x-', and there may be five.",
            "InvalidInternetMessageHeaderCollection",
        )
    importance = body.choice("importance", ("low", "normal", "high"), message.importance)
    subject, internet_id = (
        body.text("subject", message.subject),
        body.text("internetMessageId", message.internet_id),
    )
    is_read = body.flag("isRead", message.is_read)
    message.subject, message.internet_id, message.importance, message.is_read = (
        subject,
        internet_id,
        importance,
        is_read,
    )
    if message.sender is None:
        message.sender = owner
    if "body" in body:
        message.body_type, message.body = kind, content
    for name, addresses in lists.items():
        if f"{name}Recipients" in body:
            setattr(message, name, addresses)
    if "replyTo" in body:
        message.reply_to = reply_to
    if "categories" in body:
        message.categories = categories
    if headers:
        message.headers = headers


def _getter(message: Message) -> Any:
    return partial(_field, message)


def _field(message: Message, path: str) -> Any:
    match path.lower():
        case "receiveddatetime":
            return message.received or message.created
        case "sentdatetime":
            return message.sent or message.created
        case "createddatetime":
            return message.created
        case "lastmodifieddatetime":
            return message.modified
        case "isdraft":
            return message.is_draft
        case "isread":
            return message.is_read
        case "subject":
            return message.subject
        case "internetmessageid":
            return message.internet_id
        case "conversationid":
            return message.conversation
        case "from/emailaddress/address" | "sender/emailaddress/address":
            return message.sender.address if message.sender else None
        case "singlevalueextendedproperties":
            return [{"id": name, "value": value} for name, value in message.properties.items()]
    return None
