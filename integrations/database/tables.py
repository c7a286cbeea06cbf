"""Every table. Text that a person wrote is `EncryptedText`; nothing here decides anything."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from integrations.database.columns import EncryptedText, Instant, SaidLater, new_id


class Table(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant, dict[str, Any]: JSON, list[Any]: JSON}


def _id() -> Mapped[str]:
    return mapped_column(String(36), primary_key=True, default=new_id)


def _to(target: str, **kwargs: Any) -> Any:
    return mapped_column(String(36), ForeignKey(target), index=True, **kwargs)


# People and the rules they live under


class Person(Table):
    __tablename__ = "people"
    id: Mapped[str] = _id()
    oid: Mapped[str] = mapped_column(unique=True)
    """The Entra object id: the key that sign-in and Graph use."""
    mail: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    zone: Mapped[str]
    """IANA name."""
    country: Mapped[str | None]
    """ISO 3166 alpha-2, for public holidays."""
    subdivision: Mapped[str | None]
    """The part of the country whose holidays count too, as `holidays` names it: "BY"."""
    hired_on: Mapped[date | None]
    left_at: Mapped[datetime | None]
    weekdays: Mapped[list[Any] | None]
    """Monday is 0; None while the mailbox has not told."""
    opens: Mapped[str | None]
    closes: Mapped[str | None]
    """Wall-clock times "09:00" in `zone`."""
    away: Mapped[list[Any]] = mapped_column(default=list)
    """Automatic replies as [[from, until], ...], ISO instants in UTC."""
    leave: Mapped[list[Any]] = mapped_column(default=list)
    """What `leaves` comes to, as [[first day, last day, known on], ...]: in order, apart, last day included."""
    leave_read_at: Mapped[datetime | None]
    """When their calendar was last searched for leave."""
    directory_read_at: Mapped[datetime | None]
    directory_name: Mapped[str | None]
    """What the directory calls them, None while it has not been asked; `name` follows when this changes."""
    manager_oid: Mapped[str | None]
    """Whom the directory last said they report to; "" is nobody, None that it has not been asked."""
    delete_after: Mapped[date | None]
    """Set once they have left: until then what they wrote is kept."""
    language: Mapped[str | None]
    """What their mailbox is set to, as Graph writes it: "de-AT"."""
    language_chosen: Mapped[str | None]
    """What they chose on our pages: "de". It wins."""
    signed_out: Mapped[int] = mapped_column(default=0)
    """How often they have signed out: a session of before that opens nothing any more."""
    former_mails: Mapped[list[Any] | None]
    """Addresses that they had before, lower case: what was booked then still invites them under these."""

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    @property
    def mails(self) -> tuple[str, ...]:
        """Their address and those that they had before, lower case."""
        return self.mail.lower(), *(self.former_mails or ())

    def has_address(self, mail: str, before: str | None = None) -> None:
        """Gives them an address; `before` is what they had, where it was set aside meanwhile."""
        former = (before or self.mail).lower()
        if former != mail.lower():
            self.former_mails = [*(each for each in self.mails[1:] if each not in (former, mail.lower())), former]
        self.mail = mail


class Reporting(Table):
    """Who holds somebody's check-ins, from a day until a day. The override wins over the directory."""

    __tablename__ = "reporting"
    id: Mapped[str] = _id()
    person_id: Mapped[str] = _to("people.id")
    partner_id: Mapped[str] = _to("people.id")
    source: Mapped[str]
    """directory | override"""
    since: Mapped[date]
    until: Mapped[date | None]


class Leave(Table):
    """Days on which somebody is away, as one source tells."""

    __tablename__ = "leaves"
    id: Mapped[str] = _id()
    person_id: Mapped[str] = _to("people.id")
    first_day: Mapped[date]
    last_day: Mapped[date]
    """The last day away; the next one is back."""
    source: Mapped[str]
    """replies | calendar | file | command"""
    known_on: Mapped[date]


class PolicyRow(Table):
    __tablename__ = "policies"
    id: Mapped[str] = _id()
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
    policy_id: Mapped[str] = _to("policies.id")
    held: Mapped[bool] = mapped_column(default=False)
    """HR holds the cycle: no booking, no mail, until released."""
    enrolled_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


# Check-ins


