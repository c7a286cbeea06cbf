"""The connection to Temporal, and the sentence for when there is none."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.service import TLSConfig

from config.settings import Settings
from integrations.temporal.codec import data_converter


class TemporalUnreachable(Exception):
    """No Temporal server answers at the configured address."""


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """A client with the encrypting converter. Raises TemporalUnreachable after at most 10 seconds.

    A lazy one connects when first used, so the web face works while Temporal is down; no worker takes it.
    """
    try:
        return await Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
            tls=_tls(settings),
            data_converter=data_converter(settings.encryption_keys),
            connect_timeout=timedelta(seconds=10),
            lazy=lazy,
        )
    except RuntimeError as error:
        # The SDK reports every failure to connect as a RuntimeError.
        raise TemporalUnreachable(
            f"No Temporal server answers at {settings.temporal_address} (PERENNIAL_TEMPORAL_ADDRESS); "
            "correct the address and the TLS settings, or start one: temporal server start-dev."
        ) from error


def _tls(settings: Settings) -> bool | TLSConfig:
    if settings.temporal_tls_cert_file and settings.temporal_tls_key_file:
        return TLSConfig(
            client_cert=settings.temporal_tls_cert_file.read_bytes(),
            client_private_key=settings.temporal_tls_key_file.read_bytes(),
        )
    return settings.temporal_tls
