"""How mail comes into inboxes: letters, meeting mails, and the note that a letter could not be delivered."""

import html
from dataclasses import replace
from datetime import datetime

from sandbox import post_queue
from sandbox.evidence import evidence
from sandbox.items import About, Address, Event, Message
from sandbox.mailboxes import Mailbox
from sandbox.tenant import Tenant

_POSTMASTER = Address("Microsoft Outlook", "postmaster@meadow.example")


@evidence(
    "documented",
    "A message keeps its immutable id when it moves from Drafts to Sent Items",
    "learn.microsoft.com/graph/outlook-immutable-id",
)
def send(tenant: Tenant, box: Mailbox, message: Message, now: datetime, keep: bool = True) -> None:
    """Sends the sender's `message`: to Sent Items under the same id (if `keep`), and into every recipient's
    inbox, now or when its sender's queue has come to it.
    """
    message.is_draft, message.is_read = False, True
    message.sent = message.received = message.modified = now
    message.change += 1
    if keep:
        box.move_message(message, "sentitems")
    leaves = post_queue.departure(box.contents, now)
    if leaves <= now:
        _hand_over(tenant, box, message, now)
    else:
        post_queue.wait(box.contents, replace(message), leaves)
        tenant.next_delivery = min(tenant.next_delivery, leaves)
    box.touched = True


def deliver_due(tenant: Tenant, now: datetime) -> None:
    """Delivers what the queues hold and is due; cheap when nothing is."""
    if now < tenant.next_delivery:
        return
    _empty_queues(tenant, now)


def deliver_all(tenant: Tenant, now: datetime) -> int:
    """Delivers at once what waits in the queues, as if its minute had come; how many messages that were."""
    for box in tenant.mailboxes.values():
        for parcel in box.contents.queue:
            parcel.due = min(parcel.due, now)
        box.contents.departures.clear()
    return _empty_queues(tenant, now)


def _empty_queues(tenant: Tenant, now: datetime) -> int:
    count = 0
    boxes = list(tenant.mailboxes.values())
    for box in boxes:
        for parcel in post_queue.leaving(box.contents, now):
            box.touched = True
            _hand_over(tenant, box, parcel.message, parcel.due)
            count += 1
    waiting = (box.contents.queue[0].due for box in boxes if box.contents.queue)
    tenant.next_delivery = min(waiting, default=post_queue.NEVER)
    return count


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
            flag="notFlagged",
            inference="focused",
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
    proposed: tuple[datetime, datetime] | None = None,
    is_update: bool = False,
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
    message.about = About(
        start=event.start,
        end=event.end,
        all_day=event.all_day,
        location=event.location,
        kind=event.kind,
        zone=event.start_zone,
        recurrence=event.recurrence,
        response_requested=event.response_requested,
        allow_proposals=event.allow_proposals,
        is_update=is_update,
        proposed=proposed,
    )
    box.keep_message(message)


def _hand_over(tenant: Tenant, box: Mailbox, message: Message, now: datetime) -> None:
    unknown = []
    for address in dict.fromkeys(a.address.lower() for a in (*message.to, *message.cc, *message.bcc)):
        account = tenant.account(address)
        if account is None or not account.has_mailbox:
            unknown.append(address)
            continue
        deliver(tenant.mailbox(account.id), message, now)
    if unknown:
        _report_undelivered(box, message, unknown, now)


@evidence(
    "documented",
    "Mail to an address that nobody has is accepted, and comes back as a report into the sender's inbox",
    "learn.microsoft.com/exchange/mail-flow-best-practices, non-delivery reports (550 5.1.10)",
)
def _report_undelivered(box: Mailbox, message: Message, addresses: list[str], now: datetime) -> None:
    report = new_message(box, "inbox", f"Undeliverable: {message.subject}", now)
    report.sender = _POSTMASTER
    report.to = [message.sender] if message.sender else []
    names = ", ".join(html.escape(address) for address in addresses)
    report.body_type = "html"
    report.body = f"<p>Your message to {names} couldn't be delivered. The address wasn't found at its domain.</p>"
    report.conversation, report.in_reply_to = message.conversation, message.internet_id
    report.is_draft = False
    report.sent = report.received = now
    box.keep_message(report)


evidence(
    "assumed",
    "Meeting mails go at once and do not count in the 30 a minute; a copy of a letter carries no extended property",
    "the limit is documented for sent messages; nothing says whether meeting mails are counted",
)
evidence(
    "assumed",
    "A recipient's copy keeps the plain alternative that the sender wrote; Exchange may write its own from the HTML",
    "Exchange stores one native body; whether it keeps the second of a MIME draft is undocumented",
)
