"""Pokes against a real server: they wake what runs, start what is missing, and say when they failed."""

import asyncio

import pytest
from temporalio import workflow
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from config.settings import Settings
from integrations.temporal.connect import connect
from integrations.temporal.passthrough import PASSED_THROUGH, workflow_runner
from integrations.temporal.pokes import WORKFLOW_NAMES, NotTaken, Pokes, Undelivered


@workflow.defn(name="CheckIn")
class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.run
    async def run(self, target: str) -> list[str]:
        await workflow.wait_condition(lambda: "enough" in self.heard)
        return [target, *self.heard]

    @workflow.signal
    async def reconsider(self, reason: str) -> None:
        self.heard.append(reason)


async def test_a_poke_starts_what_is_missing_and_wakes_what_runs(environment: WorkflowEnvironment) -> None:
    client = environment.client
    pokes = Pokes(client, "pokes")
    async with Worker(client, task_queue="pokes", workflows=[Listener], workflow_runner=workflow_runner()):
        await pokes.deliver("CheckIn", "C1")
        first = await client.get_workflow_handle("CheckIn/C1").describe()
        await pokes.deliver("CheckIn", "C1", "enough")
        heard = await client.get_workflow_handle("CheckIn/C1").result()
        last = await client.get_workflow_handle("CheckIn/C1").describe()
    assert heard == ["C1", "changed", "enough"]
    assert first.run_id == last.run_id, "the second poke must not start a second run"


async def test_a_poke_to_what_has_ended_starts_it_again(environment: WorkflowEnvironment) -> None:
    client = environment.client
    pokes = Pokes(client, "pokes")
    async with Worker(client, task_queue="pokes", workflows=[Listener], workflow_runner=workflow_runner()):
        for _ in range(2):
            await pokes.deliver("CheckIn", "C2", "enough")
            handle = client.get_workflow_handle("CheckIn/C2")
            assert await handle.result() == ["C2", "enough"]
            assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_an_unknown_workflow_is_never_started(environment: WorkflowEnvironment) -> None:
    with pytest.raises(NotTaken, match="Chekin is not a workflow"):
        await Pokes(environment.client, "pokes").deliver("Chekin", "C1")


async def test_a_poke_that_did_not_arrive_says_so_soon(settings: Settings) -> None:
    nowhere = await connect(settings.model_copy(update={"temporal_address": "127.0.0.1:1"}), lazy=True)
    with pytest.raises(Undelivered, match="CheckIn/C1"):
        async with asyncio.timeout(30):
            await Pokes(nowhere, "pokes").deliver("CheckIn", "C1")


def test_the_names_are_known_and_the_layers_below_pass_through() -> None:
    assert WORKFLOW_NAMES == ("DevelopmentCycle", "CheckIn", "ActionChase", "PlanWatch", "Postbox")
    passed = workflow_runner().restrictions.passthrough_modules
    assert set(PASSED_THROUGH) <= passed
    assert "workflows" not in passed
