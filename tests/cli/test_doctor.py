"""The doctor names what does not answer, and what to do about each."""

from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

from cli.doctor import findings
from cli.processes import free_port
from config.settings import Settings


async def test_each_thing_that_does_not_answer_gets_a_sentence_with_a_remedy(tmp_path: Path) -> None:
    nowhere = free_port()
    settings = Settings(
        tenant_id="11111111-1111-4111-8111-111111111111",
        client_id="22222222-2222-4222-8222-222222222222",
        client_secret=SecretStr("secret"),
        sandbox_url=f"http://127.0.0.1:{nowhere}",
        service_mailbox="checkins@meadow.example",
        temporal_address=f"127.0.0.1:{nowhere}",
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'no such folder' / 'perennial.db'}",
        encryption_keys=(SecretStr(Fernet.generate_key().decode()),),
        session_key=SecretStr("s" * 32),
    )
    found = {name: (well, sentence) async for name, well, sentence in findings(settings)}
    assert list(found) == ["Database", "Temporal", "Tenant"]
    assert not any(well for well, _ in found.values())
    assert "PERENNIAL_DATABASE_URL" in found["Database"][1]
    assert "PERENNIAL_TEMPORAL_ADDRESS" in found["Temporal"][1]
    assert "sandbox" in found["Tenant"][1]


async def test_a_database_without_tables_is_told_apart_from_none(tmp_path: Path) -> None:
    nowhere = free_port()
    settings = Settings(
        tenant_id="11111111-1111-4111-8111-111111111111",
        client_id="22222222-2222-4222-8222-222222222222",
        client_secret=SecretStr("secret"),
        sandbox_url=f"http://127.0.0.1:{nowhere}",
        service_mailbox="checkins@meadow.example",
        temporal_address=f"127.0.0.1:{nowhere}",
        database_url=f"sqlite+aiosqlite:///{tmp_path / 'perennial.db'}",
        encryption_keys=(SecretStr(Fernet.generate_key().decode()),),
        session_key=SecretStr("s" * 32),
    )
    found = {name: sentence async for name, _, sentence in findings(settings)}
    assert "perennial database upgrade" in found["Database"]
