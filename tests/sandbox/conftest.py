"""A sandbox tenant in a process of its own, and the ways to talk to it."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
# Everything here is plain HTTP, and loading certificates for each client would take longer than the tests.
PLAIN = False


@dataclass
class Running:
    """A tenant that accepts calls, and what it said about itself."""

    process: subprocess.Popen[str]
    about: dict[str, Any]
    log: Path
    first_line: dict[str, Any]
    bearers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return str(self.about["entra"])

    def mail_of(self, given: str) -> str:
        """The mail of the person with this given name."""
        people = [p for p in self.about["people"] if p["displayName"].startswith(f"{given} ")]
        return str(people[0]["userPrincipalName"])

    def ask_for_token(self, client: dict[str, Any], **form: str) -> httpx.Response:
        """The answer of the token endpoint to client credentials; `form` overrides single fields."""
        fields = {
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
        }
        url = f"{self.url}/{self.about['tenant_id']}/oauth2/v2.0/token"
        return httpx.post(url, data={**fields, **form}, trust_env=False, verify=PLAIN)

    def bearer(self, client: dict[str, Any] | None = None) -> str:
        client = client or self.about
        if client["client_id"] not in self.bearers:
            self.bearers[client["client_id"]] = str(self.ask_for_token(client).json()["access_token"])
        return self.bearers[client["client_id"]]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(10)


Start = Callable[..., Running]


@pytest.fixture(scope="session")
def start_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts tenants, and stops those that still run when the tests are over."""
    started: list[Running] = []

    def start(*arguments: str) -> Running:
        log = tmp_path_factory.mktemp("sandbox") / "log.txt"
        command = [sys.executable, "-m", "sandbox", "--json", *arguments]
        with log.open("w") as errors:
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            process.stdout.close()
            pytest.fail(f"The tenant ended with {process.wait(10)}: {log.read_text()}", pytrace=False)
        said = json.loads(first)
        more = httpx.get(f"{said['entra']}/_sandbox/about", trust_env=False, verify=PLAIN).json()
        started.append(Running(process, {**said, **more}, log, said))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()
        if running.process.stdout is not None:
            running.process.stdout.close()


@pytest.fixture(scope="session")
def sandbox(start_sandbox: Start) -> Running:
    """The tenant that most tests share; its clock stands near day 0."""
    running = start_sandbox("--redirect-uri", "http://localhost:8000/signed-in")
    httpx.post(f"{running.url}/_sandbox/clock", json={"now": "2030-02-04T08:00:00Z"}, trust_env=False, verify=PLAIN)
    return running


@pytest.fixture
async def graph(sandbox: Running) -> AsyncIterator[httpx.AsyncClient]:
    """Our app, at /v1.0."""
    headers = {"Authorization": f"Bearer {sandbox.bearer()}"}
    async with httpx.AsyncClient(
        base_url=sandbox.about["graph"], headers=headers, trust_env=False, verify=PLAIN
    ) as client:
        yield client


@pytest.fixture
async def control(sandbox: Running) -> AsyncIterator[httpx.AsyncClient]:
    """The control plane; faults are cleared afterwards."""
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/_sandbox", trust_env=False, verify=PLAIN) as client:
        yield client
        await client.delete("/faults")


@pytest.fixture
async def plain(sandbox: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, or anybody else without a token."""
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, verify=PLAIN) as client:
        yield client


@pytest.fixture
def service(sandbox: Running) -> str:
    return str(sandbox.about["service_mailbox"])


@pytest.fixture
def ann(sandbox: Running) -> str:
    return sandbox.mail_of("Ann")


@pytest.fixture
def mara(sandbox: Running) -> str:
    return sandbox.mail_of("Mara")


@pytest.fixture
def otto(sandbox: Running) -> str:
    return sandbox.mail_of("Otto")
