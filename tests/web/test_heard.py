"""What each heard and what the other says to it stand together; nobody writes about a colleague in secret."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integrations.database.tables import HeardLine, Reporting

PAGE = "/check-ins/check-in-1"
LINE, MEANT = "Ann wants to explain", "Only the numbers that matter"


@pytest.fixture
async def talked(world: Any) -> Any:
    world.clock.at += timedelta(days=7, hours=2)
    return world


async def line(world: Any) -> HeardLine | None:
    async with world.database.reading() as session:
        found: HeardLine | None = await session.scalar(select(HeardLine))
        return found


async def answer(world: Any, name: str = "ann", **form: str) -> Any:
    browser = await world.browser(name)
    seen = re.search(r'name="seen" value="([^"]+)"', (await browser.get(PAGE)).text)
    return await browser.post(f"{PAGE}/heard/answer", data={"seen": seen[1] if seen else "", **form})


async def test_a_line_and_its_answer_stand_together_for_both(talked: Any) -> None:
    mara = await talked.browser("mara")
    await mara.post(f"{PAGE}/heard", data={"heard": LINE})
    assert (await answer(talked, answer="not_quite", words=MEANT)).status_code == 303
    for name in ("ann", "mara"):
        page = (await (await talked.browser(name)).get(PAGE)).text
        assert LINE in page
        assert MEANT in page
        assert "not quite" in page
        assert "Not for performance or disciplinary use." in page


async def test_a_line_waits_on_the_others_home_until_they_answer_it(talked: Any) -> None:
    ann, mara = await talked.browser("ann"), await talked.browser("mara")
    assert "wrote what they heard" not in (await ann.get("/")).text
    await mara.post(f"{PAGE}/heard", data={"heard": LINE})
    home = (await ann.get("/")).text
    assert f'<a href="{PAGE}#heard">Mara wrote what they heard</a>' in home
    assert LINE not in home
    for name in ("mara", "otto", "hale"):
        assert "wrote what they heard" not in (await (await talked.browser(name)).get("/")).text
    await answer(talked, answer="yes", words="")
    assert "wrote what they heard" not in (await ann.get("/")).text


async def test_nobody_is_asked_to_answer_a_former_manager(talked: Any) -> None:
    ann, mara = await talked.browser("ann"), await talked.browser("mara")
    await mara.post(f"{PAGE}/heard", data={"heard": LINE})
    await ann.post(f"{PAGE}/heard", data={"heard": LINE})
    async with talked.database.transaction() as session:
        (await session.scalars(select(Reporting))).one().partner_id = talked.id_of("otto")
    for browser in (ann, mara):
        assert "wrote what they heard" not in (await browser.get("/")).text


async def test_a_line_is_changed_until_it_is_answered(talked: Any) -> None:
    mara = await talked.browser("mara")
    for text in ("first words", LINE):
        assert (await mara.post(f"{PAGE}/heard", data={"heard": text})).status_code == 303
    assert (await answer(talked, answer="yes", words="")).status_code == 303
    refused = await mara.post(f"{PAGE}/heard", data={"heard": "something else"})
    assert refused.status_code == 422
    row = await line(talked)
    assert row is not None
    assert (row.text, row.answer) == (LINE, "yes")


async def test_an_unanswered_line_can_be_taken_back(talked: Any) -> None:
    mara = await talked.browser("mara")
    await mara.post(f"{PAGE}/heard", data={"heard": LINE})
    await mara.post(f"{PAGE}/heard", data={"heard": ""})
    assert await line(talked) is None


async def test_an_answer_to_words_that_have_changed_since_is_not_taken_and_not_lost(talked: Any) -> None:
    mara, ann = await talked.browser("mara"), await talked.browser("ann")
    await mara.post(f"{PAGE}/heard", data={"heard": "first words"})
    seen = re.search(r'name="seen" value="([^"]+)"', (await ann.get(PAGE)).text)
    assert seen
    await mara.post(f"{PAGE}/heard", data={"heard": LINE})
    late = await ann.post(f"{PAGE}/heard/answer", data={"seen": seen[1], "answer": "not_quite", "words": MEANT})
    assert late.status_code == 422
    assert MEANT in late.text
    assert LINE in late.text
    row = await line(talked)
    assert row is not None
    assert row.answer is None


async def test_not_quite_needs_words(talked: Any) -> None:
    await (await talked.browser("mara")).post(f"{PAGE}/heard", data={"heard": LINE})
    assert (await answer(talked, answer="not_quite", words=" ")).status_code == 422


async def test_before_the_talk_nothing_was_heard(world: Any) -> None:
    mara = await world.browser("mara")
    assert (await mara.post(f"{PAGE}/heard", data={"heard": LINE})).status_code == 422
    assert "What I heard" not in (await mara.get(PAGE)).text


@pytest.mark.parametrize("name", ["otto", "hale", "ira"])
async def test_nobody_else_says_or_answers_anything(talked: Any, name: str) -> None:
    browser = await talked.browser(name)
    assert (await browser.post(f"{PAGE}/heard", data={"heard": "x"})).status_code == 404
    assert (await browser.post(f"{PAGE}/heard/answer", data={"answer": "yes"})).status_code == 404


async def test_a_former_manager_keeps_their_own_line_and_sees_no_answer(talked: Any) -> None:
    mara, ann = await talked.browser("mara"), await talked.browser("ann")
    await mara.post(f"{PAGE}/heard", data={"heard": LINE})
    await ann.post(f"{PAGE}/heard", data={"heard": "from ann"})
    await answer(talked, answer="not_quite", words=MEANT)
    yesterday = talked.clock.at.date() - timedelta(days=1)
    async with talked.database.transaction() as session:
        (await session.scalar(select(Reporting))).until = yesterday
        session.add(Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=yesterday))
    page = (await mara.get(PAGE)).text
    assert LINE in page
    assert MEANT not in page
    assert "from ann" not in page
    assert (await mara.post(f"{PAGE}/heard", data={"heard": "more"})).status_code == 422
