"""Who read what, and who changed the rules."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.tables.table import Table, own_id


class Reading(Table):
    """Who read whose what, by day: the owner can see it."""

    __tablename__ = "readings"
    __table_args__ = (Index("ix_readings_what", "what"),)
    reader_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    """reflection | pre-read | notes | plan | goal | action | stall | feedback | interest, a slash, and its id"""
    day: Mapped[date] = mapped_column(primary_key=True)


class Audit(Table):
    __tablename__ = "audit"
    id: Mapped[str] = own_id()
    at: Mapped[datetime]
    who: Mapped[str]
    did: Mapped[str]
    subject_id: Mapped[str | None]
