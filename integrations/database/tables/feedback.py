"""Feedback that somebody asked of colleagues."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, id_of, own_id


class FeedbackRequest(Table):
    """A colleague asked for feedback, and what they wrote: the asker's to read, and to show to one person."""

    __tablename__ = "feedback_requests"
    id: Mapped[str] = own_id()
    asker_id: Mapped[str] = id_of("people.id")
    giver_id: Mapped[str] = id_of("people.id")
    about: Mapped[str | None] = mapped_column(EncryptedText)
    state: Mapped[str] = mapped_column(default="asked")
    """asked | answered | declined | taken_back; one that stays open ends by its age, see `cycle.feedback`."""
    behaviour: Mapped[str | None] = mapped_column(EncryptedText)
    impact: Mapped[str | None] = mapped_column(EncryptedText)
    next_step: Mapped[str | None] = mapped_column(EncryptedText)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    """When the asker first read it: from then on it stays as it is."""
    shared_with_id: Mapped[str | None] = id_of("people.id", nullable=True)
    """The conversation partner whom the asker shows it to, as long as they hold the check-ins."""
