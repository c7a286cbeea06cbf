"""The documents that auditors work from: who may look, the organization as seeded, and the state of all calendars and
mailboxes.
"""

from collections.abc import Iterable
from typing import Any

from sandbox.appointments import Appointment, appointments_of, recurring_of
from sandbox.errors import no_such_mailbox
from sandbox.items import Address, Event, Message
from sandbox.mailboxes import FOLDERS, Mailbox
from sandbox.organization import DOMAIN, Organization, Person
from sandbox.public_holidays import PUBLIC_HOLIDAYS
from sandbox.recurrence_json import recurrence_json
from sandbox.tenant import Tenant
from sandbox.zones import stamp


def about_record(tenant: Tenant) -> dict[str, Any]:
    """What only those who audit a tenant need to know: who organizes and sends, and an app that reads all mail."""
    app = tenant.mail_app
    return {
        "service_mailbox": tenant.organization.service.mail,
        "senders": [each.mail for each in tenant.organization.senders],
        "mail_client": {"client_id": app.client_id, "client_secret": app.client_secret},
    }


def organization_record(organization: Organization) -> dict[str, Any]:
    """The seed file. Instants are UTC with Z; leave spans are inclusive dates, not repeated in `busy`."""
    return {
        "day0": organization.day0.isoformat(),
        "seed": organization.seed,
        "domain": DOMAIN,
        "service_mailbox": organization.service.mail,
        "senders": [each.mail for each in organization.senders],
        "hr_partner": organization.hr_partner,
        "administrator": organization.administrator,
        "people": [
            {
                "id": person.id,
                "name": person.name,
                "mail": person.mail,
                "manager": person.manager,
                "zone": person.zone,
                "country": person.country,
                "weekdays": list(person.weekdays),
                "opens": person.opens,
                "closes": person.closes,
                "hired": person.hired.isoformat(),
                "leave": [[first.isoformat(), last.isoformat()] for first, last in person.leave],
                "busy": [
                    {"start": stamp(a.start), "end": stamp(a.end), "status": a.status}
                    for a in _taken(person, organization)
                ],
            }
            for person in organization.people
        ],
        "holidays": {country: [day.isoformat() for day in days] for country, days in PUBLIC_HOLIDAYS.items()},
    }


def _taken(person: Person, organization: Organization) -> list[Appointment]:
    """Own appointments and every time that a standing meeting takes place."""
    taken = [*appointments_of(person, organization), *recurring_of(person, organization)]
    return sorted(taken, key=lambda a: (a.start, a.end))


def state_record(tenant: Tenant, only: str | None = None) -> dict[str, Any]:
    """`{"mailboxes": {mail: {"language": ..., "longestPostQueue": 0, "calendar": [...], "folders": {...}}}}`, in an
    order that does not depend on ids.
    """
    boxes: Iterable[Mailbox] = tenant.every_mailbox()
    if only is not None:
        account = tenant.account(only)
        if account is None:
            raise no_such_mailbox(only[:80])
        boxes = [tenant.mailbox(account.id)]
    return {"mailboxes": {box.mail: _mailbox(box) for box in sorted(boxes, key=lambda b: b.mail)}}


def _mailbox(box: Mailbox) -> dict[str, Any]:
    events = [*box.contents.events.values(), *box.contents.cancelled]
    return {
        "language": box.contents.language,
        "longestPostQueue": box.contents.longest_queue,
        "calendar": sorted((_event(e) for e in events), key=_event_order),
        "deletedEvents": sorted((_event(e) for e in box.contents.deleted_events), key=_event_order),
        "folders": {name: sorted(map(_message, box.messages_in(name)), key=_message_order) for name in FOLDERS},
    }


def _event_order(event: dict[str, Any]) -> tuple[str, ...]:
    return event["start"], event["end"], event["subject"], event["organizer"], str(event["transactionId"])


def _message_order(message: dict[str, Any]) -> tuple[str, ...]:
    return message["received"] or message["created"], message["subject"], str(message["to"]), message["body"]


def _event(event: Event) -> dict[str, Any]:
    return {
        "subject": event.subject,
        "start": stamp(event.start),
        "end": stamp(event.end),
        "timeZone": event.start_zone,
        "isAllDay": event.all_day,
        "showAs": event.show_as,
        "sensitivity": event.sensitivity,
        "isOrganizer": event.is_organizer,
        "isCancelled": event.cancelled,
        "organizer": event.organizer.address,
        "attendees": [
            {
                "mail": a.address.address,
                "type": a.kind,
                "response": a.response,
                **({"proposed": [stamp(moment) for moment in a.proposed]} if a.proposed else {}),
            }
            for a in event.attendees
        ],
        "response": event.response,
        "iCalUId": event.calendar_uid,
        "type": event.kind,
        "recurrence": recurrence_json(event.recurrence, event.start_zone) if event.recurrence else None,
        "deletedOccurrences": sorted(day.isoformat() for day in event.removed),
        "originalStart": stamp(event.original_start) if event.original_start else None,
        "transactionId": event.transaction_id,
        "extendedProperties": dict(sorted(event.properties.items())),
        "body": event.body,
        "isOnlineMeeting": event.online,
        "created": stamp(event.created),
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "from": message.sender.address if message.sender else None,
        "to": _mails(message.to),
        "cc": _mails(message.cc),
        "bcc": _mails(message.bcc),
        "subject": message.subject,
        "bodyType": message.body_type,
        "body": message.body,
        "text": message.text,
        "created": stamp(message.created),
        "sent": stamp(message.sent) if message.sent else None,
        "received": stamp(message.received) if message.received else None,
        "isDraft": message.is_draft,
        "isRead": message.is_read,
        "meetingMessageType": message.meeting,
        "internetMessageId": message.internet_id,
        "extendedProperties": dict(sorted(message.properties.items())),
    }


def _mails(addresses: list[Address]) -> list[str]:
    return [address.address for address in addresses]
