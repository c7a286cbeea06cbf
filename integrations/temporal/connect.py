"""The connection to Temporal, and the sentence for when there is none."""

import atexit
import time
from datetime import timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from config.settings import Settings
from integrations.temporal.codec import data_converter


@atexit.register
def _let_its_threads_end() -> None:
    """The SDK's threads may still be ending; a Python that leaves at once can be aborted by them."""
    time.sleep(0.5)


class TemporalUnreachable(Exception):
    """No Temporal server answers at the configured address, or none that takes us."""


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """A client with the encrypting converter. Raises TemporalUnreachable, after at most 10 seconds a call.

    A lazy one connects when first used, so the web face works while Temporal is down; no worker takes it.
    """
    try:
        client = await Client.connect(
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
    if not lazy:
        await _check_namespace(client, settings)
    return client


async def _check_namespace(client: Client, settings: Settings) -> None:
    """A server answers any client; only this tells whether ours may work there. Raises TemporalUnreachable."""
    asked = DescribeNamespaceRequest(namespace=settings.temporal_namespace)
    try:
        await client.workflow_service.describe_namespace(asked, timeout=timedelta(seconds=10))
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise TemporalUnreachable(
                f"The Temporal server at {settings.temporal_address} has no namespace "
                f"{settings.temporal_namespace!r}; correct PERENNIAL_TEMPORAL_NAMESPACE, or make it: "
                f"temporal operator namespace create -n {settings.temporal_namespace}."
            ) from error
        if error.status in {RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED}:
            raise TemporalUnreachable(
                f"The Temporal server at {settings.temporal_address} refuses us in its namespace "
                f"{settings.temporal_namespace!r}; correct PERENNIAL_TEMPORAL_API_KEY or the client certificate."
            ) from error
        raise TemporalUnreachable(
            f"The Temporal server at {settings.temporal_address} does not answer sensibly "
            f"({error.status.name}); try again once it is well."
        ) from error


def _tls(settings: Settings) -> bool | TLSConfig:
    if settings.temporal_tls_cert_file and settings.temporal_tls_key_file:
        return TLSConfig(
            client_cert=settings.temporal_tls_cert_file.read_bytes(),
            client_private_key=settings.temporal_tls_key_file.read_bytes(),
        )
    return settings.temporal_tls
