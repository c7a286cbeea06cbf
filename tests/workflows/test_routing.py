"""An activity goes along the route that another gave, and without one where all went before there were routes."""

from datetime import UTC, datetime

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.check_ins import Turn
from activities.letters.send import Sorted
from activities.route import COMMON, Route
from workflows.routing import SOON, WHENEVER, along

NINE = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)


def test_a_route_names_the_queue_the_team_and_how_soon() -> None:
    placed = along(Route("perennial/shared-1", "mara", soon=True))
    assert placed["task_queue"] == "perennial/shared-1"
    assert (placed["priority"].priority_key, placed["priority"].fairness_key) == (SOON, "mara")
    assert along(Route("perennial/shared-1"))["priority"].priority_key == WHENEVER
    assert SOON < WHENEVER, "the lower goes first"


def test_without_a_queue_it_stays_on_the_workflow_s_own() -> None:
    assert along(COMMON)["task_queue"] is None


@pytest.mark.parametrize(
    ("kind", "recorded"),
    [
        (Turn, b'{"step": "book", "at": "2030-02-04T09:00:00Z"}'),
        (Sorted, b'{"letter_id": "x", "at": "2030-02-04T09:00:00Z"}'),
    ],
)
async def test_an_answer_recorded_before_there_were_routes_is_still_read(kind: type, recorded: bytes) -> None:
    (payload,) = await pydantic_data_converter.encode([None])
    payload.metadata["encoding"], payload.data = b"json/plain", recorded
    (found,) = await pydantic_data_converter.decode([payload], [kind])
    assert (found.at, found.route) == (NINE, COMMON)
