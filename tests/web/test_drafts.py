"""Drafts that save themselves: what the form hears back, what waits for its writer, and what nobody else gets."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.pre_reads import make_snapshot
from cycle.policy import Policy
from cycle.pre_read import build_snapshot
from integrations.database.check_ins import check_in
from integrations.database.learning_moments import learning_moment_of, save_moment
from integrations.database.reflections import shared_lines
from integrations.database.tables import Answer, PolicyRevision, PreRead, Reading
from web.drafts import key_of

FORM = "/reflections/check-in-1"
CANARY = "the heron stands in the cold water at dawn"


async def pre_read_leaves(world: Any) -> None:
    async with world.database.transaction() as session:
        snapshot = build_snapshot(
            made_at=world.clock.at,
            promises=[],
            learning=None,
            shared=await shared_lines(session, "check-in-1"),
            celebrating=None,
            words_at_most=300,
        )
        session.add(
            PreRead(check_in_id="check-in-1", booking_no=1, content=snapshot.model_dump_json(), made_at=world.clock.at)
        )


async def answers(world: Any) -> dict[str, Answer]:
    async with world.database.reading() as session:
        return {each.question: each for each in (await session.scalars(select(Answer))).all()}


async def test_a_draft_is_kept_and_says_when(world: Any) -> None:
    ann = await world.browser("ann")
    told = (await ann.post(f"{FORM}/draft", data={"text-proud": f" {CANARY}. More. ", "share-proud": "no"})).json()
    assert told["words"] == "Saved 10:00"
    assert told["waiting"] == []
    assert told["fields"]["text-proud"] == f"{CANARY}. More."
    kept = (await answers(world))["proud"]
    assert (kept.text, kept.shared_at) == (f"{CANARY}. More.", None)
    again = {"text-proud": "Other.", "seen-proud": told["fields"]["seen-proud"]}
    await ann.post(f"{FORM}/draft", data=again)
    assert (await answers(world))["proud"].text == "Other."


async def test_a_shared_draft_hears_the_line_that_is_proposed(world: Any) -> None:
    told = await (await world.browser("ann")).post(
        f"{FORM}/draft",
        data={"text-proud": "First. Second.", "share-proud": "yes", "line-proud": "", "shown-proud": ""},
    )
    fields = told.json()["fields"]
    assert fields["line-proud"] == fields["shown-proud"] == "First."


async def test_a_draft_says_it_in_its_writers_language(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post("/language", data={"language": "de"})
    assert (await ann.post(f"{FORM}/draft", data={"text-proud": "x"})).json()["words"] == "Gespeichert 10:00 Uhr"


async def test_a_draft_from_an_old_form_loses_nothing_and_is_told_what_stands_there(world: Any) -> None:
    ann = await world.browser("ann")
    await ann.post(f"{FORM}/draft", data={"text-proud": "phone", "seen-proud": ""})
    told = (await ann.post(f"{FORM}/draft", data={"text-proud": "desk", "seen-proud": ""})).json()
    assert told["fields"]["text-proud"] == "phone\n\ndesk"


async def test_once_the_lines_have_left_half_a_sentence_reaches_nobody(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(FORM, data={"text-proud": "Whole.", "share-proud": "yes", "do": "save"})
    await pre_read_leaves(world)
    typed = {"text-proud": "Half a", "share-proud": "yes", "text-heading": "also half", "share-heading": "no"}
    told = (await ann.post(f"{FORM}/draft", data=typed)).json()
    assert told["waiting"] == ["text-proud"]
    assert "press Save" in told["words"]
    assert "seen-proud" not in told["fields"]
    assert {key: each.text for key, each in (await answers(world)).items()} == {
        "proud": "Whole.",
        "heading": "also half",
    }
    assert "Half a" not in (await mara.get("/check-ins/check-in-1")).text
    await ann.post(FORM, data=typed | {"do": "save"})
    assert "Half a" in (await mara.get("/check-ins/check-in-1")).text


async def test_taking_a_share_back_waits_for_nothing(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(FORM, data={"text-proud": CANARY, "share-proud": "yes", "do": "save"})
    await pre_read_leaves(world)
    assert (await ann.post(f"{FORM}/draft", data={"text-proud": CANARY, "share-proud": "no"})).json()["waiting"] == []
    assert CANARY not in (await mara.get("/check-ins/check-in-1")).text


@pytest.mark.parametrize("name", ["mara", "otto", "hale", "ira"])
@pytest.mark.parametrize("door", ["draft", "preview"])
async def test_nobody_else_saves_or_previews_it(world: Any, name: str, door: str) -> None:
    await (await world.browser("ann")).post(FORM, data={"text-proud": CANARY, "do": "save"})
    answer = await (await world.browser(name)).post(f"{FORM}/{door}", data={"text-proud": "theirs"})
    assert answer.status_code == 404
    assert CANARY not in answer.text
    assert (await answers(world))["proud"].text == CANARY


@pytest.mark.parametrize("path", [f"{FORM}/draft", "/learning-moment/draft"])
async def test_without_a_session_a_draft_is_refused_so_that_the_device_keeps_it(world: Any, path: str) -> None:
    assert (await (await world.browser()).post(path, data={"text": "x"})).status_code == 401


async def test_the_preview_shows_what_would_be_shared_and_keeps_none_of_it(world: Any) -> None:
    ann = await world.browser("ann")
    typed = {
        "text-proud": "First one. Second.",
        "share-proud": "yes",
        "text-heading": CANARY,
        "share-heading": "no",
        "do": "save",
    }
    page = (await ann.post(f"{FORM}/preview", data=typed)).text
    seen = page.split('id="preview"')[1].split("</section>")[0]
    assert "<dd>First one.</dd>" in seen
    assert "First one. Second." in seen
    assert CANARY not in seen
    assert f"\n{CANARY}</textarea>" in page
    assert await answers(world) == {}
    alone = await ann.post(f"{FORM}/preview", data=typed, headers={"HX-Request": "true", "HX-Target": "preview"})
    assert "<dd>First one.</dd>" in alone.text
    assert "<html" not in alone.text
    assert CANARY not in alone.text


async def test_the_preview_is_what_the_partner_then_gets(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    many = " ".join(f"w{number}" for number in range(40))
    typed = {
        "text-proud": f"{many}.",
        "share-proud": "yes",
        "text-heading": "Own words. More.",
        "share-heading": "yes",
        "line-heading": "  Mine   own ",
        "shown-heading": "Own words.",
    }
    fragment = {"HX-Request": "true", "HX-Target": "preview"}
    before = (await ann.post(f"{FORM}/preview", data=typed, headers=fragment)).text
    await ann.post(FORM, data=typed | {"do": "save"})
    after = (await ann.post(f"{FORM}/preview", data={"do": "x"}, headers=fragment)).text
    assert before == after
    await pre_read_leaves(world)
    page = (await mara.get("/check-ins/check-in-1")).text
    for line in ("<dd>Mine own</dd>", f"<dd>{' '.join(many.split()[:25])}…</dd>"):
        assert line in before
        assert line in page


async def whole_answers(world: Any) -> None:
    async with world.database.transaction() as session:
        policy = Policy.model_validate({"name": "Whole", "pre_read": {"letter_contains": "whole_answers"}})
        row = await session.get_one(PolicyRevision, ("policy", 1))
        row.document = policy.model_dump(mode="json")


async def test_a_whole_answer_is_previewed_whole_and_is_what_the_partner_then_gets(world: Any) -> None:
    await whole_answers(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    text = "The launch, and then\n\nall that came after it. " + " ".join(f"w{number}" for number in range(40))
    typed = {
        "text-proud": text,
        "share-proud": "whole",
        "text-heading": "Only the line. Not this.",
        "share-heading": "yes",
        "text-agreements": CANARY,
        "share-agreements": "no",
    }
    fragment = {"HX-Request": "true", "HX-Target": "preview"}
    before = (await ann.post(f"{FORM}/preview", data=typed, headers=fragment)).text
    # Without a script the same stands on the page that comes back, with the choice as it was typed.
    page = (await ann.post(f"{FORM}/preview", data=typed)).text
    assert re.search(r'name="share-proud" value="whole" checked', page)
    await ann.post(FORM, data=typed | {"do": "save"})
    after = (await ann.post(f"{FORM}/preview", data={"do": "x"}, headers=fragment)).text
    assert before == after
    assert re.search(r'name="share-proud" value="whole" checked', (await ann.get(FORM)).text)
    await pre_read_leaves(world)
    read = (await mara.get("/check-ins/check-in-1/pre-read")).text
    for given in (f"<dd>{' '.join(text.split())}</dd>", "<dd>Only the line.</dd>"):
        for shown in (before, page, read):
            assert given in shown
    assert "Not this." not in read
    assert CANARY not in before + read


async def test_where_the_policy_takes_lines_nobody_is_asked_for_whole_answers(world: Any) -> None:
    ann = await world.browser("ann")
    assert 'value="whole"' not in (await ann.get(FORM)).text
    typed = {"text-proud": "One. Two.", "share-proud": "whole"}
    fragment = {"HX-Request": "true", "HX-Target": "preview"}
    assert "<dd>One.</dd>" in (await ann.post(f"{FORM}/preview", data=typed, headers=fragment)).text
    await ann.post(FORM, data=typed | {"do": "save"})
    assert not (await answers(world))["proud"].whole


async def test_withdrawn_after_it_left_a_whole_answer_is_hidden_too(world: Any) -> None:
    await whole_answers(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await ann.post(FORM, data={"text-proud": f"One. {CANARY}", "share-proud": "whole", "do": "save"})
    await pre_read_leaves(world)
    assert CANARY in (await mara.get("/check-ins/check-in-1/pre-read")).text
    await ann.post(FORM, data={"text-proud": f"One. {CANARY}", "share-proud": "no", "do": "save"})
    for path in ("/check-ins/check-in-1/pre-read", "/check-ins/check-in-1"):
        assert CANARY not in (await mara.get(path)).text


async def test_nothing_shared_previews_as_nothing(world: Any) -> None:
    ann = await world.browser("ann")
    answer = await ann.post(f"{FORM}/preview", data={"text-proud": CANARY, "share-proud": "no"})
    assert "Nothing. That looks the same" in answer.text


async def test_each_person_has_a_lock_of_their_own_that_stays_the_same(world: Any) -> None:
    class Asked:
        app = world.app

    request: Any = Asked()
    assert key_of(request, "person-ann") == key_of(request, "person-ann")
    assert key_of(request, "person-ann") != key_of(request, "person-mara")
    page = (await (await world.browser("ann")).get(FORM)).text
    assert key_of(request, "person-ann").replace("+", "&#43;") in page or key_of(request, "person-ann") in page
    assert key_of(request, "person-mara") not in page


async def test_who_went_first_is_shown_to_their_people_and_knows_who_read_it(world: Any) -> None:
    async with world.database.transaction() as session:
        await save_moment(session, "person-mara", "policy/1", CANARY, world.clock.at)
    assert CANARY not in (await (await world.browser("otto")).get("/")).text
    assert CANARY in (await (await world.browser("ann")).get(FORM)).text
    async with world.database.reading() as session:
        (reading,) = (await session.scalars(select(Reading))).all()
    assert (reading.reader_id, reading.owner_id) == ("person-ann", "person-mara")
    assert reading.what.startswith("learning/")
    assert "what you learned lately" in (await (await world.browser("mara")).get("/privacy")).text


async def test_a_learning_moment_saves_itself_and_an_old_form_takes_nothing_away(world: Any) -> None:
    mara = await world.browser("mara")
    first = (await mara.post("/learning-moment/draft", data={"text": "one", "seen": ""})).json()["fields"]
    second = (await mara.post("/learning-moment/draft", data={"text": "two", "seen": first["seen"]})).json()["fields"]
    assert second["text"] == "two"
    world.clock.at += timedelta(minutes=1)
    old = (await mara.post("/learning-moment/draft", data={"text": "three", "seen": first["seen"]})).json()["fields"]
    assert old["text"] == "two\n\nthree"
    ann = await world.browser("ann")
    assert (await ann.post("/learning-moment/draft", data={"text": "x"})).status_code == 404


async def test_nobody_else_reads_a_learning_moment_before_it_is_saved(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await mara.post("/learning-moment", data={"text": "I ask first."})
    for half in (CANARY, f"{CANARY} and th"):
        await mara.post("/learning-moment/draft", data={"text": half})
    assert f"{CANARY} and th" in (await mara.get("/learning-moment")).text
    page = (await ann.get(FORM)).text
    assert CANARY not in page
    assert "I ask first." in page
    async with world.database.reading() as session:
        snapshot = await make_snapshot(session, await check_in(session, "check-in-1"), Policy(name="x"), world.clock.at)
    assert snapshot.learning == "I ask first."
    await mara.post("/learning-moment", data={"text": f"{CANARY} and then."})
    assert f"{CANARY} and then." in (await ann.get(FORM)).text


async def test_what_was_only_typed_answers_no_question(world: Any) -> None:
    mara = await world.browser("mara")
    await mara.post("/learning-moment/draft", data={"text": CANARY})
    async with world.database.reading() as session:
        assert await learning_moment_of(session, "person-mara", "policy/1") is None
    assert CANARY not in (await (await world.browser("ann")).get(FORM)).text


async def test_a_learning_moment_of_march_is_read_in_april_of_the_same_period_and_in_no_other(world: Any) -> None:
    mara = await world.browser("mara")
    await mara.post("/learning-moment", data={"text": "I ask first."})
    april = world.clock.at + timedelta(days=30)
    async with world.database.transaction() as session:
        pair = await check_in(session, "check-in-1")
        assert (await make_snapshot(session, pair, Policy(name="x"), april)).learning == "I ask first."
        pair.row.period = 2
        assert (await make_snapshot(session, pair, Policy(name="x"), april)).learning is None
