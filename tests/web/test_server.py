"""Starting the web face where it cannot listen."""

import socket
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from integrations.database.migrate import upgrade
from web.server import main


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
