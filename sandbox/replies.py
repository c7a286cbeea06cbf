"""Answering and forwarding messages, at once or as a draft to be sent later."""

from collections.abc import Iterable
from functools import partial
from html import escape

from sandbox import delivery
from sandbox.calls import Call, Reply
from sandbox.drafts import check_recipients, check_writable, is_mime, write, write_mime
from sandbox.errors import bad_request
from sandbox.evidence import evidence
from sandbox.items import Address, Message
from sandbox.mail import check_reply, created, message_of
from sandbox.mailboxes import Mailbox
from sandbox.routing import Routes

_KINDS = {"reply": "Reply", "replyAll": "ReplyAll", "forward": "Forward"}
_PREFIX = {"reply": "RE: ", "replyAll": "RE: ", "forward": "FW: "}


def add_routes(routes: Routes) -> None:
    for where in ("users/{user}/messages/{message}", "users/{user}/mailFolders/{folder}/messages/{message}"):
        for kind, name in _KINDS.items():
            routes.add("POST", f"{where}/{kind}", partial(answer_now, kind))
            routes.add("POST", f"{where}/create{name}", partial(answer_later, kind))


@evidence(
    "documented",
    "reply, replyAll and forward send at once (202) and save to Sent Items",
    "learn.microsoft.com/graph/api/message-reply, message-replyall, message-forward",
)
def answer_now(kind: str, call: Call) -> Reply:
    box = call.mailbox
    message = _answered(kind, call, box)
    check_recipients(message)
    box.keep_message(message)
    delivery.send(call.tenant, box, message, call.now)
    return Reply(202)


@evidence(
    "documented",
    "createReply, createReplyAll and createForward make a draft (201)",
    "learn.microsoft.com/graph/api/message-createreply, message-createreplyall, message-createforward",
)
def answer_later(kind: str, call: Call) -> Reply:
    box = call.mailbox
    message = _answered(kind, call, box)
    check_reply(call, message)
    box.keep_message(message)
    return created(call, message)


@evidence(
    "documented",
    "A comment and a body together are 400; so are two lists of recipients for a forward",
    "learn.microsoft.com/graph/api/message-reply, message-forward",
)
def _answered(kind: str, call: Call, box: Mailbox) -> Message:
    original = message_of(call)
    message = delivery.new_message(box, "drafts", _subject(kind, original), call.now)
    message.is_read, message.sender = True, call.tenant.accounts[box.contents.account_id].address
    message.conversation, message.in_reply_to = original.conversation, original.internet_id
    if kind != "forward":
        message.to, message.cc = _recipients(kind, original, message.sender)
    if is_mime(call):
        write_mime(call, box, message)
        return message
    body = call.body
    body.only(("comment", "message", "toRecipients"), kind)
    content, comment, to = body.record("message"), body.text("comment"), body.addresses("toRecipients")
    if content is not None:
        if comment and "body" in content:
            raise bad_request("Say a comment or a body, not both.", "ErrorInvalidParameter")
        check_writable(message, content)
        message.properties = content.extended_properties()
        write(call, box, message, content)
    if to and (message.to or kind != "forward"):
        raise bad_request("Say toRecipients once: beside a forwarded message or in it.", "ErrorInvalidParameter")
    message.to = to or message.to
    if content is None or "body" not in content:
        message.body_type, message.body = "html", _quoted(comment, original)
    return message


def _subject(kind: str, original: Message) -> str:
    prefix = _PREFIX[kind]
    return original.subject if original.subject.upper().startswith(prefix) else prefix + original.subject


def _recipients(kind: str, original: Message, owner: Address) -> tuple[list[Address], list[Address]]:
    """(to, cc) of an answer: its writer or whom they named, and with replyAll all others but oneself."""
    sender = [original.sender] if original.sender else []
    own = sender and sender[0].address.lower() == owner.address.lower()
    to = list(original.to) if own else original.reply_to or sender
    if kind == "reply":
        return list(to), []
    others = original.to if not own else []
    return _without(owner, [*to, *others]), _without(owner, original.cc)


def _without(owner: Address, addresses: Iterable[Address]) -> list[Address]:
    found = {address.address.lower(): address for address in reversed(list(addresses))}
    found.pop(owner.address.lower(), None)
    return list(reversed(found.values()))


def _quoted(comment: str, original: Message) -> str:
    sender = f"{original.sender.name} <{original.sender.address}>" if original.sender else ""
    told = "; ".join(f"{a.name} <{a.address}>" for a in original.to)
    lines = (("From", sender), ("Sent", f"{original.sent:%A, %d %B %Y %H:%M}" if original.sent else ""))
    head = "<br>\n".join(
        f"<b>{name}:</b> {escape(value)}" for name, value in (*lines, ("To", told), ("Subject", original.subject))
    )
    below = original.body if original.body_type == "html" else f"<pre>{escape(original.body)}</pre>"
    return f"<div>{escape(comment)}</div>\n<hr>\n<div>{head}</div>\n<div>{below}</div>"
