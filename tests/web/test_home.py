"""The start page, the learning moment, HR's page, and health."""

import html
import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from cycle.sentences import Sentence
from cycle.stuck import Kind, permission_for, sentence
from integrations.database.connection import open_database
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.stuck import note_stuck
from integrations.database.tables import (
    ActionRow,
    CheckInRow,
    Enrolment,
    LearningMoment,
    LetterItem,
    Milestone,
    NeedsAHand,
    Plan,
    Reading,
    Reporting,
    Stall,
    StallAnswer,
)
from web.app import build_app

CANARY = "a fox crossed the yard"


def words_of(page: str) -> str:
    """What one reads, also where a heading keeps a word whole."""
    return re.sub("</?span[^>]*>", "", page)


async def test_the_start_page_says_what_is_next_and_what_waits(world: Any) -> None:
    ann = await world.browser("ann")
    page = (await ann.get("/")).text
    assert "Check-in with Mara" in words_of(page)
    assert "Monday 11 March 2030 at 10:00" in page
    assert 'href="/reflections/check-in-1"' in page
    await ann.post("/reflections/check-in-1", data={"do": "talk"})
    assert "Your questions before the talk" not in (await ann.get("/")).text
    world.clock.at += timedelta(days=8)
    assert "Did you and Mara talk?" in (await ann.get("/")).text
    await ann.post("/check-ins/check-in-1/outcome", data={"said": "held"})
    assert "Did you and Mara talk?" not in (await ann.get("/")).text


async def test_the_manager_is_not_told_whether_the_form_waits(world: Any) -> None:
    mara, ann = await world.browser("mara"), await world.browser("ann")
    before = (await mara.get("/")).text
    assert "Check-in with Ann" in words_of(before)
    await ann.post("/reflections/check-in-1", data={"text-proud": CANARY, "do": "save"})
    assert (await mara.get("/")).text == before


async def test_an_empty_start_page_is_kind(world: Any) -> None:
    page = (await (await world.browser("otto")).get("/")).text
    assert "You have no check-ins here." in page
    assert "No check-in is booked right now" not in page, "none will find its hour"
    assert "in your next talk" not in page
    assert "Waiting for you" not in page
    assert "Ann" not in page


@pytest.mark.parametrize(("name", "leads"), [("hale", True), ("ira", True), ("otto", False)])
async def test_home_without_check_ins_leads_to_the_page_that_is_ones_work(world: Any, name: str, leads: bool) -> None:
    main = (await (await world.browser(name)).get("/")).text.split("<main")[1]
    assert "What is here for you" in words_of(main)
    assert ('href="/hr"' in main) == leads


@pytest.mark.parametrize("name", ["ann", "mara"])
async def test_whoever_takes_part_hears_that_the_next_hour_finds_itself(world: Any, name: str) -> None:
    async with world.database.transaction() as session:
        session.add(Enrolment(person_id="person-ann", policy_id="policy", enrolled_at=world.clock.at))
        (await session.get_one(CheckInRow, "check-in-1")).state = "held"
    browser = await world.browser(name)
    page = (await browser.get("/")).text
    assert "No check-in is booked right now" in page
    assert "You have no check-ins here." not in page
    async with world.database.transaction() as session:
        (await session.get_one(Enrolment, "person-ann")).ended_at = world.clock.at
    assert "You have no check-ins here." in (await browser.get("/")).text


async def test_the_words_of_what_somebody_would_have_one_take_on_count_as_read(world: Any) -> None:
    action_id = await an_action(world, "mara", "ann", "Introduce Ann")
    ann = await world.browser("ann")
    assert await readings(world) == set()
    page = (await ann.get("/")).text
    assert "Would you take this on? “Introduce Ann”" in page
    assert "The people whose words you read here" in page
    assert await readings(world) == {("person-ann", "person-mara", f"action/{action_id}")}


