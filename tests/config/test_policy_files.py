from pathlib import Path

import pytest

from config.policy_files import read_policy_file, shipped_policies
from cycle.policy import Policy, PolicyError


def problems(source: Path | str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        read_policy_file(source)
    return caught.value.problems


def test_the_shipped_quarterly_policy_is_the_defaults() -> None:
    assert shipped_policies()["Quarterly check-ins"] == Policy(name="Quarterly check-ins")


def test_the_shipped_monthly_policy_differs_where_it_says_so() -> None:
    quarterly, monthly = shipped_policies()["Quarterly check-ins"], shipped_policies()["Monthly check-ins"]
    assert (monthly.rhythm.every_months, monthly.rhythm.weeks_of_period) == (1, (1, 4))
    assert (monthly.reflection.questions, monthly.pre_read.words_at_most) == (2, 150)
    assert monthly.stalled_plan.check_ins_not_held == 3
    assert (monthly.mail, monthly.privacy, monthly.actions) == (
        quarterly.mail,
        quarterly.privacy,
        quarterly.actions,
    )
    assert monthly.booking.notice_workdays_when_moved == quarterly.booking.notice_workdays_when_moved


def test_the_shipped_policies_are_nobodys_to_change() -> None:
    shipped_policies().clear()
    assert set(shipped_policies()) == {"Quarterly check-ins", "Monthly check-ins"}


def test_a_policy_may_be_based_on_a_later_one_of_its_file_or_on_a_shipped_one() -> None:
    text = """
name: Sales
based_on: Ours
mail: {letters_per_week: 2}
---
name: Ours
based_on: Monthly check-ins
rhythm: {no_check_in_dates: [2030-03-29], conversation_minutes: 30}
"""
    sales, ours = (parsed.policy for parsed in read_policy_file(text))
    assert (sales.name, ours.name) == ("Sales", "Ours")
    assert (sales.rhythm, sales.mail.letters_per_week, ours.mail.letters_per_week) == (ours.rhythm, 2, 3)
    assert (sales.rhythm.every_months, sales.rhythm.conversation_minutes) == (1, 30)


def test_a_shipped_policy_can_be_changed_under_its_own_name() -> None:
    text = "name: Quarterly check-ins\nbased_on: Quarterly check-ins\nrhythm: {conversation_minutes: 30}\n"
    (parsed,) = read_policy_file(text)
    assert parsed.policy.rhythm.conversation_minutes == 30


def test_warnings_come_with_the_policy() -> None:
    (parsed,) = read_policy_file("name: Yearly\nrhythm: {every_months: 12}\n")
    assert len(parsed.warnings) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: a\n  b: 3", "ours.yaml line 2: mapping values are not allowed here; correct the YAML there."),
        ("name: a\nname: b", "ours.yaml line 2: name is written twice; correct the YAML there."),
        ("", "ours.yaml holds no policy; start it with a name."),
        ("- 3", "ours.yaml, policy 1 is not a group of named fields; start it with name: ..."),
        ("rhythm: {}", "ours.yaml, policy 1 has no name; give it one (name: Quarterly check-ins)."),
        (
            "name: a\nbased_on: b",
            "ours.yaml, a: based_on b is unknown; choose from Monthly check-ins, Quarterly check-ins.",
        ),
        ("name: a\nbased_on: [b]", "ours.yaml, policy 1: based_on must be the name of a policy."),
        ("name: a\n---\nname: a", "ours.yaml, a is there twice; give each policy a name of its own."),
        (
            "name: a\nrhythm: {every_months: 14}\n---\nname: b\nbased_on: a",
            "ours.yaml, a: rhythm.every_months is 14; it must be from 1 to 12 months.",
        ),
        (
            "name: a\nrhythm: {no_check_in_dates: [2030-02-30]}",
            'ours.yaml, a: rhythm.no_check_in_dates is ["2030-02-30"]; it must be a list of dates written YYYY-MM-DD.',
        ),
    ],
)
def test_a_bad_file_is_told_in_a_sentence_that_names_it(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(text, encoding="utf-8")
    assert problems(file) == (sentence,)


def test_policies_that_are_based_on_each_other_are_refused() -> None:
    found = problems("name: a\nbased_on: b\n---\nname: b\nbased_on: a")
    assert [sentence.partition(";")[0] for sentence in found] == [
        "the policy text, a: based_on b leads back to itself",
        "the policy text, b: based_on a leads back to itself",
    ]


@pytest.mark.parametrize(
    "text",
    ["name: a\n? [1, 2]\n: 3", "name: \x07", "name: a\n<<: 3", "name: !!python/name:os.system", "name: *a"],
)
def test_odd_yaml_is_told_like_any_other_problem(text: str) -> None:
    assert problems(text)[0].startswith("the policy text")


def test_a_file_that_cannot_be_read_is_told_with_its_path(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert problems(missing) == (f"{missing} cannot be read (No such file or directory); check the path.",)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: Gespräche".encode("latin-1"))
    assert problems(latin) == (f"{latin} is not UTF-8 text; save it as UTF-8.",)
