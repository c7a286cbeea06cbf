"""Connecting to Temporal, and what is said when nothing is there."""

import subprocess
import sys

import pytest
from temporalio.service import RPCError, RPCStatusCode, WorkflowService

from config.settings import Settings
from integrations.temporal.codec import EncryptingCodec
from integrations.temporal.connect import TemporalUnreachable, connect

FAILS_AT_ONCE = """
import asyncio, sys
from temporalio.client import Client
import integrations.temporal.connect
try:
    asyncio.run(Client.connect("127.0.0.1:1"))
except RuntimeError:
    sys.exit(3)
"""


async def test_a_client_connects_and_encrypts(settings: Settings) -> None:
    client = await connect(settings)
    assert client.namespace == "default"
    assert isinstance(client.data_converter.payload_codec, EncryptingCodec)


async def test_an_unreachable_server_is_one_sentence_with_address_setting_and_remedy(
    settings: Settings,
) -> None:
    nobody = settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    with pytest.raises(TemporalUnreachable) as refused:
        await connect(nobody)
    sentence = str(refused.value)
    for part in ("127.0.0.1:1", "PERENNIAL_TEMPORAL_ADDRESS", "temporal server start-dev"):
        assert part in sentence


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RPCStatusCode.NOT_FOUND, "has no namespace 'elsewhere'; correct PERENNIAL_TEMPORAL_NAMESPACE"),
        (RPCStatusCode.PERMISSION_DENIED, "correct PERENNIAL_TEMPORAL_API_KEY"),
        (RPCStatusCode.UNAVAILABLE, "does not answer sensibly (UNAVAILABLE)"),
    ],
)
async def test_a_server_that_does_not_take_us_is_told_apart_from_none(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, status: RPCStatusCode, words: str
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise RPCError("no", status, b"")

    monkeypatch.setattr(WorkflowService, "describe_namespace", refuse)
    elsewhere = settings.model_copy(update={"temporal_namespace": "elsewhere"})
    with pytest.raises(TemporalUnreachable) as refused:
        await connect(elsewhere)
    assert words in str(refused.value)
    assert (await connect(elsewhere, lazy=True)).namespace == "elsewhere"


def test_a_command_that_finds_no_server_still_ends_with_its_own_exit_code() -> None:
    told = subprocess.run(
        [sys.executable, "-c", FAILS_AT_ONCE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 3, told.stderr
    assert "Fatal Python error" not in told.stderr
