"""The support ladder."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.policy import StalledPlan
from cycle.support import STEPS, NextStep, Step, next_step, step_days, three_repairs

BEGAN = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
RULES = StalledPlan()


def days(count: int) -> timedelta:
    return timedelta(days=count)


def following(sent: dict[Step, datetime | None], kept_out: bool = False, ended: bool = False) -> NextStep | None:
    return next_step(sent, kept_out, ended, BEGAN, RULES)


def test_the_note_goes_on_the_day_the_stall_began() -> None:
    assert following({}) == NextStep("note", BEGAN)


def test_later_steps_count_from_the_instant_the_note_was_sent() -> None:
    noted = BEGAN + days(3)
    assert following({"note": noted}) == NextStep("repairs", noted + days(7))
    taken: dict[Step, datetime | None] = {"note": noted, "repairs": noted + days(9)}
    assert following(taken) == NextStep("hr", noted + days(21))


def test_a_step_that_waits_to_be_sent_holds_the_next_one() -> None:
    assert following({"note": None}) is None
    assert following({"note": BEGAN, "repairs": None}) is None


def test_with_hr_kept_out_the_plan_rests_without_them() -> None:
    taken: dict[Step, datetime | None] = {"note": BEGAN, "repairs": BEGAN + days(7)}
    assert following(taken, kept_out=True) == NextStep("rest", BEGAN + days(35))


def test_a_policy_may_not_offer_to_keep_hr_out() -> None:
    firm = StalledPlan(owner_can_keep_hr_out=False)
    taken: dict[Step, datetime | None] = {"note": BEGAN, "repairs": BEGAN + days(7)}
    assert next_step(taken, True, False, BEGAN, firm) == NextStep("hr", BEGAN + days(21))


def test_once_ended_nothing_follows() -> None:
    assert following({"note": BEGAN}, ended=True) is None


def test_after_rest_there_is_no_second_round() -> None:
    assert following({step: BEGAN + days(n) for n, step in enumerate(STEPS)}) is None


def test_the_note_can_name_the_later_days() -> None:
    assert step_days(BEGAN, RULES) == {
        "repairs": BEGAN + days(7),
        "hr": BEGAN + days(21),
        "rest": BEGAN + days(35),
    }


@pytest.mark.parametrize("cause", ["action/a1/2030-02-01", "check-ins/c1", "scheduling/c1"])
def test_every_cause_has_three_different_repairs(cause: str) -> None:
    repairs = three_repairs(cause)
    assert len({repair.key for repair in repairs}) == len({repair.text for repair in repairs}) == 3


@given(
    delays=st.lists(st.integers(0, 20), min_size=4, max_size=4),
    kept_out_after=st.none() | st.integers(0, 4),
    ended_after=st.none() | st.integers(0, 4),
)
def test_one_pass_in_order_never_early_and_no_further_once_ended(
    delays: list[int], kept_out_after: int | None, ended_after: int | None
) -> None:
    sent: dict[Step, datetime | None] = {}
    for turn in range(10):
        kept_out = kept_out_after is not None and turn >= kept_out_after
        ended = ended_after is not None and turn >= ended_after
        step = next_step(sent, kept_out, ended, BEGAN, RULES)
        if step is None:
            break
        assert not ended
        assert step.step not in sent
        assert not (kept_out and step.step == "hr")
        latest = max((at for at in sent.values() if at), default=BEGAN)
        sent[step.step] = max(step.at, latest) + days(delays[len(sent)])
    assert list(sent) == [step for step in STEPS if step in sent]
    if kept_out_after is None and ended_after is None:
        assert tuple(sent) == STEPS
    noted = sent.get("note")
    least: dict[Step, timedelta] = {"repairs": days(7), "hr": days(21), "rest": days(35)}
    for name, wait in least.items():
        if noted and (at := sent.get(name)):
            assert at >= noted + wait
