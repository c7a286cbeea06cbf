"""A workflow whose activity ends in a failure waits an hour or for a poke, looks again, and says that it went on."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.calendar_watches import Watched
from activities.letters.send import Sorted
from activities.moment import Moment
from activities.route import COMMON, Route
from cycle.check_in import Next, Step
from integrations.temporal.passthrough import workflow_runner
from integrations.temporal.pokes import Pokes
from workflows.every import WORKFLOWS
from workflows.wake_up import Pokable

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUEUE = "stuck"
BESIDE: dict[str, Any] = {"leaves.find_leave": None, "calendar_watches.find_route": COMMON}
"""What a workflow also asks on its way, and is not looked at here; with its answer."""


@pytest.fixture
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    program = Path(sys.executable).parent / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), data_converter=pydantic_data_converter
    ) as environment:
        yield environment


class House:
    """Stands in for activities. `answers` holds, for each, what its calls do in turn; the last is repeated."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, datetime]] = []

    def times(self, name: str) -> list[datetime]:
        return [at for each, at in self.calls if each == name]

    def activity(self, name: str) -> Callable[..., Any]:
        async def act(about: Moment) -> Any:
            if name not in BESIDE:
                self.calls.append((name, about.now))
            answers = self.answers.get(name, [BESIDE.get(name)])
            answer = answers[min(len(self.times(name)), len(answers)) - 1]
            if isinstance(answer, Exception):
                raise answer
            return about.now + answer if isinstance(answer, timedelta) else answer

        return activity.defn(name=name)(act)

    def working(self, client: Client, *more: str) -> Worker:
        names = {"stuck.went_on", "stuck.unanswered", *BESIDE, *self.answers, *more}
        return Worker(
            client,
            task_queue=QUEUE,
            workflows=WORKFLOWS,
            activities=[self.activity(name) for name in sorted(names)],
            workflow_runner=workflow_runner(),
            # Else the server goes on waiting for the worker that is gone, to which a run sticks.
            max_cached_workflows=0,
        )


