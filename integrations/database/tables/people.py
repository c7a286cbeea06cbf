"""Who there is, who talks with whom, and when somebody is away."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.tables.table import Table, id_of, own_id


class Person(Table):
    __tablename__ = "people"
    id: Mapped[str] = own_id()
    oid: Mapped[str] = mapped_column(unique=True)
    """The Entra object id: the key that sign-in and Graph use."""
    mail: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    zone: Mapped[str]
    """IANA name."""
    country: Mapped[str | None]
    """ISO 3166 alpha-2, for public holidays."""
    subdivision: Mapped[str | None]
    """The part of the country whose holidays count too, as `holidays` names it: "BY"."""
    hired_on: Mapped[date | None]
    left_at: Mapped[datetime | None]
    weekdays: Mapped[list[Any] | None]
    """Monday is 0; None while the mailbox has not told."""
    opens: Mapped[str | None]
    closes: Mapped[str | None]
    """Wall-clock times "09:00" in `zone`."""
    away: Mapped[list[Any]] = mapped_column(default=list)
    """Automatic replies as [[from, until], ...], ISO instants in UTC."""
    leave: Mapped[list[Any]] = mapped_column(default=list)
    """What `leaves` comes to, as [[first day, last day, known on], ...]: in order, apart, last day included."""
    leave_read_at: Mapped[datetime | None]
    """When their calendar was last searched for leave."""
    directory_read_at: Mapped[datetime | None]
    directory_name: Mapped[str | None]
    """What the directory calls them, None while it has not been asked; `name` follows when this changes."""
    manager_oid: Mapped[str | None]
    """Whom the directory last said they report to; "" is nobody, None that it has not been asked."""
    delete_after: Mapped[date | None]
    """Set once they have left: until then what they wrote is kept."""
    language: Mapped[str | None]
    """What their mailbox is set to, as Graph writes it: "de-AT"."""
    language_chosen: Mapped[str | None]
    """What they chose on our pages: "de". It wins."""
    mailbox_shared: Mapped[bool | None]
    """Whether others open their mailbox, as they say; None while they have not."""
    assistant_id: Mapped[str | None] = id_of("people.id")
    """Whom they named to choose the hours of the check-ins that they hold, and to see nothing else of them."""
    signed_out: Mapped[int] = mapped_column(default=0)
    """How often they have signed out: a session of before that opens nothing any more."""
    former_mails: Mapped[list[Any] | None]
    """Addresses that they had before, lower case: what was booked then still invites them under these."""

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    @property
    def mails(self) -> tuple[str, ...]:
        """Their address and those that they had before, lower case."""
        return self.mail.lower(), *(self.former_mails or ())

    def has_address(self, mail: str, before: str | None = None) -> None:
        """Gives them an address; `before` is what they had, where it was set aside meanwhile."""
        former = (before or self.mail).lower()
        if former != mail.lower():
            self.former_mails = [*(each for each in self.mails[1:] if each not in (former, mail.lower())), former]
        self.mail = mail


class Reporting(Table):
    """Who holds somebody's check-ins, from a day until a day. The override wins over the directory."""

    __tablename__ = "reporting"
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = id_of("people.id")
    partner_id: Mapped[str] = id_of("people.id")
    source: Mapped[str]
    """directory | override"""
    since: Mapped[date]
    until: Mapped[date | None]


class Leave(Table):
    """Days on which somebody is away, as one source tells."""

    __tablename__ = "leaves"
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = id_of("people.id")
    first_day: Mapped[date]
    last_day: Mapped[date]
    """The last day away; the next one is back."""
    source: Mapped[str]
    """replies | calendar | file | command"""
    known_on: Mapped[date]
