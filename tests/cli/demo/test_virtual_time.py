"""The demo's clock tells the time, and lives on for whoever asks while the demo stays."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from cli.demo.virtual_time import PATIENCE, TimeStandsStill, VirtualTime, Wishes, _teller, virtual_time
from cli.temporal_programs import test_server_program as time_skipping_program

NOON = datetime(2030, 5, 10, 12, tzinfo=UTC)


class Environment:
    """Stands for Temporal's test server, as far as its clock goes."""

    def __init__(self) -> None:
        self.time = NOON

    async def get_current_time(self) -> datetime:
        return self.time


@pytest.fixture
async def served() -> AsyncIterator[tuple[httpx.AsyncClient, Environment, Wishes]]:
    environment, wishes = Environment(), Wishes()
    clock = VirtualTime(Path(), environment, wishes=wishes)  # type: ignore[arg-type]
    server = await asyncio.start_server(_teller(clock), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as client:
        yield client, environment, wishes
    server.close()


async def test_a_wish_is_answered_once_its_days_have_been_lived(served: Any) -> None:
    client, environment, wishes = served
    wishes.granted = True
    asked = asyncio.create_task(client.post("/advance", json={"days": 7}))
    wish = await wishes.waiting.get()
    assert (wish.days, asked.done()) == (7, False)
    assert (await client.get("/now")).json() == {"now": NOON.isoformat()}
    environment.time += timedelta(days=7)
    wish.lived.set()
    assert (await asked).json() == {"now": "2030-05-17T12:00:00+00:00"}


async def test_no_wish_is_granted_while_the_demo_runs_by_itself(served: Any) -> None:
    client, _, wishes = served
    answer = await client.post("/advance", json={"days": 1})
    assert (answer.status_code, wishes.waiting.qsize()) == (409, 0)
    assert "--stay" in answer.json()["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"days": 0}', b'{"days": true}', b'{"days": 9999}', b'{"days": "1"}']
)
async def test_a_wish_that_is_none_is_refused_in_words(served: Any, body: bytes) -> None:
    client, _, wishes = served
    wishes.granted = True
    answer = await client.post("/advance", content=body)
    assert (answer.status_code, wishes.waiting.qsize()) == (409, 0)
    assert "how many days" in answer.json()["error"]


async def test_a_server_that_lost_everything_still_knows_the_time_and_tells_it_at_the_same_address() -> None:
    async with (
        virtual_time(time_skipping_program(os.environ), NOON) as clock,
        httpx.AsyncClient(trust_env=False, verify=False) as client,
    ):
        await clock.skip_to(NOON + timedelta(hours=5))
        address = clock.address
        times: list[str] = []
        telling = asyncio.create_task(_ask_again_and_again(client, clock.url, times))
        await clock.lose_everything()
        assert telling.cancel(), "nobody is left without an answer"
        assert clock.address != address
        assert timedelta(hours=5) <= await clock.now() - NOON < timedelta(hours=5, minutes=1)
        assert min(times) >= (NOON + timedelta(hours=5)).isoformat()


async def test_who_asked_a_moment_before_the_server_went_away_hears_where_time_stands() -> None:
    class Leaving:
        async def get_current_time(self) -> datetime:
            clock._stands_at = NOON
            raise RPCError("gone", RPCStatusCode.UNAVAILABLE, b"")

    clock = VirtualTime(Path(), Leaving())  # type: ignore[arg-type]
    assert await clock.now() == NOON


async def test_time_that_was_let_run_goes_on_with_a_server_that_lost_everything() -> None:
    async with virtual_time(time_skipping_program(os.environ), NOON) as clock:
        clock.patience = timedelta(seconds=20)
        for hours in (2, 4, 6):
            running = asyncio.create_task(clock.skip_to(NOON + timedelta(hours=hours)))
            await asyncio.sleep(0)
            await clock.lose_everything()
            await running
            assert timedelta(hours=hours) <= await clock.now() - NOON < timedelta(hours=hours, minutes=1)


async def _ask_again_and_again(client: httpx.AsyncClient, url: str, times: list[str]) -> None:
    while True:
        times.append((await client.get(url)).json()["now"])


@activity.defn
async def something_long() -> None:
    begun.set()
    await may_end.wait()


@workflow.defn(sandboxed=False)
class Works:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(something_long, start_to_close_timeout=timedelta(minutes=30))


begun, may_end = asyncio.Event(), asyncio.Event()


async def test_time_never_jumps_over_what_is_being_worked_on_and_goes_on_after_it() -> None:
    async with virtual_time(time_skipping_program(os.environ), NOON) as clock:
        client = clock.environment.client
        async with Worker(client, task_queue="q", workflows=[Works], activities=[something_long]):
            working = await client.start_workflow(Works.run, id="works", task_queue="q")
            await asyncio.wait_for(begun.wait(), 30)
            clock.patience = timedelta(seconds=1)
            with pytest.raises(TimeStandsStill, match="10 May 12:00 to 10 May 14:00 within 1 seconds"):
                await clock.skip_to(NOON + timedelta(hours=2))
            assert await clock.now() < NOON + timedelta(minutes=10)
            may_end.set()
            clock.patience = PATIENCE
            await clock.skip_to(NOON + timedelta(hours=3))
            assert (await working.describe()).status == WorkflowExecutionStatus.COMPLETED
