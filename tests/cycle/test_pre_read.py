"""What the pre-read holds, and what gives way first."""

import json
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from cycle.pre_read import PathwayStep, Promise, SharedLine, Snapshot, build_snapshot, questions_to_ask
from cycle.reflection import BY_KEY

NOW = datetime(2030, 3, 8, 8, 30, tzinfo=UTC)
INTRODUCE = Promise(what="introduce Ann to the pricing team", due_on=date(2030, 3, 19))
JOIN = Promise(what="join two customer calls", due_on=date(2030, 3, 29))
texts = st.lists(st.text(alphabet="abc ,.", max_size=300), max_size=6)


def snapshot(**changes: object) -> Snapshot:
    facts: dict[str, object] = {
        "promises": [("Mara", [INTRODUCE]), ("Ann", [JOIN])],
        "learning": "I fixed the release myself instead of asking.",
        "shared": [SharedLine(question="surprised", line="I enjoyed presenting.")],
        "celebrating": "her first customer call",
        "words_at_most": 300,
    }
    return build_snapshot(made_at=NOW, **(facts | changes))  # type: ignore[arg-type]


def test_a_short_pre_read_holds_everything_with_the_manager_first() -> None:
    made = snapshot()
    assert made.promises == (
        ("Mara", (INTRODUCE,)),
        ("Ann", (JOIN,)),
    )
    assert made.lines == (("Surprised", "I enjoyed presenting."),)
    assert made.questions == ("surprised",)
    assert made.learning == "I fixed the release myself instead of asking."
    assert made.celebrating == "her first customer call"


def test_it_knows_whose_actions_stand_in_it_and_those_that_gave_way_do_not() -> None:
    mine = Promise(what="join two customer calls", action="join")
    made = snapshot(promises=[("Mara", [INTRODUCE]), ("Ann", [mine])], celebrated="call")
    assert made.actions == ("join", "call")
    short = snapshot(promises=[("Mara", [INTRODUCE]), ("Ann", [mine])], celebrated="call", words_at_most=20)
    assert short.actions == ()


def test_one_from_before_actions_were_kept_still_opens() -> None:
    kept = json.loads(snapshot().model_dump_json())
    del kept["celebrated"], kept["promises"][0][1][0]["action"]
    assert Snapshot.model_validate(kept) == snapshot()
    assert Snapshot.model_validate(kept).actions == ()


def test_it_is_also_made_when_nothing_was_shared() -> None:
    made = snapshot(promises=[("Mara", []), ("Ann", [])], learning=None, shared=[], celebrating=None)
    assert made.lines == ()
    assert made.promises == ()
    assert len(set(made.ask)) == 2


def test_an_empty_shared_line_leaves_no_trace() -> None:
    blank = snapshot(shared=[SharedLine(question="learned", line="  ")])
    assert blank == snapshot(shared=[])


def test_a_whole_answer_stands_in_its_lines_place_on_one_line() -> None:
    text = "One. Two.\n\n" + "word " * 60
    made = snapshot(
        shared=[
            SharedLine(question="learned", line="One.", whole=text),
            SharedLine(question="surprised", line="", whole="All of it."),
            SharedLine(question="next", line="A line."),
        ]
    )
    assert [line for _, line in made.lines] == [" ".join(text.split()), "All of it.", "A line."]
    assert (made.questions, made.whole) == (("learned", "surprised", "next"), ("learned", "surprised"))
    assert Snapshot.model_validate_json(made.model_dump_json()) == made


def test_nothing_gives_way_for_the_length_of_a_whole_answer() -> None:
    long = "word " * 500
    made = snapshot(shared=[SharedLine(question="learned", line="One.", whole=long)], words_at_most=150)
    assert made.lines[0][1] == long.strip()
    assert made.celebrating
    assert made.learning
    assert len(made.promises) == 2
    assert made.words <= 150


def test_what_is_celebrated_gives_way_before_what_the_employee_wrote() -> None:
    whole = snapshot()
    tight = snapshot(words_at_most=whole.words - 1)
    assert tight.celebrating is None
    assert tight.lines == whole.lines
    assert tight.promises == whole.promises


def test_the_employees_promises_give_way_before_the_managers() -> None:
    whole = snapshot(celebrating=None)
    tight = snapshot(celebrating=None, words_at_most=whole.words - 1)
    assert tight.promises == whole.promises[:1]
    assert tight.lines == whole.lines


def test_what_to_ask_follows_what_was_shared_and_looks_ahead() -> None:
    assert questions_to_ask(["learned", "surprised", "next"]) == (
        "What made that a surprise?",
        "What could go, to make room for what comes next?",
    )


def test_every_question_has_something_to_ask_about() -> None:
    usual = set(questions_to_ask([]))
    assert all(not set(questions_to_ask([key])) <= usual for key in BY_KEY)


@given(
    mara=texts,
    ann=texts,
    learning=st.none() | st.text(max_size=800),
    shared=st.lists(st.tuples(st.sampled_from(sorted(BY_KEY)), st.text(max_size=400)), max_size=6),
    celebrating=st.none() | st.text(max_size=300),
    words=st.integers(100, 300),
)
def test_no_pre_read_is_longer_than_the_policy_says(
    mara: list[str],
    ann: list[str],
    learning: str | None,
    shared: list[tuple[str, str]],
    celebrating: str | None,
    words: int,
) -> None:
    made = snapshot(
        promises=[
            (name, [Promise(what=text, due_on=NOW.date()) for text in texts])
            for name, texts in (("Mara", mara), ("Ann", ann))
        ],
        learning=learning,
        shared=[SharedLine(question=key, line=line) for key, line in shared],
        celebrating=celebrating,
        words_at_most=words,
    )
    assert made.words <= words
    assert len(made.lines) == len(made.questions)
    assert Snapshot.model_validate_json(made.model_dump_json()) == made
    for _, line in made.lines:
        whole = line.removesuffix("…")
        assert any(" ".join(text.split()).startswith(whole) for _, text in shared)


def test_what_is_said_of_pathways_gives_way_after_the_learning_moment_and_before_the_lines() -> None:
    step = PathwayStep(role="Senior analyst", where="Pricing", closes_on=date(2030, 3, 29))
    assert snapshot(pathway=[step]).pathway == (step,)
    tight = snapshot(pathway=[step], words_at_most=22)
    assert (tight.learning, tight.pathway, len(tight.lines)) == (None, (step,), 1)
    tighter = snapshot(pathway=[step], words_at_most=18)
    assert (tighter.pathway, len(tighter.lines)) == ((), 1)


def test_a_promise_of_many_words_is_cut_and_keeps_its_day() -> None:
    (_, (promise,)), *_ = snapshot(promises=[("Mara", [Promise(what="word " * 30, due_on=NOW.date())])]).promises
    assert promise == Promise(what=" ".join(["word"] * 25) + "…", due_on=NOW.date())


def test_a_snapshot_of_before_days_were_kept_apart_can_still_be_read() -> None:
    old = json.loads(snapshot().model_dump_json())
    old["promises"] = [["Mara", ["introduce Ann to the pricing team (by 19 March)"]]]
    read = Snapshot.model_validate_json(json.dumps(old))
    assert read.promises == (("Mara", (Promise(what="introduce Ann to the pricing team (by 19 March)"),)),)
    assert Snapshot.model_validate_json(read.model_dump_json()) == read
