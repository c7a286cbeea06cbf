"""Development plans: goals, actions with an owner and a date, and what moved."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from integrations.database.columns import EncryptedText
from integrations.database.tables.table import Table, id_of, own_id


class Plan(Table):
    __tablename__ = "plans"
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), unique=True)
    state: Mapped[str] = mapped_column(default="active")
    """active | resting"""
    opened_at: Mapped[datetime]
    resumed_at: Mapped[datetime | None]
    """When it last woke from a rest: quiet days count from here."""
    help_asked_at: Mapped[datetime | None]
    """When its person asked their conversation partner for help with it as a whole; None once they have talked."""
    help_asked_id: Mapped[str | None] = id_of("people.id", nullable=True)
    """Who that was: another partner was not asked."""


class Goal(Table):
    __tablename__ = "goals"
    id: Mapped[str] = own_id()
    plan_id: Mapped[str] = id_of("plans.id")
    title: Mapped[str] = mapped_column(EncryptedText)
    """The skill to grow."""
    why: Mapped[str | None] = mapped_column(EncryptedText)
    priority: Mapped[str | None] = mapped_column(EncryptedText)
    """What of the organization's plans it serves."""
    state: Mapped[str] = mapped_column(default="open")
    """open | reached | let_go | changed"""
    private: Mapped[bool] = mapped_column(default=False)
    """Kept to oneself: no conversation partner sees it."""
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ActionRow(Table):
    __tablename__ = "actions"
    id: Mapped[str] = own_id()
    plan_id: Mapped[str] = id_of("plans.id")
    goal_id: Mapped[str | None] = mapped_column(ForeignKey("goals.id"))
    check_in_id: Mapped[str | None] = id_of("check_ins.id", nullable=True)
    owner_id: Mapped[str] = id_of("people.id")
    made_by_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    title: Mapped[str] = mapped_column(EncryptedText)
    success: Mapped[str | None] = mapped_column(EncryptedText)
    modality: Mapped[str] = mapped_column(default="stretch")
    """stretch | mentoring | training | rotation | reading"""
    needs: Mapped[str | None] = mapped_column(EncryptedText)
    """The hours or the budget that it takes."""
    granted_by: Mapped[str | None] = mapped_column(EncryptedText)
    """Who grants them, as its owner names them."""
    place: Mapped[int] = mapped_column(default=0)
    """Its place among the plan's actions, as the plan's person ordered them; 0 everywhere until they do."""
    due_on: Mapped[date]
    agreed_on: Mapped[date]
    """The day on which `due_on` was agreed: D-7 goes out only when more than 14 days lie between."""
    due_before_leave: Mapped[date | None]
    """What was agreed, where `due_on` moved with its owner's leave."""
    accepted_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="open", index=True)
    """open | done | dropped"""
    private: Mapped[bool] = mapped_column(default=False)
    extensions: Mapped[int] = mapped_column(default=0)
    snoozes: Mapped[int] = mapped_column(default=0)
    snoozed_until: Mapped[date | None]
    chased_from: Mapped[date]
    """Ladder steps of days before this belong to a time before Perennial knew the action."""
    form_token: Mapped[str | None] = mapped_column(unique=True)
    made_at: Mapped[datetime]


class ActionEvent(Table):
    """What happened to an action, one row each.

    `what`: made | accepted | progress | done | new_date | asked_help | dropped | snoozed | smaller |
    handed_on | reopened | talked
    """

    __tablename__ = "action_events"
    id: Mapped[str] = own_id()
    action_id: Mapped[str] = id_of("actions.id")
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    what: Mapped[str]
    due_on: Mapped[date | None]
    whom: Mapped[str | None]
    """Who was asked for help: partner | hr. Only the owner learns of the latter."""
    asked_id: Mapped[str | None] = id_of("people.id", nullable=True)
    """The partner who was asked, and for whom the note is; of what was talked about, whoever had asked."""
    note: Mapped[str | None] = mapped_column(EncryptedText)
    at: Mapped[datetime]


class Milestone(Table):
    """A small step of an action, perhaps with a day; ticked once it is done."""

    __tablename__ = "milestones"
    id: Mapped[str] = own_id()
    action_id: Mapped[str] = id_of("actions.id")
    writer_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    """Who owned the action then; None where an action changed hands before steps said so."""
    title: Mapped[str] = mapped_column(EncryptedText)
    due_on: Mapped[date | None]
    done_at: Mapped[datetime | None]
    made_at: Mapped[datetime]


class Evidence(Table):
    """A line about what came of a goal or an action, or a supporter's word about it."""

    __tablename__ = "evidence"
    id: Mapped[str] = own_id()
    goal_id: Mapped[str | None] = id_of("goals.id", nullable=True)
    action_id: Mapped[str | None] = id_of("actions.id", nullable=True)
    """One of the two is set."""
    writer_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]
    """outcome | change | word; a word is its writer's and that of whoever invited them, nobody else's"""
    text: Mapped[str] = mapped_column(EncryptedText)
    made_at: Mapped[datetime]


class Supporter(Table):
    """Somebody whom an employee asked along for one goal or one action, and nothing else."""

    __tablename__ = "supporters"
    id: Mapped[str] = own_id()
    person_id: Mapped[str] = id_of("people.id")
    """Who invites: the plan's person."""
    supporter_id: Mapped[str] = id_of("people.id")
    goal_id: Mapped[str | None] = id_of("goals.id", nullable=True)
    action_id: Mapped[str | None] = id_of("actions.id", nullable=True)
    """One of the two is set."""
    role: Mapped[str]
    """mentor | sponsor | peer"""
    note: Mapped[str | None] = mapped_column(EncryptedText)
    """What the invitation says, for the invited alone."""
    state: Mapped[str] = mapped_column(default="invited")
    """invited | accepted | declined | withdrawn | stepped_back"""
    invited_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
