"""A line of what was heard, its answer, and from how many answers on a count is told."""

import pytest

from cycle.actions import Refused
from cycle.heard import LETTERS, checked_answer, checked_line
from cycle.policy import Privacy
from cycle.worth import told


def test_a_line_is_one_line_and_not_a_letter() -> None:
    assert checked_line(" She wants\n more time ") == "She wants more time"
    with pytest.raises(Refused, match="at most 400 letters"):
        checked_line("a" * (LETTERS + 1))


def test_yes_needs_no_words_and_not_quite_does() -> None:
    assert checked_answer("yes", "") == ("yes", "")
    assert checked_answer("not_quite", " less travel ") == ("not_quite", "less travel")
    for answer, words in (("not_quite", " "), ("maybe", "x"), ("", "")):
        with pytest.raises(Refused):
            checked_answer(answer, words)


def answers(count: int, people: int) -> dict[tuple[str, str], str]:
    return {(f"check-in-{number}", f"person-{number % people}"): "yes" for number in range(count)}


def test_a_count_is_told_from_ten_answers_on_and_never_of_a_few_people() -> None:
    rules = Privacy()
    assert told(answers(9, 9), rules) is None
    assert told(answers(10, 10), rules) == {"yes": 10, "partly": 0, "no": 0}
    assert told(answers(40, 4), rules) is None
    assert told(answers(40, 5), rules) is not None
