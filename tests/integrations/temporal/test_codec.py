"""Payloads on their way to Temporal: unreadable there, readable here, also after a change of keys."""

from dataclasses import dataclass

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from integrations.temporal.codec import KeyMissing, data_converter

OLD = SecretStr(Fernet.generate_key().decode())
NEW = SecretStr(Fernet.generate_key().decode())
CANARY = "the canary sings"


@dataclass
class Input:
    target: str


async def test_a_payload_comes_back_as_it_was_and_travels_unreadable() -> None:
    converter = data_converter([NEW])
    payloads = await converter.encode([Input(CANARY)])
    assert CANARY.encode() not in payloads[0].SerializeToString()
    assert await converter.decode(payloads, [Input]) == [Input(CANARY)]


async def test_what_the_old_key_encrypted_is_read_after_the_keys_were_rotated() -> None:
    payloads = await data_converter([OLD]).encode([CANARY])
    assert await data_converter([NEW, OLD]).decode(payloads, [str]) == [CANARY]


async def test_the_first_key_encrypts() -> None:
    payloads = await data_converter([NEW, OLD]).encode([CANARY])
    assert await data_converter([NEW]).decode(payloads, [str]) == [CANARY]


async def test_a_missing_key_is_named_by_its_setting() -> None:
    payloads = await data_converter([OLD]).encode([CANARY])
    with pytest.raises(KeyMissing, match="PERENNIAL_ENCRYPTION_KEYS"):
        await data_converter([NEW]).decode(payloads, [str])


async def test_an_unencrypted_payload_is_passed_through() -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"changed"')
    assert await data_converter([NEW]).decode([plain], [str]) == ["changed"]


async def test_the_message_of_a_failure_travels_unreadable_too() -> None:
    converter = data_converter([NEW])
    failure = Failure()
    await converter.encode_failure(ApplicationError(CANARY), failure)
    assert CANARY.encode() not in failure.SerializeToString()
    assert CANARY in str(await converter.decode_failure(failure))
