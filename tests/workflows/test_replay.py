"""Recorded histories still replay, and hold ids and instants only. tests/histories/record.py records them."""

import ast
import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner

from activities.letters.send import Letters
from activities.moment import Moment
from cycle.check_in import Step
from integrations.temporal.codec import data_converter
from integrations.temporal.passthrough import workflow_runner
from workflows.every import WORKFLOWS
from workflows.patience import MICROSOFT
from workflows.wake_up import Pokable

ROOT = Path(__file__).parents[2]
HISTORIES = ROOT / "tests" / "histories"
KEY = (HISTORIES / "test-only.key").read_text(encoding="ascii").strip()
RECORDED = sorted(HISTORIES.glob("*/*.json"))
NAMES = [f"{file.parent.name}/{file.stem}" for file in RECORDED]


# What a server has written when no worker is at work on the run.
WHERE_A_WORKER_MAY_STOP = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_TIMER_FIRED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
}


KEYS = {"id", "now", "step", "at", "letter_id", "compare_at", "route", "queue", "team", "soon", "deprecated"}

# Each replays all that came before it.
MOST_CUTS = 10


@workflow.defn(name="Postbox")
class HastyPostbox(Pokable):
    """A Postbox that delivers before it sorts: somebody changed the order of its commands."""

    @workflow.run
    async def run(self, recipient_id: str) -> None:
        about = Moment(recipient_id, workflow.now())
        await workflow.execute_activity_method(Letters.deliver, about, **MICROSOFT)
        await workflow.execute_activity_method(Letters.sort, about, **MICROSOFT)


def history_in(file: Path) -> WorkflowHistory:
    kind = file.stem.partition("-")[0]
    return WorkflowHistory.from_json(f"{kind}/recorded", file.read_text(encoding="utf-8"))


def replayer(*workflows: type, runner: WorkflowRunner | None = None) -> Replayer:
    return Replayer(
        workflows=workflows,
        workflow_runner=runner or workflow_runner(),
        data_converter=data_converter([SecretStr(KEY)]),
    )


@pytest.mark.parametrize("file", RECORDED, ids=NAMES)
async def test_a_recorded_history_still_replays(file: Path) -> None:
    await replayer(*WORKFLOWS).replay_workflow(history_in(file))


def test_there_is_a_history_of_every_workflow_and_of_a_cycle_that_went_on() -> None:
    for version in HISTORIES.glob("*/"):
        names = {file.stem for file in version.glob("*.json")}
        assert not names or names >= {each.__name__ for each in WORKFLOWS} | {"DevelopmentCycle-continued"}
    for file in HISTORIES.glob("*/*-continued.json"):
        continued = history_in(file).events[0]
        assert continued.workflow_execution_started_event_attributes.continued_execution_run_id


def test_there_are_histories_of_runs_that_waited_for_a_hand_and_of_one_that_went_on() -> None:
    after = []
    for file in RECORDED:
        if file.stem.endswith("-stuck"):
            kinds = [event.event_type for event in history_in(file).events]
            last = len(kinds) - kinds[::-1].index(EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED)
            after.append(kinds[last:])
    assert len(after) >= 3
    assert any(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED in each for each in after)
    assert all(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW in each for each in after)


def test_every_change_of_a_workflows_course_is_in_a_history_of_before_it_and_in_one_of_after_it() -> None:
    patches = {
        call.args[0].value
        for module in (ROOT / "workflows").glob("*.py")
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "workflow.patched"
        if isinstance(call.args[0], ast.Constant)
    }
    assert patches
    taken = [patches_in(file) for file in RECORDED]
    assert set().union(*taken) == patches
    assert set() in taken


@pytest.mark.parametrize("file", RECORDED, ids=NAMES)
async def test_a_run_of_a_former_version_goes_on_from_wherever_it_stands(file: Path) -> None:
    """Cut off where a worker may have been replaced, from its beginning to its end: what it did until then replays."""
    history = history_in(file)
    cuts = [n for n, event in enumerate(history.events, 1) if event.event_type in WHERE_A_WORKER_MAY_STOP]
    assert cuts
    for cut in cuts[:: max(1, len(cuts) // MOST_CUTS)]:
        begun = WorkflowHistory(history.workflow_id, history.events[:cut])
        await replayer(*WORKFLOWS).replay_workflow(begun)


async def test_another_order_of_commands_does_not_replay() -> None:
    # Outside the sandbox, which would load this file anew, pytest and all.
    runner, history = UnsandboxedWorkflowRunner(), history_in(RECORDED[-1].parent / "Postbox.json")
    await replayer(*WORKFLOWS, runner=runner).replay_workflow(history)
    with pytest.raises(workflow.NondeterminismError):
        await replayer(HastyPostbox, runner=runner).replay_workflow(history)


@pytest.mark.parametrize("file", RECORDED, ids=NAMES)
def test_payloads_hold_ids_instants_and_our_own_words_only(file: Path) -> None:
    ours = {None, True, False, *(str(step) for step in Step), *words_of_ours()}
    opened = list(payloads(json.loads(file.read_text(encoding="utf-8"))))
    assert opened
    found = {value for payload in opened for value in values(payload)}
    assert [
        value for value in found if not (value in ours or is_id(value) or is_instant(value) or is_queue(value))
    ] == []


def patches_in(file: Path) -> set[str]:
    """What `workflow.patched` recorded in a history, as markers."""
    markers = [each.marker_recorded_event_attributes for each in history_in(file).events]
    told = [each.details["patch-data"].payloads[0] for each in markers if each.marker_name == "core_patch"]
    return {json.loads(each.data)["id"] for each in told}


NAMES_OF_PATCHES = ("patch-data", "searchAttributes")
"""Where the SDK writes down which changes of ours a run takes part in; a codec does not reach there."""


def payloads(found: Any, plain: bool = False) -> Iterator[Any]:
    """Every payload in a history, opened; each must have been encrypted, but for the names of our patches."""
    if isinstance(found, list):
        for each in found:
            yield from payloads(each, plain)
    elif isinstance(found, dict) and "data" in found:
        data = base64.b64decode(found["data"])
        words = data if plain else Payload.FromString(Fernet(KEY).decrypt(data)).data
        yield json.loads(words) if words else None
    elif isinstance(found, dict):
        for name, each in found.items():
            yield from payloads(each, plain or name in NAMES_OF_PATCHES)


def values(payload: Any) -> Iterator[Any]:
    if isinstance(payload, dict):
        assert set(payload) <= KEYS
        for each in payload.values():
            yield from values(each)
    elif isinstance(payload, list):
        for each in payload:
            yield from values(each)
    else:
        yield payload


def words_of_ours() -> set[str]:
    """Every text that stands in our code; what a person wrote stands in none."""
    return {
        node.value
        for package in ("activities", "integrations", "web", "workflows")
        for file in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def is_id(value: str) -> bool:
    """Of a row, or of a workflow by its name and that of its row."""
    kind, _, target = value.rpartition("/")
    try:
        return bool(UUID(target)) and kind in {"", *(each.__name__ for each in WORKFLOWS)}
    except ValueError:
        return False


def is_queue(value: str) -> bool:
    """That of a shard, whose name tells no address (`cycle/shards.py`)."""
    return re.fullmatch(r"perennial/(shared-\d|mailbox-[0-9a-f]{12})", value) is not None


def is_instant(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
