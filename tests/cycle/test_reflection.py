"""Which questions are asked, and which line of an answer is proposed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.reflection import (
    BY_KEY,
    LINE_WORDS,
    QUESTIONS,
    Situation,
    count_words,
    moment_period,
    proposed_line,
    questions_for,
    shortened,
    situation_of,
)

SITUATIONS = list(QUESTIONS)


def keys(situation: Situation, count: int, period: int) -> list[str]:
    return [question.key for question in questions_for(situation, count, period)]


def test_four_questions_are_asked_in_a_regular_reflection_and_the_second_takes_turns() -> None:
    assert keys("regular", 4, 1) == ["learned", "surprised", "differently", "next"]
    assert keys("regular", 4, 2) == ["learned", "fitted", "differently", "next"]
    assert keys("regular", 4, 3) == keys("regular", 4, 1)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_monthly_form_asks_the_first_and_the_fourth(situation: Situation) -> None:
    asked = QUESTIONS[situation]
    assert questions_for(situation, 2, 1) == (asked[0], asked[3])
    assert questions_for(situation, 2, 2) == (asked[0], asked[3])


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("period", [1, 2])
def test_no_question_is_asked_twice_and_never_more_than_wanted(situation: Situation, period: int) -> None:
    for count in range(1, 7):
        asked = keys(situation, count, period)
        assert len(set(asked)) == len(asked) == min(count, len(QUESTIONS[situation]))


def test_a_key_names_one_question_for_ever() -> None:
    assert len(BY_KEY) == sum(len(asked) for asked in QUESTIONS.values())
    labels = [question.label for question in BY_KEY.values()]
    assert len(set(labels)) == len(labels)


def test_what_the_form_of_somebody_depends_on() -> None:
    assert situation_of("regular", met_before=True) == "regular"
    assert situation_of("regular", met_before=False) == "first_with_manager"
    assert situation_of("handover", met_before=True) == "first_with_manager"
    assert situation_of("return", met_before=True) == "back_from_leave"
    assert situation_of("regular", met_before=True, new_role=True, reorganized=True) == "new_role"
    assert situation_of("regular", met_before=True, reorganized=True) == "after_reorganization"
    assert situation_of("regular", met_before=False, new_role=True) == "first_with_manager"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Customers call me when numbers look odd. I like that.", "Customers call me when numbers look odd."),
        ("I enjoyed presenting", "I enjoyed presenting"),
        ("Version 2.5 shipped. Then rest.", "Version 2.5 shipped."),
        ("First line\nsecond line. Third.", "First line second line."),
        ("“Is it so?” she asked.", "“Is it so?”"),
        ("", ""),
        ("   \n ", ""),
    ],
)
def test_the_first_sentence_is_proposed(text: str, line: str) -> None:
    assert proposed_line(text) == line


def test_a_long_sentence_ends_in_an_ellipsis() -> None:
    line = proposed_line(" ".join(["word"] * 40))
    assert count_words(line) == LINE_WORDS
    assert line.endswith("word…")


@given(st.text(max_size=400))
def test_a_proposed_line_is_short_and_on_one_line(text: str) -> None:
    line = proposed_line(text)
    assert count_words(line) <= LINE_WORDS
    assert "\n" not in line
    assert proposed_line(line) == line


@given(st.text(max_size=200), st.integers(1, 30))
def test_a_text_that_fits_is_not_cut(text: str, words: int) -> None:
    if count_words(text) <= words:
        assert shortened(text, words) == " ".join(text.split())


def test_a_learning_moment_counts_for_a_period_of_a_policy() -> None:
    names = {moment_period(policy, period) for policy in ("a", "b") for period in (1, 2)}
    assert names == {"a/1", "a/2", "b/1", "b/2"}
