"""The tenant in memory: accounts, app registrations and mailboxes. A mailbox is made when somebody first
looks at it.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from sandbox.appointments import Appointment, appointments_of, leave_of
from sandbox.items import Address, Event
from sandbox.mailboxes import AutomaticReplies, Contents, Mailbox
from sandbox.organization import Organization, Person, seeded_uuid

APP_ROLES = (
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.ReadWrite",
    "User.Read.All",
)


@dataclass(slots=True)
class Account:
    """A user of the directory. `manager` is an account id."""

    id: str
    mail: str
    given: str
    surname: str
    name: str
    title: str
    department: str
    country: str
    hired: date
    manager: str | None
    roles: list[str]
    enabled: bool = True
    is_person: bool = True

    @property
    def address(self) -> Address:
        return Address(self.name, self.mail)


@dataclass(frozen=True, slots=True)
class App:
    client_id: str
    client_secret: str
    name: str
    object_id: str
    roles: tuple[str, ...] = APP_ROLES
    redirect_uris: tuple[str, ...] = ()


@dataclass(slots=True)
class Tenant:
    organization: Organization
    id: str
    app: App
    mail_app: App
    accounts: dict[str, Account]
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    changed: bool = False
    _names: dict[str, str] = field(default_factory=dict)
    _people: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = {a.mail.lower(): a.id for a in self.accounts.values()}
        self._people = {p.id: p for p in self.organization.everyone}

    @property
    def apps(self) -> dict[str, App]:
        return {app.client_id: app for app in (self.app, self.mail_app)}

    def account(self, name: str) -> Account | None:
        """Found by id, mail or user principal name (here they are the same), in any case."""
        name = name.lower()
        return self.accounts.get(self._names.get(name, name))

    def mailbox(self, account_id: str) -> Mailbox:
        box = self.mailboxes.get(account_id)
        if box is None:
            contents = seeded_contents(self._people[account_id], self.organization)
            box = self.mailboxes[account_id] = Mailbox(contents, self.accounts[account_id].mail)
        return box

    def every_mailbox(self) -> Iterator[Mailbox]:
        return (self.mailbox(account_id) for account_id in self.accounts)


def build_tenant(organization: Organization, redirect_uris: Sequence[str] = ()) -> Tenant:
    """A tenant as the seed describes it, before anybody did anything."""
    seed = organization.seed
    ids = {p.mail: p.id for p in organization.everyone}
    accounts = {
        p.id: Account(
            id=p.id,
            mail=p.mail,
            given=p.given,
            surname=p.surname,
            name=p.name,
            title=p.title,
            department=p.department,
            country=p.country,
            hired=p.hired,
            manager=ids[p.manager] if p.manager else None,
            roles=list(p.roles),
            is_person=p.working,
        )
        for p in organization.everyone
    }
    return Tenant(
        organization=organization,
        id=seeded_uuid(seed, "tenant"),
        app=_app(seed, "check-ins", tuple(redirect_uris)),
        mail_app=_app(seed, "mail-client", ()),
        accounts=accounts,
    )


def _app(seed: int, name: str, redirect_uris: tuple[str, ...]) -> App:
    # The secret opens nothing but this stand-in on the loopback, so it may as well be the same each time.
    secret = base64.urlsafe_b64encode(hashlib.sha256(f"{seed}/{name}".encode()).digest()).decode()[:40]
    return App(
        client_id=seeded_uuid(seed, f"app/{name}"),
        client_secret=secret,
        name=name,
        object_id=seeded_uuid(seed, f"service-principal/{name}"),
        redirect_uris=redirect_uris,
    )


def seeded_contents(person: Person, organization: Organization) -> Contents:
    """The person's mailbox on day 0: settings, own appointments, leave with automatic replies, no mail."""
    contents = Contents(
        account_id=person.id,
        zone=person.mailbox_zone,
        weekdays=list(person.weekdays),
        opens=person.opens,
        closes=person.closes,
    )
    leave = leave_of(person)
    if leave:
        contents.automatic_replies = AutomaticReplies("scheduled", leave[0].start, leave[0].end)
    box = Mailbox(contents, person.mail)
    owner = Address(person.name, person.mail)
    made = datetime.combine(organization.day0, time(), UTC)
    for appointment in (*appointments_of(person, organization), *leave):
        event = own_event(box, owner, appointment, person.mailbox_zone, made)
        contents.events[event.id] = event
    return contents


def own_event(box: Mailbox, owner: Address, appointment: Appointment, zone: str, now: datetime) -> Event:
    """An appointment as its owner's own event, without attendees; not yet kept in the mailbox."""
    event_id = box.new_id("event")
    return Event(
        id=event_id,
        uid=new_uid(event_id),
        subject=appointment.subject,
        start=appointment.start,
        end=appointment.end,
        start_zone=zone,
        end_zone=zone,
        organizer=owner,
        is_organizer=True,
        created=now,
        modified=now,
        all_day=appointment.all_day,
        show_as=appointment.status,
        sensitivity="private" if appointment.private else "normal",
    )


def new_uid(event_id: str) -> str:
    """An iCalUId: the same on every copy, derived from the organizer's event id."""
    return "040000008200E00074C5B7101A82E008" + hashlib.sha256(event_id.encode()).hexdigest().upper()[:48]
