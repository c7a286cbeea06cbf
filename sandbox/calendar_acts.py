"""What people do to their calendars in Outlook: answer, propose, drag, cancel, invite others, go on leave, move to
another zone, choose another language.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from sandbox import meetings
from sandbox.appointments import Appointment
from sandbox.bodies import Body
from sandbox.custom_zones import CUSTOM_ZONES
from sandbox.errors import GraphError, bad_request
from sandbox.event_changes import check_span, put_change
from sandbox.evidence import evidence
from sandbox.item_ids import meant_id
from sandbox.items import Attendee, Event
from sandbox.mailboxes import AutomaticReplies, Mailbox
from sandbox.tenant import Tenant, own_event
from sandbox.zones import parse_moment, zone_named

Act = Callable[[Tenant, Mailbox, Body, datetime], None]

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def accept(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    _respond(tenant, box, body, "accepted", now)


def decline(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    _respond(tenant, box, body, "declined", now)


def tentatively_accept(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    _respond(tenant, box, body, "tentativelyAccepted", now)


def propose(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    """`start` and `end` of the proposal; `with` is tentative (as Outlook does first) or decline."""
    response = {"tentative": "tentativelyAccepted", "decline": "declined"}[
        body.choice("with", ("tentative", "decline"), "tentative")
    ]
    event = _answerable(tenant, box, body, now)
    if not event.allow_proposals:
        raise bad_request(f"The organizer of '{event.subject}' does not allow new time proposals.")
    proposal = _span(body)
    check_span(replace(event, start=proposal[0], end=proposal[1]), box.contents.home)
    meetings.respond(tenant, box, event, response, body.text("comment"), True, now, proposal)


def delete(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    event = _event(tenant, box, body, now)
    if event.is_organizer:
        meetings.cancel(tenant, box, event, body.text("comment"), now)
    else:
        box.discard_event(event)


def cancel(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    event = _event(tenant, box, body, now)
    if not event.is_organizer:
        raise bad_request(f"{box.mail} does not organize '{event.subject}' and cannot cancel it.")
    meetings.cancel(tenant, box, event, body.text("comment"), now)


def drag(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    """The organizer's drag moves the meeting; an attendee's only their own copy."""
    event = _event(tenant, box, body, now)
    if event.recurrence is not None:
        raise bad_request(f"'{event.subject}' recurs; say with `on` which day's occurrence is dragged.")
    start, end = _span(body)
    draft = replace(event, start=start, end=end)
    check_span(draft, box.contents.home)
    put_change(tenant, box, event, draft, now)


def add_attendee(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    event, account = _organized(tenant, box, body, now), tenant.account(body.text("attendee"))
    if account is None:
        raise _nobody(body.text("attendee"))
    if _attends(event, account.mail):
        raise bad_request(f"{account.mail} is invited to '{event.subject}' already.")
    draft = replace(event, attendees=[*event.attendees, Attendee(account.address)])
    put_change(tenant, box, event, draft, now)


def remove_attendee(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    event, mail = _organized(tenant, box, body, now), body.text("attendee").lower()
    if not _attends(event, mail):
        raise _nobody(body.text("attendee"))
    kept = [attendee for attendee in event.attendees if attendee.address.address.lower() != mail]
    put_change(tenant, box, event, replace(event, attendees=kept), now)


def set_automatic_replies(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    span = "start" in body and "end" in body
    status = body.choice("status", ("disabled", "alwaysEnabled", "scheduled"), "scheduled" if span else "alwaysEnabled")
    if status == "scheduled" and not span:
        raise bad_request("Scheduled automatic replies need a start and an end.")
    start, end = (parse_moment(body.text("start")), parse_moment(body.text("end"))) if span else (None, None)
    box.contents.automatic_replies = AutomaticReplies(status, start, end)


def go_on_leave(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    """From `first` to `last`, inclusive dates: an all-day event out of office, and automatic replies meanwhile."""
    first, last = _date(body, "first"), _date(body, "last")
    if last < first:
        raise bad_request("The leave must not end before it begins.")
    home = box.contents.home
    start = datetime.combine(first, time(), home).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), home).astimezone(UTC)
    leave = Appointment(start, end, "oof", body.text("subject", "Annual leave"), all_day=True)
    owner = tenant.accounts[box.contents.account_id].address
    box.keep_event(own_event(box, owner, leave, box.contents.zone, now))
    box.contents.automatic_replies = AutomaticReplies("scheduled", start, end)


@evidence(
    "reported",
    "A mailbox's zone may be empty, tzone://Microsoft/Custom or 'Customized Time Zone' instead of a name.",
    "reports of clients that read mailboxSettings of many tenants",
)
def change_zone(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> None:
    """`zone` is an IANA or Windows name, empty, or one of the custom ones; those follow the rules of the zone
    named by `rules`, or of the one so far. All-day events stay on their dates.
    """
    contents, name = box.contents, body.text("zone")
    before = contents.home
    contents.custom_zone = ""
    if name in CUSTOM_ZONES:
        rules = body.text("rules") or str(before)
        zone_named(rules)
        contents.custom_zone = rules
    elif name:
        zone_named(name)
    contents.zone = name
    for event in contents.events.values():
        if event.all_day:
            event.start, event.end = (
                moment.astimezone(before).replace(tzinfo=contents.home).astimezone(UTC)
                for moment in (event.start, event.end)
            )
            box.note_change(event, now)


def change_language(_tenant: Tenant, box: Mailbox, body: Body, _now: datetime) -> None:
    """`language` is a tag such as de-DE (BCP 47)."""
    tag = body.text("language")
    if not LANGUAGE_TAG.fullmatch(tag):
        raise bad_request(f"'{tag[:40]}' is no locale.", "InvalidArguments")
    box.contents.language = tag


CALENDAR_ACTS: dict[str, Act] = {
    "accept": accept,
    "decline": decline,
    "tentatively_accept": tentatively_accept,
    "propose": propose,
    "delete": delete,
    "cancel": cancel,
    "drag": drag,
    "add_attendee": add_attendee,
    "remove_attendee": remove_attendee,
    "out_of_office": set_automatic_replies,
    "set_automatic_replies": set_automatic_replies,
    "go_on_leave": go_on_leave,
    "change_zone": change_zone,
    "change_language": change_language,
}


def _respond(tenant: Tenant, box: Mailbox, body: Body, response: str, now: datetime) -> None:
    event = _answerable(tenant, box, body, now)
    meetings.respond(tenant, box, event, response, body.text("comment"), body.flag("sendResponse", True), now)


def _answerable(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> Event:
    event = _event(tenant, box, body, now)
    if event.is_organizer:
        raise bad_request(f"{box.mail} organizes '{event.subject}' and cannot answer it.")
    if event.cancelled:
        raise bad_request(f"'{event.subject}' was cancelled and cannot be answered.")
    return event


def _organized(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> Event:
    event = _event(tenant, box, body, now)
    if not event.is_organizer:
        raise bad_request(f"{box.mail} does not organize '{event.subject}' and cannot say who is invited.")
    return event


def _attends(event: Event, mail: str) -> bool:
    return any(attendee.address.address.lower() == mail.lower() for attendee in event.attendees)


def _span(body: Body) -> tuple[datetime, datetime]:
    start, end = parse_moment(body.text("start")), parse_moment(body.text("end"))
    if end <= start:
        raise bad_request("The end must be after the start.")
    return start, end


def _date(body: Body, name: str) -> date:
    try:
        return date.fromisoformat(body.text(name))
    except ValueError:
        raise bad_request(f"{name} must be a date like 2030-03-11.") from None


def _event(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> Event:
    """By `event` (its id in any mailbox, or its iCalUId) or by `subject`; `on` picks the day's occurrence of a
    series.
    """
    event = _named(tenant, box, body, now)
    if event.recurrence is None or not body.text("on"):
        return event
    found = box.occurrence(event, _date(body, "on"))
    if found is None:
        raise GraphError(404, "ErrorItemNotFound", f"'{event.subject}' does not take place on {body.text('on')}.")
    return found


def _named(tenant: Tenant, box: Mailbox, body: Body, now: datetime) -> Event:
    name, subject = meant_id(body.text("event"))[0] or body.text("iCalUId"), body.text("subject")
    if name:
        found = box.event(name) or box.event_of_uid(name) or _copy_of(tenant, box, name)
        if found is None:
            raise GraphError(404, "ErrorItemNotFound", f"{box.mail} has no event '{name[:80]}'.")
        return found
    named = [
        e
        for e in box.contents.events.values()
        if e.subject == subject and e.series is None and not e.cancelled and (e.recurrence is not None or e.end > now)
    ]
    if len(named) != 1:
        raise GraphError(
            404, "ErrorItemNotFound", f"{box.mail} has {len(named)} coming events '{subject[:80]}', not one."
        )
    return named[0]


def _copy_of(tenant: Tenant, box: Mailbox, event_id: str) -> Event | None:
    """The copy in `box` of an event that is known by its id in somebody else's mailbox."""
    for other in tenant.mailboxes.values():
        event = other.event(event_id)
        if event is not None:
            return box.copy_of(event)
    return None


def _nobody(name: str) -> GraphError:
    return GraphError(404, "ErrorInvalidUser", f"There is nobody called '{name[:80]}' in the tenant.")