async def test_what_one_proposed_oneself_is_no_reading(world: Any) -> None:
    await an_action(world, "ann", "ann", "Call them")
    page = (await (await world.browser("ann")).get("/")).text
    assert "Call them" in page
    assert "The people whose words you read here" not in page
    assert await readings(world) == set()


async def readings(world: Any) -> set[tuple[str, str, str]]:
    async with world.database.reading() as session:
        return {(row.reader_id, row.owner_id, row.what) for row in await session.scalars(select(Reading))}


async def test_at_most_three_things_wait_at_once(world: Any) -> None:
    mara, ann = await world.browser("mara"), await world.browser("ann")
    for number in range(5):
        data = {
            "title": f"Thing {number}",
            "owner": "person-ann",
            "due_on": "2030-05-01",
            "form_token": f"t{number}",
        }
        assert (await mara.post("/check-ins/check-in-1/actions", data=data)).status_code == 303
    page = (await ann.get("/")).text
    waiting = page.split('id="waiting"')[1].split("</section>")[0]
    in_sight, folded = waiting.split("<details>")
    assert in_sight.count("<li>") == 3
    assert in_sight.count("<li>") + folded.count("<li>") == 6
    assert "3 more, when you have a moment" in folded


async def test_a_learning_moment_is_its_managers_for_this_period(world: Any) -> None:
    mara = await world.browser("mara")
    for words in (CANARY, CANARY, f"{CANARY} <b>"):
        assert (await mara.post("/learning-moment", data={"text": words})).status_code == 303
    assert f"{CANARY} &lt;b&gt;" in (await mara.get("/learning-moment")).text
    async with world.database.reading() as session:
        rows = (await session.scalars(select(LearningMoment))).all()
    assert [(row.person_id, row.period, row.text) for row in rows] == [("person-mara", "policy/1", f"{CANARY} <b>")]
    # Past the first of April, in the same period; then the next one's questions have gone out.
    world.clock.at += timedelta(days=30)
    assert CANARY in (await (await world.browser("mara")).get("/learning-moment")).text
    async with world.database.transaction() as session:
        await session.execute(update(CheckInRow).values(period=2))
    assert CANARY not in (await (await world.browser("mara")).get("/learning-moment")).text


@pytest.mark.parametrize("name", ["ann", "otto", "hale"])
async def test_who_holds_no_check_ins_is_not_asked_what_they_learned(world: Any, name: str) -> None:
    browser = await world.browser(name)
    assert (await browser.get("/learning-moment")).status_code == 404
    assert (await browser.post("/learning-moment", data={"text": "x"})).status_code == 404


async def a_stall(world: Any, **changes: Any) -> None:
    async with world.database.transaction() as session:
        session.add(Plan(id="plan", person_id="person-ann", opened_at=world.clock.at))
        await session.flush()
        facts = {
            "id": "stall",
            "plan_id": "plan",
            "cause": "check-ins/check-in-1",
            "began_at": world.clock.at,
        }
        session.add(Stall(**(facts | changes)))
        await session.flush()
        session.add(
            StallAnswer(
                stall_id="stall",
                person_id="person-ann",
                reason="time",
                to_hr=False,
                answered_at=world.clock.at,
            )
        )
        session.add(
            LetterItem(
                key="support/plan/stall/hr/person-hale",
                recipient_id="person-hale",
                kind="support_request",
                due_at=world.clock.at,
                sent_at=world.clock.at,
                stall_id="stall",
                state="sent",
            )
        )


async def test_hr_sees_names_and_stage_but_a_reason_only_where_it_was_allowed(world: Any) -> None:
    await a_stall(world)
    hale = await world.browser("hale")
    page = (await hale.get("/hr")).text
    assert "Ann Berg and Mara Lind" in page
    assert "In the way" not in page
    async with world.database.transaction() as session:
        (await session.scalar(select(StallAnswer))).to_hr = True
    assert "In the way: time." in (await hale.get("/hr")).text


