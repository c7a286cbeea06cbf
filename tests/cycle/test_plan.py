"""When a plan is stuck, and on what."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.plan import ActionFacts, CheckInFacts, PlanFacts, Stall, could_stall_at, stalled_since
from cycle.policy import StalledPlan

TODAY = date(2030, 3, 4)
RULES = StalledPlan()


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def overdue(by: int = 20, **others: object) -> ActionFacts:
    facts = ActionFacts("a1", "mara", days_ago(by), True, True, private=False, ladder_spent=True)
    return replace(facts, **others)  # type: ignore[arg-type]


def plan(*actions: ActionFacts, check_ins: tuple[CheckInFacts, ...] = (), **others: object) -> PlanFacts:
    facts = PlanFacts(actions=actions, check_ins=check_ins, quiet_since=days_ago(40))
    return replace(facts, **others)  # type: ignore[arg-type]


def talk(name: str, ended: int, state: str = "did_not_happen", moves: int = 0) -> CheckInFacts:
    return CheckInFacts(name, days_ago(ended), state, moves, days_ago(ended))


def stall(facts: PlanFacts) -> Stall | None:
    return stalled_since(facts, RULES, TODAY)


def test_an_action_long_past_its_day_stalls_a_quiet_plan_and_its_owner_holds_it() -> None:
    assert stall(plan(overdue())) == Stall(f"action/a1/{days_ago(20)}", "mara", days_ago(6))


@pytest.mark.parametrize(
    "facts",
    [
        plan(overdue(by=13)),
        plan(overdue(), quiet_since=days_ago(29)),
        plan(overdue(ladder_spent=False)),
        plan(overdue(private=True)),
        plan(overdue(accepted=False)),
        plan(overdue(open=False)),
        plan(overdue(snoozed_until=TODAY + timedelta(days=1))),
        plan(overdue(), resting=True),
        plan(overdue(), causes=(f"action/a1/{days_ago(20)}",)),
        plan(overdue(by=60), last_pass_began=days_ago(45)),
        plan(),
    ],
)
def test_anything_less_does_not(facts: PlanFacts) -> None:
    assert stall(facts) is None


def test_two_check_ins_in_a_row_that_did_not_happen_stall_it_for_both() -> None:
    assert stall(plan(check_ins=(talk("c1", 100), talk("c2", 10)))) == Stall("check-ins/c2", None, days_ago(10))


@pytest.mark.parametrize("between", ["held", "unconfirmed"])
def test_an_unconfirmed_check_in_breaks_the_row_as_a_held_one_does(between: str) -> None:
    assert stall(plan(check_ins=(talk("c1", 190), talk("c2", 100, between), talk("c3", 10)))) is None
    assert stall(plan(check_ins=(talk("c1", 100), talk("c2", 10, between)))) is None


def test_an_excused_check_in_is_as_if_never_due() -> None:
    found = stall(plan(check_ins=(talk("c1", 190), talk("c2", 100, "excused"), talk("c3", 10))))
    assert found is not None
    assert found.cause == "check-ins/c3"


def test_the_check_ins_of_an_earlier_pass_do_not_stall_it_again() -> None:
    earlier = (talk("c1", 190), talk("c2", 100))
    assert stall(plan(check_ins=(*earlier, talk("c3", 10)), last_pass_began=days_ago(99))) is None


def test_three_moves_are_stalled_scheduling_and_two_are_not() -> None:
    booked = CheckInFacts("c9", TODAY, "booked", moves=3)
    assert stall(plan(check_ins=(booked,))) == Stall("scheduling/c9", None, TODAY)
    assert stall(plan(check_ins=(replace(booked, moves=2),))) is None
    assert stall(plan(check_ins=(replace(booked, state="held"),))) is None


@given(
    due=st.lists(st.integers(-60, 60), max_size=5),
    quiet=st.integers(0, 60),
    last_pass=st.none() | st.integers(0, 90),
)
def test_a_plan_never_stalls_before_the_day_on_which_it_could(
    due: list[int], quiet: int, last_pass: int | None
) -> None:
    facts = PlanFacts(
        actions=[overdue(by, id=f"a{n}") for n, by in enumerate(due)],
        check_ins=(),
        quiet_since=days_ago(quiet),
        last_pass_began=None if last_pass is None else days_ago(last_pass),
    )
    wake = could_stall_at(facts, RULES, TODAY)
    first = next((day for n in range(1, 150) if stalled_since(facts, RULES, day := TODAY + timedelta(days=n))), None)
    assert wake == first


@pytest.mark.parametrize("state", ["due", "booked"])
def test_a_check_in_that_slipped_as_far_as_it_may_is_stalled_scheduling(state: str) -> None:
    slipped = CheckInFacts("c9", TODAY, state, slipped=True)
    assert stall(plan(check_ins=(slipped,))) == Stall("scheduling/c9", None, TODAY)
    assert stall(plan(check_ins=(replace(slipped, slipped=False),))) is None
    assert stall(plan(check_ins=(replace(slipped, state="held"),))) is None


def test_a_check_in_that_ended_without_an_hour_is_stalled_scheduling_until_the_next_one_comes() -> None:
    ended = CheckInFacts("c8", days_ago(30), "cancelled", slipped=True, closed_on=days_ago(1))
    following = CheckInFacts("c9", TODAY, "due")
    assert stall(plan(check_ins=(ended,))) == Stall("scheduling/c8", None, TODAY)
    assert stall(plan(check_ins=(ended, following))) is None
    assert stall(plan(check_ins=(replace(ended, slipped=False),))) is None, "called off, but not for want of an hour"
