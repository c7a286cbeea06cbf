"""What an owner can do with an action, and when they hear from us about it: the reminder ladder."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from cycle.leave import Leave, stretched
from cycle.policy import Actions
from cycle.sentences import Sentence

MODALITIES = ("stretch", "mentoring", "training", "rotation", "reading")
LONGEST_MONTHS = 24
TITLE_LETTERS = 200
NEEDS_LETTERS = 300
REOPEN_DAYS = 14
"""For how long "done" and "let go" can be taken back."""

State = Literal["open", "done", "dropped"]


class Refused(Exception):
    """What somebody asked for cannot be; `sentence` is what to tell them."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Action:
    """An action's own facts; every day is a date on its owner's calendar.

    `chased_from`: rungs of days before it are spent without a letter.
    """

    due_on: date
    agreed_on: date
    chased_from: date
    state: State = "open"
    accepted: bool = True
    extensions: int = 0
    snoozes: int = 0
    snoozed_until: date | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """One mention of an action: `offset` days from its due date, and the first day on which it may go out."""

    offset: int
    day: date


# Moves. Each returns the action as it is afterwards, or raises Refused.


def begin(due_on: date, today: date, accepted: bool) -> Action:
    """A new action; whoever makes one for themselves has accepted it."""
    check_due(due_on, today)
    return Action(due_on=due_on, agreed_on=today, chased_from=_tomorrow(today), accepted=accepted)


def accept(action: Action, today: date, due_on: date | None = None) -> Action:
    """The owner takes it on, with the date proposed or one of their own. Nothing is chased before this."""
    if action.accepted and action.state == "open":
        return action
    _check_open(action)
    due_on = due_on or action.due_on
    if due_on <= today:
        raise Refused(Sentence("The day that was proposed is here or has passed. Set a new date, and it is yours."))
    check_due(due_on, today)
    return replace(
        action,
        accepted=True,
        due_on=due_on,
        agreed_on=today,
        chased_from=_tomorrow(today),
        snoozed_until=None,
    )


def extend(action: Action, due_on: date, today: date) -> Action:
    """A new due date, without a reason: the ladder starts again, and so do the snoozes.

    The date it already has changes nothing, so that a form posted twice extends once. A date set by somebody
    who had not accepted yet accepts.
    """
    _check_open(action)
    if not action.accepted:
        return accept(action, today, due_on)
    if due_on == action.due_on:
        return action
    check_due(due_on, today)
    return replace(
        action,
        due_on=due_on,
        agreed_on=today,
        chased_from=_tomorrow(today),
        extensions=action.extensions + 1,
        snoozes=0,
        snoozed_until=None,
    )


def asks_right_goal(extensions: int, right_goal_question_at_extension: int = 3) -> bool:
    """Whether the next extension asks if this is still the right goal; `extensions` are those so far."""
    return extensions + 1 == right_goal_question_at_extension


def snooze(action: Action, days: int, today: date, rules: Actions) -> Action:
    """Nothing is heard of it for `days`; the due date stays. The same days on the same day are one snooze."""
    _check_open(action)
    if days not in rules.snooze_days:
        choices = ", ".join(str(each) for each in rules.snooze_days)
        raise Refused(
            Sentence("An action can rest for {choices} days. Choose one of these, or set a new date.", choices=choices)
        )
    until = today + timedelta(days=days)
    if action.snoozed_until == until:
        return action
    if action.snoozes >= rules.snoozes:
        raise Refused(Sentence("This one has rested as often as it can. A new date, or letting it go, may fit better."))
    return replace(action, snoozes=action.snoozes + 1, snoozed_until=until)


def finish(action: Action) -> Action:
    """Done; also when it had been let go before."""
    return replace(action, state="done", accepted=True, snoozed_until=None)


def drop(action: Action) -> Action:
    """Let go, accepted or not."""
    if action.state == "done":
        raise Refused(Sentence("This one is done already; there is nothing to let go."))
    return replace(action, state="dropped", snoozed_until=None)


def reopen(action: Action, closed_on: date, today: date) -> Action:
    """Takes "done" or "let go" back, for some days after; it is chased again from tomorrow on.

    What is open stays as it is. `closed_on` is the day on which it was closed.
    """
    if action.state == "open":
        return action
    if not can_reopen(closed_on, today):
        raise Refused(Sentence("That is a while ago. If it matters again, write it as a new action."))
    return replace(action, state="open", chased_from=_tomorrow(today), snoozed_until=None)


