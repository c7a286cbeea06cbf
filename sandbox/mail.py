"""Messages over Graph: drafts, sending, folders. How a letter reaches the others is in `delivery`."""

import re
from functools import partial

from sandbox import delivery
from sandbox.calls import Call, Json, Reply
from sandbox.drafts import check_recipients, check_writable, is_mime, new_draft, write
from sandbox.errors import bad_request, item_not_found, stale
from sandbox.event_view import etag
from sandbox.evidence import evidence
from sandbox.item_ids import shown_id
from sandbox.items import Message
from sandbox.mailboxes import Mailbox
from sandbox.message_view import (
    check_query,
    field_of,
    folder_named,
    getter,
    meant_message,
    message_json,
)
from sandbox.mime import written_mime
from sandbox.routing import Routes

_PAGE = 10
_ID = re.compile(r"AA[\w=-]+", re.ASCII)


def add_routes(routes: Routes) -> None:
    for where in ("users/{user}/messages", "users/{user}/mailFolders/{folder}/messages"):
        routes.add("POST", where, create_draft)
        routes.add("GET", where, list_messages)
        routes.add("GET", where + "/{message}", get_message)
        routes.add("GET", where + "/{message}/$value", get_mime)
        routes.add("PATCH", where + "/{message}", update_message)
        routes.add("DELETE", where + "/{message}", delete_message)
        routes.add("POST", where + "/{message}/permanentDelete", delete_for_good)
        routes.add("POST", where + "/{message}/send", send_draft)
    routes.add("POST", "users/{user}/sendMail", send_mail)


def create_draft(call: Call) -> Reply:
    box = call.mailbox
    message = new_draft(call, box)
    message.folder = _folder(call) or "drafts"
    check_reply(call, message)
    box.keep_message(message)
    return created(call, message)


def created(call: Call, message: Message) -> Reply:
    shown = shown_id(call.headers, message.id, message.folder)
    location = f"{call.base}/users('{call.names['user']}')/messages('{shown}')"
    return Reply(201, _entity(call, message), {"Location": location, "ETag": etag(message.id, message.change)})


@evidence(
    "documented",
    "A page of messages has ten unless $top says otherwise",
    "learn.microsoft.com/graph/api/user-list-messages",
)
def list_messages(call: Call) -> Reply:
    box, wanted, folder = call.mailbox, call.filter, _folder(call)
    check_query(call)
    if wanted is not None and wanted.key is not None:
        ids = box.ids_with_property(*wanted.key)
        found = [box.contents.messages[i] for i in reversed(ids) if i in box.contents.messages]
        messages = [m for m in found if folder in (None, m.folder) and wanted.holds(getter(m))]
    else:
        messages = [m for m in box.messages_in(folder) if wanted is None or wanted.holds(getter(m))]
    for path, descending in reversed(call.order):
        messages.sort(key=lambda m: str(field_of(m, path)), reverse=descending)
    return call.page(f"users('{call.names['user']}')/messages", messages, _PAGE, partial(message_json, call))


def get_message(call: Call) -> Reply:
    message = message_of(call)
    return Reply(200, _entity(call, message), {"ETag": etag(message.id, message.change)})


def get_mime(call: Call) -> Reply:
    return Reply(200, headers={"content-type": "text/plain"}, text=written_mime(message_of(call)))


def update_message(call: Call) -> Reply:
    box, body = call.mailbox, call.body
    message = message_of(call)
    _check_match(call, message)
    check_writable(message, body)
    properties = body.extended_properties()
    check_reply(call, message)
    write(call, box, message, body)
    if properties:
        box.set_properties(message, properties)
    message.change, message.modified = message.change + 1, call.now
    box.touched = True
    return Reply(200, _entity(call, message), {"ETag": etag(message.id, message.change)})


@evidence(
    "documented",
    "DELETE moves a message to Deleted Items, and from there out of reach",
    "learn.microsoft.com/graph/api/message-delete",
)
def delete_message(call: Call) -> Reply:
    box = call.mailbox
    message = message_of(call)
    _check_match(call, message)
    if message.folder == "deleteditems":
        box.drop_message(message)
    else:
        box.move_message(message, "deleteditems")
    return Reply(204)


@evidence(
    "documented",
    "permanentDelete leaves nothing that can be got back",
    "learn.microsoft.com/graph/api/message-permanentdelete",
)
def delete_for_good(call: Call) -> Reply:
    call.mailbox.drop_message(message_of(call))
    return Reply(204)


@evidence("documented", "Sending a draft is 202 without a body", "learn.microsoft.com/graph/api/message-send")
@evidence("assumed", "What has been sent cannot be sent again: 400 ErrorInvalidRequest", "no document says which code")
def send_draft(call: Call) -> Reply:
    box = call.mailbox
    message = message_of(call)
    if not message.is_draft:
        raise bad_request("The message has been sent already.")
    check_recipients(message)
    delivery.send(call.tenant, box, message, call.now)
    return Reply(202)


@evidence(
    "documented",
    "sendMail is 202 without an id; what is sent as MIME is always saved to Sent Items",
    "learn.microsoft.com/graph/api/user-sendmail",
)
def send_mail(call: Call) -> Reply:
    """Sends without saying under which id; nothing keeps a retry from sending again."""
    box, keep = call.mailbox, True
    if is_mime(call):
        message = new_draft(call, box)
    else:
        body = call.body
        body.only(("message", "saveToSentItems"), "sendMail")
        content = body.record("message")
        if content is None:
            raise bad_request("sendMail needs a message.", "ErrorInvalidParameter")
        keep = body.flag("saveToSentItems", True)
        message = new_draft(call, box, content)
    check_recipients(message)
    if keep:
        box.keep_message(message)
    delivery.send(call.tenant, box, message, call.now, keep)
    return Reply(202)


def check_reply(call: Call, message: Message) -> None:
    """Raises 400 for an answer that could not be given, such as for an unknown property, before the deed is done."""
    message_json(call, message)


def message_of(call: Call) -> Message:
    """The message in the path, in the folder in the path if there is one. Raises 404, or 400 for what is no id."""
    box: Mailbox = call.mailbox
    if not _ID.fullmatch(call.names["message"]):
        raise bad_request("Id is malformed.", "ErrorInvalidIdMalformed")
    message = meant_message(box.contents.messages, call.names["message"])
    if message is None or _folder(call) not in (None, message.folder):
        raise item_not_found()
    return message


def _entity(call: Call, message: Message) -> Json:
    return {
        "@odata.context": call.context(f"users('{call.names['user']}')/messages/$entity"),
        **message_json(call, message),
    }


def _folder(call: Call) -> str | None:
    """The folder in the path, if there is one. Raises 404 for one that does not exist."""
    if "folder" not in call.names:
        return None
    folder = folder_named(call.names["folder"])
    if folder is None:
        raise item_not_found()
    return folder


def _check_match(call: Call, message: Message) -> None:
    if call.headers.get("if-match", "*").strip() not in ("*", etag(message.id, message.change)):
        raise stale()
