"""How mail comes into inboxes: letters, meeting mails, and the note that a letter could not be delivered."""

import html
from dataclasses import replace
from datetime import datetime

from sandbox.items import Address, Event, Message
from sandbox.mailboxes import Mailbox
from sandbox.tenant import Tenant

_POSTMASTER = Address("Microsoft Outlook", "postmaster@meadow.example")


def send(tenant: Tenant, box: Mailbox, message: Message, now: datetime, keep: bool = True) -> None:
    """Sends the sender's `message`: to Sent Items under the same id (if `keep`), and into every recipient's
    inbox.
    """
    message.is_draft, message.is_read = False, True
    message.sent = message.received = message.modified = now
    message.change += 1
    if keep:
        box.move_message(message, "sentitems")
    unknown = []
    for address in dict.fromkeys(a.address.lower() for a in (*message.to, *message.cc, *message.bcc)):
        account = tenant.account(address)
        if account is None or not account.enabled:
            unknown.append(address)
            continue
        deliver(tenant.mailbox(account.id), message, now)
    if unknown:
        _report_undelivered(box, message, unknown, now)


def deliver(box: Mailbox, message: Message, now: datetime) -> None:
    """The recipient's own copy: no blind copies, and none of the sender's extended properties."""
    box.keep_message(
        replace(
            message,
            id=box.new_id("message"),
            folder="inbox",
            created=now,
            modified=now,
            received=now,
            bcc=[],
            is_draft=False,
            is_read=False,
            categories=[],
            properties={},
            change=1,
        )
    )


def new_message(box: Mailbox, folder: str, subject: str, now: datetime) -> Message:
    message_id = box.new_id("message")
    return Message(
        id=message_id,
        folder=folder,
        subject=subject,
        created=now,
        modified=now,
        internet_id=f"<{message_id[6:30]}@meadow.example>",
        conversation=f"AAQk{message_id[8:40]}",
    )


def deliver_meeting_mail(
    box: Mailbox,
    event: Event,
    copy: Event | None,
    kind: str,
    subject: str,
    body: str,
    now: datetime,
    sender: Address | None = None,
) -> None:
    """An invitation, a cancellation or a response. `copy` is the recipient's own event, if there is one."""
    message = new_message(box, "inbox", subject, now)
    message.sender = sender or event.organizer
    message.to = [
        Address(event.organizer.name if sender else box.mail, event.organizer.address if sender else box.mail)
    ]
    message.body_type, message.body = event.body_type, body
    message.is_draft = False
    message.sent = message.received = now
    message.meeting, message.event_id = kind, copy.id if copy else None
    box.keep_message(message)


def _report_undelivered(box: Mailbox, message: Message, addresses: list[str], now: datetime) -> None:
    report = new_message(box, "inbox", f"Undeliverable: {message.subject}", now)
    report.sender = _POSTMASTER
    report.to = [message.sender] if message.sender else []
    names = ", ".join(html.escape(address) for address in addresses)
    report.body_type = "html"
    report.body = f"<p>Your message to {names} couldn't be delivered. The address wasn't found at its domain.</p>"
    report.is_draft = False
    report.sent = report.received = now
    box.keep_message(report)