def can_reopen(closed_on: date, today: date) -> bool:
    """Whether "done" or "let go" can still be taken back."""
    return today < closed_on + timedelta(days=REOPEN_DAYS)


def stir(action: Action, today: date) -> Action:
    """Progress, or a question for help: whoever has just answered hears nothing more today."""
    _check_open(action)
    return replace(action, chased_from=max(action.chased_from, _tomorrow(today)), snoozed_until=None)


def check_due(due_on: date, today: date) -> None:
    """Raises Refused unless `due_on` lies after today and within two years."""
    if due_on <= today:
        raise Refused(Sentence("A due date lies in the future. Choose tomorrow or a later day."))
    if due_on > today + relativedelta(months=LONGEST_MONTHS):
        raise Refused(Sentence("A due date lies within two years. For something that far away, choose a first step."))


def check_room(open_now: int, open_per_owner: int = 5) -> None:
    """Raises Refused when an owner has their fill of open actions in a plan."""
    if open_now >= open_per_owner:
        raise Refused(
            Sentence(
                "{open_now} things are open here for the same person, and {open_per_owner} are plenty. "
                "Finish one or let one go, and there is room for this.",
                open_now=open_now,
                open_per_owner=open_per_owner,
            )
        )


def check_words(title: str, modality: str) -> None:
    """Raises Refused for an action without a title, with a very long one, or of an unknown kind."""
    if not title.strip():
        raise Refused(Sentence("An action needs a few words that say what it is."))
    if len(title) > TITLE_LETTERS:
        raise Refused(
            Sentence(
                "A title has at most {letters} letters. The rest fits under what success looks like.",
                letters=TITLE_LETTERS,
            )
        )
    if modality not in MODALITIES:
        raise Refused(Sentence("Choose one of the kinds of learning on the page."))


def check_needs(needs: str, granted_by: str) -> None:
    """Raises Refused when the hours or the budget, or who grants them, are more than a line."""
    if max(len(needs), len(granted_by)) > NEEDS_LETTERS:
        raise Refused(
            Sentence("What it needs, and who grants it, has at most {letters} letters.", letters=NEEDS_LETTERS)
        )


# The reminder ladder


def ladder_steps(
    remind_on_days: Sequence[int],
    first_reminder_if_over_days: int,
    due_on: date,
    agreed_on: date,
    chased_from: date,
    leaves: Sequence[Leave] = (),
) -> tuple[Rung, ...]:
    """The rungs of one due date, oldest first; those of days before `chased_from` are spent and left out.

    After the due date, days of the owner's `leaves` do not count.

    The first reminder, when it is one ahead of the due date, needs more than `first_reminder_if_over_days`
    days between the day of the agreement and the due date.
    """
    short = (due_on - agreed_on).days <= first_reminder_if_over_days
    offsets = [
        offset for place, offset in enumerate(sorted(remind_on_days)) if not (place == 0 and offset < 0 and short)
    ]
    rungs = (
        Rung(offset, stretched(due_on, offset, leaves) if offset > 0 else due_on + timedelta(days=offset))
        for offset in offsets
    )
    return tuple(rung for rung in rungs if rung.day >= chased_from)


def next_rung(
    rungs: Sequence[Rung], spent: Collection[int], today: date, snoozed_until: date | None = None
) -> Rung | None:
    """The newest rung whose day has come, unless it was sent or dropped; else the next one ahead; else None.

    `spent` are the offsets that were sent or dropped. Older rungs are overtaken by newer ones, and a reminder
    ahead of the due date by the day after it. While snoozed, it is the rung for the day the snooze ends.
    """
    as_of = max(today, snoozed_until) if snoozed_until else today
    come = [rung for rung in rungs if rung.day <= as_of and not _pointless(rung, as_of)]
    if come and come[-1].offset not in spent and not any(offset > come[-1].offset for offset in spent):
        newest = come[-1]
        return replace(newest, day=max(newest.day, snoozed_until)) if snoozed_until else newest
    newest_spent = max(spent, default=None)
    for rung in rungs:
        if rung.day > as_of and (newest_spent is None or rung.offset > newest_spent):
            return rung
    return None


def _pointless(rung: Rung, as_of: date) -> bool:
    return rung.offset < 0 and as_of > rung.day - timedelta(days=rung.offset)


def _tomorrow(today: date) -> date:
    return today + timedelta(days=1)


def _check_open(action: Action) -> None:
    if action.state == "done":
        raise Refused(Sentence("This one is done already."))
    if action.state == "dropped":
        raise Refused(Sentence("This one was let go. If it matters again, write it as a new action."))
