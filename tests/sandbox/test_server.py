"""The process itself: its state outlives it, its clock may be served, it refuses to start in words."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import build_app
from sandbox.clock import OwnClock
from sandbox.organization import build_organization
from sandbox.signing_keys import SigningKey, complete
from sandbox.tenant import build_tenant
from sandbox.tokens import Mint

ROOT = Path(__file__).parents[2]


@pytest.fixture
def served_clock() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"now": "2030-03-31T00:59:00Z"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def headers(running: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.bearer()}"}


def test_the_first_line_says_what_a_client_needs_and_nothing_else(start_sandbox: Any) -> None:
    running = start_sandbox("--people", "2")
    assert list(running.first_line) == [
        "graph",
        "entra",
        "tenant_id",
        "client_id",
        "client_secret",
        "people",
    ]
    assert set(running.first_line["people"][0]) == {"id", "userPrincipalName", "displayName"}


def test_a_restart_goes_on_where_it_was(start_sandbox: Any, tmp_path: Path) -> None:
    file = tmp_path / "tenant.json"
    first = start_sandbox("--people", "3", "--state", str(file))
    mailbox = f"{first.about['graph']}/users/{first.about['service_mailbox']}"
    event = {
        "subject": "Kept",
        "start": {"dateTime": "2030-03-04T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2030-03-04T11:00:00", "timeZone": "Europe/Berlin"},
        "attendees": [{"emailAddress": {"address": first.mail_of("Ann")}}],
        "transactionId": "t1",
    }
    made = httpx.post(f"{mailbox}/events", json=event, headers=headers(first), trust_env=False).json()
    state = httpx.get(f"{first.url}/_sandbox/state?ids=real", trust_env=False).json()
    assert first.stop() == 0
    second = start_sandbox("--people", "3", "--state", str(file))
    assert {**second.about, "graph": "", "entra": ""} == {**first.about, "graph": "", "entra": ""}
    assert httpx.get(f"{second.url}/_sandbox/state?ids=real", trust_env=False).json() == state
    second.bearers.update(first.bearers)  # the keys were kept as well
    mailbox = f"{second.about['graph']}/users/{second.about['service_mailbox']}"
    again = httpx.post(f"{mailbox}/events", json=event, headers=headers(second), trust_env=False).json()
    assert again["id"] == made["id"]
    other = httpx.post(
        f"{mailbox}/events", json={**event, "transactionId": "t2"}, headers=headers(second), trust_env=False
    )
    assert other.json()["id"] != made["id"]
    second.stop()
    for others in (("--people", "4"), ("--people", "3", "--senders", "2")):
        command = [sys.executable, "-m", "sandbox", *others, "--state", str(file)]
        refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert refused.returncode == 1
        assert "belongs to an organization of 3 people" in refused.stderr


def test_the_time_can_come_from_elsewhere(start_sandbox: Any, served_clock: HTTPServer) -> None:
    running = start_sandbox("--people", "1", "--clock", f"http://127.0.0.1:{served_clock.server_port}/")
    service = running.about["service_mailbox"]
    letter = {"subject": "Late", "toRecipients": [{"emailAddress": {"address": running.mail_of("Ann")}}]}
    mailbox = f"{running.about['graph']}/users/{service}"
    httpx.post(f"{mailbox}/sendMail", json={"message": letter}, headers=headers(running), trust_env=False)
    sent = httpx.get(f"{mailbox}/mailFolders/sentitems/messages", headers=headers(running), trust_env=False).json()
    assert [m["sentDateTime"] for m in sent["value"]] == ["2030-03-31T00:59:00Z"]
    refused = httpx.post(f"{running.url}/_sandbox/clock", json={"now": "2031-01-01T00:00:00Z"}, trust_env=False)
    assert refused.status_code == 409
    running.stop()


def test_a_clock_that_is_silent_is_said_so(start_sandbox: Any) -> None:
    running = start_sandbox("--people", "1", "--clock", "http://127.0.0.1:1/")
    answer = httpx.get(f"{running.url}/_sandbox/clock", trust_env=False)
    assert answer.status_code == 503
    assert "http://127.0.0.1:1/" in answer.json()["error"]["message"]
    # Tokens are made in real time, but their endpoint keeps a ledger, and so nobody gets one either.
    for url in (f"{running.about['graph']}/users", f"{running.url}/{running.about['tenant_id']}/oauth2/v2.0/token"):
        silent = httpx.get(url, headers={"client-request-id": "mine"}, trust_env=False)
        assert (silent.status_code, silent.headers["client-request-id"]) == (503, "mine")
        assert set(silent.json()["error"]) == {"code", "message", "innerError"}
    running.stop()


def test_a_broken_state_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "tenant.json"
    file.write_text("{not json")
    command = [sys.executable, "-m", "sandbox", "--state", str(file)]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "cannot be read" in refused.stderr
    assert file.read_text() == "{not json"


def refused(*arguments: str) -> str:
    """What the program says when it does not start."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert found.returncode == 1, found
    assert found.stdout == ""
    assert found.stderr.startswith("The sandbox tenant cannot start: "), found.stderr
    assert found.stderr.count("\n") == 1, "one sentence, and no traceback"
    return found.stderr


