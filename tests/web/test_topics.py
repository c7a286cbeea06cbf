"""What is to be talked about goes along from talk to talk until one of the two ticks it off."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from integrations.database.tables import ActionRow, CheckInRow, Plan, Reading, Reporting, Topic

PAGE, NEXT = "/check-ins/check-in-1", "/check-ins/check-in-2"
LINE = "how pricing works with us"


async def topics(world: Any) -> list[Topic]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(Topic))).all())


async def add(world: Any, name: str = "mara", text: str = LINE) -> str:
    browser = await world.browser(name)
    assert (await browser.post(f"{PAGE}/topics", data={"topic": text, "form_token": "t"})).status_code == 303
    return next(each.id for each in await topics(world) if each.text == text)


async def next_talk(world: Any, partner: str = "mara") -> None:
    async with world.database.transaction() as session:
        session.add(
            CheckInRow(
                id="check-in-2",
                person_id="person-ann",
                partner_id=f"person-{partner}",
                period=2,
                due_on=date(2030, 6, 10),
                policy_id="policy",
                policy_revision=1,
                opened_at=world.clock.at,
            )
        )


async def test_a_line_is_seen_by_both_and_by_nobody_else(world: Any) -> None:
    topic_id = await add(world)
    for name in ("ann", "mara"):
        assert LINE in (await (await world.browser(name)).get(PAGE)).text
    for name in ("otto", "hale", "ira"):
        browser = await world.browser(name)
        assert (await browser.get(PAGE)).status_code == 404
        assert (await browser.post(f"{PAGE}/topics", data={"topic": "x"})).status_code == 404
        assert (await browser.post(f"{PAGE}/topics/{topic_id}", data={"do": "tick"})).status_code == 404
    async with world.database.reading() as session:
        readings = (await session.scalars(select(Reading))).all()
    assert {(row.reader_id, row.owner_id, row.what) for row in readings} == {
        ("person-ann", "person-mara", "notes/check-in-1")
    }


async def test_an_open_line_goes_along_and_a_ticked_one_stays_behind(world: Any) -> None:
    await add(world, text="goes along")
    done = await add(world, "ann", "is done")
    ann = await world.browser("ann")
    await ann.post(f"{PAGE}/topics/{done}", data={"do": "tick"})
    await next_talk(world)
    after = (await ann.get(NEXT)).text
    assert "goes along" in after
    assert "from last time" in after
    assert "is done" not in after
    before = (await ann.get(PAGE)).text
    assert "is done" in before
    assert "goes along" not in before


async def test_a_tick_can_be_undone(world: Any) -> None:
    topic_id = await add(world)
    ann = await world.browser("ann")
    for what, ticked in (("tick", True), ("untick", False)):
        await ann.post(f"{PAGE}/topics/{topic_id}", data={"do": what})
        assert ((await topics(world))[0].ticked_at is not None) is ticked


async def test_a_line_is_taken_back_until_the_other_has_read_it(world: Any) -> None:
    topic_id = await add(world)
    mara, ann = await world.browser("mara"), await world.browser("ann")
    assert (await ann.post(f"{PAGE}/topics/{topic_id}", data={"do": "take_back"})).status_code == 404
    await ann.get(PAGE)
    assert (await mara.post(f"{PAGE}/topics/{topic_id}", data={"do": "take_back"})).status_code == 422
    unread = await add(world, text="only a slip")
    await mara.post(f"{PAGE}/topics/{unread}", data={"do": "take_back"})
    assert [each.text for each in await topics(world)] == [LINE]


async def test_a_new_manager_does_not_get_the_lines_of_the_one_before(world: Any) -> None:
    await add(world)
    await add(world, "ann", "for mara only")
    yesterday = world.clock.at.date() - timedelta(days=1)
    async with world.database.transaction() as session:
        (await session.scalar(select(Reporting))).until = yesterday
        session.add(Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=yesterday))
    await next_talk(world, "otto")
    answer = await (await world.browser("otto")).get(NEXT)
    assert answer.status_code == 200
    otto = answer.text
    assert LINE not in otto
    assert "for mara only" not in otto
    mara = (await (await world.browser("mara")).get(PAGE)).text
    assert LINE in mara
    assert "for mara only" not in mara


async def test_open_promises_are_on_the_page_and_what_is_kept_to_oneself_is_not(world: Any) -> None:
    facts = {"plan_id": "plan", "made_by_id": "person-ann", "agreed_on": date(2030, 2, 1), "made_at": world.clock.at}
    async with world.database.transaction() as session:
        session.add(Plan(id="plan", person_id="person-ann", opened_at=world.clock.at))
        await session.flush()
        for title, state, private in (
            ("open one", "open", False),
            ("closed one", "done", False),
            ("mine", "open", True),
        ):
            session.add(
                ActionRow(
                    owner_id="person-ann",
                    title=title,
                    due_on=date(2030, 4, 1),
                    chased_from=date(2030, 2, 1),
                    accepted_at=world.clock.at,
                    state=state,
                    private=private,
                    **facts,
                )
            )
    for name in ("ann", "mara"):
        page = (await (await world.browser(name)).get(PAGE)).text
        assert "open one" in page
        assert "closed one" not in page
        assert ">mine<" not in page


async def test_the_same_form_posted_twice_is_one_line_and_an_empty_one_is_explained(world: Any) -> None:
    await add(world)
    await add(world)
    assert len(await topics(world)) == 1
    answer = await (await world.browser("ann")).post(f"{PAGE}/topics", data={"topic": " "})
    assert answer.status_code == 422
    assert "Write a line first." in answer.text
