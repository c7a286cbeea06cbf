"""Two worker processes share the mailboxes' queues; one that dies or leaves is replaced by the other.

On the full server and in real time: the leases last their 30 seconds.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

import worker
from cycle.shards import SHARED, Shards
from integrations.database.connection import Database, open_database
from integrations.database.leases import WORKER
from integrations.database.migrate import upgrade_async
from integrations.database.tables import Lease

HOUSE = Path(worker.__file__).parent
QUEUES = SHARED + 1


@pytest.fixture
async def temporal() -> AsyncIterator[Client]:
    program = Path(sys.executable).parent / "temporal"
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(program)) as environment:
        yield environment.client


@pytest.fixture
def tenant() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "sandbox", "--json", "--people", "1"]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        told = json.loads(sandbox.stdout.readline())
        told |= httpx.get(f"{told['entra']}/_sandbox/about", trust_env=False).json()
        yield {
            "PERENNIAL_SANDBOX_URL": told["entra"],
            "PERENNIAL_TENANT_ID": told["tenant_id"],
            "PERENNIAL_CLIENT_ID": told["client_id"],
            "PERENNIAL_CLIENT_SECRET": told["client_secret"],
            "PERENNIAL_SERVICE_MAILBOX": told["service_mailbox"],
        }
        sandbox.terminate()


@contextmanager
def a_worker(env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    bare = {name: text for name, text in os.environ.items() if not name.upper().startswith("PERENNIAL_")}
    with subprocess.Popen([sys.executable, "worker.py"], cwd=HOUSE, env=bare | env) as process:
        try:
            yield process
        finally:
            process.kill()


async def shares(database: Database, processes: int) -> dict[str, set[str]]:
    """Holder -> queues, once so many processes are alive and hold all queues, evenly. Fails after a minute."""
    async with asyncio.timeout(60):
        while True:
            async with database.reading() as session:
                rows = (await session.scalars(select(Lease))).all()
            alive = {row.holder for row in rows if row.name.startswith(WORKER)}
            held = {each: {row.name for row in rows if row.holder == each} - {WORKER + each} for each in alive}
            sizes = [len(queues) for queues in held.values()]
            if len(alive) == processes and sum(sizes) == QUEUES and max(sizes) - min(sizes) <= 1:
                return held
            await asyncio.sleep(0.2)


async def polls(temporal: Client, queue: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server knows the process as one that polls the queue, or has done so lately."""
    asked = DescribeTaskQueueRequest(
        namespace="default",
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    told = await temporal.workflow_service.describe_task_queue(asked)
    return any(each.identity.startswith(f"{process.pid}@") for each in told.pollers)


async def comes_to_poll(temporal: Client, queue: str, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(30):
        while not await polls(temporal, queue, process):  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.2)


async def test_queues_are_shared_and_taken_over_from_whoever_dies_or_leaves(
    tenant: dict[str, str], temporal: Client, database_url: str, keys: tuple[str, ...]
) -> None:
    await upgrade_async(database_url)
    env = tenant | {
        "PERENNIAL_DATABASE_URL": database_url,
        "PERENNIAL_TEMPORAL_ADDRESS": temporal.service_client.config.target_host,
        "PERENNIAL_ENCRYPTION_KEYS": keys[0],
        "PERENNIAL_SESSION_KEY": "s" * 40,
    }
    service = f"perennial/{Shards((tenant['PERENNIAL_SERVICE_MAILBOX'],)).of(tenant['PERENNIAL_SERVICE_MAILBOX'])}"
    database = open_database(database_url, keys)
    with a_worker(env) as first:
        alone = await shares(database, 1)
        await comes_to_poll(temporal, service, first)
        with a_worker(env) as second:
            both = await shares(database, 2)
            assert both.keys() > alone.keys()
            assert not await polls(temporal, service, second), "a queue that one process has is polled by no other"
            first.kill()
            left = await shares(database, 1)
            assert left.keys() == both.keys() - alone.keys()
            await comes_to_poll(temporal, service, second)
            with a_worker(env) as third:
                await shares(database, 2)
                second.send_signal(signal.SIGTERM)
                last = await shares(database, 1)
                assert not last.keys() & left.keys()
                await comes_to_poll(temporal, service, third)
                assert await asyncio.to_thread(second.wait, 40) == 0
    await database.close()
