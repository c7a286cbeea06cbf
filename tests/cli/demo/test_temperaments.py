"""Temperaments: everybody takes to letters in their own way, and always the same."""

import pytest

from cli.demo.temperaments import (
    Rung,
    Temperament,
    answers_outcome,
    dealt,
    with_action,
    with_form,
    with_stall,
    with_weekly,
)

CASES = range(40)
RUNGS: tuple[Rung, ...] = ("ahead", "tomorrow", "passed", "still_open")


def test_twelve_people_have_every_temperament_among_them() -> None:
    people = dealt(["mara", "hugo", "joao"], [f"p{n}" for n in range(11)])
    assert set(people.values()) == set(Temperament)
    assert people["p0"] is Temperament.PROMPT


def test_the_only_employee_is_the_silent_one() -> None:
    assert dealt(["mara"], ["ann"]) == {"mara": Temperament.PROMPT, "ann": Temperament.SILENT}


def test_the_silent_one_never_answers_anything_about_plans() -> None:
    silent = Temperament.SILENT
    assert all(with_action(silent, rung, n) is None for rung in RUNGS for n in CASES)
    assert all(with_stall(silent, n) is None for n in CASES)
    assert with_weekly(silent, True, 1) is None


@pytest.mark.parametrize("who", [Temperament.FORGETFUL, Temperament.OVERLOADED, Temperament.SILENT])
def test_some_do_nothing_before_they_are_reminded(who: Temperament) -> None:
    assert all(with_form(who, False, n) is None for n in CASES)
    assert not any(answers_outcome(who, False, n) for n in CASES)
    assert any(with_form(who, True, n) is not None for n in CASES)


def test_some_rather_talk_than_write_and_some_write_at_once() -> None:
    assert {with_form(Temperament.LETS_TALK, False, n) for n in CASES} == {"talk"}
    assert {with_form(Temperament.PROMPT, False, n) for n in CASES} == {"answer"}


def test_whoever_asks_for_help_does_so_for_plans_and_actions() -> None:
    assert with_stall(Temperament.ASKS_FOR_HELP) == "answer"
    assert with_action(Temperament.ASKS_FOR_HELP, "passed") == "help"


def test_the_overloaded_one_lets_the_whole_ladder_pass() -> None:
    assert all(with_action(Temperament.OVERLOADED, rung, n) is None for rung in RUNGS for n in CASES)
    assert {with_weekly(Temperament.OVERLOADED, True, n) for n in CASES} == {"new-date", "drop"}
