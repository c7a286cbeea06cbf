"""A real Temporal test server, once for all tests here, and settings that point to it."""

import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment

from config.settings import Settings
from integrations.temporal.codec import data_converter

KEYS = (SecretStr(Fernet.generate_key().decode()),)


@pytest.fixture(scope="session", autouse=True)
def the_sdk_ends_before_python_does() -> Iterator[None]:
    yield
    # Python exiting in a race with the SDK's own threads can abort the process.
    time.sleep(0.5)


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    server = Path(sys.executable).parent / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(server), data_converter=data_converter(KEYS)
    ) as environment:
        yield environment


@pytest.fixture
def settings(environment: WorkflowEnvironment) -> Settings:
    return Settings.model_validate(
        {
            "tenant_id": "11111111-1111-1111-1111-111111111111",
            "client_id": "22222222-2222-2222-2222-222222222222",
            "client_secret": "secret",
            "sandbox_url": "http://127.0.0.1:9",
            "service_mailbox": "checkins@meadow.example",
            "encryption_keys": KEYS,
            "session_key": "s" * 32,
            "temporal_address": environment.client.service_client.config.target_host,
        }
    )