@pytest.mark.parametrize("changes", [{"hr_kept_out": True}, {"ended": "helped"}])
async def test_hr_does_not_see_whoever_kept_it_out_or_was_helped(world: Any, changes: dict[str, Any]) -> None:
    if "ended" in changes:
        changes |= {"ended_at": world.clock.at}
    await a_stall(world, **changes)
    page = (await (await world.browser("hale")).get("/hr")).text
    assert "Ann" not in page
    assert "Nobody needs you right now" in page


async def test_hr_sees_what_cannot_go_on_by_itself(world: Any) -> None:
    async with world.database.transaction() as session:
        await ask_for_a_hand(session, "k", Sentence("Otto Kern has no mailbox: give him one."), world.clock.at)
    assert "Otto Kern has no mailbox" in (await (await world.browser("hale")).get("/hr")).text


async def test_each_reader_of_hrs_list_gets_it_in_their_own_language(world: Any) -> None:
    abouts = [permission_for("Mail.Send", mail) for mail in ("a@example.org", "b@example.org")]
    free = Sentence(
        "No hour between {first} and {last} is free for both; move something, or allow a later date.",
        first=date(2030, 4, 10),
        last=date(2030, 4, 11),
    )
    both = Sentence("{person} and {partner}: {sentence}", person="Ann Berg", partner="Mara {Lind}", sentence=free)
    async with world.database.transaction() as session:
        await ask_for_a_hand(session, "one", sentence(Kind.NOT_ALLOWED, abouts), world.clock.at)
        await ask_for_a_hand(session, "two", both, world.clock.at)
        session.add(NeedsAHand(key="three", sentence="Otto Kern has {no} mailbox.", since=world.clock.at))
    hale = await world.browser("hale")
    page = html.unescape((await hale.get("/hr")).text)
    assert "2 things wait: an administrator grants Mail.Send for 2 mailboxes." in page
    assert "Ann Berg and Mara {Lind}: No hour between Wednesday 10 April 2030 and Thursday 11 April 2030" in page
    await hale.post("/language", data={"language": "de", "back": "/hr"})
    page = html.unescape((await hale.get("/hr")).text)
    assert "2 Sachen warten: Die Administration erteilt Mail.Send für 2 Postfächer." in page
    assert "Ann Berg und Mara {Lind}: Keine Stunde zwischen Mittwoch, 10. April 2030 und Donnerstag, 11. April" in page
    assert "Otto Kern has {no} mailbox." in page, "what was kept as text is as it was"


async def test_what_a_line_quotes_in_english_is_marked_as_a_quote_and_as_english(world: Any) -> None:
    last = "Could not book: Microsoft Graph <b>is</b> busy (503)."
    busy = Sentence("{name}: {sentence}", name="<i>Ann</i>", sentence=sentence(Kind.BUSY, [last]))
    async with world.database.transaction() as session:
        await ask_for_a_hand(session, "one", busy, world.clock.at)
    assert f"“{last}”" in busy, "and so it is in a log"
    quoted = f'<span lang="en">{html.escape(last)}</span>'
    hale = await world.browser("hale")
    page = (await hale.get("/hr")).text
    assert f"The last word was: “{quoted}”" in page
    await hale.post("/language", data={"language": "de", "back": "/hr"})
    page = (await hale.get("/hr")).text
    assert f"„{quoted}“" in page
    assert "&lt;i&gt;Ann&lt;/i&gt;: Microsoft 365 " in page
    assert "service health" not in page, "all around it is German"


async def test_an_administrator_sees_the_faults_and_neither_who_needs_support_nor_who_asked_for_it(world: Any) -> None:
    await a_stall(world)
    async with world.database.transaction() as session:
        await ask_for_a_hand(session, "k", Sentence("A mailbox is full: make room."), world.clock.at)
    await (await world.browser("ann")).post("/plan/help", data={"whom": "hr"})
    assert "Ann Berg asks HR for help" in (await (await world.browser("hale")).get("/hr")).text
    ira = await world.browser("ira")
    page = (await ira.get("/hr")).text
    assert "A mailbox is full" in page
    assert "Ann" not in page
    assert "support" not in page.split("<main")[1]
    assert 'href="/hr"' in (await ira.get("/")).text


