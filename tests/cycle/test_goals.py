"""Goals, steps, lines, invitations and the order of a plan: what fits, and what is refused with a sentence."""

from datetime import date

import pytest

from cycle import evidence, goals, milestones, supporters
from cycle.actions import Action, Refused, begin, can_reopen, drop, finish, reopen
from cycle.order import stepped

TODAY = date(2030, 3, 4)


def test_a_goal_needs_a_title_and_no_more_than_anybody_reads() -> None:
    goals.check_goal("Explain numbers", "", "")
    for title, why, priority in ((" ", "", ""), ("x" * 201, "", ""), ("x", "x" * 1001, ""), ("x", "", "x" * 1001)):
        with pytest.raises(Refused):
            goals.check_goal(title, why, priority)


def test_five_open_goals_are_plenty() -> None:
    goals.check_room(4)
    with pytest.raises(Refused, match="5 goals are open"):
        goals.check_room(5)


def test_a_goal_ends_reached_let_go_or_changed_and_in_no_other_way() -> None:
    assert [goals.check_ending(how) for how in ("reached", "let_go", "changed")] == ["reached", "let_go", "changed"]
    for how in ("failed", "open", ""):
        with pytest.raises(Refused):
            goals.check_ending(how)


@pytest.mark.parametrize(
    ("title", "due_on", "so_far"),
    [("", None, 0), ("x" * 201, None, 0), ("x", date(2030, 3, 3), 0), ("x", date(2032, 3, 5), 0), ("x", None, 12)],
)
def test_a_step_that_does_not_fit_is_refused(title: str, due_on: date | None, so_far: int) -> None:
    milestones.check_milestone("Ask Finn", TODAY, TODAY, 11)
    with pytest.raises(Refused):
        milestones.check_milestone(title, due_on, TODAY, so_far)


def test_a_line_has_words_and_stays_a_line() -> None:
    evidence.check_line("It worked.", 19)
    for text, so_far in ((" ", 0), ("x" * 601, 0), ("x", 20)):
        with pytest.raises(Refused):
            evidence.check_line(text, so_far)


def test_an_invitation_opens_the_item_from_the_yes_to_the_end_and_never_else() -> None:
    assert supporters.moved("invited", "accept") == "accepted"
    assert supporters.moved("invited", "decline") == "declined"
    assert supporters.moved("invited", "withdraw") == "withdrawn"
    assert supporters.moved("accepted", "withdraw") == "withdrawn"
    assert supporters.moved("accepted", "step_back") == "stepped_back"
    states = ("invited", "accepted", "declined", "withdrawn", "stepped_back")
    assert [state for state in states if supporters.opens_item(state)] == ["accepted"]


def test_the_same_answer_twice_is_one_and_what_has_ended_stays_ended() -> None:
    assert supporters.moved("accepted", "accept") == "accepted"
    assert supporters.moved("withdrawn", "withdraw") == "withdrawn"
    for state, move in (("withdrawn", "accept"), ("declined", "accept"), ("stepped_back", "withdraw")):
        with pytest.raises(Refused):
            supporters.moved(state, move)  # type: ignore[arg-type]


def test_nobody_invites_themselves_the_same_colleague_twice_or_a_crowd() -> None:
    supporters.check_invitation("", 4, already=False, themselves=False, name="Otto")
    with pytest.raises(Refused, match="Otto has an invitation"):
        supporters.check_invitation("", 1, already=True, themselves=False, name="Otto")
    with pytest.raises(Refused):
        supporters.check_invitation("", 0, already=False, themselves=True, name="Ann")
    with pytest.raises(Refused):
        supporters.check_invitation("", 5, already=False, themselves=False, name="Otto")
    with pytest.raises(Refused):
        supporters.check_role("boss")


def test_an_action_steps_past_its_neighbour_and_others_keep_their_places() -> None:
    order = ["a", "x", "b", "c"]
    assert stepped(order, "b", "up", ["a", "b", "c"]) == ["b", "x", "a", "c"]
    assert stepped(order, "b", "down", ["a", "b", "c"]) == ["a", "x", "c", "b"]
    assert stepped(order, "a", "up", ["a", "b", "c"]) == order
    assert stepped(order, "c", "down", ["a", "b", "c"]) == order
    assert stepped(order, "x", "up", ["a", "b"]) == order


def test_done_and_let_go_can_be_taken_back_for_two_weeks() -> None:
    action = begin(date(2030, 3, 25), TODAY, accepted=True)
    for closed in (finish(action), drop(action)):
        again = reopen(closed, TODAY, date(2030, 3, 17))
        assert (again.state, again.due_on, again.chased_from) == ("open", date(2030, 3, 25), date(2030, 3, 18))
        with pytest.raises(Refused):
            reopen(closed, TODAY, date(2030, 3, 18))
    assert can_reopen(TODAY, TODAY)


def test_opening_what_is_open_changes_nothing() -> None:
    action = Action(due_on=TODAY, agreed_on=TODAY, chased_from=TODAY)
    assert reopen(action, TODAY, date(2030, 9, 1)) == action
