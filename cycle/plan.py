"""When a plan is stuck, on what, and who holds the stuck part. Unhurried is not stuck."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

from cycle.policy import StalledPlan


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """An action of the plan. `ladder_spent`: no rung of its due date is to come or waits to be sent."""

    id: str
    owner_id: str
    due_on: date
    open: bool
    accepted: bool
    private: bool
    ladder_spent: bool
    snoozed_until: date | None = None


@dataclass(frozen=True, slots=True)
class CheckInFacts:
    """A check-in of the plan's person. `closed_on`: None while it is open; `moves`: how often re-booked.

    `slipped`: its hour is, or no hour was found by, the last day to which it may slip.
    """

    id: str
    due_on: date
    state: str
    moves: int = 0
    closed_on: date | None = None
    slipped: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """`cause` names the stuck thing and makes a stall once; `holder_id` None means that both hold it."""

    cause: str
    holder_id: str | None
    since: date


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """All that decides whether a plan is stuck.

    `quiet_since` is the day of its last event, of the answer that ended its last stall, or of its opening,
    whichever is latest. `last_pass_began` is the day on which its last stall began: what was stuck then
    belongs to that pass, so one answer answers for all of it. `causes` are those of earlier stalls.
    """

    actions: Sequence[ActionFacts]
    check_ins: Sequence[CheckInFacts]
    quiet_since: date
    resting: bool = False
    last_pass_began: date | None = None
    causes: Collection[str] = ()


def stalled_since(plan: PlanFacts, rules: StalledPlan, today: date) -> Stall | None:
    """What the plan is stuck on today, or None.

    A private action never counts: nobody else may learn of it.
    """
    if plan.resting:
        return None
    found = (_stuck_action(plan, rules, today), _not_held(plan, rules), _unbookable(plan, rules, today))
    return next((stall for stall in found if stall and stall.cause not in plan.causes), None)


def could_stall_at(plan: PlanFacts, rules: StalledPlan, today: date) -> date | None:
    """The earliest day after today on which time alone could stall the plan; None if it cannot.

    Check-ins and moves stall it by events, and those poke.
    """
    if plan.resting:
        return None
    days = [_stuck_on(action, plan, rules) for action in _chased(plan, rules)]
    return max(min(days), today + timedelta(days=1)) if days else None


def _chased(plan: PlanFacts, rules: StalledPlan) -> list[ActionFacts]:
    return [
        action
        for action in plan.actions
        if action.open
        and action.accepted
        and not action.private
        and _cause(action) not in plan.causes
        and not (plan.last_pass_began and action.due_on + timedelta(days=rules.overdue_days) <= plan.last_pass_began)
    ]


def _stuck_on(action: ActionFacts, plan: PlanFacts, rules: StalledPlan) -> date:
    days = [
        action.due_on + timedelta(days=rules.overdue_days),
        plan.quiet_since + timedelta(days=rules.quiet_days),
    ]
    return max([*days, action.snoozed_until] if action.snoozed_until else days)


def _stuck_action(plan: PlanFacts, rules: StalledPlan, today: date) -> Stall | None:
    stuck = [
        action for action in _chased(plan, rules) if action.ladder_spent and _stuck_on(action, plan, rules) <= today
    ]
    if not stuck:
        return None
    oldest = min(stuck, key=lambda action: (action.due_on, action.id))
    return Stall(_cause(oldest), oldest.owner_id, _stuck_on(oldest, plan, rules))


def _not_held(plan: PlanFacts, rules: StalledPlan) -> Stall | None:
    """Talks in a row that did not happen. An unconfirmed one may have been held, and breaks the row."""
    row = list(takewhile(lambda each: each.state == "did_not_happen", _latest(plan.check_ins)))
    if plan.last_pass_began:
        row = [each for each in row if each.closed_on and each.closed_on > plan.last_pass_began]
    if len(row) < rules.check_ins_not_held:
        return None
    return Stall(f"check-ins/{row[0].id}", None, row[0].closed_on or row[0].due_on)


def _latest(check_ins: Iterable[CheckInFacts]) -> list[CheckInFacts]:
    """Those that took place or should have, newest first; excused and cancelled ones are as if never due."""
    counted = [each for each in check_ins if each.state in ("held", "did_not_happen", "unconfirmed")]
    return sorted(counted, key=lambda each: (each.due_on, each.id), reverse=True)


def _unbookable(plan: PlanFacts, rules: StalledPlan, today: date) -> Stall | None:
    newest = max((each.due_on for each in plan.check_ins), default=today)
    ahead = [
        each
        for each in plan.check_ins
        if (each.state in ("due", "booked") and (each.moves >= rules.moves or each.slipped))
        or (each.state == "cancelled" and each.slipped and each.due_on == newest)
    ]
    causes = [f"scheduling/{each.id}" for each in sorted(ahead, key=lambda each: (each.due_on, each.id))]
    fresh = [cause for cause in causes if cause not in plan.causes]
    return Stall(fresh[0], None, today) if fresh else None


def _cause(action: ActionFacts) -> str:
    return f"action/{action.id}/{action.due_on.isoformat()}"
