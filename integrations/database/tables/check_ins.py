"""The check-ins, their hours in the calendar, and what became of them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, id_of, own_id


class CheckInRow(Table):
    __tablename__ = "check_ins"
    __table_args__ = (UniqueConstraint("person_id", "kind", "due_on"),)
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = id_of("people.id")
    partner_id: Mapped[str] = id_of("people.id")
    kind: Mapped[str] = mapped_column(default="regular")
    period: Mapped[int]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="due", index=True)
    """due | booked | ended | held | did_not_happen | unconfirmed | excused | cancelled"""
    policy_id: Mapped[str] = mapped_column(ForeignKey("policies.id"))
    policy_revision: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    plan_again_at: Mapped[datetime | None]
    """When no hour was found: the next try. While three hours are offered: when one is found without an answer."""
    not_before: Mapped[date | None]
    """None of the hours offered suited: the first day for the next one."""
    people_read_at: Mapped[datetime | None]
    """When the mailboxes of the two were last asked whether somebody lives in another zone by now."""


class Booking(Table):
    """One time and place of a check-in. A move is a new number that keeps the event."""

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint("check_in_id", "no"),
        Index("ix_bookings_organizer_minute", "organizer", "minute"),
    )
    id: Mapped[str] = own_id()
    check_in_id: Mapped[str] = id_of("check_ins.id")
    no: Mapped[int]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    zone: Mapped[str]
    """The zone whose wall-clock time the event is written in."""
    person_zone: Mapped[str | None]
    partner_zone: Mapped[str | None]
    """Where the two lived when this hour was found: who moves away from there gets another."""
    organizer: Mapped[str]
    """The mailbox that has the event: the service mailbox's address, or the manager's Entra object id."""
    minute: Mapped[datetime | None]
    """The organizer's minute from which it is written into the calendar: at most 60 bookings share one."""
    state: Mapped[str] = mapped_column(default="intended", index=True)
    """intended | booked | moved | cancelled | paused"""
    transaction_id: Mapped[str]
    event_id: Mapped[str | None]
    change_key: Mapped[str | None]
    reasons: Mapped[list[Any]]
    made_at: Mapped[datetime]
    heard_change_key: Mapped[str | None]
    """Set while somebody seems to have done something to the event: it is read again, and this is cleared."""


class Offer(Table):
    """Three hours to choose from in place of a booked one. What was taken meanwhile is followed by another round."""

    __tablename__ = "offers"
    check_in_id: Mapped[str] = mapped_column(ForeignKey("check_ins.id"), primary_key=True)
    booking_no: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="wanted")
    """wanted | open | picked | taken (it is booked) | gone (somebody was faster) | none (none suits) | over"""
    keeps_hour: Mapped[bool] = mapped_column(default=False)
    """The booked hour stays unless somebody chooses another."""
    for_person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    """Who gets the letter; None for both."""
    ask_at: Mapped[datetime]
    until: Mapped[datetime]
    slots: Mapped[list[Any]] = mapped_column(default=list)
    """[{"start", "end": ISO instants in UTC, "reasons": [...]}, ...], best first."""
    picked: Mapped[int | None]
    picked_by_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    picked_at: Mapped[datetime | None]


class OutcomeAnswer(Table):
    """What one of the two said about the talk: held | moved | did_not_happen."""

    __tablename__ = "outcome_answers"
    check_in_id: Mapped[str] = mapped_column(ForeignKey("check_ins.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    booking_no: Mapped[int] = mapped_column(primary_key=True)
    said: Mapped[str]
    said_at: Mapped[datetime]


class WorthAnswer(Table):
    """Whether a talk was worth somebody's time: theirs alone, but for HR's counts of many."""

    __tablename__ = "worth_answers"
    check_in_id: Mapped[str] = mapped_column(ForeignKey("check_ins.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    worth: Mapped[str] = mapped_column(EncryptedText)
    """yes | partly | no"""
    answered_at: Mapped[datetime]


class WorthCount(Table):
    """What HR was told of a closed period, counted once: two counts would differ by somebody's answer."""

    __tablename__ = "worth_counts"
    policy_id: Mapped[str] = mapped_column(ForeignKey("policies.id"), primary_key=True)
    period: Mapped[int] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
    yes: Mapped[int | None]
    partly: Mapped[int | None]
    no: Mapped[int | None]
    """All None where the answers were too few."""
