"""Letters as the actors read them: written by the real catalogue, understood from links and words alone."""

from dataclasses import replace
from datetime import UTC, date, datetime

import httpx
import pytest

from activities.letters import catalogue
from activities.letters.catalogue import Part as Written
from activities.letters.render import render
from activities.letters.samples import sample_letters, sample_parts
from cli.demo.actors import rung_of
from cli.demo.evidence import Stretch
from cli.demo.inbox import MailClient, parts_of
from cli.demo.topics import day_in, due_in, title_in
from config.languages import words_in

SITE = "http://127.0.0.1:8000"


LOCALES = ["en", "en-US", "de"]


def mailed(*parts: Written, locale: str = "en") -> str:
    return render("Ann", parts, f"{SITE}/", "Hale", f"{SITE}/privacy", locale).html


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
        time_url=f"{page}?choose=time",
        page_url=page,
        others=("Mara",),
    )
    assert isinstance(made, Written)
    return made


def outcome(second: bool) -> catalogue.OutcomeQuestion:
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


@pytest.mark.parametrize("sample", ["pre_read", "pre_read_link_only"])
def test_a_pre_read_is_known_whether_it_holds_its_content_or_leads_to_it(sample: str) -> None:
    (part,) = parts_of(sample_letters()[sample].html)
    path = "/check-ins/1/pre-read" if sample == "pre_read_link_only" else "/check-ins/1"
    assert (part.kind, part.path) == ("pre-read", path)


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
            keep_hr_out_url=f"{SITE}/stalls/3?choose=keep-hr-out",
        )
    )
    assert {part.kind for part in parts_of(html)} == {"repairs"}


def test_the_frame_of_a_letter_is_nothing_to_do() -> None:
    html = mailed(catalogue.Weekly(open_count=2, url=f"{SITE}/plan"))
    assert [(part.kind, part.path) for part in parts_of(html)] == [("weekly", "/plan")]


def slots() -> Written:
    page = f"{SITE}/check-ins/7"
    return catalogue.Slots(
        partner_name="Mara",
        slots_url=f"{page}/slots",
        not_this_time_url=f"{page}/not-this-time",
        kept_day=None,
        kept_hour=None,
        until_day="Friday",
        moves=0,
    )


def test_three_hours_to_choose_from_are_known_by_their_page() -> None:
    assert [(part.kind, part.path) for part in parts_of(mailed(slots()))] == [("slots", "/check-ins/7/slots")]


def test_a_reminder_stays_one_beside_three_hours_for_the_same_talk() -> None:
    form = f"{SITE}/reflections/7"
    reminder = catalogue.ReflectionReminder(
        partner_name="Mara", day="Thursday", form_url=form, talk_url=f"{form}?do=talk"
    )
    assert [part.kind for part in parts_of(mailed(reminder, slots()))] == ["form-reminder", "slots"]


def outlook(kind: str, **facts: object) -> httpx.MockTransport:
    """A mail server with one message about a meeting."""
    message = {
        "@odata.type": "#microsoft.graph.eventMessageRequest",
        "id": "M1",
        "subject": "Check-in: Ann and Mara",
        "receivedDateTime": "2030-02-04T09:00:00Z",
        "meetingMessageType": kind,
        "body": {"content": f'<p>Hello</p><a href="{SITE}/check-ins/7">Your check-in page</a>'},
        **facts,
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"access_token": "t"} if "token" in request.url.path else {"value": [message]})

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(("kind", "known"), [("meetingRequest", True), ("meetingCancelled", False)])
async def test_an_invitation_says_which_talk_it_is_for_and_when_one_called_off_only_which(
    kind: str, known: bool
) -> None:
    at = {"dateTime": "2030-03-18T09:00:00.0000000", "timeZone": "UTC"}
    until = {"dateTime": "2030-03-18T09:45:00.0000000", "timeZone": "UTC"}
    async with httpx.AsyncClient(transport=outlook(kind, startDateTime=at, endDateTime=until)) as http:
        mail = MailClient("http://graph", "http://graph/token", {"client_id": "i", "client_secret": "s"}, http)
        (letter,) = await mail.new_letters("ann@meadow.example", datetime(2030, 2, 4, tzinfo=UTC))
    assert (letter.invitation, letter.about, letter.parts) == (True, "/check-ins/7", ())
    hour = Stretch(datetime(2030, 3, 18, 9, tzinfo=UTC), datetime(2030, 3, 18, 9, 45, tzinfo=UTC))
    assert letter.hour == (hour if known else None)


