"""Roles and openings as HR imported them, and who is interested."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, id_of, own_id


class PathwaysRevision(Table):
    """The roles, tracks and openings as HR last imported them: a `cycle.pathways.Catalogue` as JSON."""

    __tablename__ = "pathways_revisions"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


class RoleOfPerson(Table):
    """Which role of the pathways somebody has."""

    __tablename__ = "roles_of_people"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    role: Mapped[str]
    """A key of the catalogue, which may have gone from there since."""
    source: Mapped[str]
    """own | import: what people say themselves stays when HR imports."""
    since: Mapped[date]
    role_before: Mapped[str | None]
    """What they had until then; None where this is the first that anybody told."""


class InterestRow(Table):
    """A role or an opening that interests somebody, and whom they were told that it is shown to."""

    __tablename__ = "interests"
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = id_of("people.id")
    about: Mapped[str] = mapped_column(EncryptedText)
    """role/<key> | opening/<key>"""
    told: Mapped[str]
    """The policy's `pathways.interest_visible_to` on the page where they said so."""
    partner_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    """Who held their check-ins then: nobody who does later sees it."""
    shared: Mapped[bool] = mapped_column(default=False)
    """Shown to that partner by their own choice, whatever the policy says."""
    made_at: Mapped[datetime]


class PathwayLine(Table):
    """A role or an opening that its person puts into the pre-read of one check-in."""

    __tablename__ = "pathway_lines"
    id: Mapped[str] = own_id()
    check_in_id: Mapped[str] = id_of("check_ins.id")
    about: Mapped[str] = mapped_column(EncryptedText)
    """role/<key> | opening/<key>"""
    put_at: Mapped[datetime]
