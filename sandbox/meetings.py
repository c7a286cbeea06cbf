"""What a change to a meeting does in the other mailboxes: invitations, updates, cancellations, responses.

Every attendee has an own copy with an own id; the copies share the uid. Extended properties and the transaction
id stay with the organizer, as they do in Exchange.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.delivery import deliver_meeting_mail
from sandbox.evidence import evidence
from sandbox.items import Address, Attendee, Event
from sandbox.mailboxes import Mailbox
from sandbox.meeting_copies import VISIBLE, lists, place
from sandbox.tenant import Tenant

Span = tuple[datetime, datetime]

_WORDS = {"accepted": "Accepted", "tentativelyAccepted": "Tentative", "declined": "Declined"}
_KINDS = {
    "accepted": "meetingAccepted",
    "tentativelyAccepted": "meetingTenativelyAccepted",  # Graph's own spelling
    "declined": "meetingDeclined",
}
_MOMENTS = ("start", "end", "recurrence")

evidence(
    "documented",
    "A change of attendees alone is mailed to those changed only; any other visible change to everybody.",
    "graph docs, api/event-update.md",
)
evidence(
    "assumed",
    "A new time asks everybody anew: their responses are reset.",
    "Outlook's behaviour for substantive changes; unverified for small ones",
)
evidence(
    "assumed",
    "Changing a series' times or recurrence undoes its exceptions and brings its deleted occurrences back.",
    "Outlook's warning when a series is edited",
)


def invite(
    tenant: Tenant, box: Mailbox, event: Event, now: datetime, only: set[str] | None = None, anew: bool = False
) -> None:
    """Puts the organizer's `event` (kept in `box`) into its attendees' calendars, or brings their copies up to
    date, and mails them. `anew`: for other times, so that earlier answers do not count.
    """
    for attendee in event.attendees:
        if only is not None and attendee.address.address.lower() not in only:
            continue
        theirs = attendee_box(tenant, attendee, event)
        if theirs is None:
            continue
        is_update = theirs.copy_of(event) is not None
        copy = place(theirs, box.contents.home, event, now, anew)
        for exception in box.exceptions_of(event):
            known = theirs.occurrence(copy, exception.original) if exception.original else None
            if known is not None and lists(exception, attendee.address):
                place(theirs, box.contents.home, exception, now, anew)
        deliver_meeting_mail(theirs, event, copy, "meetingRequest", event.subject, event.body, now, is_update=is_update)


def withdraw(tenant: Tenant, event: Event, attendees: Iterable[Attendee], comment: str, now: datetime) -> None:
    """Tells `attendees` that the meeting is off for them: their copies stay, marked as cancelled and free."""
    for attendee in attendees:
        box = attendee_box(tenant, attendee, event)
        if box is None:
            continue
        copy = box.copy_of(event)
        if copy is not None:
            copy = box.own(copy)
        mine = [] if copy is None else [copy, *box.exceptions_of(copy)]
        for each in (*mine, *box.strays_of(event)):
            each.cancelled, each.show_as = True, "free"
            each.subject = f"Canceled: {event.subject}"
            box.note_change(each, now)
        deliver_meeting_mail(box, event, copy, "meetingCancelled", f"Canceled: {event.subject}", comment, now)


def withdraw_guests(tenant: Tenant, box: Mailbox, master: Event, comment: str, now: datetime) -> None:
    """Tells those who were invited to single occurrences of a series only."""
    for exception in box.exceptions_of(master):
        guests = [a for a in exception.attendees if not lists(master, a.address)]
        withdraw(tenant, exception, guests, comment, now)


def cancel(tenant: Tenant, box: Mailbox, event: Event, comment: str, now: datetime) -> None:
    """The organizer's event leaves the calendar; it is kept aside for auditors. Of a series, an occurrence goes
    alone.
    """
    withdraw(tenant, event, event.attendees, comment, now)
    withdraw_guests(tenant, box, event, comment, now)
    box.drop_event(event)
    event.cancelled = True
    event.modified = now
    box.contents.cancelled.append(event)


def respond(
    tenant: Tenant,
    box: Mailbox,
    event: Event,
    response: str,
    comment: str,
    tell: bool,
    now: datetime,
    proposal: Span | None = None,
) -> None:
    """`response` is accepted, tentativelyAccepted or declined. Unless `tell`, the organizer does not learn
    of it.

    A declined event leaves the attendee's calendar for Deleted Items.
    """
    before = event.response
    if response == "declined":
        box.discard_event(event)
        _answer(event, response, now)
    else:
        event = box.own(event)
        for each in (event, *(e for e in box.exceptions_of(event) if e.response == before)):
            _answer(each, response, now)
            box.note_change(each, now)
    organizer = tenant.account(event.organizer.address)
    if not tell or organizer is None:
        return
    theirs = tenant.mailbox(organizer.id)
    original = theirs.copy_of(event)
    if original is not None:
        original = theirs.own(original)
        for each in (original, *theirs.exceptions_of(original)):
            _note_response(tenant, box, each, before if each is not original else None, response, proposal, now)
            theirs.note_change(each, now)
    sender = tenant.accounts[box.contents.account_id].address
    subject = f"{'New Time Proposed' if proposal else _WORDS[response]}: {event.subject}"
    deliver_meeting_mail(
        theirs, event, original, _KINDS[response], subject, comment, now, sender=sender, proposed=proposal
    )


def update(
    tenant: Tenant, box: Mailbox, event: Event, before: Event, invitees_before: list[Attendee], now: datetime
) -> None:
    """After the organizer changed `event`: mails and copies follow.

    1. Nobody hears of a change that shows to nobody (extended properties, categories, reminders).
    2. Who is no longer invited gets a cancellation.
    3. A change of attendees alone reaches the new ones only; any other reaches all.
    4. A new time asks everybody anew.
    """
    box.note_change(event, now)
    kept = {a.address.address.lower() for a in event.attendees}
    had = {a.address.address.lower() for a in invitees_before}
    withdraw(tenant, event, [a for a in invitees_before if a.address.address.lower() not in kept], "", now)
    moved = any(getattr(event, name) != getattr(before, name) for name in _MOMENTS)
    if moved:
        for attendee in event.attendees:
            attendee.response, attendee.responded, attendee.proposed = "none", None, None
    if moved or any(getattr(event, name) != getattr(before, name) for name in VISIBLE):
        invite(tenant, box, event, now, anew=moved)
    elif kept - had:
        invite(tenant, box, event, now, only=kept - had)


@evidence(
    "documented",
    "Forwarding from an attendee's mailbox tells the organizer, and adds the recipient to the organizer's event.",
    "graph docs, api/event-forward.md",
)
def forward(tenant: Tenant, box: Mailbox, event: Event, to: list[Address], comment: str, now: datetime) -> None:
    organizer = tenant.account(event.organizer.address)
    if organizer is None:
        return
    theirs = tenant.mailbox(organizer.id)
    original = theirs.copy_of(event)
    if original is None:
        return
    original = theirs.own(original)
    new = [address for address in to if not lists(original, address)]
    original.attendees += [Attendee(address) for address in new]
    theirs.note_change(original, now)
    invite(tenant, theirs, original, now, only={address.address.lower() for address in new})
    if theirs is not box:
        sender = tenant.accounts[box.contents.account_id].address
        subject = f"Meeting Forward Notification: {event.subject}"
        deliver_meeting_mail(theirs, event, original, "none", subject, comment, now, sender=sender)


def attendee_box(tenant: Tenant, attendee: Attendee, event: Event) -> Mailbox | None:
    """The attendee's mailbox, unless they live elsewhere or are the organizer."""
    account = tenant.account(attendee.address.address)
    if account is None or not account.has_mailbox or account is tenant.account(event.organizer.address):
        return None
    return tenant.mailbox(account.id)


def _answer(event: Event, response: str, now: datetime) -> None:
    event.response, event.responded = response, now
    event.show_as = "tentative" if response == "tentativelyAccepted" else event.meant_as


def _note_response(
    tenant: Tenant,
    box: Mailbox,
    event: Event,
    only_from: str | None,
    response: str,
    proposal: Span | None,
    now: datetime,
) -> None:
    """Writes what the owner of `box` answered into the organizer's event; with `only_from`, only over the
    same answer as before.
    """
    for attendee in event.attendees:
        account = tenant.account(attendee.address.address)
        if account is None or account.id != box.contents.account_id:
            continue
        if only_from is None or attendee.response == {"notResponded": "none"}.get(only_from, only_from):
            attendee.response, attendee.responded, attendee.proposed = response, now, proposal
