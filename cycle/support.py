"""The support ladder of a stalled plan: who is asked to help and when, and which repairs are offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cycle.leave import Leave, later
from cycle.policy import StalledPlan
from cycle.sentences import Sentence

Step = Literal["note", "repairs", "hr", "rest"]
STEPS: tuple[Step, ...] = ("note", "repairs", "hr", "rest")

REASONS = ("time", "goal", "access", "help", "rather_not_say")

# What is in the way, as HR is told it: never more than these words.
REASON_WORDS = {
    "time": Sentence("time"),
    "goal": Sentence("the goal has changed"),
    "access": Sentence("access or budget"),
    "help": Sentence("help would be welcome"),
    "rather_not_say": Sentence("rather not said"),
}


@dataclass(frozen=True, slots=True)
class NextStep:
    step: Step
    at: datetime
    """UTC instant."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A small thing that often helps: its key, and words that fit a button."""

    key: Literal["new_date", "smaller", "help", "another_hour", "not_this_time", "pause"]
    text: Sentence


def next_step(
    sent: Mapping[Step, datetime | None],
    kept_out: bool,
    ended: bool,
    began_at: datetime,
    rules: StalledPlan,
    leaves: Sequence[Leave] = (),
) -> NextStep | None:
    """The step to take next and the instant from which to take it; None when there is none, or none yet.

    The ladder rests on days of `leaves`, those of the plan's person.

    `sent` says when each step taken so far was sent, or None while it waits for its reader's mail window:
    the step after it waits too, so that they go in order. Each counts from the instant at which the note was
    sent. With HR kept out, "hr" is passed over.
    """
    if ended or any(instant is None for instant in sent.values()):
        return None
    noted_at = sent.get("note")
    if noted_at is None:
        return NextStep("note", began_at + timedelta(days=rules.note_to_owner_day))
    for step in STEPS[_taken(sent) :]:
        if not (step == "hr" and kept_out and rules.owner_can_keep_hr_out):
            return NextStep(step, later(noted_at, _day(rules, step), leaves))
    return None


def step_days(noted_at: datetime, rules: StalledPlan, leaves: Sequence[Leave] = ()) -> dict[Step, datetime]:
    """When each later step would come, for the note that names them."""
    return {step: later(noted_at, _day(rules, step), leaves) for step in STEPS[1:]}


def three_repairs(cause: str) -> tuple[Repair, Repair, Repair]:
    """Three repairs for a stall's cause ("action/...", "check-ins/..." or "scheduling/...")."""
    return _REPAIRS[cause.split("/")[0]]


_REPAIRS: dict[str, tuple[Repair, Repair, Repair]] = {
    "action": (
        Repair("new_date", Sentence("Move one date")),
        Repair("smaller", Sentence("Make one thing smaller")),
        Repair("help", Sentence("Ask somebody for a hand")),
    ),
    "check-ins": (
        Repair("another_hour", Sentence("Find an hour that suits you both")),
        Repair("not_this_time", Sentence("Sit one out, on purpose")),
        Repair("pause", Sentence("Let the plan rest")),
    ),
    "scheduling": (
        Repair("another_hour", Sentence("Choose a quieter hour together")),
        Repair("not_this_time", Sentence("Sit this one out")),
        Repair("pause", Sentence("Let the plan rest")),
    ),
}


def _taken(sent: Mapping[Step, datetime | None]) -> int:
    """How far down the ladder: the place after the last step that was taken."""
    return max((STEPS.index(step) + 1 for step in sent), default=0)


def _day(rules: StalledPlan, step: Step) -> int:
    return {
        "note": rules.note_to_owner_day,
        "repairs": rules.repairs_to_both_day,
        "hr": rules.hr_partner_day,
        "rest": rules.pause_day,
    }[step]
