"""How payloads travel to Temporal: as pydantic JSON, encrypted, failures and stack traces too."""

import dataclasses
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

ENCODING = b"binary/fernet"


class KeyMissing(Exception):
    """A payload was encrypted with a key that is not in the settings."""


class EncryptingCodec(PayloadCodec):
    """Fernet over the whole payload; the first key encrypts, any key decrypts, so keys can be rotated."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(metadata={"encoding": ENCODING}, data=self._fernet.encrypt(payload.SerializeToString()))
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises KeyMissing. What somebody sent unencrypted (by Temporal's own UI) is passed through."""
        return [self._decoded(payload) for payload in payloads]

    def _decoded(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        try:
            return Payload.FromString(self._fernet.decrypt(payload.data))
        except InvalidToken as error:
            raise KeyMissing(
                "A payload in Temporal was encrypted with a key that is not in PERENNIAL_ENCRYPTION_KEYS; "
                "add the former key at the end of the list."
            ) from error


def data_converter(keys: Sequence[SecretStr]) -> DataConverter:
    """The one converter of client, worker and replayer. `keys`: Fernet keys, the encrypting one first."""
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=EncryptingCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
