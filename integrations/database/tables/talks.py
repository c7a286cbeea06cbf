"""What is written for a check-in and at it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, id_of, own_id


class Note(Table):
    __tablename__ = "notes"
    id: Mapped[str] = own_id()
    check_in_id: Mapped[str] = id_of("check_ins.id")
    writer_id: Mapped[str] = id_of("people.id")
    text: Mapped[str] = mapped_column(EncryptedText)
    form_token: Mapped[str | None] = mapped_column(unique=True)
    """One a rendered form, so that the same form posted twice is one note."""
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    """When somebody else first read it: until then its writer may change it, or take it back without a trace."""
    withdrawn_at: Mapped[datetime | None]
    """Taken back after it was read: that much stays to be seen, the words for an hour and only by their writer."""


class Topic(Table):
    """Something that one of a pair wants to talk about: it goes along from talk to talk until it is ticked off."""

    __tablename__ = "topics"
    __table_args__ = (Index("ix_topics_pair", "person_id", "partner_id"),)
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    """The employee of the pair."""
    partner_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    check_in_id: Mapped[str] = id_of("check_ins.id")
    """On whose page it was written."""
    writer_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(EncryptedText)
    form_token: Mapped[str | None] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When the other first read it: until then its writer may take it back."""
    ticked_at: Mapped[datetime | None]
    ticked_by_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    ticked_in_id: Mapped[str | None] = id_of("check_ins.id", nullable=True)


class HeardLine(Table):
    """What one of a talk heard the other say, in a line, and what the other answers to that. Both stand together."""

    __tablename__ = "heard_lines"
    check_in_id: Mapped[str] = mapped_column(ForeignKey("check_ins.id"), primary_key=True)
    writer_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    text: Mapped[str] = mapped_column(EncryptedText)
    written_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(EncryptedText)
    """yes | not_quite"""
    answer_text: Mapped[str | None] = mapped_column(EncryptedText)
    answered_at: Mapped[datetime | None]


class ReflectionRow(Table):
    __tablename__ = "reflections"
    __table_args__ = (UniqueConstraint("check_in_id", "writer_id"),)
    id: Mapped[str] = own_id()
    check_in_id: Mapped[str] = id_of("check_ins.id")
    writer_id: Mapped[str] = id_of("people.id")
    just_talk: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime]
    """The first saved word, or "let's just talk": from here on nobody is reminded."""


class Answer(Table):
    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("reflection_id", "question"),)
    id: Mapped[str] = own_id()
    reflection_id: Mapped[str] = id_of("reflections.id")
    question: Mapped[str]
    """A key of `cycle.reflection.QUESTIONS`."""
    text: Mapped[str] = mapped_column(EncryptedText)
    line: Mapped[str | None] = mapped_column(EncryptedText)
    shared_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    whole: Mapped[bool] = mapped_column(default=False)
    """Its writer's yes that the pre-read holds all of it in place of its line, where the policy allows that."""
    changed_at: Mapped[datetime]


class LearningMoment(Table):
    """What a manager learned lately: asked once a period, shown first in each pre-read of that period."""

    __tablename__ = "learning_moments"
    __table_args__ = (UniqueConstraint("person_id", "period"),)
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = id_of("people.id")
    period: Mapped[str]
    """`cycle.reflection.moment_period`: the policy and the number of its period."""
    text: Mapped[str] = mapped_column(EncryptedText)
    """What others get: as it was saved."""
    draft: Mapped[str | None] = mapped_column(EncryptedText)
    """What has been typed since, which nobody else sees."""
    changed_at: Mapped[datetime]
    """Of the text or the draft."""


class PreRead(Table):
    """The snapshot that both get; frozen when it is made."""

    __tablename__ = "pre_reads"
    __table_args__ = (UniqueConstraint("check_in_id", "booking_no"),)
    id: Mapped[str] = own_id()
    check_in_id: Mapped[str] = id_of("check_ins.id")
    booking_no: Mapped[int]
    content: Mapped[str] = mapped_column(EncryptedText)
    """`cycle.pre_read.Snapshot` as JSON."""
    made_at: Mapped[datetime]
