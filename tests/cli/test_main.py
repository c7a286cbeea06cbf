"""What goes wrong becomes a sentence and an exit code; what nobody expected is kept, not shown."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from cli import main as cli_main
from cli.main import main


def typed(monkeypatch: pytest.MonkeyPatch, *words: str, env: Mapping[str, str] | None = None) -> int:
    """Runs the console script with these words and only these settings; the exit code."""
    for name in [name for name in __import__("os").environ if name.startswith("PERENNIAL_")]:
        monkeypatch.delenv(name)
    for name, value in (env or {}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["perennial", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def settings_for(database: Path) -> dict[str, str]:
    return {
        "PERENNIAL_TENANT_ID": "11111111-1111-4111-8111-111111111111",
        "PERENNIAL_CLIENT_ID": "22222222-2222-4222-8222-222222222222",
        "PERENNIAL_CLIENT_SECRET": "secret",
        "PERENNIAL_SANDBOX_URL": "http://127.0.0.1:1",
        "PERENNIAL_SERVICE_MAILBOX": "checkins@meadow.example",
        "PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "PERENNIAL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PERENNIAL_SESSION_KEY": "s" * 32,
        "PERENNIAL_PUBLIC_URL": "http://127.0.0.1:2",
    }


@pytest.mark.parametrize("words", [("people", "list"), ("recover",), ("database", "upgrade"), ("doctor",)])
def test_missing_settings_are_named_one_sentence_each(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, *words) == 1
    said = "".join(capsys.readouterr())
    assert "PERENNIAL_TENANT_ID is not set" in said
    assert "Traceback" not in said


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(monkeypatch, "policy", "import", "/nowhere/policy.yaml") == 1
    assert capsys.readouterr().err.startswith("/nowhere/policy.yaml cannot be read")


def test_a_wrong_policy_field_is_named_before_any_setting_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("name: Ours\nrhythm: {every_months: 14}\n", encoding="utf-8")
    assert typed(monkeypatch, "policy", "import", str(file)) == 1
    assert "rhythm.every_months is 14" in capsys.readouterr().err


@pytest.mark.parametrize(
    "whom",
    [
        (),
        ("--everybody", "--person", "ann@meadow.example"),
        ("--reports-of", "mara@meadow.example", "--person", "ann@meadow.example"),
    ],
)
def test_whom_to_enrol_must_be_said_once(
    whom: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "people", "enrol", "--policy", "Quarterly check-ins", *whom) == 1
    said = capsys.readouterr().err
    assert "--everybody" in said
    assert "--person MAIL" in said


def test_the_shipped_policies_can_be_shown_without_any_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "policy", "show", "--shipped", "Monthly check-ins") == 0
    assert "every_months: 1" in capsys.readouterr().out


def test_what_nobody_expected_is_kept_in_a_file_for_its_owner_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(cli_main, "app", fail)
    assert typed(monkeypatch) == 1
    said = capsys.readouterr().err
    assert "nobody thought of this" not in said
    file = Path(said.partition("; ")[2].partition(" has the details")[0])
    assert "nobody thought of this" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    file.unlink()


@pytest.mark.parametrize("words", [("people", "list"), ("policy", "show"), ("people", "import", "people.csv")])
def test_a_database_without_tables_is_told_the_command_that_makes_them(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("name,mail,manager,zone,start_date\nAnn,ann@x.example,,Europe/Berlin,2030-01-07\n")
    env = settings_for(tmp_path / "empty.db")
    assert typed(monkeypatch, *words, env=env) == 1
    said = capsys.readouterr().err
    assert said.endswith("run perennial database upgrade.\n")
    assert said.count("\n") == 1
    assert typed(monkeypatch, "database", "upgrade", env=env) == 0
    assert typed(monkeypatch, "people", "list", env=env) == 0
