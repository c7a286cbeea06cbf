from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.check_in import CALLED_OFF, OPEN, Next, State, Step, conclusion, first_of

AT = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
PAIR = ("ann", "mara")
SAID = [None, "held", "moved", "did_not_happen"]


@pytest.mark.parametrize(
    ("ann", "mara", "so_far", "in_the_end"),
    [
        (None, None, None, State.UNCONFIRMED),
        ("held", None, None, State.UNCONFIRMED),
        ("did_not_happen", None, None, State.UNCONFIRMED),
        ("moved", None, State.DUE, State.DUE),
        ("held", "held", State.HELD, State.HELD),
        ("did_not_happen", "did_not_happen", State.DID_NOT_HAPPEN, State.DID_NOT_HAPPEN),
        ("moved", "moved", State.DUE, State.DUE),
        ("moved", "did_not_happen", State.DUE, State.DUE),
        ("moved", "held", State.UNCONFIRMED, State.UNCONFIRMED),
        ("held", "did_not_happen", State.UNCONFIRMED, State.UNCONFIRMED),
    ],
)
def test_what_two_answers_make_of_a_talk_whoever_of_the_two_gave_which(
    ann: str | None, mara: str | None, so_far: State | None, in_the_end: State
) -> None:
    for pair in permutations((ann, mara)):
        said = {person: answer for person, answer in zip(PAIR, pair, strict=True) if answer}
        assert conclusion(said, PAIR, asked_out=False) == so_far
        assert conclusion(said, PAIR, asked_out=True) == in_the_end


def test_a_talk_is_held_or_not_only_when_both_say_so() -> None:
    for ann in SAID:
        for mara in SAID:
            said = {person: answer for person, answer in (("ann", ann), ("mara", mara)) if answer}
            for asked_out in (False, True):
                found = conclusion(said, PAIR, asked_out)
                assert (found is State.HELD) == (ann == mara == "held")
                assert (found is State.DID_NOT_HAPPEN) == (ann == mara == "did_not_happen")


def test_what_an_outsider_says_counts_for_nothing() -> None:
    assert conclusion({"otto": "held", "ann": "held"}, PAIR, asked_out=False) is None
    assert conclusion({"otto": "moved"}, PAIR, asked_out=True) is State.UNCONFIRMED


def test_the_open_and_the_called_off_states_are_apart_and_leave_the_outcomes() -> None:
    assert set(State) - set(OPEN) - set(CALLED_OFF) == {State.HELD, State.DID_NOT_HAPPEN, State.UNCONFIRMED}
    assert not set(OPEN) & set(CALLED_OFF)


def test_of_several_steps_at_one_instant_the_earlier_in_the_story_comes_first() -> None:
    together = [Next(Step.CONCLUDE, AT), Next(Step.CALL_OFF, AT), Next(Step.BOOK, AT)]
    assert first_of(together) == Next(Step.BOOK, AT)
    assert first_of([*together, Next(Step.CONCLUDE, AT - timedelta(minutes=1))]) == Next(
        Step.CONCLUDE, AT - timedelta(minutes=1)
    )
    assert first_of([]) is None


@given(st.lists(st.builds(Next, st.sampled_from(Step), st.integers(0, 3).map(lambda n: AT + n * timedelta(hours=1)))))
def test_no_step_is_due_before_the_first_and_their_order_of_arrival_does_not_matter(steps: list[Next]) -> None:
    first = first_of(steps)
    assert first == first_of(reversed(steps))
    if first is None:
        assert not steps
        return
    assert first in steps
    story = list(Step)
    assert all((first.at, story.index(first.step)) <= (each.at, story.index(each.step)) for each in steps)
