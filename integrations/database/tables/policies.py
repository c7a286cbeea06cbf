"""The policies of HR, revision by revision, and who lives under which."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.tables.table import Table, id_of, own_id


class PolicyRow(Table):
    __tablename__ = "policies"
    id: Mapped[str] = own_id()
    name: Mapped[str] = mapped_column(unique=True)
    starts_on: Mapped[date]
    """Day 1 of period 1 for everybody enrolled under it."""
    hr_partner_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    deputy_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    population: Mapped[str | None]
    """Who lives under it without being enrolled by name, as `cycle.directory_watch.read_population` takes it."""


class PolicyRevision(Table):
    __tablename__ = "policy_revisions"
    policy_id: Mapped[str] = mapped_column(ForeignKey("policies.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


class Enrolment(Table):
    __tablename__ = "enrolments"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    policy_id: Mapped[str] = id_of("policies.id")
    held: Mapped[bool] = mapped_column(default=False)
    """HR holds the cycle: no booking, no mail, until released."""
    enrolled_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