async def test_a_call_for_help_leaves_both_pages_once_hr_has_talked(world: Any) -> None:
    ann, hale = await world.browser("ann"), await world.browser("hale")
    await ann.post("/plan/help", data={"whom": "hr"})
    assert "They will get in touch" in (await ann.get("/plan")).text
    page = (await hale.get("/hr")).text
    assert "Try again now" not in page, "a talk is nothing to be tried again"
    form = re.search(r'action="(/hr/calls/[^"]+)"><input type="hidden" name="seen" value="([^"]+)"', page)
    assert form
    assert "We talked" in page
    for other in (ann, await world.browser("mara"), await world.browser("ira")):
        assert (await other.post(form[1], data={"seen": form[2]})).status_code == 404
    assert "They will get in touch" in (await ann.get("/plan")).text, "only HR says so"
    for _ in range(2):
        assert (await hale.post(form[1], data={"seen": form[2]})).status_code == 303
        assert "Ann Berg asks HR for help" not in (await hale.get("/hr")).text
    assert "They will get in touch" not in (await ann.get("/plan")).text
    assert (await hale.post("/hr/calls/person-otto/talked", data={"seen": form[2]})).status_code == 404


async def test_a_call_made_after_hrs_page_was_opened_stays(world: Any) -> None:
    ann, hale = await world.browser("ann"), await world.browser("hale")
    await ann.post("/plan/help", data={"whom": "hr"})
    form = {"seen": re.findall(r'name="seen" value="([^"]+)"', (await hale.get("/hr")).text)[0]}
    await hale.post("/hr/calls/person-ann/talked", data=form)
    world.clock.at += timedelta(minutes=20)
    await ann.post("/plan/help", data={"whom": "hr"})
    await hale.post("/hr/calls/person-ann/talked", data=form)
    page = (await hale.get("/hr")).text
    assert "Ann Berg asks HR for help" in page
    assert "since Monday 4 March 2030 at 10:20" in page
    assert "They will get in touch" in (await ann.get("/plan")).text


async def test_nothing_but_a_call_for_help_has_the_button_that_ends_it(world: Any) -> None:
    async with world.database.transaction() as session:
        await ask_for_a_hand(session, "partner/person-ann", Sentence("Ann has nobody."), world.clock.at, "person-ann")
    hale = await world.browser("hale")
    assert "We talked" not in (await hale.get("/hr")).text
    assert (await hale.post("/hr/calls/person-ann/talked")).status_code == 404


@pytest.mark.parametrize(("name", "counts"), [("hale", True), ("ira", False)])
async def test_every_link_on_hrs_page_opens_for_whoever_sees_it(world: Any, name: str, counts: bool) -> None:
    browser = await world.browser(name)
    main = (await browser.get("/hr")).text.split("<main")[1].split("</main>")[0]
    links = re.findall(r'href="(/[^"#]*)', main)
    assert ("/hr/pathways" in links) == counts
    for link in links:
        assert (await browser.get(link)).status_code == 200, link


@pytest.mark.parametrize("name", ["ann", "mara", "otto"])
async def test_hrs_page_is_not_there_for_others(world: Any, name: str) -> None:
    assert (await (await world.browser(name)).get("/hr")).status_code == 404


async def test_an_interim_partner_sees_what_they_hold(world: Any) -> None:
    async with world.database.transaction() as session:
        session.add(
            Reporting(
                person_id="person-ann",
                partner_id="person-otto",
                source="override",
                since=world.clock.at.date(),
            )
        )
    assert "Ann" not in (await (await world.browser("mara")).get("/")).text
    assert (await (await world.browser("otto")).get("/learning-moment")).status_code == 200


