"""Letters, and the items of which each is made."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, id_of, own_id


class Letter(Table):
    """One message: planned -> drafted -> sent, or dropped. What is drafted is frozen."""

    __tablename__ = "letters"
    __table_args__ = (Index("ix_letters_sender_minute", "sender", "minute"),)
    id: Mapped[str] = own_id()
    recipient_id: Mapped[str] = id_of("people.id")
    state: Mapped[str] = mapped_column(default="planned", index=True)
    counted: Mapped[bool]
    """False for what travels alone (forms, pre-reads, cancellations): outside the caps."""
    sender: Mapped[str]
    minute: Mapped[datetime]
    """The sender's minute in which it goes: at most 30 letters share one."""
    subject: Mapped[str | None] = mapped_column(EncryptedText)
    html: Mapped[str | None] = mapped_column(EncryptedText)
    text: Mapped[str | None] = mapped_column(EncryptedText)
    graph_id: Mapped[str | None]
    sending_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    made_at: Mapped[datetime]


class Refusal(Table):
    """A sender that refused us when we last asked, so that letters go by others; gone once it sends again."""

    __tablename__ = "refusals"
    sender: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class LetterItem(Table):
    """One thing to tell somebody, by a key that makes it once."""

    __tablename__ = "letter_items"
    key: Mapped[str] = mapped_column(primary_key=True)
    recipient_id: Mapped[str] = id_of("people.id")
    kind: Mapped[str]
    """A letter kind of `activities.letters.catalogue.KINDS`."""
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """After this instant it is dropped as overtaken."""
    check_in_id: Mapped[str | None] = id_of("check_ins.id", nullable=True)
    booking_no: Mapped[int | None]
    action_id: Mapped[str | None] = id_of("actions.id", nullable=True)
    plan_id: Mapped[str | None] = id_of("plans.id", nullable=True)
    stall_id: Mapped[str | None] = id_of("stalls.id", nullable=True)
    step: Mapped[str | None]
    """The rung: an action's day offset, a support step, or 1 | 2."""
    subject_day: Mapped[date | None]
    """The due date that an action's rung belongs to, the first day of a weekly letter's week."""
    state: Mapped[str] = mapped_column(default="waiting", index=True)
    """waiting | taken | sent | dropped"""
    dropped_because: Mapped[str | None]
    letter_id: Mapped[str | None] = id_of("letters.id", nullable=True)
    sent_at: Mapped[datetime | None]
