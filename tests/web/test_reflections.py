"""The form before a check-in: nothing lost, nothing executed, nothing leaked."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from cycle.pre_read import Snapshot, build_snapshot
from integrations.database.reflections import shared_lines
from integrations.database.tables import Answer, CheckInRow, LearningMoment, Person, PreRead, ReflectionRow, Reporting
from web.app import build_app

FORM = "/reflections/check-in-1"
CANARY = "the heron stands in the cold water at dawn"
PAGES = [
    "/",
    FORM,
    "/check-ins/check-in-1",
    "/check-ins/check-in-1/another-time",
    "/check-ins/check-in-1/not-this-time",
    "/privacy",
    "/hr",
    "/plan",
    "/learning-moment",
]


async def answers_in(world: Any) -> dict[str, Answer]:
    async with world.database.reading() as session:
        return {answer.question: answer for answer in (await session.scalars(select(Answer))).all()}


def hidden(answer: httpx.Response, name: str) -> str:
    (value,) = re.findall(rf'name="{name}" value="([^"]*)"', answer.text)
    return str(value)


async def count(world: Any, table: Any) -> int:
    async with world.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def give_out(world: Any) -> None:
    """Makes the pre-read, as the workday before the talk does."""
    async with world.database.transaction() as session:
        snapshot: Snapshot = build_snapshot(
            made_at=world.clock.at,
            promises=[],
            learning=None,
            shared=await shared_lines(session, "check-in-1"),
            celebrating=None,
            words_at_most=300,
        )
        session.add(
            PreRead(
                check_in_id="check-in-1",
                booking_no=1,
                content=snapshot.model_dump_json(),
                made_at=world.clock.at,
            )
        )


async def test_what_a_partner_learned_stands_only_ahead_of_a_talk_that_they_still_hold(world: Any) -> None:
    before = world.clock.at
    async with world.database.transaction() as session:
        session.add(
            LearningMoment(person_id="person-mara", period="policy/1", text="I asked too late", changed_at=before)
        )
    ann = await world.browser("ann")
    assert "I asked too late" in (await ann.get(FORM)).text
    world.clock.at = datetime(2030, 3, 11, 10, 0, tzinfo=UTC)
    assert "I asked too late" not in (await ann.get(FORM)).text
    assert "I asked too late" not in (await ann.post(f"{FORM}/preview", data={"text-learned": "More"})).text
    world.clock.at = before
    async with world.database.transaction() as session:
        await session.execute(update(Reporting).values(partner_id="person-otto"))
    assert "I asked too late" not in (await ann.get(FORM)).text


async def test_the_form_says_what_it_is_and_who_sees_what(world: Any) -> None:
    page = (await (await world.browser("ann")).get(FORM)).text
    assert "about 8 minutes" in page
    assert "Monday 11 March 2030 at 10:00" in page
    assert "sees only what you share" in page
    # One of Ann's workdays before, at 09:30 in Berlin: her hours are not known.
    assert "Friday 8 March 2030 at 09:30" in page
    assert "harassment" in page
    assert page.count("<textarea") == 4


@pytest.mark.parametrize("name", ["mara", "otto", "hale", "ira"])
async def test_the_form_is_its_employees_alone_and_looks_missing_to_others(world: Any, name: str) -> None:
    browser = await world.browser(name)
    theirs = await browser.get(FORM)
    missing = await browser.get("/reflections/no-such-check-in")
    assert theirs.status_code == missing.status_code == 404
    assert theirs.text == missing.text
    posted = await browser.post(FORM, data={"text-works-best": "not mine", "do": "save"})
    assert posted.status_code == 404
    assert await count(world, ReflectionRow) == 0


async def test_looking_at_the_form_changes_nothing(world: Any) -> None:
    browser = await world.browser("ann")
    for path in (FORM, f"{FORM}?do=talk", f"{FORM}?do=save"):
        assert (await browser.get(path)).status_code == 200
    assert await count(world, ReflectionRow) == 0
    assert world.pokes.made == []


async def test_an_answer_is_private_until_shared_and_encrypted_where_it_is_kept(world: Any) -> None:
    ann = await world.browser("ann")
    answer = await ann.post(FORM, data={"text-works-best": CANARY, "do": "save"})
    assert answer.headers["location"] == f"{FORM}?saved=answers"
    assert CANARY in (await ann.get(FORM)).text
    kept = (await answers_in(world))["works-best"]
    assert kept.shared_at is None
    assert ("CheckIn", "check-in-1") in world.pokes.made
    stored = b"".join(path.read_bytes() for path in world.file.parent.iterdir())
    assert CANARY.encode() not in stored


@pytest.mark.parametrize("name", ["mara", "hale", "otto", "ira"])
async def test_a_private_answer_is_on_no_page_of_anybody_else(world: Any, name: str) -> None:
    await (await world.browser("ann")).post(FORM, data={"text-works-best": CANARY, "do": "save"})
    browser = await world.browser(name)
    before = world.clock.at
    for at in (before, before + timedelta(days=10)):
        world.clock.at = at
        for path in PAGES:
            assert CANARY not in (await browser.get(path)).text
        await give_out(world) if at == before else None


async def test_private_blank_and_unopened_look_the_same_to_the_partner(world: Any) -> None:
    mara, ann = await world.browser("mara"), await world.browser("ann")
    await give_out(world)
    token = "form_token"

    async def seen() -> list[str]:
        text = (await mara.get("/check-ins/check-in-1")).text
        return [line for line in text.splitlines() if token not in line]

    unopened = await seen()
    await ann.post(FORM, data={"text-works-best": "", "do": "save"})
    assert await seen() == unopened
    await ann.post(FORM, data={"text-works-best": CANARY, "do": "save"})
    assert await seen() == unopened
    await ann.post(FORM, data={"do": "talk"})
    assert await seen() == unopened


async def test_a_shared_answer_reaches_the_partner_only_once_the_pre_read_has_left(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(FORM, data={"text-works-best": f"{CANARY}. More.", "share-works-best": "yes", "do": "save"})
    assert CANARY not in (await mara.get("/check-ins/check-in-1")).text
    await give_out(world)
    page = (await mara.get("/check-ins/check-in-1")).text
    assert f"<dd>{CANARY}.</dd>" in page
    assert f"{CANARY}. More." in page
    for name in ("otto", "hale", "ira"):
        other = await world.browser(name)
        assert (await other.get("/check-ins/check-in-1")).status_code == 404
    assert "what you shared before a check-in" in (await ann.get("/privacy")).text


async def test_withdrawing_after_the_pre_read_hides_it_and_says_that_the_mail_stands(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(FORM, data={"text-works-best": CANARY, "share-works-best": "yes", "do": "save"})
    await give_out(world)
    assert "the mail that was sent stands" in (await ann.get(FORM)).text
    await ann.post(FORM, data={"text-works-best": CANARY, "do": "save"})
    page = (await mara.get("/check-ins/check-in-1")).text
    assert CANARY not in page
    assert "withdrawn since" in page
    assert CANARY in (await ann.get(FORM)).text


async def test_the_same_form_posted_twice_is_the_same_answer_and_keeps_the_proposed_line(world: Any) -> None:
    ann = await world.browser("ann")
    data = {
        "text-proud": "First. Second.",
        "share-proud": "yes",
        "line-proud": "",
        "shown-proud": "",
        "do": "save",
    }
    await ann.post(FORM, data=data)
    once = (await answers_in(world))["proud"]
    pokes = list(world.pokes.made)
    world.clock.at += timedelta(minutes=5)
    await ann.post(FORM, data=data)
    twice = (await answers_in(world))["proud"]
    assert (twice.text, twice.line, twice.shared_at, twice.changed_at) == (
        once.text,
        once.line,
        once.shared_at,
        once.changed_at,
    )
    assert world.pokes.made == pokes
    async with world.database.reading() as session:
        assert [line.line for line in await shared_lines(session, "check-in-1")] == ["First."]


async def test_a_line_can_be_worded_anew_or_removed_while_the_answer_stays_shared(world: Any) -> None:
    ann = await world.browser("ann")
    data = {"text-proud": "First. Second.", "share-proud": "yes", "do": "save"}
    await ann.post(FORM, data=data)
    assert 'value="First."' in (await ann.get(FORM)).text
    await ann.post(FORM, data=data | {"line-proud": "My own line", "shown-proud": "First."})
    async with world.database.reading() as session:
        assert [line.line for line in await shared_lines(session, "check-in-1")] == ["My own line"]
    await ann.post(FORM, data=data | {"line-proud": "", "shown-proud": "My own line"})
    async with world.database.reading() as session:
        assert await shared_lines(session, "check-in-1") == ()
    assert (await answers_in(world))["proud"].shared_at is not None


async def test_html_is_shown_as_it_was_typed_and_never_run(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    nasty = '</textarea><script>alert("x")</script>{{ 7*7 }}'
    await ann.post(FORM, data={"text-proud": nasty, "share-proud": "yes", "line-proud": '"><b>', "do": "save"})
    await give_out(world)
    for browser, path in ((ann, FORM), (mara, "/check-ins/check-in-1")):
        page = (await browser.get(path)).text
        assert "<script>" not in page
        assert "<b>" not in page
        assert "&lt;script&gt;" in page
        assert "{{ 7*7 }}" in page
    assert (await answers_in(world))["proud"].text == nasty


async def test_lets_just_talk_keeps_what_was_typed_with_it(world: Any) -> None:
    ann = await world.browser("ann")
    answer = await ann.post(FORM, data={"text-proud": "half a thought", "do": "talk"})
    assert answer.headers["location"] == f"{FORM}?saved=talk"
    assert (await answers_in(world))["proud"].text == "half a thought"
    await ann.post(FORM, data={"do": "talk"})
    async with world.database.reading() as session:
        rows = (await session.scalars(select(ReflectionRow))).all()
    assert [row.just_talk for row in rows] == [True]


async def test_saving_an_empty_form_is_no_answer(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post(FORM, data={"text-proud": " ", "share-proud": "yes", "do": "save"})
    assert await count(world, ReflectionRow) == 0


async def test_an_old_empty_form_empties_nothing_but_a_fresh_one_does(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post(FORM, data={"text-proud": "kept", "seen-proud": "", "do": "save"})
    await ann.post(FORM, data={"text-proud": "", "seen-proud": "", "do": "save"})
    kept = (await answers_in(world))["proud"]
    assert kept.text == "kept"
    seen = hidden(await ann.get(FORM), "seen-proud")
    await ann.post(FORM, data={"text-proud": "", "seen-proud": seen, "do": "save"})
    assert (await answers_in(world))["proud"].text == ""


async def test_a_form_opened_before_the_answer_changed_elsewhere_takes_nothing_away_and_shares_nothing(
    world: Any,
) -> None:
    ann = await world.browser("ann")
    await ann.post(FORM, data={"text-proud": "written on the phone", "seen-proud": "", "do": "save"})
    old = {"text-proud": "written at the desk", "share-proud": "yes", "seen-proud": "", "do": "save"}
    for _ in range(2):
        await ann.post(FORM, data=old)
    both = (await answers_in(world))["proud"]
    assert both.text == "written on the phone\n\nwritten at the desk"
    assert both.shared_at is None


async def test_a_late_answer_is_kept_also_when_the_check_in_was_called_off(world: Any) -> None:
    ann = await world.browser("ann")
    world.clock.at += timedelta(days=30)
    async with world.database.transaction() as session:
        (await session.get(CheckInRow, "check-in-1")).state = "cancelled"
    assert (await ann.post(FORM, data={"text-proud": "late", "do": "save"})).status_code == 303
    page = (await ann.get(FORM)).text
    assert "will not take place" in page
    assert ">\nlate</textarea>" in page


async def test_what_was_typed_without_a_session_is_shown_again(world: Any) -> None:
    nobody = await world.browser()
    answer = await nobody.post(FORM, data={"text-proud": f"<i>{CANARY}", "do": "save"})
    assert answer.status_code == 401
    assert f"&lt;i&gt;{CANARY}" in answer.text
    assert "/sign-in" in answer.text
    assert await count(world, ReflectionRow) == 0


async def test_a_text_that_is_too_long_is_refused_and_shown_again(world: Any) -> None:
    answer = await (await world.browser("ann")).post(FORM, data={"text-proud": "x" * 20_001, "do": "save"})
    assert answer.status_code == 422
    assert "x" * 20_001 in answer.text


async def test_a_form_of_another_site_is_refused(world: Any) -> None:
    ann = await world.browser("ann")
    answer = await ann.post(FORM, data={"text-proud": "forged"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert await count(world, ReflectionRow) == 0


async def test_the_form_links_to_where_help_is_in_its_writers_country_and_only_there(world: Any) -> None:
    path = "/reflections/check-in-1"
    assert "Where help is near you" not in (await (await world.browser("ann")).get(path)).text
    links = {"DE": "https://help.example/de", "US": "https://help.example/us"}
    settings = world.settings.model_copy(update={"help_links": links})
    world.app = build_app(settings, world.database, world.clock, world.app.state.face.sign_in)
    page = (await (await world.browser("ann")).get(path)).text
    assert '<a href="https://help.example/de">Where help is near you</a>' in page
    assert "help.example/us" not in page
    async with world.database.transaction() as session:
        (await session.get_one(Person, "person-ann")).country = None
    assert "help.example" not in (await (await world.browser("ann")).get(path)).text


QUESTION = "Does anyone else open your mailbox?"


async def test_a_manager_is_asked_once_whether_others_open_their_mailbox_and_can_change_it(world: Any) -> None:
    mara = await world.browser("mara")
    for path in ("/learning-moment", "/privacy"):
        page = (await mara.get(path)).text
        assert QUESTION in page
        assert " checked" not in page, "neither is answered for them"
    answer = await mara.post("/privacy/mailbox", data={"share-mailbox": "no", "back": "/learning-moment"})
    assert answer.headers["location"] == "/learning-moment"
    assert QUESTION not in (await mara.get("/learning-moment")).text
    assert 'value="no" checked' in (await mara.get("/privacy")).text
    assert "a link, and none of your words" not in (await preview_of(world))
    await mara.post("/privacy/mailbox", data={"share-mailbox": "yes"})
    assert 'value="yes" checked' in (await mara.get("/privacy")).text


async def preview_of(world: Any) -> str:
    """What Ann is shown before she saves."""
    typed = {"text-proud": CANARY, "share-proud": "yes"}
    return str((await (await world.browser("ann")).post(f"{FORM}/preview", data=typed)).text)


async def test_where_others_open_the_managers_mailbox_the_form_says_that_no_words_go_there(world: Any) -> None:
    await (await world.browser("mara")).post("/privacy/mailbox", data={"share-mailbox": "yes"})
    page = await preview_of(world)
    assert "In the letter: a link, and none of your words" in page
    assert "In the letter on" not in page
    assert QUESTION not in page


@pytest.mark.parametrize("name", ["ann", "otto", "hale"])
async def test_whoever_holds_no_check_ins_is_asked_nothing_about_their_mailbox(world: Any, name: str) -> None:
    browser = await world.browser(name)
    assert QUESTION not in (await browser.get("/privacy")).text
    assert (await browser.post("/privacy/mailbox", data={"share-mailbox": "yes"})).status_code == 404
    async with world.database.reading() as session:
        assert (await session.get_one(Person, f"person-{name}")).mailbox_shared is None


async def test_without_a_yes_or_no_nothing_is_kept_of_a_mailbox(world: Any) -> None:
    answer = await (await world.browser("mara")).post("/privacy/mailbox", data={})
    assert answer.status_code == 422
    async with world.database.reading() as session:
        assert (await session.get_one(Person, "person-mara")).mailbox_shared is None
