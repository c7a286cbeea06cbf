"""A change of manager, and what the next one may see."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.tables.table import Table, id_of, own_id


class Handover(Table):
    """Another conversation partner for somebody who had one: the talk that begins it, and what the new one may see."""

    __tablename__ = "handovers"
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = id_of("people.id")
    former_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    successor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    period: Mapped[int | None]
    """Of the check-in that was called off for it, whose place it takes."""
    at: Mapped[datetime]
    check_in_id: Mapped[str | None] = id_of("check_ins.id", nullable=True)
    """The handover check-in; None while it has not been opened."""
    answered_at: Mapped[datetime | None]
    """When the person chose what the successor may see."""


class ShownToSuccessor(Table):
    """One thing from before a change of partner that its person chose to show to the new one."""

    __tablename__ = "shown_to_successor"
    handover_id: Mapped[str] = mapped_column(ForeignKey("handovers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """goal | action | topic | heard | note | answer | pre-read"""
    item_id: Mapped[str] = mapped_column(primary_key=True)
    shown_at: Mapped[datetime]
