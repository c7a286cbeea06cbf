"""Who can be asked, what whoever asked learns, and which words get a word of advice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.languages import words_in
from cycle.actions import Refused
from cycle.feedback import (
    ANSWER_LETTERS,
    OPEN_FOR,
    PARTS,
    Answer,
    Colleague,
    about_of,
    advise,
    advise_on,
    answer_of,
    can_answer,
    found_by,
    is_open,
    seen_by_asker,
)

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
KIM = Colleague("kim", "Kim Weiß", "kim@meadow.example")
RENE = Colleague("rene", "René  Ott", "rene@meadow.example")
NAMESAKE = Colleague("kim-2", "Kim Weiss", "k.weiss@meadow.example")

JUDGING = [
    ("You are lazy.", "You are lazy"),
    ("I think you're so arrogant in meetings.", "you're so arrogant"),
    ("You are a natural leader", "You are a natural"),
    ("You are not reliable", "You are not reliable"),
    ("Sometimes a bit sloppy with the numbers", "sloppy"),
    ("you were brilliant", "you were brilliant"),
    ("Du bist unzuverlässig.", "Du bist unzuverlässig"),
    ("Manchmal bist du wirklich schwierig.", "bist du wirklich schwierig"),
    ("du bist ein Chaot", "du bist ein Chaot"),
    ("Das war eine schlampige Liste", "schlampige"),
]
ABSOLUTE = [
    ("You always come late.", "always"),
    ("The minutes never arrive", "never"),
    ("Du unterbrichst mich immer.", "immer"),
    ("Das klappt nie", "nie"),
    ("Ständig fehlt etwas", "Ständig"),
]
FINE = [
    "On Tuesday you opened the meeting by asking everybody what they need.",
    "You are presenting next week; you are welcome to practise with me.",
    "When you were in Lisbon the customer called.",
    "You are invited to our review.",
    "You were asked twice, and you answered both.",
    "Never mind the slides. As always, thank you.",
    "Not always easy, and you stayed with it.",
    "Am Dienstag hast du zuerst alle gefragt, was sie brauchen.",
    "Du bist am Montag eingesprungen.",
    "Du bist ruhig geblieben, als der Kunde laut wurde.",
    "Du bist dabei geblieben, und immer wieder kamen Fragen.",
    "Das hilft mir immer noch, wie immer nicht immer.",
    "Bist du in der Runde morgen?",
    "",
]


@pytest.mark.parametrize(("text", "words"), JUDGING)
def test_words_about_who_somebody_is_get_advice(text: str, words: str) -> None:
    assert [(each.kind, each.words) for each in advise(text)] == [("person", words)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ann is difficult to work with.", "Ann is difficult"),
        ("In short: ann was a terrible listener", "ann was a terrible"),
        ("She is a bad listener", "She is a bad"),
        ("You have a bad attitude.", "You have a bad attitude"),
        ("You lack empathy", "You lack empathy"),
        ("Ann ist eine schlechte Zuhörerin.", "Ann ist eine schlechte"),
        ("Manchmal ist Ann wirklich schwierig.", "ist Ann wirklich schwierig"),
    ],
)
def test_it_is_noticed_by_name_and_in_the_third_person_too(text: str, words: str) -> None:
    assert [(each.kind, each.words) for each in advise(text, "Ann")] == [("person", words)]


@pytest.mark.parametrize(
    "text",
    [
        "Ann is presenting next week.",
        "Ann was the first to answer, and she was there when the customer called.",
        "She is our contact for prices.",
        "Ann's talk was clear.",
        "Die Folie war gut; sie ist klar.",
        "Ann ist am Montag eingesprungen.",
        "The meeting is difficult to plan.",
        "You have a good eye for odd numbers.",
    ],
)
def test_what_somebody_did_and_what_is_said_of_things_gets_none(text: str) -> None:
    assert advise(text, "Ann") == ()


def test_a_name_is_taken_as_it_is_written() -> None:
    assert advise("A.n is slow", "A.n") != ()
    assert advise("Axn is slow", "A.n") == ()


@pytest.mark.parametrize(("text", "words"), ABSOLUTE)
def test_always_and_never_get_advice(text: str, words: str) -> None:
    assert [(each.kind, each.words) for each in advise(text)] == [("always", words)]


@pytest.mark.parametrize("text", FINE)
def test_what_was_seen_and_done_gets_none(text: str) -> None:
    assert advise(text) == ()


def test_each_kind_of_advice_is_given_once_a_text() -> None:
    assert [each.kind for each in advise("You are lazy, you are rude, you are always late and never sorry.")] == [
        "person",
        "always",
    ]


def test_a_wish_for_always_is_left_alone_in_the_next_step() -> None:
    assert advise_on(Answer(next_step="Always send the agenda the day before")) == {}
    assert set(advise_on(Answer(behaviour="always late", next_step="be less lazy"))) == {"behaviour", "next_step"}


def test_advice_is_a_question_in_german_too() -> None:
    (advice,) = advise("Du bist faul")
    assert words_in("de").say(advice.sentence) != advice.sentence
    assert "Du bist faul" in words_in("de").say(advice.sentence)


@given(st.text(max_size=400))
def test_any_text_can_be_looked_at_and_only_its_own_words_are_quoted(text: str) -> None:
    squeezed = " ".join(text.split())
    found = advise(text)
    assert len(found) <= 2
    assert all(each.words in squeezed for each in found)


@given(st.sampled_from([text for text, _ in JUDGING + ABSOLUTE]), st.sampled_from([str.upper, str.lower, str.title]))
def test_letter_case_changes_nothing(text: str, written: object) -> None:
    assert callable(written)
    assert [each.kind for each in advise(written(text))] == [each.kind for each in advise(text)]


@given(
    st.sampled_from([text for text, _ in JUDGING + ABSOLUTE]),
    st.lists(st.sampled_from([text for text in FINE if "bist" not in text]), max_size=4),
    st.lists(st.sampled_from(FINE), max_size=4),
)
def test_what_stands_around_a_judgement_does_not_hide_it(text: str, before: list[str], after: list[str]) -> None:
    around = "\n".join([*before, text, *after])
    assert {each.kind for each in advise(text)} == {each.kind for each in advise(around)}


@given(st.lists(st.sampled_from(FINE), max_size=6))
def test_fine_sentences_stay_fine_together(texts: list[str]) -> None:
    assert advise("\n".join(texts)) == ()


# What an answer holds


def test_one_field_is_enough_and_none_is_refused() -> None:
    assert answer_of({"impact": "  it helped "}) == Answer(impact="it helped")
    with pytest.raises(Refused, match="one of them is enough"):
        answer_of(dict.fromkeys(PARTS, "  "))


def test_a_field_has_an_end() -> None:
    assert answer_of({"behaviour": "x" * ANSWER_LETTERS}).behaviour
    with pytest.raises(Refused, match="2000"):
        answer_of({"behaviour": "x" * (ANSWER_LETTERS + 1)})


def test_what_it_is_about_is_one_sentence_or_nothing() -> None:
    assert about_of("  the\n workshop ") == "the workshop"
    assert about_of(" \n") is None
    with pytest.raises(Refused):
        about_of("x" * 201)


# What whoever asked learns


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=60)))
def test_whoever_asked_cannot_tell_declined_from_silent(later: timedelta) -> None:
    now = MONDAY + later
    assert seen_by_asker("declined", MONDAY, now) == seen_by_asker("asked", MONDAY, now)
    assert is_open("declined", MONDAY, now) == is_open("asked", MONDAY, now)


def test_a_request_ends_quietly_after_its_days() -> None:
    last = MONDAY + OPEN_FOR - timedelta(minutes=1)
    assert (seen_by_asker("asked", MONDAY, last), seen_by_asker("asked", MONDAY, MONDAY + OPEN_FOR)) == (
        "asked",
        "no_answer",
    )
    assert can_answer("asked", MONDAY, last, read=False)
    assert not can_answer("asked", MONDAY, MONDAY + OPEN_FOR, read=False)


def test_an_answer_can_change_until_it_was_read() -> None:
    later = MONDAY + 2 * OPEN_FOR
    assert can_answer("answered", MONDAY, later, read=False)
    assert not can_answer("answered", MONDAY, later, read=True)
    assert seen_by_asker("answered", MONDAY, later) == "answered"
    assert not can_answer("taken_back", MONDAY, MONDAY, read=False)


# Who is meant


@pytest.mark.parametrize("typed", ["Kim Weiß", "  kim   WEISS ", "KIM@meadow.example"])
def test_a_colleague_is_found_by_the_whole_name_or_the_address(typed: str) -> None:
    assert found_by(typed, [KIM, RENE]) is KIM


def test_accents_do_not_matter() -> None:
    assert found_by("rene ott", [KIM, RENE]) is RENE


@pytest.mark.parametrize("typed", ["Kim", "Weiß", "", "K", "kim@", "%"])
def test_a_part_of_a_name_finds_nobody(typed: str) -> None:
    with pytest.raises(Refused, match="Nobody here is called"):
        found_by(typed, [KIM, RENE])


def test_two_of_a_name_are_told_apart_by_the_address() -> None:
    with pytest.raises(Refused, match="More than one"):
        found_by("Kim Weiss", [KIM, NAMESAKE])
    assert found_by("k.weiss@meadow.example", [KIM, NAMESAKE]) is NAMESAKE