async def test_health_needs_no_sign_in_and_tells_when_the_database_is_gone(world: Any) -> None:
    browser = await world.browser()
    answer = await browser.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "answers"})
    gone = open_database("sqlite+aiosqlite:////no-such-folder/perennial.db", (Fernet.generate_key().decode(),))
    app = build_app(world.settings, gone, world.clock, world.app.state.face.sign_in)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as browser:
        answer = await browser.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"database": "does not answer"})
    await gone.close()


async def something_stuck(world: Any) -> None:
    async with world.database.transaction() as session:
        await note_stuck(
            session, "CheckIn", "check-in-1", Kind.NOT_ALLOWED, "Mail.Send a@b.example", "", world.clock.at
        )


async def test_hr_tries_again_what_cannot_go_on(world: Any) -> None:
    hale = await world.browser("hale")
    assert "Try again now" not in (await hale.get("/hr")).text
    await something_stuck(world)
    page = (await hale.get("/hr")).text
    assert "grants Mail.Send for a@b.example" in page
    assert "since Monday 4 March 2030 at 10:00" in page
    assert "Try again now" in page
    answer = await hale.post("/hr/try-again")
    assert (answer.status_code, answer.headers["location"]) == (303, "/hr?again=1")
    assert ("CheckIn", "check-in-1") in world.pokes.made
    assert "is being tried again" in (await hale.get("/hr?again=1")).text


async def test_hr_has_a_closed_period_counted_once_and_sees_no_count_of_few(world: Any) -> None:
    hale, ira = await world.browser("hale"), await world.browser("ira")
    assert "Count this period" not in (await hale.get("/hr")).text, "the period is not over"
    world.clock.at += timedelta(days=150)
    hale, ira = await world.browser("hale"), await world.browser("ira")
    assert "worth the time" not in (await ira.get("/hr")).text
    page = (await hale.get("/hr")).text
    assert "Quarterly check-ins" in words_of(page)
    found = re.search(r'name="period" value="([^"]+)"', page)
    assert found
    for browser in (ira, await world.browser("ann"), await world.browser("mara")):
        assert (await browser.post("/hr/worth", data={"period": found[1]})).status_code == 404
    assert "Too few answers" not in (await hale.get("/hr")).text
    assert (await hale.post("/hr/worth", data={"period": found[1]})).status_code == 303
    page = (await hale.get("/hr")).text
    assert "counts are told from 10 answers of at least 5 people on" in page
    assert "Count this period" not in page


@pytest.mark.parametrize("period", ["", "nothing", "nothing/1", "policy/0", "policy/99999999999999999999"])
async def test_what_is_no_closed_period_is_not_counted(world: Any, period: str) -> None:
    answer = await (await world.browser("hale")).post("/hr/worth", data={"period": period})
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["ann", "mara", "otto"])
async def test_nobody_else_tries_again(world: Any, name: str) -> None:
    await something_stuck(world)
    browser = await world.browser(name)
    assert (await browser.post("/hr/try-again")).status_code == 404
    assert world.pokes.made == []


async def an_action(world: Any, by: str, owner: str, title: str, **typed: str) -> str:
    browser = await world.browser(by)
    data = {"title": title, "owner": f"person-{owner}", "due_on": "2030-05-01", "form_token": title} | typed
    assert (await browser.post("/check-ins/check-in-1/actions", data=data)).status_code == 303
    async with world.database.reading() as session:
        (row,) = [each for each in (await session.scalars(select(ActionRow))).all() if each.title == title]
        return str(row.id)


