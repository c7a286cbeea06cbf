"""What a letter is about, so that the people of the demo decide the same in every run of a seed."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from cli.demo.evidence import Evidence
from cli.demo.inbox import Kind, Letter, Part
from cli.demo.topics import Topics, day_in, due_in, title_in
from cli.demo.world import World

ACTION = 'Hello Ann, On 1 January you took this on with Mara: "Lead a planning round" , by 28 February. What fits?'
OUTCOME = "Hello Ann, You and Mara had a check-in planned for {}. How did it go? Any answer is fine."


def part(kind: Kind, path: str, text: str = "") -> Part:
    return Part(kind, path, text, ())


def invitation(check_in: str, subject: str = "Check-in: Ann and Mara") -> Letter:
    return Letter(check_in, subject, datetime(2030, 2, 4, 9, tzinfo=UTC), True, (), f"/check-ins/{check_in}")


def test_an_action_goes_by_its_title_and_date_whatever_stands_before_them() -> None:
    topics = Topics()
    alone, merged = part("action", "/actions/1", ACTION), part("action", "/actions/2", f". {ACTION[11:]}")
    assert topics.of(alone) == topics.of(merged) == "Lead a planning round by 28 February"
    assert title_in(alone) == "Lead a planning round"


@pytest.mark.parametrize(
    ("near", "due"),
    [(date(2030, 2, 21), date(2030, 2, 28)), (date(2029, 12, 30), date(2030, 2, 28))],
)
def test_a_day_is_of_the_year_that_is_nearest(near: date, due: date) -> None:
    assert due_in(part("action", "/actions/1", ACTION), near) == due


def test_a_text_without_a_day_names_none() -> None:
    assert due_in(part("weekly", "/plan", "Two things are still open."), date(2030, 2, 4)) is None
    assert day_in(part("weekly", "/plan", "On 31 February."), date(2030, 2, 4)) is None


def test_talks_are_counted_by_their_invitations_and_another_hour_is_the_same_talk() -> None:
    first, again = Topics(), Topics()
    for topics, ids in ((first, ("a", "b")), (again, ("x", "y"))):
        topics.invited(invitation(ids[0]))
        topics.invited(invitation(ids[0]))
        topics.invited(invitation(ids[1]))
        topics.invited(invitation("z", subject="Canceled: Check-in: Ann and Mara"))
        assert topics.of(part("form", f"/reflections/{ids[1]}")) == "Check-in: Ann and Mara 2"
        assert topics.talk("/check-ins/z") == ""
    assert first.talk("/check-ins/a") == again.talk("/check-ins/x") == "Check-in: Ann and Mara 1"


def test_a_question_about_a_moved_talk_is_about_its_second_hour() -> None:
    topics = Topics()
    topics.invited(invitation("a"))
    before = part("outcome", "/check-ins/a", OUTCOME.format("Tuesday 26 February"))
    after = part("outcome", "/check-ins/a", OUTCOME.format("Monday 4 March"))
    asked_again = part("second-outcome", "/check-ins/a", "We have not heard how Tuesday 26 February's check-in went")
    assert [topics.hour(each) for each in (before, after, asked_again)] == [0, 1, 0]


async def no_clock() -> datetime:
    raise AssertionError


def test_titles_depend_on_nobody_elses_promises(quarter: Evidence) -> None:
    ann, mara = "ann@meadow.example", "mara@meadow.example"
    one, two = (World(1, no_clock, quarter.people, {}, titles_used=4) for _ in range(2))
    theirs = [one.next_title(ann, mara), one.next_title(mara, ann), one.next_title(ann, mara)]
    others = [two.next_title(mara, ann), two.next_title(ann, mara), two.next_title(ann, mara)]
    assert theirs == [others[1], others[0], others[2]]
    assert len(set(theirs)) == 3


def test_titles_differ_when_there_is_another_manager(quarter: Evidence) -> None:
    ann, mara, otto = "ann@meadow.example", "mara@meadow.example", "otto@meadow.example"
    world = World(1, no_clock, quarter.people, {}, titles_used=4)
    before = [world.next_title(ann, mara), world.next_title(mara, ann)]
    world.has_changed(replace(quarter.people[ann], manager=otto))
    after = [world.next_title(ann, otto), world.next_title(otto, ann)]
    assert len({*before, *after}) == 4


def test_a_talk_is_one_fact_and_settled_once_somebody_had_it_moved(quarter: Evidence) -> None:
    world = World(1, no_clock, quarter.people, {})
    name = next(
        name for name in map(str, range(100)) if World(1, no_clock, {}, {}).talk("/check-ins/x", name, 0) == "moved"
    )
    assert world.talk("/check-ins/a", name, 0) == world.talk("/check-ins/a", name, 0) == "moved"
    world.was_moved("/check-ins/a")
    assert world.talk("/check-ins/a", name, 0) is None
    assert world.talk("/check-ins/a", name, 1) == "held"
