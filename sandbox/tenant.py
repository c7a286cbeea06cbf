"""The tenant in memory: accounts, app registrations and mailboxes. A mailbox is made when somebody first
looks at it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from sandbox.app_registrations import STRICT_EXCHANGE, STRICT_ROLES, App, app_secret
from sandbox.appointments import Appointment, appointments_of, leave_of
from sandbox.custom_zones import CUSTOM_ZONES
from sandbox.directory_changes import DirectoryLog
from sandbox.items import Address, Event
from sandbox.mailboxes import AutomaticReplies, Contents, Mailbox
from sandbox.organization import Organization, Person, seeded_uuid
from sandbox.seeded_series import seeded_series
from sandbox.series import new_uid
from sandbox.subscription import Delivery, Subscription

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Account:
    """A user of the directory. `manager` is an account id, `aliases` are mails that they had before. Who is
    `deleted` is kept, since others' mailboxes name them, but Graph does not show them any more. `in_group` says
    whether the participants' group has them.
    """

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
    deleted: bool = False
    in_group: bool = True
    aliases: list[str] = field(default_factory=list)
    licensed: bool = True
    """Whether Exchange gives them a mailbox. A disabled account keeps its own: only sign-in is blocked."""

    @property
    def has_mailbox(self) -> bool:
        return self.licensed and not self.deleted

    @property
    def address(self) -> Address:
        return Address(self.name, self.mail)


@dataclass(slots=True)
class Tenant:
    organization: Organization
    id: str
    apps: dict[str, App]
    accounts: dict[str, Account]
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    changed: bool = False
    # When the next message leaves somebody's queue; looked up at the first request.
    next_delivery: datetime = LONG_AGO
    directory: DirectoryLog = field(default_factory=DirectoryLog)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    # Notifications that nobody has taken yet; they outlive the process as the subscriptions do.
    undelivered: list[Delivery] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _people: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for account in self.accounts.values():
            self.keep_account(account)
        self._people = {p.id: p for p in self.organization.everyone}

    @property
    def app(self) -> App:
        """The registration that clients are told of."""
        return self.apps[seeded_uuid(self.organization.seed, "app/check-ins")]

    @property
    def mail_app(self) -> App:
        """The one with which people's mail programs read."""
        return self.apps[seeded_uuid(self.organization.seed, "app/mail-client")]

    def register(self, app: App) -> None:
        """Adds a registration, or changes the one with this client id."""
        self.apps[app.client_id] = app
        self.changed = True

    def account(self, name: str) -> Account | None:
        """Found by id, mail or user principal name (here they are the same), in any case; by a former mail
        too. Never somebody deleted.
        """
        name = name.lower()
        found = self.accounts.get(self._names.get(name, name))
        return None if found is None or found.deleted else found

    def keep_account(self, account: Account) -> None:
        """Takes `account` into the directory, under all its names; a mail that somebody has now goes before one
        that somebody else had.
        """
        self.accounts[account.id] = account
        self._names[account.mail.lower()] = account.id
        for alias in account.aliases:
            self._names.setdefault(alias.lower(), account.id)

    def mailbox(self, account_id: str) -> Mailbox:
        box = self.mailboxes.get(account_id)
        if box is None:
            contents = seeded_contents(self._people[account_id], self.organization)
            box = self.mailboxes[account_id] = Mailbox(contents, self.accounts[account_id].mail)
        return box

    def every_mailbox(self) -> Iterator[Mailbox]:
        return (self.mailbox(account_id) for account_id in self.accounts)


def build_tenant(organization: Organization, redirect_uris: Sequence[str] = (), strict: bool = False) -> Tenant:
    """A tenant as the seed describes it, before anybody did anything; `strict` gives the app what the README asks
    for, and nothing else.
    """
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
    app = fresh_app(seed, "check-ins", tuple(redirect_uris))
    if strict:
        app = replace(app, roles=STRICT_ROLES, exchange=STRICT_EXCHANGE)
    return Tenant(
        organization=organization,
        id=seeded_uuid(seed, "tenant"),
        apps={known.client_id: known for known in (app, fresh_app(seed, "mail-client"))},
        accounts=accounts,
    )


def fresh_app(seed: int, name: str, redirect_uris: tuple[str, ...] = ()) -> App:
    """A registration with every application role, in every mailbox."""
    return App(
        client_id=seeded_uuid(seed, f"app/{name}"),
        client_secret=app_secret(seed, name),
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
        custom_zone=person.zone if person.mailbox_zone in CUSTOM_ZONES else "",
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
    for event in seeded_series(box, person, organization, made):
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
