"""What the service owes, holds or cannot do by itself."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import SaidLater
from integrations.database.tables.table import Table, own_id


class PostedForm(Table):
    """A form that was sent: sent again, it adds nothing."""

    __tablename__ = "posted_forms"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    """A digest of its token, address and words."""
    at: Mapped[datetime] = mapped_column(index=True)
    """Two days later it is forgotten."""


class WakeUp(Table):
    """A poke that is owed to a workflow; gone once delivered."""

    __tablename__ = "wake_ups"
    id: Mapped[str] = own_id()
    workflow: Mapped[str]
    target: Mapped[str]
    reason: Mapped[str]
    made_at: Mapped[datetime]


class Stuck(Table):
    """A workflow that cannot go on until something is mended; gone once it went on."""

    __tablename__ = "stuck"
    workflow: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str] = mapped_column(index=True)
    """The key of its line in `needs_a_hand`, which it shares with all that wait for the same."""
    kind: Mapped[str]
    """A `cycle.stuck.Kind`."""
    about: Mapped[str]
    """What exactly, in our own words: a permission and its mailbox, a fault and its place."""
    since: Mapped[datetime]


class Lease(Table):
    """What one process alone does until an instant of real time, unless it renews it: poll a queue, or be alive."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


class NeedsAHand(Table):
    """What cannot go on by itself: a sentence for HR with the remedy. `key` makes it once."""

    __tablename__ = "needs_a_hand"
    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    sentence: Mapped[str] = mapped_column(SaidLater)
    since: Mapped[datetime]
    mended_at: Mapped[datetime | None]
