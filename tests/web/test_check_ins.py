"""A check-in's page: for its two people, and what they add to it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from cycle.pre_read import Promise, SharedLine, build_snapshot
from integrations.database.tables import ActionRow, CheckInRow, Note, PreRead, Reading, Reporting

PAGE = "/check-ins/check-in-1"
CANARY = "we agreed under the old lime tree"


async def all_of(world: Any, table: Any) -> list[Any]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(table))).all())


def action(**changes: str) -> dict[str, str]:
    facts = {
        "title": "Join two customer calls",
        "owner": "person-ann",
        "due_on": "2030-04-20",
        "modality": "stretch",
        "success": "",
        "form_token": "t-a",
    }
    return facts | changes


@pytest.mark.parametrize("name", ["otto", "hale", "ira"])
async def test_nobody_else_sees_the_page_or_adds_to_it(world: Any, name: str) -> None:
    browser = await world.browser(name)
    missing = await browser.get("/check-ins/nothing")
    theirs = await browser.get(PAGE)
    assert (theirs.status_code, theirs.text) == (404, missing.text)
    for path, data in (
        ("/notes", {"text": "x"}),
        ("/actions", action()),
        ("/outcome", {"said": "held"}),
        ("/another-time", {}),
        ("/not-this-time", {}),
    ):
        assert (await browser.post(PAGE + path, data=data)).status_code == 404
    assert world.pokes.made == []
    assert await all_of(world, Note) == []
    assert await all_of(world, Reading) == []


async def test_both_see_when_it_is_on_their_own_clock(world: Any) -> None:
    await world.lives_in("mara", "America/New_York")
    for name, hour in (("ann", "10:00, Berlin time"), ("mara", "05:00, New York time")):
        assert f"Monday 11 March 2030 at {hour}<" in (await (await world.browser(name)).get(PAGE)).text
    await world.lives_in("ann", "Pacific/Guadalcanal")
    assert "Monday 11 March 2030 at 20:00, Guadalcanal time" in (await (await world.browser("ann")).get(PAGE)).text


async def test_whose_clock_it_is_goes_without_saying_where_both_have_the_same(world: Any) -> None:
    await world.lives_in("mara", "Europe/Paris")
    for name in ("ann", "mara"):
        assert "Monday 11 March 2030 at 10:00<" in (await (await world.browser(name)).get(PAGE)).text


async def test_a_note_is_read_by_both_and_its_writer_learns_by_whom(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    posted = await mara.post(f"{PAGE}/notes", data={"text": CANARY, "form_token": "t1"})
    assert posted.headers["location"].startswith(PAGE)
    assert CANARY in (await mara.get(PAGE)).text
    assert await all_of(world, Reading) == []
    assert CANARY in (await ann.get(PAGE)).text
    await ann.get(PAGE)
    readings = await all_of(world, Reading)
    assert [(row.reader_id, row.owner_id, row.what) for row in readings] == [
        ("person-ann", "person-mara", "notes/check-in-1")
    ]
    assert "Ann Berg" in (await mara.get("/privacy")).text


async def test_whoever_put_an_action_in_other_words_learns_that_they_were_read(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    form = {"title": "Call", "owner": "person-ann", "due_on": "2030-05-01", "form_token": "t1"}
    await mara.post(f"{PAGE}/actions", data=form)
    (action,) = await all_of(world, ActionRow)
    await mara.get(PAGE)
    await ann.post(f"/actions/{action.id}/accept", data={"due_on": "2030-05-01"})
    await ann.post(f"/actions/{action.id}/words", data={"title": CANARY, "modality": "stretch"})
    assert CANARY in (await mara.get(PAGE)).text
    readings = {(row.reader_id, row.owner_id) for row in await all_of(world, Reading) if row.what.startswith("action/")}
    assert ("person-mara", "person-ann") in readings


async def test_a_note_posted_twice_is_one_and_with_other_words_another(world: Any) -> None:
    mara = await world.browser("mara")
    for text in ("one", "one", "two", "two", "one"):
        await mara.post(f"{PAGE}/notes", data={"text": text, "form_token": "t1"})
    assert sorted(note.text for note in await all_of(world, Note)) == ["one", "two"]


async def test_a_note_with_another_persons_token_is_not_lost(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await mara.post(f"{PAGE}/notes", data={"text": "same", "form_token": "t1"})
    await ann.post(f"{PAGE}/notes", data={"text": "same", "form_token": "t1"})
    assert len(await all_of(world, Note)) == 2


async def test_html_in_a_note_is_text(world: Any) -> None:
    mara = await world.browser("mara")
    await mara.post(f"{PAGE}/notes", data={"text": "<img src=x onerror=alert(1)>", "form_token": "t1"})
    page = (await mara.get(PAGE)).text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


async def test_an_empty_note_is_answered_with_a_sentence(world: Any) -> None:
    answer = await (await world.browser("mara")).post(f"{PAGE}/notes", data={"text": "  "})
    assert answer.status_code == 422
    assert "The note is empty" in answer.text


async def test_an_action_is_made_once_however_often_its_form_is_posted(world: Any) -> None:
    ann = await world.browser("ann")
    for _ in range(2):
        assert (await ann.post(f"{PAGE}/actions", data=action())).status_code == 303
    made = await all_of(world, ActionRow)
    assert [(row.owner_id, row.title, row.due_on, row.check_in_id) for row in made] == [
        ("person-ann", "Join two customer calls", date(2030, 4, 20), "check-in-1")
    ]
    assert made[0].accepted_at is not None
    assert ("ActionChase", made[0].id) in world.pokes.made
    assert "Join two customer calls" in (await (await world.browser("mara")).get(PAGE)).text


async def test_an_action_for_the_other_waits_for_their_yes(world: Any) -> None:
    await (await world.browser("mara")).post(f"{PAGE}/actions", data=action())
    assert (await all_of(world, ActionRow))[0].accepted_at is None


async def test_a_private_action_is_not_on_the_partners_page(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(f"{PAGE}/actions", data=action(title=CANARY, private="yes"))
    assert CANARY in (await ann.get(PAGE)).text
    for path in (PAGE, "/", "/plan"):
        assert CANARY not in (await mara.get(path)).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"due_on": "soon"}, "We cannot tell which day this is"),
        ({"due_on": "2029-01-01"}, ""),
        ({"owner": "person-otto"}, "belongs to one of you two"),
        ({"title": " "}, ""),
        ({"modality": "magic"}, ""),
    ],
)
async def test_an_action_that_does_not_fit_is_explained_and_nothing_typed_is_lost(
    world: Any, changes: dict[str, str], sentence: str
) -> None:
    data = action(success=f"<u>{CANARY}") | changes
    answer = await (await world.browser("ann")).post(f"{PAGE}/actions", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f"&lt;u&gt;{CANARY}" in answer.text
    assert await all_of(world, ActionRow) == []


async def test_the_pre_read_is_shown_to_both_once_it_is_made(world: Any) -> None:
    async with world.database.transaction() as session:
        snapshot = build_snapshot(
            made_at=world.clock.at,
            promises=[("Mara", [Promise(what="introduce Ann to the pricing team")])],
            learning="I fixed the release myself.",
            shared=[SharedLine(question="next", line="More customer time.")],
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
    for name in ("ann", "mara"):
        page = (await (await world.browser(name)).get(PAGE)).text
        assert "introduce Ann to the pricing team" in page
        assert "I fixed the release myself." in page
        assert all(question in page for question in snapshot.ask)
        # Its answer is not shared (any more).
        assert "More customer time." not in page
        assert "withdrawn" in page
    readers = {(row.reader_id, row.owner_id) for row in await all_of(world, Reading)}
    assert readers == {("person-ann", "person-mara"), ("person-mara", "person-ann")}


async def test_a_former_manager_sees_their_own_notes_and_nothing_else(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await mara.post(f"{PAGE}/notes", data={"text": "mine to keep", "form_token": "t1"})
    await ann.post(f"{PAGE}/notes", data={"text": CANARY, "form_token": "t2"})
    async with world.database.transaction() as session:
        line = await session.scalar(select(Reporting))
        line.until = world.clock.at.date() - timedelta(days=1)
        session.add(
            Reporting(
                person_id="person-ann",
                partner_id="person-otto",
                source="directory",
                since=world.clock.at.date() - timedelta(days=1),
            )
        )
    page = (await mara.get(PAGE)).text
    assert "mine to keep" in page
    assert CANARY not in page
    assert "11 March" not in page
    assert (await mara.post(f"{PAGE}/notes", data={"text": "more"})).status_code == 422
    assert (await (await world.browser("otto")).get(PAGE)).status_code == 404
    async with world.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Note)) == 2


async def test_after_a_change_of_partner_nothing_is_promised_in_the_former_ones_name(world: Any) -> None:
    ann = await world.browser("ann")
    before = (await ann.get("/check-ins/check-in-1")).text
    async with world.database.transaction() as session:
        row = await session.get_one(CheckInRow, "check-in-1")
        row.state = "held"
        (line,) = await session.scalars(select(Reporting).where(Reporting.person_id == "person-ann"))
        line.until = date(2030, 3, 15)
        session.add(
            Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=date(2030, 3, 15))
        )
    world.clock.at = datetime(2030, 3, 18, 9, 0, tzinfo=UTC)
    after = (await ann.get("/check-ins/check-in-1")).text
    for words in ("you both can read it", "Until the other has read it", "once they agree"):
        assert words in before
        assert words not in after
    assert "Mara no longer holds your check-ins" in after
    typed = {"title": "Introduce me", "owner": "person-mara", "due_on": "in two weeks"}
    answer = await ann.post("/check-ins/check-in-1/actions", data=typed)
    assert answer.status_code == 422
    assert "take it on yourself" in answer.text
    assert (await ann.post("/check-ins/check-in-1/actions", data=typed | {"owner": ""})).status_code == 303


async def test_from_a_talk_it_is_one_step_to_the_plan_for_both(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    assert "/plans/" not in (await mara.get(PAGE)).text, "there is none yet"
    await ann.post("/plan/goals", data={"title": "Grow"})
    link = (await mara.get(PAGE)).text.split('href="/plans/')[1].split('"')[0]
    assert "Grow" in (await mara.get(f"/plans/{link}")).text
    assert 'href="/plan">My plan</a></p>' in (await ann.get(PAGE)).text
