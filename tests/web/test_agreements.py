"""An action is agreed on in one line, its day as people say it; a slip is undone."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.actions import Actions
from activities.moment import Moment
from integrations.database.tables import ActionEvent, ActionRow

PAGE = "/check-ins/check-in-1"
FORM = {"title": "Join two calls", "owner": "person-ann", "due_on": "in two weeks", "success": "They call me"}


async def actions(world: Any) -> list[ActionRow]:
    async with world.database.reading() as session:
        return list((await session.scalars(select(ActionRow))).all())


async def agree(world: Any, name: str = "ann", **changes: str) -> Any:
    return await (await world.browser(name)).post(f"{PAGE}/actions", data=FORM | {"form_token": "t"} | changes)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("in two weeks", date(2030, 3, 18)),
        ("nächsten Freitag", date(2030, 3, 15)),
        ("Ende März", date(2030, 3, 31)),
        ("19.3.", date(2030, 3, 19)),
        ("2030-03-19", date(2030, 3, 19)),
    ],
)
async def test_a_day_is_understood_and_shown_back(world: Any, text: str, day: date) -> None:
    answer = await agree(world, due_on=text)
    assert [row.due_on for row in await actions(world)] == [day]
    page = (await (await world.browser("ann")).get(answer.headers["location"])).text
    assert f"by <strong>{day:%A} {day.day} {day:%B %Y}</strong>" in page


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("soonish", "We cannot tell which day"), ("yesterday", "We cannot"), ("3/4", "two days"), ("4.3.", "not ahead")],
)
async def test_an_unreadable_day_loses_nothing_that_was_typed(world: Any, text: str, sentence: str) -> None:
    answer = await agree(world, due_on=text, modality="rotation", private="yes")
    assert answer.status_code == 422
    assert sentence in answer.text
    for typed in (f'value="{text}"', 'value="Join two calls"', 'value="They call me"', '"rotation" selected'):
        assert typed in answer.text
    assert 'name="private" value="yes" checked' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert await actions(world) == []


async def test_what_the_other_has_not_said_yes_to_is_proposed_and_not_agreed(world: Any) -> None:
    answer = await agree(world, owner="person-mara")
    page = (await (await world.browser("ann")).get(answer.headers["location"])).text
    assert "Proposed to Mara: “Join two calls”, by" in page
    assert "Agreed: " not in page
    answer = await agree(world, form_token="own", title="Call them")
    page = (await (await world.browser("ann")).get(answer.headers["location"])).text
    assert "Agreed: “Call them”, Ann, by" in page
    assert "Proposed to" not in page


async def test_an_action_just_made_is_undone_as_if_it_had_never_been(world: Any) -> None:
    await agree(world)
    (row,) = await actions(world)
    ann = await world.browser("ann")
    assert (await ann.post(f"{PAGE}/actions/{row.id}/undo", data={"do": "undo"})).status_code == 303
    assert await actions(world) == []
    async with world.database.reading() as session:
        assert (await session.scalars(select(ActionEvent))).all() == []
    assert (await ann.post(f"{PAGE}/actions/{row.id}/undo", data={"do": "undo"})).status_code == 303
    chased = await Actions(world.database).chase(Moment(row.id, world.clock.at))
    assert chased is None, "whoever was woken for it finds nothing to do"


async def test_changing_it_brings_the_form_back_filled_in(world: Any) -> None:
    await agree(world)
    (row,) = await actions(world)
    answer = await (await world.browser("ann")).post(f"{PAGE}/actions/{row.id}/undo", data={"do": "change"})
    for typed in ('value="Join two calls"', 'value="They call me"', 'value="Monday 18 March 2030"'):
        assert typed in answer.text
    assert await actions(world) == []


async def test_undo_is_for_whoever_made_it_and_for_an_hour(world: Any) -> None:
    await agree(world)
    (row,) = await actions(world)
    for name in ("mara", "otto"):
        await (await world.browser(name)).post(f"{PAGE}/actions/{row.id}/undo", data={"do": "undo"})
    assert len(await actions(world)) == 1
    world.clock.at += timedelta(hours=2)
    late = await (await world.browser("ann")).post(f"{PAGE}/actions/{row.id}/undo", data={"do": "undo"})
    assert late.status_code == 422
    assert len(await actions(world)) == 1


async def test_what_the_other_has_taken_on_is_not_undone(world: Any) -> None:
    await agree(world, "mara")
    (row,) = await actions(world)
    await (await world.browser("ann")).post(f"/actions/{row.id}/accept", data={})
    refused = await (await world.browser("mara")).post(f"{PAGE}/actions/{row.id}/undo", data={"do": "undo"})
    assert refused.status_code == 422
    assert "Something has come of it already" in refused.text
