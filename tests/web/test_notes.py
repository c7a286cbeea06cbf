"""Notes stand side by side; a slip can be mended until the other has read it, and taken back even then."""

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from integrations.database.tables import Note

PAGE = "/check-ins/check-in-1"
CANARY = "we agreed under the old lime tree"


async def notes(world: Any) -> list[Note]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(Note))).all())


async def written(world: Any, name: str = "mara", text: str = CANARY) -> str:
    browser = await world.browser(name)
    await browser.post(f"{PAGE}/notes", data={"text": text, "form_token": f"{name}-{text}"})
    return next(note.id for note in await notes(world) if note.text == text)


async def test_an_unread_note_is_changed_or_vanishes_without_a_trace(world: Any) -> None:
    note_id = await written(world)
    mara, ann = await world.browser("mara"), await world.browser("ann")
    form = (await mara.get(f"{PAGE}?change={note_id}")).text
    assert f'action="{PAGE}/notes/{note_id}"' in form
    await mara.post(f"{PAGE}/notes/{note_id}", data={"changed": "other words", "do": "save"})
    assert [note.text for note in await notes(world)] == ["other words"]
    await mara.post(f"{PAGE}/notes/{note_id}", data={"do": "take_back"})
    assert await notes(world) == []
    assert "took a note back" not in (await ann.get(PAGE)).text


async def test_a_note_that_was_read_stays_as_it_was_and_what_was_typed_is_not_lost(world: Any) -> None:
    note_id = await written(world)
    mara, ann = await world.browser("mara"), await world.browser("ann")
    await ann.get(PAGE)
    answer = await mara.post(f"{PAGE}/notes/{note_id}", data={"changed": "other <words>", "do": "save"})
    assert answer.status_code == 422
    assert "It has been read in the meantime" in answer.text
    assert "other &lt;words&gt;" in answer.text
    assert [note.text for note in await notes(world)] == [CANARY]
    assert f"?change={note_id}" not in (await mara.get(PAGE)).text


async def test_a_read_note_taken_back_is_marked_and_can_be_put_back(world: Any) -> None:
    note_id = await written(world)
    mara, ann = await world.browser("mara"), await world.browser("ann")
    await ann.get(PAGE)
    await mara.post(f"{PAGE}/notes/{note_id}", data={"do": "take_back"})
    page = (await ann.get(PAGE)).text
    assert CANARY not in page
    assert "Mara took a note back." in page
    assert CANARY in (await mara.get(PAGE)).text
    await mara.post(f"{PAGE}/notes/{note_id}", data={"do": "put_back"})
    assert CANARY in (await ann.get(PAGE)).text


async def test_an_hour_after_it_was_taken_back_nobody_has_the_words_of_a_note(world: Any) -> None:
    mara, ann = await world.browser("mara"), await world.browser("ann")
    await mara.post(f"{PAGE}/notes", data={"text": CANARY, "form_token": "t"})
    (note_id,) = [note.id for note in await notes(world)]
    await ann.get(PAGE)
    await mara.post(f"{PAGE}/notes/{note_id}", data={"do": "take_back"})
    world.clock.at += timedelta(minutes=61)
    for browser in (mara, ann):
        page = (await browser.get(PAGE)).text
        assert CANARY not in page
        assert "took a note back." in page
        assert "Put it back" not in page
        export = (await browser.post("/privacy/export")).content
        with zipfile.ZipFile(io.BytesIO(export)) as files:
            assert all(CANARY not in files.read(name).decode() for name in files.namelist())
        assert CANARY not in (await browser.post("/history", data={"q": "lime tree"})).text
    answer = await mara.post(f"{PAGE}/notes/{note_id}", data={"do": "put_back"})
    assert answer.status_code == 422
    assert "its words are gone" in answer.text
    assert CANARY not in answer.text + (await ann.get(PAGE)).text


async def test_reading_ones_own_note_does_not_close_it(world: Any) -> None:
    await written(world)
    await (await world.browser("mara")).get(PAGE)
    assert (await notes(world))[0].read_at is None


async def test_nobody_changes_anothers_note(world: Any) -> None:
    note_id = await written(world)
    for name in ("ann", "otto", "hale"):
        browser = await world.browser(name)
        for what in ("save", "take_back", "put_back"):
            data = {"do": what, "changed": "x"}
            assert (await browser.post(f"{PAGE}/notes/{note_id}", data=data)).status_code == 404
    assert [note.text for note in await notes(world)] == [CANARY]


async def test_each_finds_their_own_notes_first(world: Any) -> None:
    await written(world, "mara", "from mara")
    await written(world, "ann", "from ann")
    page = (await (await world.browser("ann")).get(PAGE)).text
    assert re.search(r"Yours.*from ann.*Mara’s.*from mara", page, re.DOTALL)
