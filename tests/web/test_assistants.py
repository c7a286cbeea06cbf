"""A manager's assistant: chooses the hour of a talk on the page for that, until somebody else is named."""

from typing import Any

import pytest
from sqlalchemy import update

from integrations.database.leavers import leave
from integrations.database.tables import Note, Person, Reporting
from tests.web.test_slots import PAGE, chosen, offer, offers

NOTE = "a fox crossed the yard"


async def name(world: Any, who: str) -> Any:
    return await (await world.browser("mara")).post("/privacy/assistant", data={"assistant": who})


async def assistant_of_mara(world: Any) -> str | None:
    async with world.database.reading() as session:
        found: str | None = (await session.get_one(Person, "person-mara")).assistant_id
        return found


async def test_an_assistant_chooses_the_hour_and_both_see_who_did(world: Any) -> None:
    assert (await name(world, "otto@example.org")).headers["location"] == "/privacy#assistant"
    await offer(world)
    async with world.database.transaction() as session:
        session.add(Note(check_in_id="check-in-1", writer_id="person-ann", text=NOTE, made_at=world.clock.at))
    otto = await world.browser("otto")
    page = (await otto.get(PAGE)).text
    assert page.count("Take this hour") == 3
    assert "An hour for Mara and Ann" in page
    assert "nothing else of the conversation" in page
    main = page.split("<main")[1]
    assert NOTE not in main
    assert "you both" not in main
    assert 'href="/check-ins/' not in main, "no way on to what is not theirs"
    assert (await otto.post(PAGE, data=chosen("1"))).headers["location"] == PAGE
    (row,) = await offers(world)
    assert (row.state, row.picked, row.picked_by_id) == ("picked", 1, "person-otto")
    assert "Otto chose it." in (await (await world.browser("ann")).get(PAGE)).text


@pytest.mark.parametrize(
    "path", ["", "/pre-read", "/another-time", "/not-this-time"], ids=["talk", "pre-read", "another time", "leave out"]
)
async def test_an_assistant_opens_nothing_else_of_the_talk(world: Any, path: str) -> None:
    await name(world, "otto@example.org")
    await offer(world)
    otto = await world.browser("otto")
    assert (await otto.get(f"/check-ins/check-in-1{path}")).status_code == 404
    assert (await otto.get("/reflections/check-in-1")).status_code == 404
    assert "Ann" not in (await otto.get("/")).text


async def test_both_are_told_on_the_talks_page_who_may_choose(world: Any) -> None:
    ann, mara = await world.browser("ann"), await world.browser("mara")
    assert "Otto Kern" not in (await ann.get("/check-ins/check-in-1")).text
    await name(world, "otto@example.org")
    assert "Otto Kern assists Mara and may choose another hour" in (await ann.get("/check-ins/check-in-1")).text
    assert "Otto Kern may choose another hour for you" in (await mara.get("/check-ins/check-in-1")).text
    assert "Otto Kern may choose the hours" in (await mara.get("/privacy")).text
    assert "Otto Kern" not in (await ann.get("/privacy")).text


@pytest.mark.parametrize("how", ["another", "nobody", "assistant left", "manager left", "other partner"])
async def test_a_former_assistant_gets_nothing(world: Any, how: str) -> None:
    await name(world, "otto@example.org")
    await offer(world)
    otto = await world.browser("otto")
    assert (await otto.get(PAGE)).status_code == 200
    if how in ("another", "nobody"):
        await name(world, "hale@example.org" if how == "another" else "")
        assert ("Postbox", "person-otto") in world.pokes.made, "a letter that waits is looked at again"
    else:
        async with world.database.transaction() as session:
            if how == "other partner":
                await session.execute(update(Reporting).values(partner_id="person-hale"))
            else:
                gone = "person-otto" if how == "assistant left" else "person-mara"
                await leave(session, await session.get_one(Person, gone), world.clock.at)
                (await session.get_one(Person, gone)).left_at = None
    assert (await otto.get(PAGE)).status_code == 404
    assert (await otto.post(PAGE, data=chosen("0"))).status_code == 404
    assert (await offers(world))[0].state == "open"
    if how == "another":
        assert (await (await world.browser("hale")).get(PAGE)).status_code == 200


@pytest.mark.parametrize("who", ["mara@example.org", "nobody@example.org"])
async def test_who_cannot_be_an_assistant_is_said_and_the_former_one_stays(world: Any, who: str) -> None:
    await name(world, "otto@example.org")
    assert (await name(world, who)).status_code == 422
    assert await assistant_of_mara(world) == "person-otto"


async def test_only_whoever_holds_check_ins_names_an_assistant(world: Any) -> None:
    ann = await world.browser("ann")
    assert 'action="/privacy/assistant"' not in (await ann.get("/privacy")).text
    answer = await ann.post("/privacy/assistant", data={"assistant": "otto@example.org"})
    assert answer.status_code == 404
    async with world.database.reading() as session:
        assert (await session.get_one(Person, "person-ann")).assistant_id is None
