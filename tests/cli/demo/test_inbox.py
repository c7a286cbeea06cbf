"""Letters as the actors read them: written by the real catalogue, understood from links and words alone."""

import pytest

from activities.letters import catalogue
from activities.letters.catalogue import Part as Written
from activities.letters.render import render
from cli.demo.actors import rung_of
from cli.demo.inbox import parts_of

SITE = "http://127.0.0.1:8000"


def mailed(*parts: Written) -> str:
    return render("Ann", parts, f"{SITE}/", "Hale", f"{SITE}/privacy").html


def action(kind: type[catalogue.ActionStep], number: int = 1) -> Written:
    page = f"{SITE}/actions/{number}"
    made = kind(
        title=f"Thing {number}",
        with_name="Mara",
        agreed_day="10 December",
        due_day="23 February",
        done_url=f"{page}?choose=done",
        new_date_url=f"{page}?choose=new-date",
        help_url=f"{page}?choose=help",
        drop_url=f"{page}?choose=drop",
        snooze_url=f"{page}?choose=snooze",
        page_url=page,
        others=("Mara",),
    )
    assert isinstance(made, Written)
    return made


def outcome(second: bool) -> Written:
    page = f"{SITE}/check-ins/7"
    return catalogue.OutcomeQuestion(
        partner_name="Mara",
        day="Thursday 11 March",
        page_url=page,
        held_url=f"{page}?said=held",
        moved_url=f"{page}?said=moved",
        not_held_url=f"{page}?said=did_not_happen",
        second=second,
    )


def test_the_form_and_its_reminder_are_told_apart() -> None:
    form = f"{SITE}/reflections/7"
    request = catalogue.ReflectionRequest(
        partner_name="Mara",
        day="Thursday 11 March",
        hour="10:00",
        questions=4,
        minutes=8,
        form_url=form,
        talk_url=f"{form}?do=talk",
        another_time_url=f"{SITE}/check-ins/7/another-time",
        not_this_time_url=f"{SITE}/check-ins/7/not-this-time",
        leaves_day="Wednesday",
        leaves_hour="09:30",
    )
    reminder = catalogue.ReflectionReminder(
        partner_name="Mara", day="Thursday", form_url=form, talk_url=f"{form}?do=talk"
    )
    first = parts_of(mailed(request))[0]
    assert (first.kind, first.path) == ("form", "/reflections/7")
    first = parts_of(mailed(reminder))[0]
    assert (first.kind, first.path) == ("form-reminder", "/reflections/7")


@pytest.mark.parametrize(("second", "kind"), [(False, "outcome"), (True, "second-outcome")])
def test_the_first_and_the_second_question_after_a_talk_are_told_apart(second: bool, kind: str) -> None:
    parts = parts_of(mailed(outcome(second)))
    assert (parts[0].kind, parts[0].path) == (kind, "/check-ins/7")


@pytest.mark.parametrize(
    ("kind", "rung"),
    [
        (catalogue.ActionAhead, "ahead"),
        (catalogue.ActionTomorrow, "tomorrow"),
        (catalogue.ActionPassed, "passed"),
        (catalogue.ActionStillOpen, "still_open"),
    ],
)
def test_each_mention_of_an_action_is_known_by_its_words(kind: type[catalogue.ActionStep], rung: str) -> None:
    (part,) = parts_of(mailed(action(kind)))
    assert (part.kind, part.path, rung_of(part.text)) == ("action", "/actions/1", rung)


def test_a_merged_letter_is_several_things_in_its_order() -> None:
    html = mailed(action(catalogue.ActionPassed, 1), outcome(False), action(catalogue.ActionStillOpen, 2))
    assert [(part.kind, part.path) for part in parts_of(html)] == [
        ("action", "/actions/1"),
        ("outcome", "/check-ins/7"),
        ("action", "/actions/2"),
    ]


def test_repairs_are_nothing_to_answer_as_an_action() -> None:
    html = mailed(
        catalogue.SupportRepairs(
            partner_name="Mara",
            repairs=(("Move one date", f"{SITE}/actions/1?choose=new-date"), ("Ask", f"{SITE}/stalls/3")),
            hr_day="22 March",
            hr_name="Hale",
            kept_out=False,
        )
    )
    assert {part.kind for part in parts_of(html)} == {"repairs"}


def test_the_frame_of_a_letter_is_nothing_to_do() -> None:
    html = mailed(catalogue.Weekly(open_count=2, url=f"{SITE}/plan"))
    assert [(part.kind, part.path) for part in parts_of(html)] == [("weekly", "/plan")]