def test_a_port_that_cannot_be_had_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert f"Port {taken.getsockname()[1]} of 127.0.0.1 cannot be had" in refused(
            "--port", str(taken.getsockname()[1])
        )
    for port in ("-1", "65536"):
        assert f"no port {port}" in refused("--port", port)


@pytest.mark.parametrize("url", ["http://[", "127.0.0.1:9", "file:///etc/passwd", "http://"])
def test_a_clock_at_no_address_is_refused_at_once(url: str) -> None:
    assert f"'{url}' is no address" in refused("--clock", url)


def test_a_foreign_state_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "tenant.json"
    whole = {"seed": 1, "size": 12, "day0": "2030-02-04", "keys": [], "accounts": [], "mailboxes": []}
    box = {"account_id": "nobody", "zone": "UTC", "weekdays": [0], "opens": "09:00", "closes": "17:00"}
    wrongs: list[Any] = [[], {"name": "package"}, {**whole, "keys": ["no key"]}, {**whole, "mailboxes": [box]}]
    for wrong in wrongs:
        file.write_text(json.dumps(wrong))
        assert "cannot be read" in refused("--state", str(file))
        assert json.loads(file.read_text()) == wrong
    assert "cannot be read" in refused("--state", str(tmp_path))
    assert "nowhere" in refused("--state", str(tmp_path / "nowhere" / "tenant.json"))


def test_it_ends_in_order_at_either_signal_and_can_be_interrupted_before_it_serves(
    start_sandbox: Any, tmp_path: Path
) -> None:
    file = tmp_path / "tenant.json"
    running = start_sandbox("--people", "1", "--state", str(file))
    file.unlink()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(10) == 0
    assert file.exists(), "the state was written at the end"
    assert "Traceback" not in running.log.read_text()
    command = [sys.executable, "-c", INTERRUPTED_WHILE_BUILDING]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=20).returncode == -signal.SIGTERM


INTERRUPTED_WHILE_BUILDING = """
import os, signal
from sandbox import server
server.build_organization = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
server.run(server.Options())
"""


def test_it_has_nothing_of_its_clients() -> None:
    ours = ("activities", "cli", "config", "cycle", "integrations", "web", "workflows", "msgraph", "msal", "temporalio")
    code = f"import sys, sandbox.__main__; print(sorted({set(ours)!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_what_anybody_was_told_of_outlives_a_kill(start_sandbox: Any, tmp_path: Path) -> None:
    file = tmp_path / "tenant.json"
    first = start_sandbox("--people", "3", "--state", str(file))
    httpx.post(f"{first.url}/_sandbox/clock", json={"now": "2031-05-06T07:00:00Z"}, trust_env=False)
    mailbox = f"{first.about['graph']}/users/{first.about['service_mailbox']}"
    event = {
        "subject": "Survives",
        "start": {"dateTime": "2031-05-07T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2031-05-07T11:00:00", "timeZone": "UTC"},
    }
    for number in range(20):
        made = httpx.post(
            f"{mailbox}/events", json={**event, "transactionId": f"t{number}"}, headers=headers(first), trust_env=False
        )
        assert made.status_code == 201
    first.process.kill()
    assert first.process.wait(10) == -signal.SIGKILL
    second = start_sandbox("--people", "3", "--state", str(file))
    mailbox = f"{second.about['graph']}/users/{second.about['service_mailbox']}"
    found = httpx.get(f"{mailbox}/events/{made.json()['id']}", headers=headers(second), trust_env=False)
    assert found.json()["subject"] == "Survives"
    now = httpx.get(f"{second.url}/_sandbox/clock", trust_env=False).json()["now"]
    assert now.startswith("2031-05-06T07:"), "the clock goes on from where it was set to"
    second.stop()


async def test_six_requests_at_once_are_two_too_many() -> None:
    tenant = build_tenant(build_organization(1, 3, date(2030, 2, 4)))
    keys: list[SigningKey] = []
    complete(keys)
    app = build_app(tenant, Mint(tenant, keys), OwnClock())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        secret = {"client_id": tenant.app.client_id, "client_secret": tenant.app.client_secret}
        form = {**secret, "grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
        bearer = (await client.post(f"/{tenant.id}/oauth2/v2.0/token", data=form)).json()["access_token"]
        path, headers = f"/v1.0/users/{tenant.organization.service.mail}/events", {"Authorization": f"Bearer {bearer}"}
        answers = await asyncio.gather(*(client.get(path, headers=headers) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 2
        assert (await client.get(path, headers=headers)).status_code == 200
