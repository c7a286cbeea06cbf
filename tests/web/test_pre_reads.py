"""The page that both read before a talk: the same as the letter, and both learn who has read it."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from activities.pre_reads import make_snapshot
from cycle.policy import Policy
from integrations.database.check_ins import check_in
from integrations.database.plans import ensure_plan
from integrations.database.tables import ActionEvent, ActionRow, Answer, Plan, PreRead, ReflectionRow, Reporting

PAGE = "/check-ins/check-in-1/pre-read"
SHARED, PRIVATE = "Customers call me when numbers look odd.", "I am afraid of the new team."


async def reflect(world: Any) -> None:
    now: datetime = world.clock.at
    async with world.database.transaction() as session:
        session.add(ReflectionRow(id="r", check_in_id="check-in-1", writer_id="person-ann", answered_at=now))
        await session.flush()
        for question, text in (("works-best", SHARED), ("proud", PRIVATE)):
            shared = now if text == SHARED else None
            session.add(Answer(reflection_id="r", question=question, text=text, shared_at=shared, changed_at=now))


async def leave(world: Any) -> None:
    async with world.database.transaction() as session:
        pair = await check_in(session, "check-in-1")
        snapshot = await make_snapshot(session, pair, Policy(name="Quarterly check-ins"), world.clock.at)
        content = snapshot.model_dump_json()
        session.add(PreRead(check_in_id="check-in-1", booking_no=1, content=content, made_at=world.clock.at))


async def test_before_it_leaves_it_says_when_and_nothing_else(world: Any) -> None:
    await reflect(world)
    for name in ("ann", "mara"):
        page = (await (await world.browser(name)).get(PAGE)).text
        assert "Friday 8 March 2030 at 09:30" in page
        assert SHARED not in page
        assert "Who has read it" not in page


async def test_both_read_the_same_and_see_who_read_it_on_which_day(world: Any) -> None:
    await reflect(world)
    await leave(world)
    ann, mara = await world.browser("ann"), await world.browser("mara")
    await mara.get(PAGE)
    world.clock.at += timedelta(days=1)
    pages = {name: (await browser.get(PAGE)).text for name, browser in (("ann", ann), ("mara", mara))}
    for page in pages.values():
        assert SHARED in page
        assert PRIVATE not in page
    assert re.search(r"Tuesday 5 March 2030</time>\s*You", pages["ann"])
    assert re.search(r"Monday 4 March 2030</time>\s*Mara Lind", pages["ann"])
    assert re.search(r"Tuesday 5 March 2030</time>\s*Ann Berg", pages["mara"])


async def done(world: Any, title: str, due_on: date, at: datetime) -> None:
    """Something of Ann's that was done at that instant."""
    async with world.database.transaction() as session:
        plan = await ensure_plan(session, "person-ann", at)
        mine = {"owner_id": "person-ann", "made_by_id": "person-ann", "made_at": at, "accepted_at": at}
        days = {"due_on": due_on, "agreed_on": at.date(), "chased_from": at.date()}
        action = ActionRow(plan_id=plan.id, title=title, state="done", **mine, **days)
        session.add(action)
        await session.flush()
        session.add(ActionEvent(action_id=action.id, person_id="person-ann", what="done", at=at))


async def celebrating(world: Any) -> str | None:
    async with world.database.reading() as session:
        pair = await check_in(session, "check-in-1")
        return (await make_snapshot(session, pair, Policy(name="Quarterly check-ins"), world.clock.at)).celebrating


async def test_what_was_done_last_since_the_two_talked_is_celebrated_whenever_it_was_due(world: Any) -> None:
    now: datetime = world.clock.at
    await world.talked("ann", "mara", now - timedelta(days=60))
    await done(world, "Of the time before", date(2030, 9, 1), now - timedelta(days=61))
    assert await celebrating(world) is None
    await done(world, "Done first", date(2030, 8, 1), now - timedelta(days=20))
    await done(world, "Done last", date(2030, 1, 1), now - timedelta(days=10))
    assert await celebrating(world) == "Done last"
    await world.talked("ann", "mara", now - timedelta(days=5))
    assert await celebrating(world) is None, "they talked about it"


async def test_a_talk_with_somebody_else_ends_no_celebration(world: Any) -> None:
    now: datetime = world.clock.at
    await done(world, "Led a call", date(2030, 2, 1), now - timedelta(days=10))
    await done(world, "A year ago", date(2030, 12, 1), now - timedelta(days=365))
    await world.talked("ann", "otto", now - timedelta(days=5))
    await world.talked("otto", "mara", now - timedelta(days=5))
    assert await celebrating(world) == "Led a call"


@pytest.mark.parametrize(("language", "said"), [("en", "(by 19 March)"), ("de", "(bis 19. März)")])
async def test_a_promise_says_its_day_as_its_reader_writes_it(world: Any, language: str, said: str) -> None:
    now: datetime = world.clock.at
    async with world.database.transaction() as session:
        session.add(Plan(id="plan", person_id="person-ann", opened_at=now))
        await session.flush()
        session.add(
            ActionRow(
                plan_id="plan",
                owner_id="person-mara",
                made_by_id="person-mara",
                title="Introduce Ann",
                due_on=date(2030, 3, 19),
                agreed_on=now.date(),
                chased_from=now.date(),
                accepted_at=now,
                made_at=now,
            )
        )
    await leave(world)
    mara = await world.browser("mara")
    await mara.post("/language", data={"language": language})
    for path in (PAGE, "/check-ins/check-in-1"):
        assert f"<li>Introduce Ann {said}</li>" in (await mara.get(path)).text


async def test_reading_the_page_is_a_reading_and_waiting_for_it_is_none(world: Any) -> None:
    mara = await world.browser("mara")
    await mara.get(PAGE)
    assert "Mara Lind</td>" not in (await (await world.browser("ann")).get("/privacy")).text
    await leave(world)
    await mara.get(PAGE)
    assert "Mara Lind" in (await (await world.browser("ann")).get("/privacy")).text


async def test_what_was_withdrawn_since_is_hidden_and_said_plainly(world: Any) -> None:
    await reflect(world)
    await leave(world)
    async with world.database.transaction() as session:
        await session.execute(update(Answer).values(withdrawn_at=world.clock.at))
    page = (await (await world.browser("mara")).get(PAGE)).text
    assert SHARED not in page
    assert "withdrawn since; the letter stands" in page


@pytest.mark.parametrize("name", ["otto", "hale", "ira"])
async def test_nobody_else_learns_whether_there_is_one(world: Any, name: str) -> None:
    browser = await world.browser(name)
    missing = (await browser.get("/check-ins/nothing/pre-read")).text
    before = await browser.get(PAGE)
    await leave(world)
    after = await browser.get(PAGE)
    assert (before.status_code, before.text, after.status_code, after.text) == (404, missing, 404, missing)


async def test_a_former_manager_sees_it_no_more(world: Any) -> None:
    await leave(world)
    yesterday = world.clock.at.date() - timedelta(days=1)
    async with world.database.transaction() as session:
        await session.execute(update(Reporting).values(until=yesterday))
        session.add(Reporting(person_id="person-ann", partner_id="person-otto", source="directory", since=yesterday))
    for name in ("mara", "otto"):
        assert (await (await world.browser(name)).get(PAGE)).status_code == 404
    assert (await (await world.browser("ann")).get(PAGE)).status_code == 200
