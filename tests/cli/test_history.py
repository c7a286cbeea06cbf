"""A history file that cannot be used is refused with a sentence for each thing wrong in it."""

from datetime import date

import pytest

from cli.history import HistoryFileError, read_history_yaml

TODAY = date(2030, 2, 4)
GOOD = """
people:
- person: Ann@meadow.example
  check_ins: [{held_on: 2029-11-14, hour: "10:00"}]
  plan:
    actions:
    - title: Join two customer calls
      owner: ann@meadow.example
      agreed_on: 2029-12-10
      due_on: 2030-02-23
      quiet_since: 2030-01-10
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(HistoryFileError) as refused:
        read_history_yaml(text, TODAY)
    return refused.value.problems


def test_a_good_file_is_read_with_addresses_in_lower_case() -> None:
    history = read_history_yaml(GOOD, TODAY)
    assert history.people[0].person == "ann@meadow.example"
    assert history.people[0].plan is not None
    assert history.people[0].plan.actions[0].state == "open"


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("due_on: 2030", "due_by: 2030", "did you mean due_on?"),
        (
            "owner: ann@meadow.example",
            "owner: Ann",
            "people[1].plan.actions[1].owner is 'Ann'; it must be a mail address.",
        ),
        ("quiet_since: 2030-01-10", "state: closed", "state is 'closed'; it must be open, done or dropped."),
        ('"10:00"', "10:00", "people[1].check_ins[1].hour is 600; it must be a time in quotes"),
        (
            "held_on: 2029-11-14",
            "held_on: 2030-03-14",
            "held_on is 2030-03-14; it must be a date like 2029-11-14 that has passed.",
        ),
        ("due_on: 2030-02-23", "due_on: 2029-12-10", "due_on is 2029-12-10; it must be after agreed_on, 2029-12-10."),
        ("quiet_since: 2030-01-10", "quiet_since: 2029-12-01", "quiet_since is 2029-12-01; it must be from agreed_on"),
        ("- person: Ann@meadow.example\n  check", "- check", "people[1].person is missing; it must be a mail address."),
    ],
)
def test_each_wrong_field_is_named_with_its_value_and_what_is_allowed(right: str, wrong: str, sentence: str) -> None:
    assert right in GOOD
    assert any(sentence in problem for problem in problems(GOOD.replace(right, wrong, 1)))


def test_broken_yaml_is_named_by_its_line() -> None:
    assert "line 4 is not YAML" in problems("people:\n- person: a\n  plan: {\n")[0]


@pytest.mark.parametrize("text", ["", "just words", "- a list"])
def test_a_file_without_people_says_how_to_begin(text: str) -> None:
    assert "must begin with people:" in problems(text)[0]


def test_one_wrong_field_is_told_once_and_nothing_else_of_the_file_is_repeated() -> None:
    wrong = GOOD.replace("owner: ann@meadow.example", "owner: Ann", 1)
    (sentence,) = problems(wrong)
    assert sentence == "people[1].plan.actions[1].owner is 'Ann'; it must be a mail address."


def test_a_list_in_the_place_of_a_field_is_not_repeated() -> None:
    said = "".join(problems(GOOD.replace("owner: ann@meadow.example", "owner: [their own words]", 1)))
    assert "owner does not fit; it must be a mail address." in said
    assert "their own words" not in said
