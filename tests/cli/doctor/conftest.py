"""Sandbox tenants for the doctor: one that was granted everything, one with the grant that the README asks for."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from config.settings import Settings

NOON = "2030-02-04T12:00:00Z"


@dataclass
class Tenant:
    told: dict[str, Any]
    service: str

    @property
    def url(self) -> str:
        return str(self.told["entra"])

    def mail_of(self, given: str) -> str:
        found = [each for each in self.told["people"] if each["displayName"].startswith(f"{given} ")]
        return str(found[0]["userPrincipalName"])

    def control(self, verb: str, what: str, **body: Any) -> Any:
        url = f"{self.url}/_sandbox/{what}"
        return httpx.request(verb, url, json=body or None, trust_env=False).raise_for_status().json()

    def writes(self) -> list[str]:
        entries = self.control("GET", "ledger")["entries"]
        return [f"{each['method']} {each['path']}" for each in entries if each["method"] not in ("GET", "HEAD")]


@contextmanager
def running(*more: str) -> Iterator[Tenant]:
    command = [sys.executable, "-W", "ignore", "-m", "sandbox", "--port", "0", "--people", "12", "--json", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        about = httpx.get(f"{told['entra']}/_sandbox/about", trust_env=False).json()
        tenant = Tenant(told, about["service_mailbox"])
        tenant.control("POST", "clock", now=NOON)
        yield tenant
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def strict() -> Iterator[Tenant]:
    with running("--strict-permissions") as tenant:
        yield tenant


@pytest.fixture(scope="session")
def managers() -> Iterator[Tenant]:
    """The README's other grant, for policies by which managers organize."""
    with running("--strict-permissions", "--organizer", "manager") as tenant:
        yield tenant


@pytest.fixture(scope="session")
def lavish() -> Iterator[Tenant]:
    with running() as tenant:
        yield tenant


@pytest.fixture
def settings_for(database_url: str) -> Callable[..., Settings]:
    def build(tenant: Tenant, **changes: Any) -> Settings:
        given = {
            "tenant_id": tenant.told["tenant_id"],
            "client_id": tenant.told["client_id"],
            "client_secret": tenant.told["client_secret"],
            "sandbox_url": tenant.url,
            "clock_url": f"{tenant.url}/_sandbox/clock",
            "service_mailbox": tenant.service,
            # Nobody listens there.
            "temporal_address": "127.0.0.1:1",
            "public_url": "http://127.0.0.1:1",
            "database_url": database_url,
            "encryption_keys": Fernet.generate_key().decode(),
            "session_key": "s" * 32,
        }
        return Settings.model_validate(given | changes)

    return build