class CheckInRow(Table):
    __tablename__ = "check_ins"
    __table_args__ = (UniqueConstraint("person_id", "kind", "due_on"),)
    id: Mapped[str] = _id()
    person_id: Mapped[str] = _to("people.id")
    partner_id: Mapped[str] = _to("people.id")
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
    id: Mapped[str] = _id()
    check_in_id: Mapped[str] = _to("check_ins.id")
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


class CalendarWatchRow(Table):
    """One organizing mailbox whose calendar is watched."""

    __tablename__ = "calendar_watches"
    id: Mapped[str] = _id()
    mailbox: Mapped[str] = mapped_column(unique=True)
    """As `bookings.organizer` names it."""
    subscription_id: Mapped[str | None] = mapped_column(unique=True)
    client_state: Mapped[str | None] = mapped_column(EncryptedText)
    """The secret that Graph repeats in each notification; committed before the subscription is asked for."""
    notification_url: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    tended_at: Mapped[datetime | None]
    """When the subscription was last made or renewed."""
    doubted_at: Mapped[datetime | None]
    """Graph said that the subscription needs care, or that something was missed."""
    refused_at: Mapped[datetime | None]
    """Since when Graph refuses a subscription; None while it works."""
    delta_link: Mapped[str | None]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    full_look_at: Mapped[datetime | None]
    """When the window was last read whole."""
    looked_at: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """Set while this mailbox organizes nothing."""


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


class Handover(Table):
    """Another conversation partner for somebody who had one: the talk that begins it, and what the new one may see."""

    __tablename__ = "handovers"
    id: Mapped[str] = _id()
    person_id: Mapped[str] = _to("people.id")
    former_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    successor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    period: Mapped[int | None]
    """Of the check-in that was called off for it, whose place it takes."""
    at: Mapped[datetime]
    check_in_id: Mapped[str | None] = _to("check_ins.id", nullable=True)
    """The handover check-in; None while it has not been opened."""
    answered_at: Mapped[datetime | None]
    """When the person chose what the successor may see."""


class DirectoryWatchRow(Table):
    """The one watch of the tenant's directory; what it knows of its subscription is as in `calendar_watches`."""

    __tablename__ = "directory_watches"
    id: Mapped[str] = _id()
    resource: Mapped[str] = mapped_column(unique=True)
    """As Graph names it: /users."""
    subscription_id: Mapped[str | None] = mapped_column(unique=True)
    client_state: Mapped[str | None] = mapped_column(EncryptedText)
    notification_url: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    tended_at: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    delta_link: Mapped[str | None]
    full_look_at: Mapped[datetime | None]
    """When everybody in the directory was last read."""
    looked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]


class ShownToSuccessor(Table):
    """One thing from before a change of partner that its person chose to show to the new one."""

    __tablename__ = "shown_to_successor"
    handover_id: Mapped[str] = mapped_column(ForeignKey("handovers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """goal | action | topic | heard | note | answer | pre-read"""
    item_id: Mapped[str] = mapped_column(primary_key=True)
    shown_at: Mapped[datetime]


class OutcomeAnswer(Table):
    """What one of the two said about the talk: held | moved | did_not_happen."""

    __tablename__ = "outcome_answers"
    check_in_id: Mapped[str] = mapped_column(ForeignKey("check_ins.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    booking_no: Mapped[int] = mapped_column(primary_key=True)
    said: Mapped[str]
    said_at: Mapped[datetime]


class Note(Table):
    __tablename__ = "notes"
    id: Mapped[str] = _id()
    check_in_id: Mapped[str] = _to("check_ins.id")
    writer_id: Mapped[str] = _to("people.id")
    text: Mapped[str] = mapped_column(EncryptedText)
    form_token: Mapped[str | None] = mapped_column(unique=True)
    """One a rendered form, so that the same form posted twice is one note."""
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    """When somebody else first read it: until then its writer may change it, or take it back without a trace."""
    withdrawn_at: Mapped[datetime | None]
    """Taken back after it was read: that much stays to be seen, the words only by their writer."""


class Topic(Table):
    """Something that one of a pair wants to talk about: it goes along from talk to talk until it is ticked off."""

    __tablename__ = "topics"
    __table_args__ = (Index("ix_topics_pair", "person_id", "partner_id"),)
    id: Mapped[str] = _id()
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    """The employee of the pair."""
    partner_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    check_in_id: Mapped[str] = _to("check_ins.id")
    """On whose page it was written."""
    writer_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(EncryptedText)
    form_token: Mapped[str | None] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When the other first read it: until then its writer may take it back."""
    ticked_at: Mapped[datetime | None]
    ticked_by_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    ticked_in_id: Mapped[str | None] = _to("check_ins.id", nullable=True)


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


# Reflections and pre-reads


class ReflectionRow(Table):
    __tablename__ = "reflections"
    __table_args__ = (UniqueConstraint("check_in_id", "writer_id"),)
    id: Mapped[str] = _id()
    check_in_id: Mapped[str] = _to("check_ins.id")
    writer_id: Mapped[str] = _to("people.id")
    just_talk: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime]
    """The first saved word, or "let's just talk": from here on nobody is reminded."""


class Answer(Table):
    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("reflection_id", "question"),)
    id: Mapped[str] = _id()
    reflection_id: Mapped[str] = _to("reflections.id")
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
    id: Mapped[str] = _id()
    person_id: Mapped[str] = _to("people.id")
    period: Mapped[str]
    """The quarter it belongs to, "2030-Q1"."""
    text: Mapped[str] = mapped_column(EncryptedText)
    changed_at: Mapped[datetime]


