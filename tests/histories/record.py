"""Records a history of every workflow of this version: `python -m tests.histories.record`, from the repository's root.

They go into a folder named after the version. Do it once a release, and keep the folders of the releases before: that
what they began still replays is what they are for. A folder is recorded anew only before its version is released, or
when no run of its kind is under way anywhere. All are encrypted with the key beside them, which opens nothing else.
With the names of workflows after it only theirs are written, as for one that was not there before. What 0.1.0.dev1
holds was begun before any of the changes of course that the workflows ask about.
"""

import asyncio
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from integrations.database.tables import (
    ActionRow,
    CalendarWatchRow,
    CheckInRow,
    DirectoryWatchRow,
    Enrolment,
    Person,
    Plan,
)
from tests.journeys.life import Life, a_life
from tests.journeys.test_patience import a_form_is_due_in, consent, people_wait

HERE = Path(__file__).parent
VERSION = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
KEY_FILE = HERE / "test-only.key"
HISTORY = """
people:
  - person: {ann}
    plan:
      goals: [{{title: Explain numbers, why: Customers ask}}]
      actions:
        - {{title: Join two customer calls, owner: {ann}, modality: stretch,
           agreed_on: 2029-12-20, due_on: 2030-02-15, state: open, quiet_since: 2030-02-01}}
        - {{title: Introduce Ann to pricing, owner: {mara}, modality: mentoring,
           agreed_on: 2029-12-20, due_on: 2030-01-10, state: open, quiet_since: 2030-01-02}}
"""


async def record(wanted: list[str]) -> None:
    longest: dict[str, WorkflowHistory] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with a_life(Path(folder), history=HISTORY, key=KEY_FILE.read_text().strip()) as life:
            await life.live(days=2)
            await keep_the_longest(life, longest, "CalendarWatch", select(CalendarWatchRow.id))
            await keep_the_longest(life, longest, "DirectoryWatch", select(DirectoryWatchRow.id))
            await life.live_until_true(lambda: life.letters("Ann", "form/"), days=60)
            check_in = (await life.check_ins("Ann"))[0].id
            page = f"/check-ins/{check_in}/another-time"
            await life.post("Ann", page, page)
            await life.live(days=1)
            await keep_the_longest(life, longest)
            await life.answer_form("Ann", check_in, "Customers call me.", share=True)
            await life.live_until_true(lambda: life.letters("Mara", "outcome/"), days=60)
            await keep_the_longest(life, longest)
            for name in ("Ann", "Mara"):
                await life.say(name, check_in, "held")
                await life.live(hours=1)
                await keep_the_longest(life, longest)
            await life.live(days=60)
            await keep_the_longest(life, longest)
    longest |= await record_stuck()
    folder = HERE / VERSION
    folder.mkdir(exist_ok=True)
    for name, history in sorted(longest.items()):
        if wanted and name.partition("-")[0] not in wanted:
            continue
        # Who recorded it, and on which machine, is nobody's concern.
        text = re.sub(r'"\d+@[^"]*"', '"recorder"', json.dumps(without_traces(json.loads(history.to_json())), indent=2))
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{VERSION}/{name}.json: {len(history.events)} events")


async def record_stuck() -> dict[str, WorkflowHistory]:
    """Runs that could not go on for hours, waited for a hand, and went on once it was mended."""
    longest: dict[str, WorkflowHistory] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with a_life(Path(folder), key=KEY_FILE.read_text().strip()) as life:
            await a_form_is_due_in(life, hours=30)
            await consent(life, given=False)
            await life.live_until_true(lambda: people_wait(life), days=5)
            await life.live(hours=3)
            await consent(life, given=True)
            await life.live(hours=3)
            await keep_the_longest(life, longest, that=waited)
            await keep_the_longest(life, longest, "CalendarWatch", select(CalendarWatchRow.id), that=waited)
            await keep_the_longest(life, longest, "DirectoryWatch", select(DirectoryWatchRow.id), that=waited)
    return {f"{kind}-stuck": history for kind, history in longest.items()}


def without_traces(told: Any) -> Any:
    """Without what failures say of the machine on which they happened; their types are what the workflows go by."""
    if isinstance(told, dict):
        return {name: without_traces(each) for name, each in told.items() if name != "encodedAttributes"}
    return [without_traces(each) for each in told] if isinstance(told, list) else told


def waited(history: WorkflowHistory) -> bool:
    return any(event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED for event in history.events)


async def keep_the_longest(
    life: Life,
    longest: dict[str, WorkflowHistory],
    *one: Any,
    that: Callable[[WorkflowHistory], bool] = lambda _: True,
) -> None:
    """Of each workflow, or of `one` by its name and query; also of the runs that went on from one before. Only of those
    `that` are wanted.

    A watch looks several times a day for ever: two days of it are enough.
    """
    for name, target in [(one[0], each) for each in await life.rows(one[1])] if one else await ids(life):
        async for history in runs(life, f"{name}/{target}"):
            started = history.events[0].workflow_execution_started_event_attributes
            if not that(history):
                continue
            kind = f"{name}-continued" if started.continued_execution_run_id else name
            if kind not in longest or len(history.events) > len(longest[kind].events):
                longest[kind] = history


async def ids(life: Life) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, query in {
        "DevelopmentCycle": select(Enrolment.person_id),
        "CheckIn": select(CheckInRow.id),
        "ActionChase": select(ActionRow.id),
        "PlanWatch": select(Plan.id),
        "Postbox": select(Person.id),
    }.items():
        found += [(name, target) for target in await life.rows(query)]
    return found


async def runs(life: Life, workflow_id: str) -> Any:
    """The newest run under this id, and those that it went on from."""
    run_id: str | None = None
    while True:
        handle = life.time.environment.client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            history = await handle.fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return
            raise
        yield history
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id or None
        if run_id is None:
            return


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
