"""One career conversation: its states, what comes next for it, and what two answers make of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class State(StrEnum):
    DUE = "due"
    BOOKED = "booked"
    ENDED = "ended"
    HELD = "held"
    DID_NOT_HAPPEN = "did_not_happen"
    UNCONFIRMED = "unconfirmed"
    EXCUSED = "excused"
    CANCELLED = "cancelled"


OPEN = (State.DUE, State.BOOKED, State.ENDED)
CALLED_OFF = (State.EXCUSED, State.CANCELLED)

Said = Literal["held", "moved", "did_not_happen"]


class Step(StrEnum):
    """What a check-in can need next, in the order of its story."""

    PLAN = "plan"
    CLEAR_AWAY = "clear_away"
    BOOK = "book"
    REREAD = "reread"
    CALL_OFF = "call_off"
    ASK_WHERE_THEY_LIVE = "ask_where_they_live"
    OFFER_SLOTS = "offer_slots"
    TAKE_SLOT = "take_slot"
    PAUSE = "pause"
    ASK_FOR_REFLECTION = "ask_for_reflection"
    REMIND_OF_REFLECTION = "remind_of_reflection"
    SEND_PRE_READ = "send_pre_read"
    ASK_FOR_OUTCOME = "ask_for_outcome"
    CONCLUDE = "conclude"


@dataclass(frozen=True, slots=True)
class Next:
    """The next step and the UTC instant from which it may be taken."""

    step: Step
    at: datetime


def first_of(steps: Iterable[Next]) -> Next | None:
    """The earliest; of several at one instant, the earlier in the story."""
    order = list(Step)
    return min(steps, key=lambda each: (each.at, order.index(each.step)), default=None)


def conclusion(said: Mapping[str, str], people: tuple[str, str], asked_out: bool) -> State | None:
    """What the answers of the two make of a talk: a final state, DUE to find another hour, or None to wait.

    Held, or not, only when both say so. If they differ, or somebody is silent after being asked twice
    (`asked_out`), it is unconfirmed. Whoever says "moved" wants another hour, unless the other says it was held.
    """
    answers = [said[person] for person in people if person in said]
    if "moved" in answers and "held" not in answers:
        return State.DUE
    if len(answers) == len(people):
        return State(answers[0]) if len(set(answers)) == 1 else State.UNCONFIRMED
    return State.UNCONFIRMED if asked_out else None
