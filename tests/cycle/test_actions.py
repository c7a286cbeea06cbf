"""What an owner can do with an action, and the reminder ladder."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.actions import (
    Action,
    Refused,
    Rung,
    accept,
    asks_right_goal,
    begin,
    check_due,
    check_room,
    check_words,
    drop,
    extend,
    finish,
    ladder_steps,
    next_rung,
    snooze,
    stir,
)
from cycle.policy import Actions

TODAY = date(2030, 2, 4)
DAYS = (-7, -1, 2, 9)
RULES = Actions()


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def an_action(due_in: int = 20, **others: object) -> Action:
    return replace(begin(in_days(due_in), TODAY, accepted=True), **others)  # type: ignore[arg-type]


def rungs(due_in: int = 20, agreed_on: date = TODAY, chased_from: date = TODAY) -> tuple[Rung, ...]:
    return ladder_steps(DAYS, 14, in_days(due_in), agreed_on, chased_from)


def offsets(found: tuple[Rung, ...]) -> list[int]:
    return [rung.offset for rung in found]


# Moves


def test_a_new_date_starts_the_ladder_and_the_snoozes_again() -> None:
    moved = extend(an_action(snoozes=2, snoozed_until=in_days(3)), in_days(40), TODAY)
    assert moved.due_on == in_days(40)
    assert (moved.extensions, moved.snoozes, moved.snoozed_until) == (1, 0, None)
    assert moved.agreed_on == TODAY
    assert moved.chased_from == in_days(1)


def test_the_same_new_date_twice_extends_once() -> None:
    once = extend(an_action(), in_days(40), TODAY)
    assert extend(once, in_days(40), TODAY) == once


def test_only_the_third_new_date_asks_whether_it_is_still_the_right_goal() -> None:
    assert [asks_right_goal(so_far) for so_far in range(5)] == [False, False, True, False, False]


def test_a_date_set_by_somebody_who_had_not_accepted_accepts_and_is_no_extension() -> None:
    taken = extend(an_action(accepted=False), in_days(30), TODAY)
    assert taken.accepted
    assert taken.extensions == 0


def test_accepting_after_the_proposed_day_asks_for_a_date() -> None:
    proposed = an_action(due_in=3, accepted=False)
    with pytest.raises(Refused, match="new date"):
        accept(proposed, in_days(3))
    assert accept(proposed, in_days(3), in_days(10)).due_on == in_days(10)


def test_accepting_twice_changes_nothing() -> None:
    once = accept(an_action(accepted=False), in_days(2))
    assert accept(once, in_days(5)) == once


def test_a_snooze_leaves_the_due_date_and_two_are_the_most() -> None:
    first = snooze(an_action(), 3, TODAY, RULES)
    assert (first.due_on, first.snoozed_until) == (in_days(20), in_days(3))
    second = snooze(first, 14, in_days(3), RULES)
    with pytest.raises(Refused, match="as often as it can"):
        snooze(second, 3, in_days(17), RULES)


def test_a_snooze_posted_twice_is_one() -> None:
    once = snooze(an_action(), 7, TODAY, RULES)
    assert snooze(once, 7, TODAY, RULES) == once


@pytest.mark.parametrize("days", [0, -3, 1, 15])
def test_only_the_lengths_of_the_policy_can_be_snoozed(days: int) -> None:
    with pytest.raises(Refused, match="3, 7, 14"):
        snooze(an_action(), days, TODAY, RULES)


def test_what_was_let_go_can_still_be_done_but_not_the_other_way_round() -> None:
    assert finish(drop(an_action())).state == "done"
    with pytest.raises(Refused, match="done already"):
        drop(finish(an_action()))


def test_nothing_moves_once_it_is_closed() -> None:
    for closed in (finish(an_action()), drop(an_action())):
        with pytest.raises(Refused):
            extend(closed, in_days(50), TODAY)
        with pytest.raises(Refused):
            snooze(closed, 3, TODAY, RULES)
        with pytest.raises(Refused):
            stir(closed, TODAY)


def test_whoever_answers_today_hears_nothing_more_today() -> None:
    due_today = an_action(due_in=20)
    stirred = stir(due_today, in_days(22))
    left = ladder_steps(DAYS, 14, stirred.due_on, stirred.agreed_on, stirred.chased_from)
    assert offsets(left) == [9]


def test_a_due_date_is_tomorrow_at_the_earliest_and_within_two_years() -> None:
    for refused in (in_days(-1), TODAY, date(2032, 2, 5)):
        with pytest.raises(Refused):
            check_due(refused, TODAY)
    for taken in (in_days(1), date(2032, 2, 4)):
        check_due(taken, TODAY)


def test_the_sixth_open_action_is_refused_kindly() -> None:
    check_room(4)
    with pytest.raises(Refused, match="let one go"):
        check_room(5)


def test_an_action_needs_a_title_of_some_letters_and_a_known_kind() -> None:
    check_words("Present it once", "stretch")
    for title, modality in ((" \n", "stretch"), ("x" * 201, "stretch"), ("Present it", "punishment")):
        with pytest.raises(Refused):
            check_words(title, modality)


# The ladder


def test_the_first_reminder_needs_more_than_fourteen_days() -> None:
    assert offsets(rungs(due_in=14)) == [-1, 2, 9]
    assert offsets(rungs(due_in=15)) == [-7, -1, 2, 9]


def test_rungs_of_days_before_the_chase_are_spent() -> None:
    assert offsets(rungs(due_in=-25, agreed_on=in_days(-90))) == []
    assert offsets(rungs(due_in=-9, agreed_on=in_days(-90))) == [9]


def test_an_older_rung_is_overtaken_by_the_newer() -> None:
    assert next_rung(rungs(), (), in_days(29)) == Rung(9, in_days(29))


def test_the_next_rung_lies_ahead_once_the_newest_was_sent() -> None:
    assert next_rung(rungs(), (-7,), in_days(14)) == Rung(-1, in_days(19))
    assert next_rung(rungs(), (-7, -1, 2, 9), in_days(40)) is None


def test_a_reminder_ahead_never_comes_after_the_due_day() -> None:
    assert next_rung(rungs(), (), in_days(20)) == Rung(-1, in_days(19))
    assert next_rung(rungs(), (), in_days(21)) == Rung(2, in_days(22))


def test_somebody_who_snoozed_hears_nothing_until_the_snooze_ends_and_then_the_newest() -> None:
    assert next_rung(rungs(), (), in_days(13), snoozed_until=in_days(23)) == Rung(2, in_days(23))
    assert next_rung(rungs(), (), in_days(13), snoozed_until=in_days(15)) == Rung(-7, in_days(15))


@given(
    run=st.integers(1, 400),
    known_after=st.integers(0, 60),
    looks=st.lists(st.integers(1, 20), max_size=60),
    snoozes=st.dictionaries(st.integers(0, 500), st.sampled_from((3, 7, 14)), max_size=2),
)
def test_a_ladder_mentions_each_rung_once_in_order_and_never_early(
    run: int, known_after: int, looks: list[int], snoozes: dict[int, int]
) -> None:
    due, chased_from = in_days(run), in_days(known_after)
    ladder = ladder_steps(DAYS, 14, due, TODAY, chased_from)
    assert all(rung.day >= chased_from for rung in ladder)
    today, snoozed_until = chased_from, None
    spent: list[int] = []
    for gap in looks:
        today += timedelta(days=gap)
        if (today - TODAY).days in snoozes:
            snoozed_until = today + timedelta(days=snoozes[(today - TODAY).days])
        rung = next_rung(ladder, spent, today, snoozed_until)
        if rung is None or rung.day > today:
            continue
        assert snoozed_until is None or today >= snoozed_until
        assert today >= due + timedelta(days=rung.offset)
        assert rung.offset > max(spent, default=-99)
        assert rung.offset > 0 or today <= due
        spent.append(rung.offset)
    assert len(spent) <= 4


@given(run=st.integers(15, 400))
def test_somebody_who_can_be_mailed_every_day_hears_of_it_on_exactly_the_four_days(run: int) -> None:
    ladder = ladder_steps(DAYS, 14, in_days(run), TODAY, in_days(1))
    spent: dict[int, date] = {}
    for day in range(run + 30):
        rung = next_rung(ladder, spent, in_days(day))
        if rung and rung.day <= in_days(day):
            spent[rung.offset] = in_days(day)
    assert spent == {offset: in_days(run + offset) for offset in DAYS}