class PreRead(Table):
    """The snapshot that both get; frozen when it is made."""

    __tablename__ = "pre_reads"
    __table_args__ = (UniqueConstraint("check_in_id", "booking_no"),)
    id: Mapped[str] = _id()
    check_in_id: Mapped[str] = _to("check_ins.id")
    booking_no: Mapped[int]
    content: Mapped[str] = mapped_column(EncryptedText)
    """`cycle.pre_read.Snapshot` as JSON."""
    made_at: Mapped[datetime]


# Plans and actions


class Plan(Table):
    __tablename__ = "plans"
    id: Mapped[str] = _id()
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), unique=True)
    state: Mapped[str] = mapped_column(default="active")
    """active | resting"""
    opened_at: Mapped[datetime]
    resumed_at: Mapped[datetime | None]
    """When it last woke from a rest: quiet days count from here."""
    help_asked_at: Mapped[datetime | None]
    """When its person last asked their conversation partner for help with it as a whole."""


class Goal(Table):
    __tablename__ = "goals"
    id: Mapped[str] = _id()
    plan_id: Mapped[str] = _to("plans.id")
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
    id: Mapped[str] = _id()
    plan_id: Mapped[str] = _to("plans.id")
    goal_id: Mapped[str | None] = mapped_column(ForeignKey("goals.id"))
    check_in_id: Mapped[str | None] = _to("check_ins.id", nullable=True)
    owner_id: Mapped[str] = _to("people.id")
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
    handed_on | reopened
    """

    __tablename__ = "action_events"
    id: Mapped[str] = _id()
    action_id: Mapped[str] = _to("actions.id")
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    what: Mapped[str]
    due_on: Mapped[date | None]
    whom: Mapped[str | None]
    """Who was asked for help: partner | hr. Only the owner learns of the latter."""
    note: Mapped[str | None] = mapped_column(EncryptedText)
    at: Mapped[datetime]


class Milestone(Table):
    """A small step of an action, perhaps with a day; ticked once it is done."""

    __tablename__ = "milestones"
    id: Mapped[str] = _id()
    action_id: Mapped[str] = _to("actions.id")
    title: Mapped[str] = mapped_column(EncryptedText)
    due_on: Mapped[date | None]
    done_at: Mapped[datetime | None]
    made_at: Mapped[datetime]


class Evidence(Table):
    """A line about what came of a goal or an action, or a supporter's word about it."""

    __tablename__ = "evidence"
    id: Mapped[str] = _id()
    goal_id: Mapped[str | None] = _to("goals.id", nullable=True)
    action_id: Mapped[str | None] = _to("actions.id", nullable=True)
    """One of the two is set."""
    writer_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]
    """outcome | change | word; a word is its writer's and that of whoever invited them, nobody else's"""
    text: Mapped[str] = mapped_column(EncryptedText)
    made_at: Mapped[datetime]


class Supporter(Table):
    """Somebody whom an employee asked along for one goal or one action, and nothing else."""

    __tablename__ = "supporters"
    id: Mapped[str] = _id()
    person_id: Mapped[str] = _to("people.id")
    """Who invites: the plan's person."""
    supporter_id: Mapped[str] = _to("people.id")
    goal_id: Mapped[str | None] = _to("goals.id", nullable=True)
    action_id: Mapped[str | None] = _to("actions.id", nullable=True)
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


