"""Every kind of letter part: the facts it needs, the folder that words it, and how it travels.

Facts arrive formatted for the reader: days as "Thursday 11 March", hours as "10:00" or "10:00 AM", links as full URLs,
people by the name their colleagues use. Counts stay numbers; the templates spell them. All wording is in
`templates/<template>/`.
"""

from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal, get_args

Travels = Literal["alone", "expires", "may_wait"]
"""`alone`: its own message, uncounted. `expires`: joins the day's message. `may_wait`: fits the digest."""

# What a person wrote, or why something is as it is: never in a subject, a preview, a repr (and so a log).
WRITTEN = {"written": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectionRequest:
    """The form, some workdays before a check-in; the lines shared leave on `leaves_day` at `leaves_hour`."""

    template: ClassVar[str] = "reflection_request"
    travels: ClassVar[Travels] = "alone"

    partner_name: str
    day: str
    hour: str
    questions: int
    minutes: int
    form_url: str
    talk_url: str
    another_time_url: str
    not_this_time_url: str
    leaves_day: str
    leaves_hour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectionReminder:
    """The one reminder of the form; `day` is the weekday of the talk ("Thursday")."""

    template: ClassVar[str] = "reflection_reminder"
    travels: ClassVar[Travels] = "expires"

    partner_name: str
    day: str
    form_url: str
    talk_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningMoment:
    """Asks a manager, once a period, for something they learned."""

    template: ClassVar[str] = "learning_moment"
    travels: ClassVar[Travels] = "may_wait"

    url: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreRead:
    """The page both read before a check-in, the same to both; with `link_only` it holds no content.

    `names` is "Ann and Mara", `when` "tomorrow at 10:00" or "on Monday at 10:00"; `promises` are (name,
    promises) with the manager's first; `lines` are (label, text). `page_url` leads to the full answers; with
    `link_only`, to the page that holds what the letter would.
    """

    template: ClassVar[str] = "pre_read"
    travels: ClassVar[Travels] = "alone"

    names: str
    when: str
    manager_name: str
    employee_name: str
    promises: tuple[tuple[str, tuple[str, ...]], ...] = field(repr=False, metadata=WRITTEN)
    learning: str | None = field(repr=False, metadata=WRITTEN)
    lines: tuple[tuple[str, str], ...] = field(repr=False, metadata=WRITTEN)
    pathway: tuple[str, ...] = field(default=(), repr=False, metadata=WRITTEN)
    """Roles or openings that the employee put here."""
    celebrating: str | None = field(repr=False, metadata=WRITTEN)
    ask: tuple[str, ...] = field(repr=False, metadata=WRITTEN)
    page_url: str
    link_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeQuestion:
    """Held, moved, or not: asked of each after the talk, at most twice. Its links open a confirming page."""

    template: ClassVar[str] = "outcome_question"
    travels: ClassVar[Travels] = "expires"

    partner_name: str
    day: str
    page_url: str
    held_url: str
    moved_url: str
    not_held_url: str
    second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Three hours to choose from; `until_day` is when one is found without them.

    With `kept_day` the booked hour stays unless somebody chooses another. `moves` counts those so far.
    `assisted_name` is whose assistant this is for, who chooses an hour for them and `partner_name`.
    """

    template: ClassVar[str] = "slots"
    travels: ClassVar[Travels] = "expires"

    partner_name: str
    assisted_name: str | None = None
    until_day: str
    kept_day: str | None
    kept_hour: str | None
    moves: int
    slots_url: str
    not_this_time_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """A kind word, once a check-in, about an hour that has moved twice by now."""

    template: ClassVar[str] = "moves"
    travels: ClassVar[Travels] = "may_wait"

    partner_name: str
    day: str
    hour: str
    another_time_url: str
    not_this_time_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep:
    """What each rung of the reminder ladder knows of an action; `others` are the names of those who see it.

    `due_day` and `agreed_day` are "23 February"; `with_name` is whom it was agreed with, if anybody.
    `day_before_leave` is the day that was agreed, where leave has moved it.
    """

    title: str = field(repr=False, metadata=WRITTEN)
    with_name: str | None
    agreed_day: str
    due_day: str
    done_url: str
    new_date_url: str
    help_url: str
    drop_url: str
    snooze_url: str
    time_url: str
    page_url: str
    others: tuple[str, ...]
    day_before_leave: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionAhead(ActionStep):
    """A week before the due date."""

    template: ClassVar[str] = "action_ahead"
    travels: ClassVar[Travels] = "may_wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTomorrow(ActionStep):
    """The day before the due date."""

    template: ClassVar[str] = "action_tomorrow"
    travels: ClassVar[Travels] = "expires"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPassed(ActionStep):
    """Two days after the due date."""

    template: ClassVar[str] = "action_passed"
    travels: ClassVar[Travels] = "expires"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStillOpen(ActionStep):
    """Nine days after the due date, for the last time by name."""

    template: ClassVar[str] = "action_still_open"
    travels: ClassVar[Travels] = "may_wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportNote:
    """Day 0 of a stalled plan: what is in the way, and what follows when.

    `about` is the reader's "own_plan", "their_plan" (the partner's, whose stuck part the reader holds) or
    "check_ins" (talks that did not come about; both get this note). Without
    `keep_hr_out_url` that choice is not offered.
    """

    template: ClassVar[str] = "support_note"
    travels: ClassVar[Travels] = "may_wait"

    about: Literal["own_plan", "their_plan", "check_ins"]
    partner_name: str
    time_url: str
    goal_url: str
    access_url: str
    help_url: str
    rather_not_say_url: str
    smaller_url: str
    pause_url: str
    leave_url: str
    keep_hr_out_url: str | None
    repairs_day: str
    hr_day: str
    hr_name: str
    pause_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportRepairs:
    """Day 7, to both: simple repairs, each (text, url); the text fits a button ("Move one date").

    Without `keep_hr_out_url` that choice is not offered: it is for whose plan it is.
    """

    template: ClassVar[str] = "support_repairs"
    travels: ClassVar[Travels] = "may_wait"

    partner_name: str
    repairs: tuple[tuple[str, str], ...]
    hr_day: str
    hr_name: str
    kept_out: bool
    keep_hr_out_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportRequest:
    """Day 21, to HR: who, how far, and the reason if its writer allowed it. No content.

    `stage` is a sentence with its full stop; `reason` is a few words ("access or budget").
    """

    template: ClassVar[str] = "support_request"
    travels: ClassVar[Travels] = "may_wait"

    names: str = field(metadata=WRITTEN)
    stage: str = field(metadata=WRITTEN)
    reason: str | None = field(repr=False, metadata=WRITTEN)
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportRest:
    """Day 35: the plan rests; `url` is the way back."""

    template: ClassVar[str] = "support_rest"
    travels: ClassVar[Travels] = "may_wait"

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Says once a week that some things are still open: how many, and where; never which."""

    template: ClassVar[str] = "weekly"
    travels: ClassVar[Travels] = "may_wait"

    open_count: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Another conversation partner: what happens to the talks, and where the reader chooses what the new one sees."""

    template: ClassVar[str] = "handover"
    travels: ClassVar[Travels] = "expires"

    former_name: str
    successor_name: str
    choose_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionWithoutOwner:
    """Somebody who had taken on a part of the reader's plan has left: who does it now, if anybody?

    `partner_name` is that of the reader's conversation partner, if there is one.
    """

    template: ClassVar[str] = "action_without_owner"
    travels: ClassVar[Travels] = "may_wait"

    title: str = field(repr=False, metadata=WRITTEN)
    owner_name: str
    due_day: str
    partner_name: str | None
    page_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRequest:
    """A colleague would like the reader's feedback, about something or anything; asked once."""

    template: ClassVar[str] = "feedback_request"
    travels: ClassVar[Travels] = "may_wait"

    asker_name: str
    about: str | None = field(repr=False, metadata=WRITTEN)
    until_day: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupporterInvitation:
    """A colleague would like the reader along for one goal or action; which one, they see after their yes."""

    template: ClassVar[str] = "supporter_invitation"
    travels: ClassVar[Travels] = "may_wait"

    asker_name: str
    about: Literal["goal", "action"]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAsked:
    """Somebody asks the reader for help with their plan, or with an action; never with which, nor why."""

    template: ClassVar[str] = "help_asked"
    travels: ClassVar[Travels] = "may_wait"

    asker_name: str
    about: Literal["plan", "action"]
    url: str


Part = (
    ReflectionRequest
    | ReflectionReminder
    | LearningMoment
    | PreRead
    | OutcomeQuestion
    | Slots
    | Moves
    | ActionAhead
    | ActionTomorrow
    | ActionPassed
    | ActionStillOpen
    | SupportNote
    | SupportRepairs
    | SupportRequest
    | SupportRest
    | Weekly
    | Handover
    | ActionWithoutOwner
    | FeedbackRequest
    | SupporterInvitation
    | HelpAsked
)

KINDS: dict[str, type[Part]] = {kind.template: kind for kind in get_args(Part)}


def facts(part: Part) -> dict[str, object]:
    """All fields of a part by name, for its body."""
    return {each.name: getattr(part, each.name) for each in fields(part)}


def open_facts(part: Part) -> dict[str, object]:
    """The fields that a subject and a preview may show: those that nobody wrote."""
    return {each.name: getattr(part, each.name) for each in fields(part) if "written" not in each.metadata}
