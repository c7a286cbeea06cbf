"""Connecting to Temporal, and what is said when nothing is there."""

import pytest

from config.settings import Settings
from integrations.temporal.codec import EncryptingCodec
from integrations.temporal.connect import TemporalUnreachable, connect


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
