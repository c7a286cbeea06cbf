"""Poke, then pull, on both servers: no poke is lost, and one that hibernates is woken at once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.moment import Moment
from integrations.temporal.passthrough import workflow_runner
from integrations.temporal.pokes import SIGNAL, WORKFLOW_NAMES, Pokes
from workflows.every import WORKFLOWS

PROGRAMS = Path(sys.executable).parent
# The development server's own delays would make this slow; the waits of the workflows themselves stay as they are.
QUICK = ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=10000"]
FAR_AHEAD = timedelta(days=30)
SOME_DAY = datetime(2100, 3, 1, tzinfo=UTC)


@pytest.fixture(params=["the test server", "the full server"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    if request.param == "the full server":
        starting = WorkflowEnvironment.start_local(
            dev_server_existing_path=str(PROGRAMS / "temporal"),
            dev_server_extra_args=QUICK,
            data_converter=pydantic_data_converter,
        )
    else:
        starting = WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=str(PROGRAMS / "temporal-test-server"), data_converter=pydantic_data_converter
        )
    async with await starting as environment:
        yield environment.client


class Puller:
    """Stands in for an activity: each pull says what `answers` holds next, after `during` has happened."""

    def __init__(self, answers: Sequence[timedelta | datetime | None], during: Callable[[], Any]) -> None:
        self.answers, self.during, self.pulls = answers, during, 0

    async def pull(self, about: Moment) -> datetime | None:
        self.pulls += 1
        if self.pulls == 1:
            await self.during()
        wait = self.answers[min(self.pulls, len(self.answers)) - 1]
        return about.now + wait if isinstance(wait, timedelta) else wait


def working(client: Client, puller: Puller, name: str) -> Worker:
    @activity.defn(name=name)
    async def pull(about: Moment) -> datetime | None:
        return await puller.pull(about)

    @activity.defn(name="leaves.find_leave")
    async def find_leave(_: Moment) -> None:
        return None

    activities = [pull, find_leave]
    return Worker(
        client, task_queue="pokes", workflows=WORKFLOWS, activities=activities, workflow_runner=workflow_runner()
    )


async def reached(holds: Callable[[], Any]) -> None:
    """Returns once `holds()`; fails after 20 seconds."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what is awaited happens elsewhere
            await asyncio.sleep(0.02)


def test_pokes_know_the_workflows_by_the_names_of_their_definitions() -> None:
    assert tuple(each.__name__ for each in WORKFLOWS) == WORKFLOW_NAMES
    for each in WORKFLOWS:
        definition = getattr(each, "__temporal_workflow_definition")
        assert definition.name == each.__name__
        assert set(definition.signals) == {SIGNAL}


async def test_a_poke_during_a_pull_is_answered_by_another_pull(client: Client) -> None:
    target, pokes = str(uuid4()), Pokes(client, "pokes")
    puller = Puller([None, None], during=lambda: pokes.deliver("PlanWatch", target, "changed"))
    async with working(client, puller, "plans.watch"):
        await pokes.deliver("PlanWatch", target, "made")
        await reached(lambda: puller.pulls == 2)
        handle = client.get_workflow_handle(f"PlanWatch/{target}")
        await handle.result()
        started = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
        assert not started.continued_execution_run_id
    assert puller.pulls == 2, "the run that was poked looked again before it ended, and no other run was needed"


async def test_a_poke_during_the_pull_of_a_run_about_to_hibernate_is_not_lost(client: Client) -> None:
    target, pokes = str(uuid4()), Pokes(client, "pokes")
    puller = Puller([FAR_AHEAD, FAR_AHEAD, None], during=lambda: pokes.deliver("DevelopmentCycle", target, "changed"))
    async with working(client, puller, "cycles.open_due"):
        await pokes.deliver("DevelopmentCycle", target, "enrolled")
        await reached(lambda: puller.pulls == 2)
        # Asleep for a month now; a poke wakes it at once, and its newest word is that nothing is left to do.
        await asyncio.wait_for(_until_it_hibernates(client, target), 20)
        assert puller.pulls == 2
        await pokes.deliver("DevelopmentCycle", target, "left")
        await reached(lambda: puller.pulls == 3)
        handle = client.get_workflow_handle(f"DevelopmentCycle/{target}")
        await handle.result()
        assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def nothing() -> None:
    return None


async def test_a_poke_cuts_a_wait_short(client: Client) -> None:
    target, pokes = str(uuid4()), Pokes(client, "pokes")
    puller = Puller([FAR_AHEAD, None], during=nothing)
    async with working(client, puller, "actions.chase"):
        await pokes.deliver("ActionChase", target, "made")
        await reached(lambda: puller.pulls == 1)
        await pokes.deliver("ActionChase", target, "done")
        await client.get_workflow_handle(f"ActionChase/{target}").result()
    assert puller.pulls == 2


@pytest.mark.parametrize(("then", "alarms"), [(SOME_DAY, 1), (SOME_DAY - timedelta(days=1), 2)])
async def test_a_poke_leaves_the_alarm_alone_and_the_next_wait_takes_over_what_is_for_its_instant(
    client: Client, then: datetime, alarms: int
) -> None:
    """The test server stands still for ever when an alarm is called off that rang a moment before."""
    target, pokes = str(uuid4()), Pokes(client, "pokes")
    puller = Puller([SOME_DAY, then, None], during=nothing)
    async with working(client, puller, "actions.chase"):
        await pokes.deliver("ActionChase", target, "made")
        handle = client.get_workflow_handle(f"ActionChase/{target}")
        async with asyncio.timeout(20):
            while EventType.EVENT_TYPE_TIMER_STARTED not in await _kinds(handle):  # noqa: ASYNC110 - it happens there
                await asyncio.sleep(0.02)
        await pokes.deliver("ActionChase", target, "changed")
        await reached(lambda: puller.pulls == 2)
        await pokes.deliver("ActionChase", target, "done")
        await handle.result()
        kinds = await _kinds(handle)
    assert kinds.count(EventType.EVENT_TYPE_TIMER_STARTED) == alarms
    assert EventType.EVENT_TYPE_TIMER_CANCELED not in kinds


async def _kinds(handle: WorkflowHandle[Any, Any]) -> "list[EventType.ValueType]":
    return [each.event_type for each in (await handle.fetch_history()).events]


async def _until_it_hibernates(client: Client, target: str) -> None:
    """The newest run then has begun and not been given anything to do yet."""
    while True:
        history = await client.get_workflow_handle(f"DevelopmentCycle/{target}").fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        if started.continued_execution_run_id and len(history.events) == 1:
            return
        await asyncio.sleep(0.02)