async def test_home_tells_what_both_promised_and_celebrates_what_is_done(world: Any) -> None:
    mine = await an_action(world, "ann", "ann", "Join two calls")
    await an_action(world, "mara", "mara", "Introduce Ann")
    ann, mara = await world.browser("ann"), await world.browser("mara")
    page = (await ann.get("/")).text
    promised = page.split('id="promised"')[1].split("</section>")[0]
    assert "Join two calls" in promised
    assert "Introduce Ann" in promised
    assert "What has moved" not in page
    await ann.post(f"/actions/{mine}/done")
    moved = (await ann.get("/")).text.split('id="moved"')[1].split("</section>")[0]
    assert "One thing is done since you last talked." in moved
    assert "Join two calls" in moved
    assert "Join two calls" not in (await mara.get("/")).text
    assert "Introduce Ann" in (await mara.get("/")).text
    world.clock.at += timedelta(days=93)
    assert "What has moved" not in (await ann.get("/")).text


async def test_home_celebrates_what_is_done_until_those_two_have_talked_again(world: Any) -> None:
    mine = await an_action(world, "ann", "ann", "Join two calls")
    ann = await world.browser("ann")
    await ann.post(f"/actions/{mine}/done")
    world.clock.at += timedelta(days=4)
    await world.talked("otto", "ann", world.clock.at - timedelta(days=1))
    await world.talked("ann", "otto", world.clock.at - timedelta(days=2))
    assert "Join two calls" in (await ann.get("/")).text, "a talk with somebody else is none with Mara"
    await world.talked("ann", "mara", world.clock.at - timedelta(days=1))
    assert "Join two calls" not in (await ann.get("/")).text


async def test_home_celebrates_a_step_on_the_way_to_its_owner_alone(world: Any) -> None:
    action_id = await an_action(world, "ann", "ann", "Give a talk")
    async with world.database.transaction() as session:
        for title, done_at in (
            (CANARY, world.clock.at),
            ("Not yet", None),
            ("Long ago", world.clock.at - timedelta(200)),
        ):
            session.add(Milestone(action_id=action_id, title=title, done_at=done_at, made_at=world.clock.at))
    moved = (await (await world.browser("ann")).get("/")).text.split('id="moved"')[1].split("</section>")[0]
    assert CANARY in moved
    assert "A step further" in moved
    assert "done since" not in moved
    assert "Not yet" not in moved
    assert "Long ago" not in moved
    assert CANARY not in (await (await world.browser("mara")).get("/")).text


async def test_home_tells_steps_and_what_is_done_apart(world: Any) -> None:
    done = await an_action(world, "ann", "ann", "Join two calls")
    on_its_way = await an_action(world, "ann", "ann", "Give a talk")
    async with world.database.transaction() as session:
        for title in ("Find a title", "Find a room"):
            step = {"title": title, "done_at": world.clock.at, "made_at": world.clock.at}
            session.add(Milestone(action_id=on_its_way, **step))
    ann = await world.browser("ann")
    await ann.post(f"/actions/{done}/done")
    moved = (await ann.get("/")).text.split('id="moved"')[1].split("</section>")[0]
    things, steps = moved.split("2 steps further since you last talked.")
    assert "One thing is done since you last talked." in things
    assert (things.count("<li>"), steps.count("<li>")) == (1, 2)


@pytest.mark.parametrize("name", ["mara", "otto", "hale"])
async def test_what_somebody_keeps_to_themselves_is_on_nobody_elses_home(world: Any, name: str) -> None:
    await an_action(world, "ann", "ann", CANARY, private="yes")
    await an_action(world, "mara", "mara", "Introduce Ann")
    page = (await (await world.browser("ann")).get("/")).text
    assert CANARY not in page.split('id="promised"')[1].split("</section>")[0], "she promised it to nobody"
    plan = page.split('id="plan"')[1].split("</section>")[0]
    assert CANARY in plan
    assert "only you see this" in plan
    assert "2 things are on their way." in plan
    assert CANARY not in (await (await world.browser(name)).get("/")).text


async def test_home_is_said_in_german(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post("/language", data={"language": "de"})
    page = (await ann.get("/")).text
    assert "Hallo Ann" in page
    assert "Montag, 11. März 2030 um 10:00" in page
    assert "Deine Fragen vor dem Gespräch mit Mara" in page