async def over(temporal: WorkflowEnvironment, workflow_id: str) -> None:
    """Lets time run until the workflow has completed; fails after three days."""
    handle = temporal.client.get_workflow_handle(workflow_id)
    for _ in range(3 * 24 * 2):
        if (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED:
            return
        await temporal.sleep(HOUR / 2)
    raise AssertionError(f"{workflow_id} did not complete")


def ended() -> ApplicationError:
    return ApplicationError("the app may not", type="NotAllowed", non_retryable=True)


# For each workflow: what it asks, with its first answer a failure and its second the end.
FIRST_ASKS: dict[str, tuple[str, Any]] = {
    "DevelopmentCycle": ("cycles.open_due", None),
    "CheckIn": ("check_ins.look", None),
    "ActionChase": ("actions.chase", None),
    "PlanWatch": ("plans.watch", None),
    "Postbox": ("letters.sort", Sorted(None, None)),
    "CalendarWatch": ("calendar_watches.read_changes", None),
    "DirectoryWatch": ("directory_watches.follow_directory", None),
}


@pytest.mark.parametrize("workflow", [each.__name__ for each in WORKFLOWS])
async def test_every_workflow_looks_again_an_hour_later_and_says_that_it_went_on(
    temporal: WorkflowEnvironment, workflow: str
) -> None:
    asks, end = FIRST_ASKS[workflow]
    house, target = House(**{asks: list[Any]([ended(), ended(), end])}), str(uuid4())
    async with house.working(temporal.client):
        await Pokes(temporal.client, QUEUE).deliver(workflow, target)
        await over(temporal, f"{workflow}/{target}")
    first, second, third = house.times(asks)
    assert HOUR <= second - first < HOUR + timedelta(minutes=1)
    assert HOUR <= third - second < HOUR + timedelta(minutes=1)
    assert [name for name, _ in house.calls] == [asks] * 3 + ["stuck.went_on"]


async def test_what_never_failed_says_nothing(temporal: WorkflowEnvironment) -> None:
    house = House(**{"plans.watch": [None]})
    async with house.working(temporal.client):
        await Pokes(temporal.client, QUEUE).deliver("PlanWatch", "p")
        await over(temporal, "PlanWatch/p")
    assert [name for name, _ in house.calls] == ["plans.watch"]


async def test_a_poke_looks_again_at_once(temporal: WorkflowEnvironment) -> None:
    house, pokes = House(**{"plans.watch": [ended(), None]}), Pokes(temporal.client, QUEUE)
    async with house.working(temporal.client):
        await pokes.deliver("PlanWatch", "p")
        async with asyncio.timeout(20):
            while not house.calls:  # noqa: ASYNC110 - it happens in the worker
                await asyncio.sleep(0.02)
        # Nobody awaits a result yet, so time does not skip.
        await pokes.deliver("PlanWatch", "p")
        await over(temporal, "PlanWatch/p")
    first, second = house.times("plans.watch")
    assert second - first < timedelta(minutes=1)


async def test_a_step_that_fails_leaves_its_check_in_where_it_is(temporal: WorkflowEnvironment) -> None:
    async def now() -> datetime:
        return await temporal.get_current_time()

    step = Next(Step.BOOK, await now())
    house = House(**{"check_ins.look": list[Any]([step, step, None]), "calendar.book": [ended(), None]})
    async with house.working(temporal.client):
        await Pokes(temporal.client, QUEUE).deliver("CheckIn", "c")
        await over(temporal, "CheckIn/c")
    assert [name for name, _ in house.calls] == [
        "check_ins.look",
        "calendar.book",
        "check_ins.look",
        "calendar.book",
        "check_ins.look",
        "stuck.went_on",
    ], "that the first half of a pull works does not mean that it went on"


async def test_what_nobody_answers_for_a_day_is_told_and_looked_at_again_at_once(
    temporal: WorkflowEnvironment,
) -> None:
    house = House(**{"plans.watch": [ApplicationError("busy", type="Transient", next_retry_delay=HOUR)]})
    began = await temporal.get_current_time()
    async with house.working(temporal.client):
        await Pokes(temporal.client, QUEUE).deliver("PlanWatch", "p")
        while not house.times("stuck.unanswered"):
            await temporal.sleep(HOUR)
            assert await temporal.get_current_time() - began < timedelta(days=3)
        house.answers["plans.watch"] = [None]
        await over(temporal, "PlanWatch/p")
    (told,) = house.times("stuck.unanswered")
    assert timedelta(days=1) < told - began < timedelta(hours=27)
    again = [at for at in house.times("plans.watch") if at >= told]
    assert again[0] - told < timedelta(minutes=1)
    assert len(house.times("stuck.went_on")) == 1


async def test_what_waits_for_days_goes_on_as_new_runs_and_is_struck_out_only_once_it_went_on(
    temporal: WorkflowEnvironment,
) -> None:
    asks = "calendar_watches.read_changes"
    house, handle = House(**{asks: [ended()]}), temporal.client.get_workflow_handle("CalendarWatch/w")
    async with house.working(temporal.client):
        await Pokes(temporal.client, QUEUE).deliver("CalendarWatch", "w")
        await temporal.sleep(2 * DAY)
        history = await handle.fetch_history()
        house.answers[asks] = [None]
        await over(temporal, "CalendarWatch/w")
    assert history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    assert len(history.events) < Pokable.long + 20
    looks = house.times(asks)
    assert all(after - before >= HOUR for before, after in pairwise(looks[:-1])), "a new run waits as the former did"
    assert len(house.times("stuck.went_on")) == 1


async def test_a_run_that_looks_for_ever_stays_short(temporal: WorkflowEnvironment) -> None:
    house = House(**{"plans.watch": [HOUR]})
    async with house.working(temporal.client):
        await Pokes(temporal.client, QUEUE).deliver("PlanWatch", "p")
        await temporal.sleep(2 * DAY)
        history = await temporal.client.get_workflow_handle("PlanWatch/p").fetch_history()
        house.answers["plans.watch"] = [None]
        await over(temporal, "PlanWatch/p")
    assert len(history.events) < Pokable.long + 20
    looks = house.times("plans.watch")
    assert 40 < len(looks) < 60, "a new run looks at once, and then as ever"
    assert house.times("stuck.went_on") == []


async def test_a_watch_looks_where_its_mailbox_is_talked_to_from_its_first_look_on(
    temporal: WorkflowEnvironment,
) -> None:
    house = House(**{"calendar_watches.find_route": [Route("where-its-mailbox-is")]})
    scheduled: list[tuple[str, str]] = []
    async with house.working(temporal.client), asyncio.timeout(20):
        await Pokes(temporal.client, QUEUE).deliver("CalendarWatch", "w")
        while len(scheduled) < 2:
            await asyncio.sleep(0.02)
            history = await temporal.client.get_workflow_handle("CalendarWatch/w").fetch_history()
            asked = [each.activity_task_scheduled_event_attributes for each in history.events]
            scheduled = [(each.activity_type.name, each.task_queue.name) for each in asked if each.activity_id]
    assert scheduled[1] == ("calendar_watches.read_changes", "where-its-mailbox-is")


# A worker replaced under runs that are under way


def in_a_month(workflow: str, now: datetime) -> Any:
    """What each workflow's question is answered while nothing is due: it then waits in the middle of its story."""
    at = now + 30 * DAY
    answers = {"CheckIn": Next(Step.BOOK, at), "Postbox": Sorted(None, at), "CalendarWatch": Watched(at, at)}
    return answers.get(workflow, at)


@pytest.mark.parametrize("waits", ["for its time", "for a hand"])
@pytest.mark.parametrize("workflow", [each.__name__ for each in WORKFLOWS])
async def test_another_worker_goes_on_with_what_one_began(
    temporal: WorkflowEnvironment, workflow: str, waits: str
) -> None:
    asks, end = FIRST_ASKS[workflow]
    first: Any = in_a_month(workflow, await temporal.get_current_time()) if waits == "for its time" else ended()
    house, target, pokes = House(**{asks: [first, end]}), str(uuid4()), Pokes(temporal.client, QUEUE)
    async with house.working(temporal.client):
        await pokes.deliver(workflow, target)
        # Until it has said what it waits for; time does not skip meanwhile.
        async with asyncio.timeout(20):
            while not await waiting(temporal.client, f"{workflow}/{target}"):  # noqa: ASYNC110 - it happens there
                await asyncio.sleep(0.02)
    async with house.working(temporal.client):
        await pokes.deliver(workflow, target)
        await over(temporal, f"{workflow}/{target}")
    went_on = ["stuck.went_on"] if waits == "for a hand" else []
    assert [name for name, _ in house.calls] == [asks, asks, *went_on]


async def waiting(client: Client, workflow_id: str) -> bool:
    """Whether it waits for an instant, in a timer or hibernating."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    hibernates = bool(started.continued_execution_run_id) and len(history.events) == 1
    return hibernates or any(each.event_type == EventType.EVENT_TYPE_TIMER_STARTED for each in history.events)
