"""What a change to a meeting does in the other mailboxes: invitations, updates, cancellations, responses.

Every attendee has an own copy with an own id; the copies share the iCalUId. Extended properties and the
transaction id stay with the organizer, as they do in Exchange.
"""

from dataclasses import replace
from datetime import datetime

from sandbox.delivery import deliver_meeting_mail
from sandbox.items import Attendee, Event
from sandbox.mailboxes import Mailbox
from sandbox.tenant import Tenant


def invite(tenant: Tenant, event: Event, now: datetime, only: set[str] | None = None) -> None:
    """Puts the organizer's `event` into its attendees' calendars, or brings their copies up to date, and
    mails them.
    """
    for attendee in event.attendees:
        if only is not None and attendee.address.address.lower() not in only:
            continue
        box = attendee_box(tenant, attendee, event)
        if box is None:
            continue
        copy = box.event_of_uid(event.uid)
        if copy is None:
            copy = _new_copy(box, event, now)
            box.keep_event(copy)
        else:
            _refresh(box, copy, event, now)
        deliver_meeting_mail(box, event, copy, "meetingRequest", event.subject, event.body, now)


def withdraw(tenant: Tenant, event: Event, attendees: list[Attendee], comment: str, now: datetime) -> None:
    """Tells `attendees` that the meeting is off for them: their copies stay, marked as cancelled and free."""
    for attendee in attendees:
        box = attendee_box(tenant, attendee, event)
        if box is None:
            continue
        copy = box.event_of_uid(event.uid)
        if copy is not None:
            copy.cancelled, copy.show_as = True, "free"
            copy.subject = f"Canceled: {event.subject}"
            _changed(box, copy, now)
        deliver_meeting_mail(box, event, copy, "meetingCancelled", f"Canceled: {event.subject}", comment, now)


def cancel(tenant: Tenant, box: Mailbox, event: Event, comment: str, now: datetime) -> None:
    """The organizer's event leaves the calendar; it is kept aside for auditors."""
    withdraw(tenant, event, event.attendees, comment, now)
    box.drop_event(event)
    event.cancelled = True
    event.modified = now
    box.contents.cancelled.append(event)


def respond(tenant: Tenant, box: Mailbox, event: Event, response: str, comment: str, tell: bool, now: datetime) -> None:
    """`response` is accepted, tentativelyAccepted or declined. Unless `tell`, the organizer does not learn
    of it.

    A declined event leaves the attendee's calendar.
    """
    event.response, event.responded = response, now
    event.show_as = "tentative" if response == "tentativelyAccepted" else "busy"
    if response == "declined":
        box.drop_event(event)
    else:
        _changed(box, event, now)
    organizer = tenant.account(event.organizer.address)
    if not tell or organizer is None:
        return
    organizer_box = tenant.mailbox(organizer.id)
    original = organizer_box.event_of_uid(event.uid)
    if original is not None:
        for attendee in original.attendees:
            if attendee.address.address.lower() == box.mail.lower():
                attendee.response, attendee.responded = response, now
        _changed(organizer_box, original, now)
    words = {"accepted": "Accepted", "tentativelyAccepted": "Tentative", "declined": "Declined"}[response]
    kind = {
        "accepted": "meetingAccepted",
        "tentativelyAccepted": "meetingTenativelyAccepted",  # Graph's own spelling
        "declined": "meetingDeclined",
    }[response]
    sender = tenant.accounts[box.contents.account_id].address
    deliver_meeting_mail(organizer_box, event, original, kind, f"{words}: {event.subject}", comment, now, sender=sender)


def update(
    tenant: Tenant, box: Mailbox, event: Event, before: Event, invitees_before: list[Attendee], now: datetime
) -> None:
    """After the organizer changed `event`: mails and copies follow.

    1. Nobody hears of a change that shows to nobody (extended properties, categories, reminders).
    2. Who is no longer invited gets a cancellation.
    3. A change of attendees alone reaches the new ones only; any other reaches all.
    4. A new time asks everybody anew.
    """
    _changed(box, event, now)
    kept = {a.address.address.lower() for a in event.attendees}
    had = {a.address.address.lower() for a in invitees_before}
    withdraw(tenant, event, [a for a in invitees_before if a.address.address.lower() not in kept], "", now)
    if (event.start, event.end) != (before.start, before.end):
        for attendee in event.attendees:
            attendee.response, attendee.responded = "none", None
    visible = (
        "start",
        "end",
        "subject",
        "body",
        "location",
        "all_day",
        "online",
        "sensitivity",
        "importance",
    )
    if any(getattr(event, name) != getattr(before, name) for name in visible):
        invite(tenant, event, now)
    elif kept - had:
        invite(tenant, event, now, only=kept - had)


def attendee_box(tenant: Tenant, attendee: Attendee, event: Event) -> Mailbox | None:
    """The attendee's mailbox, unless they live elsewhere or are the organizer."""
    account = tenant.account(attendee.address.address)
    if account is None or not account.enabled or account.mail.lower() == event.organizer.address.lower():
        return None
    return tenant.mailbox(account.id)


def _new_copy(box: Mailbox, event: Event, now: datetime) -> Event:
    return replace(
        event,
        id=box.new_id("event"),
        is_organizer=False,
        created=now,
        modified=now,
        change=1,
        attendees=_as_seen(event),
        show_as="tentative",
        response="notResponded",
        responded=None,
        transaction_id=None,
        properties={},
        categories=[],
    )


def _refresh(box: Mailbox, copy: Event, event: Event, now: datetime) -> None:
    if copy.cancelled or (copy.start, copy.end) != (event.start, event.end):
        copy.response, copy.responded, copy.show_as = "notResponded", None, "tentative"
    copy.cancelled = False
    for name in (
        "subject",
        "start",
        "end",
        "start_zone",
        "end_zone",
        "body_type",
        "body",
        "all_day",
        "sensitivity",
    ):
        setattr(copy, name, getattr(event, name))
    copy.location, copy.online, copy.join_url = event.location, event.online, event.join_url
    copy.attendees = _as_seen(event)
    _changed(box, copy, now)


def _as_seen(event: Event) -> list[Attendee]:
    return [Attendee(attendee.address, attendee.kind) for attendee in event.attendees]


def _changed(box: Mailbox, event: Event, now: datetime) -> None:
    event.change += 1
    event.modified = now
    box.touched = True
