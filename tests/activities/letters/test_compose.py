"""Every kind of item that is owed becomes a part for its reader, with the right facts and links."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from activities.letters import catalogue
from activities.letters.catalogue import KINDS, Part
from activities.letters.compose import Composer
from activities.letters.render import Rendered, render
from activities.pre_reads import make_snapshot
from cycle.pathways import Catalogue, Opening, Role
from cycle.policy import Policy
from cycle.support import three_repairs
from integrations.database.check_ins import check_in
from integrations.database.learning_moments import save_moment
from integrations.database.reflections import TypedAnswer, save_answers
from integrations.database.tables import (
    ActionRow,
    FeedbackRequest,
    Goal,
    Handover,
    InterestRow,
    LetterItem,
    Offer,
    PathwayLine,
    PathwaysRevision,
    Person,
    PolicyRow,
    PreRead,
    Stall,
    StallAnswer,
    Supporter,
)
from web.stalls import CHOICES

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
HERE = "https://perennial.example"
# A Thursday, 10:00 in Berlin and 05:00 in New York, where the clocks have changed already.
START = datetime(2030, 3, 14, 9, 0, tzinfo=UTC)
DUE = date(2030, 3, 2)
CANARY = "the heron nests behind the boathouse"
KEYS = {
    "handover": "handover/one/ann",
    "feedback_request": "feedback/one/mara",
    "supporter_invitation": "supporter/one/mara",
}


async def compose(home: Any, key: str = "item", now: datetime = MONDAY) -> tuple[Part, Rendered]:
    async with home.database.reading() as session:
        item = await session.get_one(LetterItem, key)
        part = await Composer(HERE).part(session, item, now)
        locale = Composer(HERE).locale_of(await session.get_one(Person, item.recipient_id))
    return part, render("Ann", [part], HERE, "your HR team", f"{HERE}/privacy", locale)


async def a_talk(home: Any, kind: str, to: str = "ann", **others: Any) -> str:
    check_in_id: str = await home.a_check_in(START.date(), state="booked")
    await home.an_intended_booking(check_in_id, START, state="booked")
    await home.an_item("item", kind, to, check_in_id=check_in_id, booking_no=1, **others)
    return check_in_id


async def an_action(home: Any, kind: str, **others: Any) -> str:
    action_id: str = await home.an_action(DUE, id="action", title=CANARY, **others)
    facts = {"action_id": action_id, "plan_id": "plan", "step": "2", "subject_day": DUE}
    await home.an_item("item", kind, others.get("owner", "ann"), **facts)
    return action_id


async def a_stall(home: Any, kind: str, step: str, to: str = "ann", **others: Any) -> str:
    action_id = await home.an_action(DUE, title=CANARY)
    facts = {"cause": f"action/{action_id}/{DUE}", "holder_id": "ann", "began_at": MONDAY}
    await home.add(Stall(id="stall", plan_id="plan", **facts | others))
    await home.an_item("item", kind, to, plan_id="plan", stall_id="stall", step=step)
    return str(action_id)


async def an_item_of(home: Any, kind: str) -> None:
    """An item of this kind, as an activity would owe it."""
    if kind == "supporter_invitation":
        await an_invitation(home)
    elif kind.startswith("action"):
        await an_action(home, kind)
    elif kind.startswith("support"):
        await a_stall(home, kind, kind.removeprefix("support_"), "hale" if kind == "support_request" else "ann")
    elif kind == "weekly":
        await home.an_action(DUE)
        await home.an_item("item", kind, subject_day=MONDAY.date())
    elif kind == "handover":
        await home.add(Handover(id="one", person_id="ann", former_id="mara", successor_id="hale", at=MONDAY))
        await home.an_item("handover/one/ann", kind)
    elif kind == "feedback_request":
        await home.add(FeedbackRequest(id="one", asker_id="ann", giver_id="mara", about=CANARY, asked_at=MONDAY))
        await home.an_item("feedback/one/mara", kind, "mara")
    elif kind == "help_asked":
        await home.an_action(DUE, id="action", title=CANARY)
        await home.an_item("item", kind, "mara", action_id="action")
    elif kind == "learning_moment":
        await home.an_item("item", kind, "mara", step="policy/1")
    else:
        check_in_id = await a_talk(home, kind, step="1" if kind == "outcome_question" else None)
        if kind == "pre_read":
            await freeze(home, check_in_id)
        if kind == "slots":
            await home.add(
                Offer(check_in_id=check_in_id, booking_no=1, round=1, state="open", ask_at=MONDAY, until=START)
            )


async def an_invitation(home: Any, **others: Any) -> None:
    action_id = await home.an_action(DUE, title=CANARY)
    facts = {"action_id": action_id, "role": "mentor", "note": CANARY, "invited_at": MONDAY} | others
    await home.add(Supporter(id="one", person_id="ann", supporter_id="mara", **facts))
    await home.an_item("supporter/one/mara", "supporter_invitation", "mara")


async def freeze(home: Any, check_in_id: str) -> None:
    async with home.database.transaction() as session:
        pair = await check_in(session, check_in_id)
        snapshot = await make_snapshot(session, pair, Policy(name="x"), MONDAY)
        content = snapshot.model_dump_json()
        session.add(PreRead(check_in_id=check_in_id, booking_no=1, content=content, made_at=MONDAY))


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_every_kind_of_item_becomes_a_part_that_can_be_sent(home: Any, kind: str) -> None:
    await an_item_of(home, kind)
    part, letter = await compose(home, key=KEYS.get(kind, "item"))
    assert type(part) is KINDS[kind]
    assert letter.subject
    assert HERE in letter.text
    assert HERE in letter.html


async def test_an_item_of_an_unknown_kind_is_refused_with_its_name(home: Any) -> None:
    await home.an_item("item", "postcard")
    with pytest.raises(ValueError, match="postcard"):
        await compose(home)


async def test_the_form_names_the_other_the_hour_on_its_readers_clock_and_when_lines_leave(home: Any) -> None:
    check_in_id = await a_talk(home, "reflection_request")
    part, _ = await compose(home)
    assert isinstance(part, catalogue.ReflectionRequest)
    assert (part.partner_name, part.day, part.hour) == ("Mara", "Thursday 14 March", "10:00")
    assert (part.questions, part.minutes) == (4, 8)
    assert (part.leaves_day, part.leaves_hour) == ("Wednesday", "09:30")
    assert part.form_url == f"{HERE}/reflections/{check_in_id}"
    assert part.another_time_url == f"{HERE}/check-ins/{check_in_id}/another-time"


async def test_both_are_asked_about_the_other_and_the_second_ask_says_so(home: Any) -> None:
    check_in_id = await a_talk(home, "outcome_question", "mara", step="2")
    part, _ = await compose(home)
    assert isinstance(part, catalogue.OutcomeQuestion)
    assert (part.partner_name, part.second) == ("Ann", True)
    assert part.moved_url == f"{HERE}/check-ins/{check_in_id}?said=moved"


async def test_the_pre_read_is_the_snapshot_and_nothing_that_came_after_it(home: Any) -> None:
    check_in_id = await a_talk(home, "pre_read")
    async with home.database.transaction() as session:
        await save_moment(session, "mara", "policy/1", "I ask before I fix.", MONDAY)
        answers = {"proud": TypedAnswer("The launch.", shared=True), "heading": TypedAnswer(CANARY)}
        await save_answers(session, check_in_id, "ann", answers, MONDAY)
    await freeze(home, check_in_id)
    async with home.database.transaction() as session:
        await save_moment(session, "mara", "policy/1", "Something else.", MONDAY)
    part, letter = await compose(home, now=START - timedelta(days=1))
    assert isinstance(part, catalogue.PreRead)
    assert (part.names, part.when) == ("Ann and Mara", "tomorrow at 10:00")
    assert part.lines == (("Proud of", "The launch."),)
    assert "I ask before I fix." in letter.text
    for words in (letter.text, letter.html, letter.subject, letter.preview):
        assert CANARY not in words
        assert "Something else" not in words


@pytest.mark.parametrize("because", ["of HR's rule", "others open the manager's mailbox"])
async def test_with_link_only_the_pre_read_holds_no_content(home: Any, because: str) -> None:
    if because == "of HR's rule":
        await home.set_policy(pre_read={"letter_contains": "link_only"})
    else:
        async with home.database.transaction() as session:
            (await session.get_one(Person, "mara")).mailbox_shared = True
    check_in_id = await a_talk(home, "pre_read")
    async with home.database.transaction() as session:
        answers = {"proud": TypedAnswer(CANARY, shared=True)}
        await save_answers(session, check_in_id, "ann", answers, MONDAY)
    await freeze(home, check_in_id)
    part, letter = await compose(home)
    assert isinstance(part, catalogue.PreRead)
    assert part.link_only
    assert CANARY not in letter.text + letter.html
    assert part.page_url == f"{HERE}/check-ins/{check_in_id}/pre-read", "the page that has it"
    for words in (letter.text, letter.html):
        assert part.page_url in words
        assert "Full answers" not in words


async def test_a_whole_answer_stands_in_the_letter_by_its_writers_yes_alone(home: Any) -> None:
    await home.set_policy(pre_read={"letter_contains": "whole_answers"})
    check_in_id = await a_talk(home, "pre_read")
    async with home.database.transaction() as session:
        answers = {
            "proud": TypedAnswer("The launch.\n\nAnd the people.", shared=True, whole=True),
            "heading": TypedAnswer(f"East. {CANARY}", shared=True),
        }
        await save_answers(session, check_in_id, "ann", answers, MONDAY)
    await freeze(home, check_in_id)
    part, letter = await compose(home)
    assert isinstance(part, catalogue.PreRead)
    assert part.lines == (("Proud of", "The launch. And the people."), ("Heading", "East."))
    for words in (letter.text, letter.html):
        assert "The launch. And the people." in words
        assert CANARY not in words


async def test_a_pre_read_that_holds_its_content_leads_to_the_full_answers(home: Any) -> None:
    check_in_id = await a_talk(home, "pre_read")
    await freeze(home, check_in_id)
    part, letter = await compose(home)
    assert isinstance(part, catalogue.PreRead)
    assert part.page_url == f"{HERE}/check-ins/{check_in_id}"
    assert f"Full answers and notes: {part.page_url}" in letter.text


async def test_an_action_says_who_else_sees_it_and_a_private_one_nobody(home: Any) -> None:
    await an_action(home, "action_passed")
    part, letter = await compose(home)
    assert isinstance(part, catalogue.ActionPassed)
    assert (part.title, part.with_name, part.others, part.due_day) == (CANARY, "Mara", ("Mara",), "2 March")
    assert CANARY not in letter.subject + letter.preview
    await home.change(ActionRow, "action", private=True)
    private, _ = await compose(home)
    assert isinstance(private, catalogue.ActionPassed)
    assert (private.with_name, private.others) == (None, ())


@pytest.mark.parametrize(
    ("to", "holder", "about"),
    [("ann", "ann", "own_plan"), ("mara", "mara", "their_plan"), ("ann", None, "check_ins")],
)
async def test_the_note_says_whose_plan_it_is_and_names_the_later_steps(
    home: Any, to: str, holder: str | None, about: str
) -> None:
    await a_stall(home, "support_note", "note", to, holder_id=holder)
    part, letter = await compose(home)
    assert isinstance(part, catalogue.SupportNote)
    assert (part.about, part.partner_name) == (about, "Ann" if to == "mara" else "Mara")
    assert (part.repairs_day, part.hr_day, part.pause_day, part.hr_name) == ("11 March", "25 March", "8 April", "Hale")
    page = f"{HERE}/stalls/stall?choose="
    chosen = (part.smaller_url, part.pause_url, part.leave_url, part.keep_hr_out_url)
    offered = [url.removeprefix(page) for url in chosen if url]
    # Keeping HR out is for the person whose plan it is.
    assert offered == [each for each in CHOICES if to == "ann" or each != "keep-hr-out"]
    assert CANARY not in letter.text + letter.html


async def test_where_hr_cannot_be_kept_out_the_choice_is_not_offered(home: Any) -> None:
    await home.set_policy(stalled_plan={"owner_can_keep_hr_out": False})
    await a_stall(home, "support_note", "note")
    part, letter = await compose(home)
    assert isinstance(part, catalogue.SupportNote)
    assert part.keep_hr_out_url is None
    assert "keep-hr-out" not in letter.text + letter.html


@pytest.mark.parametrize(
    ("to", "facts", "offered"),
    [
        ("ann", {"holder_id": "mara"}, True),
        ("ann", {"holder_id": "ann"}, True),
        ("ann", {"holder_id": None}, True),
        ("mara", {"holder_id": "mara"}, False),
        ("ann", {"holder_id": "mara", "hr_kept_out": True}, False),
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_repairs_let_whose_plan_it_is_keep_hr_out_whoever_holds_the_stuck_part(
    home: Any, to: str, facts: dict[str, Any], offered: bool, language: str
) -> None:
    await home.change(Person, to, language_chosen=language)
    await a_stall(home, "support_repairs", "repairs", to, **facts)
    _, letter = await compose(home)
    page = f"{HERE}/stalls/stall?choose=keep-hr-out"
    assert (page in letter.text, page in letter.html) == (offered, offered)
    said = {"en": ("Keep HR out", "is asked on"), "de": ("HR heraushalten", "gebeten")}[language]
    assert [each in letter.text for each in said] == [offered, not facts.get("hr_kept_out", False)]


async def test_where_hr_cannot_be_kept_out_the_repairs_do_not_offer_it(home: Any) -> None:
    await home.set_policy(stalled_plan={"owner_can_keep_hr_out": False})
    await a_stall(home, "support_repairs", "repairs", holder_id="mara")
    _, letter = await compose(home)
    assert "keep-hr-out" not in letter.text + letter.html


@pytest.mark.parametrize("cause", ["action", "check-ins", "scheduling"])
async def test_each_cause_has_three_repairs_with_a_page_each(home: Any, cause: str) -> None:
    await a_stall(home, "support_repairs", "repairs", cause=f"{cause}/some-id/2030-03-02", holder_id=None)
    part, _ = await compose(home)
    assert isinstance(part, catalogue.SupportRepairs)
    assert [text for text, _ in part.repairs] == [each.text for each in three_repairs(cause)]
    assert all(url.startswith(f"{HERE}/") and "{" not in url for _, url in part.repairs)


async def test_who_does_not_hold_the_stuck_part_is_led_to_the_plan_and_not_to_the_action(home: Any) -> None:
    action_id = await a_stall(home, "support_repairs", "repairs", "mara")
    part, letter = await compose(home)
    assert isinstance(part, catalogue.SupportRepairs)
    assert {url for _, url in part.repairs} == {f"{HERE}/plans/plan"}
    assert action_id not in letter.html


@pytest.mark.parametrize(("to_hr", "reason"), [(True, "access or budget"), (False, None)])
async def test_hr_hears_the_reason_only_if_its_writer_allowed_it(home: Any, to_hr: bool, reason: str | None) -> None:
    await a_stall(home, "support_request", "hr", "hale")
    await home.add(StallAnswer(stall_id="stall", person_id="ann", reason="access", to_hr=to_hr, answered_at=MONDAY))
    part, letter = await compose(home)
    assert isinstance(part, catalogue.SupportRequest)
    assert (part.names, part.reason) == ("Ann Zimi and Mara Vassen", reason)
    assert CANARY not in letter.text + letter.html
    assert "Ann" not in letter.subject + letter.preview
    if reason is None:
        assert "access or budget" not in letter.text + letter.html


async def test_without_an_hr_partner_the_note_still_reads_well(home: Any) -> None:
    await home.change(PolicyRow, "policy", hr_partner_id=None)
    await a_stall(home, "support_note", "note")
    part, _ = await compose(home)
    assert isinstance(part, catalogue.SupportNote)
    assert part.hr_name == "someone"


async def test_the_weekly_letter_counts_what_is_open_and_names_none_of_it(home: Any) -> None:
    for day in (1, 2, 28):
        await home.an_action(date(2030, 3, day), title=CANARY)
    await home.an_item("item", "weekly", subject_day=MONDAY.date())
    part, letter = await compose(home)
    assert isinstance(part, catalogue.Weekly)
    assert part.open_count == 2
    assert CANARY not in letter.text + letter.html


async def test_a_late_note_of_repairs_still_names_the_day_on_which_hr_is_asked(home: Any) -> None:
    await a_stall(home, "support_repairs", "repairs")
    sent = {"stall_id": "stall", "step": "note", "state": "sent"}
    await home.an_item("note/ann", "support_note", sent_at=MONDAY, **sent)
    await home.an_item("note/mara", "support_note", "mara", sent_at=MONDAY + timedelta(days=2), **sent)
    part, _ = await compose(home, now=MONDAY + timedelta(days=11))
    assert isinstance(part, catalogue.SupportRepairs)
    assert part.hr_day == "25 March"


async def test_repairs_after_talks_that_did_not_happen_lead_to_the_next_talk(home: Any) -> None:
    past = await home.a_check_in(date(2030, 2, 18), state="did_not_happen")
    await a_stall(home, "support_repairs", "repairs", cause=f"check-ins/{past}", holder_id=None)
    part, _ = await compose(home)
    assert isinstance(part, catalogue.SupportRepairs)
    assert not any(past in url for _, url in part.repairs)
    coming = await home.a_check_in(START.date(), state="booked")
    part, _ = await compose(home)
    assert isinstance(part, catalogue.SupportRepairs)
    urls = [url for _, url in part.repairs]
    assert urls[:2] == [f"{HERE}/check-ins/{coming}/another-time", f"{HERE}/check-ins/{coming}/not-this-time"]


async def test_a_request_for_feedback_says_who_asks_about_what_and_until_when(home: Any) -> None:
    await an_item_of(home, "feedback_request")
    part, letter = await compose(home, "feedback/one/mara")
    assert isinstance(part, catalogue.FeedbackRequest)
    assert (part.until_day, part.url) == ("Monday 25 March", f"{HERE}/feedback/one")
    assert CANARY in letter.text
    assert CANARY not in letter.subject + letter.preview


async def test_an_invitation_says_who_asks_and_to_what_kind_of_thing_but_never_to_which(home: Any) -> None:
    await an_invitation(home)
    part, letter = await compose(home, "supporter/one/mara")
    assert isinstance(part, catalogue.SupporterInvitation)
    assert (part.asker_name.split()[0], part.about, part.url) == ("Ann", "action", f"{HERE}/supporting/one")
    assert "one action" in letter.text
    assert CANARY not in letter.subject + letter.preview + letter.text + letter.html


async def test_an_invitation_to_a_goal_speaks_of_a_goal(home: Any) -> None:
    await home.ensure_plan()
    await home.add(Goal(id="goal", plan_id="plan", title=CANARY, made_at=MONDAY))
    await an_invitation(home, action_id=None, goal_id="goal")
    _, letter = await compose(home, "supporter/one/mara")
    assert "one goal" in letter.text
    assert "action" not in letter.text
    assert CANARY not in letter.text + letter.html


@pytest.mark.parametrize(
    ("about", "page"), [({"action_id": "action"}, "/actions/action"), ({"plan_id": "plan"}, "/plans/plan")]
)
async def test_a_call_for_help_says_who_asks_and_nothing_else(home: Any, about: dict[str, str], page: str) -> None:
    await home.an_action(DUE, id="action", title=CANARY)
    await home.an_item("item", "help_asked", "mara", **about)
    part, letter = await compose(home)
    assert isinstance(part, catalogue.HelpAsked)
    assert (part.asker_name, part.url) == ("Ann", f"{HERE}{page}")
    assert CANARY not in letter.subject + letter.preview + letter.text + letter.html


async def test_what_interests_somebody_enters_the_pre_read_only_where_they_put_it(home: Any) -> None:
    catalogue_of_hr = Catalogue(
        roles=(Role(key="lead", name="Analytics lead"), Role(key="advisor", name="Customer advisor")),
        openings=(
            Opening(key="here", role="lead", where="Pricing", opens_on=date(2030, 2, 1), closes_on=date(2030, 3, 29)),
        ),
    )
    document = catalogue_of_hr.model_dump(mode="json")
    await home.add(PathwaysRevision(number=1, document=document, made_at=MONDAY))
    check_in_id = await a_talk(home, "pre_read")
    interest = {"person_id": "ann", "told": "partner", "partner_id": "mara", "shared": True, "made_at": MONDAY}
    await home.add(InterestRow(about="role/advisor", **interest))
    await home.add(PathwayLine(check_in_id=check_in_id, about="opening/here", put_at=MONDAY))
    await freeze(home, check_in_id)
    _, letter = await compose(home)
    assert "Analytics lead, Pricing (until 29 March)" in letter.text
    assert "Analytics lead, Pricing (until 29 March)" in letter.html
    assert "Customer advisor" not in letter.text


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_every_kind_can_be_written_in_german(home: Any, kind: str) -> None:
    for person in ("ann", "mara", "hale"):
        await home.change(Person, person, language="de-DE")
    await an_item_of(home, kind)
    part, letter = await compose(home, key=KEYS.get(kind, "item"))
    english = r"\b(the|you|your|and|with|March|Thursday|Monday|tomorrow|someone)\b"
    said = f"{letter.subject}\n{letter.preview}\n{letter.text}".replace(CANARY, "").replace("your HR team", "")
    assert not re.search(english, re.sub(r"https?://\S+", "", said)), part
    assert '<html lang="de"' in letter.html


async def test_days_and_hours_are_those_of_the_reader_in_their_language(home: Any) -> None:
    await home.change(Person, "ann", language="de-AT")
    await a_talk(home, "reflection_request")
    part, letter = await compose(home)
    assert isinstance(part, catalogue.ReflectionRequest)
    assert (part.day, part.leaves_day) == ("Donnerstag, 14. März", "Mittwoch")
    assert letter.subject == "Vor deinem Check-in am Donnerstag, 14. März"


async def test_each_reads_the_pre_read_in_their_language_and_what_was_written_as_it_was_written(home: Any) -> None:
    await home.change(Person, "mara", language_chosen="de")
    check_in_id = await a_talk(home, "pre_read")
    async with home.database.transaction() as session:
        await save_answers(session, check_in_id, "ann", {"proud": TypedAnswer("Learned", shared=True)}, MONDAY)
    await freeze(home, check_in_id)
    await home.an_item("to-mara", "pre_read", "mara", check_in_id=check_in_id, booking_no=1)
    now = START - timedelta(days=1)
    (mine, _), (theirs, letter) = await compose(home, now=now), await compose(home, "to-mara", now)
    assert isinstance(mine, catalogue.PreRead)
    assert isinstance(theirs, catalogue.PreRead)
    assert (mine.names, theirs.names) == ("Ann and Mara", "Ann und Mara")
    assert (mine.lines, theirs.lines) == ((("Proud of", "Learned"),), (("Stolz auf", "Learned"),))
    assert mine.ask[0] == "What made that work possible?"
    assert theirs.ask[0] == "Was hat diese Arbeit möglich gemacht?"
    assert letter.subject == "Für euren Check-in morgen um 10:00 Uhr"


async def test_the_day_of_a_promise_is_said_to_each_in_their_language(home: Any) -> None:
    await home.change(Person, "mara", language_chosen="de")
    await home.an_action(date(2030, 3, 19), title="Join two calls")
    check_in_id = await a_talk(home, "pre_read")
    await freeze(home, check_in_id)
    await home.an_item("to-mara", "pre_read", "mara", check_in_id=check_in_id, booking_no=1)
    (_, mine), (_, theirs) = await compose(home), await compose(home, "to-mara")
    for english, german in ((mine.text, theirs.text), (mine.html, theirs.html)):
        assert "Join two calls (by 19 March)" in english
        assert "Join two calls (bis 19. März)" in german


async def test_an_american_and_a_briton_read_the_same_facts_each_as_they_write_them(home: Any) -> None:
    await home.change(Person, "ann", language="en-US")
    await home.change(Person, "mara", language="en-GB")
    await home.an_action(date(2030, 3, 19), title="Join two calls")
    check_in_id = await a_talk(home, "pre_read")
    await freeze(home, check_in_id)
    await home.an_item("to-mara", "pre_read", "mara", check_in_id=check_in_id, booking_no=1)
    now = START - timedelta(days=1)
    (_, american), (_, british) = await compose(home, now=now), await compose(home, "to-mara", now)
    assert american.subject == "For your check-in tomorrow at 10:00 AM"
    assert british.subject == "For your check-in tomorrow at 10:00"
    for mine, theirs in ((american.text, british.text), (american.html, british.html)):
        assert "Join two calls (by March 19)" in mine
        assert "Join two calls (by 19 March)" in theirs


async def test_an_american_hears_of_the_hour_in_the_whole_letter_as_they_write_it(home: Any) -> None:
    await home.change(Person, "ann", language="en-US")
    await a_talk(home, "reflection_request")
    _, letter = await compose(home)
    assert letter.subject == "Before your check-in on Thursday, March 14"
    assert letter.subject.isascii()
    for each in (letter.text, letter.html):
        assert "Thursday, March 14 at 10:00 AM" in each
        assert "Wednesday at 9:30 AM" in each
        assert "14 March" not in each
        assert "\u202f" not in each


async def test_who_has_no_language_of_their_own_reads_that_of_the_installation(home: Any) -> None:
    async with home.database.reading() as session:
        ann = await session.get_one(Person, "ann")
    assert Composer(HERE).locale_of(ann) == "en"
    assert Composer(HERE, "de").locale_of(ann) == "de"
    await home.change(Person, "ann", language="fr-FR")
    async with home.database.reading() as session:
        assert Composer(HERE, "de").locale_of(await session.get_one(Person, "ann")) == "de"