class PostedForm(Table):
    """A form that was sent: sent again, it adds nothing."""

    __tablename__ = "posted_forms"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    """A digest of its token, address and words."""
    at: Mapped[datetime] = mapped_column(index=True)
    """Two days later it is forgotten."""


class Stall(Table):
    """One pass of a plan down the support ladder. `cause` makes it once: a stuck thing never starts a second."""

    __tablename__ = "stalls"
    __table_args__ = (UniqueConstraint("plan_id", "cause"),)
    id: Mapped[str] = _id()
    plan_id: Mapped[str] = _to("plans.id")
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


# Feedback and pathways


class FeedbackRequest(Table):
    """A colleague asked for feedback, and what they wrote: the asker's to read, and to show to one person."""

    __tablename__ = "feedback_requests"
    id: Mapped[str] = _id()
    asker_id: Mapped[str] = _to("people.id")
    giver_id: Mapped[str] = _to("people.id")
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
    shared_with_id: Mapped[str | None] = _to("people.id", nullable=True)
    """The conversation partner whom the asker shows it to, as long as they hold the check-ins."""


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


class InterestRow(Table):
    """A role or an opening that interests somebody, and whom they were told that it is shown to."""

    __tablename__ = "interests"
    id: Mapped[str] = _id()
    person_id: Mapped[str] = _to("people.id")
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
    id: Mapped[str] = _id()
    check_in_id: Mapped[str] = _to("check_ins.id")
    about: Mapped[str] = mapped_column(EncryptedText)
    """role/<key> | opening/<key>"""
    put_at: Mapped[datetime]


# Letters


class Letter(Table):
    """One message: planned -> drafted -> sent, or dropped. What is drafted is frozen."""

    __tablename__ = "letters"
    __table_args__ = (Index("ix_letters_sender_minute", "sender", "minute"),)
    id: Mapped[str] = _id()
    recipient_id: Mapped[str] = _to("people.id")
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


class LetterItem(Table):
    """One thing to tell somebody, by a key that makes it once."""

    __tablename__ = "letter_items"
    key: Mapped[str] = mapped_column(primary_key=True)
    recipient_id: Mapped[str] = _to("people.id")
    kind: Mapped[str]
    """A letter kind of `activities.letters.catalogue.KINDS`."""
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """After this instant it is dropped as overtaken."""
    check_in_id: Mapped[str | None] = _to("check_ins.id", nullable=True)
    booking_no: Mapped[int | None]
    action_id: Mapped[str | None] = _to("actions.id", nullable=True)
    plan_id: Mapped[str | None] = _to("plans.id", nullable=True)
    stall_id: Mapped[str | None] = _to("stalls.id", nullable=True)
    step: Mapped[str | None]
    """The rung: an action's day offset, a support step, or 1 | 2."""
    subject_day: Mapped[date | None]
    """The due date that an action's rung belongs to, the first day of a weekly letter's week."""
    state: Mapped[str] = mapped_column(default="waiting", index=True)
    """waiting | taken | sent | dropped"""
    dropped_because: Mapped[str | None]
    letter_id: Mapped[str | None] = _to("letters.id", nullable=True)
    sent_at: Mapped[datetime | None]


# The house's own books


class WakeUp(Table):
    """A poke that is owed to a workflow; gone once delivered."""

    __tablename__ = "wake_ups"
    id: Mapped[str] = _id()
    workflow: Mapped[str]
    target: Mapped[str]
    reason: Mapped[str]
    made_at: Mapped[datetime]


class Stuck(Table):
    """A workflow that cannot go on until something is mended; gone once it went on."""

    __tablename__ = "stuck"
    workflow: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str] = mapped_column(index=True)
    """The key of its line in `needs_a_hand`, which it shares with all that wait for the same."""
    kind: Mapped[str]
    """A `cycle.stuck.Kind`."""
    about: Mapped[str]
    """What exactly, in our own words: a permission and its mailbox, a fault and its place."""
    since: Mapped[datetime]


class Lease(Table):
    """What one process alone does until an instant of real time, unless it renews it: poll a queue, or be alive."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


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
    id: Mapped[str] = _id()
    at: Mapped[datetime]
    who: Mapped[str]
    did: Mapped[str]
    subject_id: Mapped[str | None]


class NeedsAHand(Table):
    """What cannot go on by itself: a sentence for HR with the remedy. `key` makes it once."""

    __tablename__ = "needs_a_hand"
    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    sentence: Mapped[str] = mapped_column(SaidLater)
    since: Mapped[datetime]
    mended_at: Mapped[datetime | None]
