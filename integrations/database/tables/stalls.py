"""Plans that stand still, and what their owner said of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, id_of, own_id


class Stall(Table):
    """One pass of a plan down the support ladder. `cause` makes it once: a stuck thing never starts a second."""

    __tablename__ = "stalls"
    __table_args__ = (UniqueConstraint("plan_id", "cause"),)
    id: Mapped[str] = own_id()
    plan_id: Mapped[str] = id_of("plans.id")
    cause: Mapped[str]
    """action/<id>/<due> | check-ins/<id> | scheduling/<id>"""
    holder_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    """Whoever holds the stuck part; None means both."""
    began_at: Mapped[datetime]
    hr_kept_out: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    ended: Mapped[str | None]
    """helped | stopped | rested"""


class StallAnswer(Table):
    """Why somebody's plan is stuck, in a word of `cycle.support.REASONS`; unshared it is theirs alone."""

    __tablename__ = "stall_answers"
    stall_id: Mapped[str] = mapped_column(ForeignKey("stalls.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(EncryptedText)
    to_partner: Mapped[bool] = mapped_column(default=False)
    to_hr: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime]
