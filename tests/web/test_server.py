"""Starting the web face: where it cannot listen, and whom it believes who is asking."""

import socket
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from config.settings import load_settings
from integrations.database.migrate import upgrade
from web.rate_limits import address_of
from web.server import main, server_config


@pytest.fixture
def sound(tmp_path: Path) -> dict[str, str]:
    """Settings with which it would start."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'perennial.db'}"
    upgrade(url)
    return {
        "PERENNIAL_TENANT_ID": "11111111-1111-4111-8111-111111111111",
        "PERENNIAL_CLIENT_ID": "22222222-2222-4222-8222-222222222222",
        "PERENNIAL_CLIENT_SECRET": "secret",
        "PERENNIAL_SANDBOX_URL": "http://127.0.0.1:1",
        "PERENNIAL_SERVICE_MAILBOX": "checkins@meadow.example",
        "PERENNIAL_DATABASE_URL": url,
        "PERENNIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PERENNIAL_SESSION_KEY": "s" * 32,
        "PERENNIAL_PUBLIC_URL": "http://127.0.0.1:2",
    }


def test_a_port_in_use_is_one_sentence_with_the_settings_to_correct(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sound: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for name, value in (sound | {"PERENNIAL_WEB_PORT": str(port)}).items():
            monkeypatch.setenv(name, value)
        assert main() == 1
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if "listen" in line]
    assert f"127.0.0.1:{port}" in sentence
    assert "PERENNIAL_WEB_PORT" in sentence


async def tells_the_address(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(address_of(Request(scope)))(scope, receive, send)


@pytest.mark.parametrize(
    ("trusted", "asking", "counted"),
    [
        ("10.0.0.0/24,192.0.2.7", "10.0.0.9", "203.0.113.5"),
        ("10.0.0.0/24,192.0.2.7", "192.0.2.7", "203.0.113.5"),
        ("10.0.0.0/24,192.0.2.7", "10.0.1.9", "10.0.1.9"),
        ("10.0.0.0/24,192.0.2.7", "127.0.0.1", "127.0.0.1"),
        (None, "127.0.0.1", "203.0.113.5"),
        (None, "10.0.0.9", "10.0.0.9"),
    ],
)
async def test_only_a_proxy_that_is_named_is_believed_for_whom_it_asks(
    sound: dict[str, str], monkeypatch: pytest.MonkeyPatch, trusted: str | None, asking: str, counted: str
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    settings = load_settings(sound | ({"PERENNIAL_TRUSTED_PROXIES": trusted} if trusted else {}))
    config = server_config(settings, tells_the_address)
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=(asking, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:2") as browser:
        # What whoever asks says of themselves stands first, and is not believed.
        answer = await browser.get("/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.5"})
    assert answer.text == counted
