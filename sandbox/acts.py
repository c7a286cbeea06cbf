"""What people do in Outlook of their own accord: answer invitations, drag meetings, go away, fill their
calendar.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox import meetings
from sandbox.appointments import Appointment
from sandbox.bodies import Body
from sandbox.errors import GraphError, bad_request
from sandbox.items import Event
from sandbox.mailboxes import AutomaticReplies, Mailbox
from sandbox.tenant import Tenant, own_event
from sandbox.zones import parse_moment, stamp

_STATUSES = ("free", "tentative", "busy", "oof", "workingElsewhere")


def act(tenant: Tenant, body: Body, now: datetime) -> dict[str, Any]:
    """`{"person": mail, "act": ..., ...}`. An event is named by `event`: its id in any mailbox, or its
    iCalUId; or by
    `subject`, which then must be the only one of that subject that is not over. Raises GraphError."""
    box = _box(tenant, body.text("person"))
    acts: dict[str, Callable[[Tenant, Mailbox, Body, datetime], None]] = {
        "accept": _accept,
        "decline": _decline,
        "tentatively_accept": _tentatively_accept,
        "delete": _delete,
        "drag": _drag,
        "out_of_office": _set_automatic_replies,
        "set_automatic_replies": _set_automatic_replies,
    }
    name = body.text("act")
    if name not in acts:
        raise bad_request(f"Nobody can '{name[:40]}' here; there are: {', '.join(acts)}.")
    acts[name](tenant, box, body, now)
    box.touched = True
    return {"person": box.mail, "act": name, "at": stamp(now)}


def put_appointment(tenant: Tenant, body: Body, now: datetime) -> dict[str, Any]:
    """`{"mailbox", "subject", "start", "end", "showAs"}`: somebody's own appointment, made by no client of
    ours.
    """
    box = _box(tenant, body.text("mailbox"))
    start, end = parse_moment(body.text("start")), parse_moment(body.text("end"))
    if end <= start:
        raise bad_request("The end must be after the start.")
    wanted = Appointment(start, end, body.choice("showAs", _STATUSES, "busy"), body.text("subject", "Appointment"))
    owner = tenant.accounts[box.contents.account_id].address
    event = own_event(box, owner, wanted, box.contents.zone, now)
    box.keep_event(event)
    return {"id": event.id, "iCalUId": event.uid}


def _accept(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    _respond(tenant, box, body, "accepted", now)


def _decline(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    _respond(tenant, box, body, "declined", now)


def _tentatively_accept(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    _respond(tenant, box, body, "tentativelyAccepted", now)


def _respond(tenant: Tenant, box: Mailbox, body: Body, response: str, now: datetime) -> None:
    event = _event(tenant, box, body, now)
    if event.is_organizer:
        raise bad_request(f"{box.mail} organizes '{event.subject}' and cannot answer it.")
    meetings.respond(tenant, box, event, response, body.text("comment"), body.flag("sendResponse", True), now)


def _delete(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    event = _event(tenant, box, body, now)
    if event.is_organizer:
        meetings.cancel(tenant, box, event, body.text("comment"), now)
    else:
        box.drop_event(event)


def _drag(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    """The organizer's drag moves the meeting; an attendee's only their own copy."""
    event = _event(tenant, box, body, now)
    start, end = parse_moment(body.text("start")), parse_moment(body.text("end"))
    if end <= start:
        raise bad_request("The end must be after the start.")
    before = replace(event)
    event.start, event.end = start, end
    if event.is_organizer:
        meetings.update(tenant, box, event, before, list(event.attendees), now)
    else:
        event.change, event.modified = event.change + 1, now


def _set_automatic_replies(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    span = "start" in body and "end" in body
    status = body.choice("status", ("disabled", "alwaysEnabled", "scheduled"), "scheduled" if span else "alwaysEnabled")
    if status == "scheduled" and not span:
        raise bad_request("Scheduled automatic replies need a start and an end.")
    start, end = (parse_moment(body.text("start")), parse_moment(body.text("end"))) if span else (None, None)
    box.contents.automatic_replies = AutomaticReplies(status, start, end)


def _box(tenant: Tenant, name: str) -> Mailbox:
    account = tenant.account(name)
    if account is None:
        raise GraphError(404, "ErrorInvalidUser", f"There is nobody called '{name[:80]}' in the tenant.")
    return tenant.mailbox(account.id)


def _event(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> Event:
    name, subject = body.text("event") or body.text("iCalUId"), body.text("subject")
    if name:
        found = box.contents.events.get(name) or box.event_of_uid(name) or _copy_of(tenant, box, name)
        if found is None:
            raise GraphError(404, "ErrorItemNotFound", f"{box.mail} has no event '{name[:80]}'.")
        return found
    named = [e for e in box.contents.events.values() if e.subject == subject and e.end > now and not e.cancelled]
    if len(named) != 1:
        raise GraphError(
            404, "ErrorItemNotFound", f"{box.mail} has {len(named)} coming events '{subject[:80]}', not one."
        )
    return named[0]


def _copy_of(tenant: Tenant, box: Mailbox, event_id: str) -> Event | None:
    """The copy in `box` of an event that is known by its id in somebody else's mailbox."""
    for other in tenant.mailboxes.values():
        event = other.contents.events.get(event_id)
        if event is not None:
            return box.event_of_uid(event.uid)
    return None