def test_a_change_of_manager_and_what_a_leaver_had_taken_on_are_told_apart_from_actions() -> None:
    handover = catalogue.Handover(former_name="Mara", successor_name="Remy", choose_url=f"{SITE}/handovers/7")
    orphan = catalogue.ActionWithoutOwner(
        owner_name="Kim", title="A thing", due_day="23 February", partner_name="Remy", page_url=f"{SITE}/actions/8"
    )
    parts = parts_of(mailed(handover, orphan, action(catalogue.ActionPassed, 9)))
    assert [(part.kind, part.path) for part in parts] == [
        ("handover", "/handovers/7"),
        ("orphan", "/actions/8"),
        ("action", "/actions/9"),
    ]


KINDS = {
    "reflection_request": ["form"],
    "reflection_reminder": ["form-reminder"],
    "learning_moment": ["learning"],
    "pre_read": ["pre-read"],
    "outcome_question": ["outcome"],
    "slots": ["slots"],
    "moves": [],
    "action_ahead": ["action"],
    "action_tomorrow": ["action"],
    "action_passed": ["action"],
    "action_still_open": ["action"],
    "support_note": ["stall"],
    "support_repairs": ["repairs", "repairs"],
    "support_request": ["request"],
    "support_rest": ["rest"],
    "weekly": ["weekly"],
    "handover": ["handover"],
    "action_without_owner": ["orphan"],
    "feedback_request": ["feedback"],
    "supporter_invitation": ["supporter"],
    "help_asked": ["help"],
}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_letter_of_the_catalogue_is_understood_in_every_language(locale: str) -> None:
    letters = sample_letters(locale)
    found = {name: [part.kind for part in parts_of(letters[name].html)] for name in sample_parts(locale)}
    assert found == KINDS


@pytest.mark.parametrize("locale", LOCALES)
def test_a_second_question_is_known_in_every_language(locale: str) -> None:
    day = words_in(locale).weekday_and_day(date(2030, 3, 14))
    (part,) = parts_of(mailed(replace(outcome(second=True), day=day), locale=locale))
    assert (part.kind, day_in(part, date(2030, 3, 15))) == ("second-outcome", date(2030, 3, 14))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("name", "rung"),
    [
        ("action_ahead", "ahead"),
        ("action_tomorrow", "tomorrow"),
        ("action_passed", "passed"),
        ("action_still_open", "still_open"),
    ],
)
def test_what_an_action_is_about_is_read_in_every_language(locale: str, name: str, rung: str) -> None:
    written = sample_parts(locale)[name]
    assert isinstance(written, catalogue.ActionStep)
    (part,) = parts_of(sample_letters(locale)[name].html)
    assert (rung_of(part.text), title_in(part)) == (rung, written.title)
    assert due_in(part, date(2030, 2, 20)) == date(2030, 2, 23)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_a_leaver_had_taken_on_is_read_in_every_language(locale: str) -> None:
    (part,) = parts_of(sample_letters(locale)["action_without_owner"].html)
    written = sample_parts(locale)["action_without_owner"]
    assert isinstance(written, catalogue.ActionWithoutOwner)
    assert (title_in(part), due_in(part, date(2030, 2, 20))) == (written.title, date(2030, 2, 23))


def test_repairs_that_all_lead_to_the_plan_are_not_the_weekly_letter_that_follows_them() -> None:
    repairs = catalogue.SupportRepairs(
        partner_name="Mara",
        repairs=tuple((words, f"{SITE}/plan") for words in ("Move one date", "Make it smaller", "Ask")),
        hr_day="22 March",
        hr_name="Hale",
        kept_out=False,
        keep_hr_out_url=None,
    )
    parts = parts_of(mailed(repairs, catalogue.Weekly(open_count=2, url=f"{SITE}/plan")))
    assert [part.kind for part in parts] == ["repairs", "weekly"]
