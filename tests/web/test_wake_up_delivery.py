"""Wake-ups from the web face while Temporal is silent."""

from typing import Any

import pytest
from sqlalchemy import select

from integrations.database.tables import Answer, WakeUp
from integrations.temporal.pokes import Undelivered
from web.wake_up_delivery import LatePokes


async def test_with_temporal_down_a_reflection_is_taken_and_its_wake_up_waits(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.database, "_pokes", LatePokes(world.settings))
    ann = await world.browser("ann")
    answer = await ann.post("/reflections/check-in-1", data={"text-proud": "kept", "do": "save"})
    assert answer.status_code == 303
    async with world.database.reading() as session:
        owed = [(row.workflow, row.target) for row in await session.scalars(select(WakeUp))]
        assert owed == [("CheckIn", "check-in-1")]
        assert [row.text for row in await session.scalars(select(Answer))] == ["kept"]


async def test_without_a_connection_no_page_is_kept_waiting(world: Any) -> None:
    with pytest.raises(Undelivered):
        await LatePokes(world.settings).deliver("CheckIn", "check-in-1", "changed")
