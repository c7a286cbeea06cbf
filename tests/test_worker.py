"""`python worker.py`: what it says when it cannot work, that it then leaves nothing half-begun, and how it ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

import worker
from integrations.database.migrate import upgrade

HOUSE = Path(worker.__file__).parent
# Nobody listens there.
NOWHERE = "127.0.0.1:1"
REQUIRED = (
    "PERENNIAL_TENANT_ID",
    "PERENNIAL_CLIENT_ID",
    "PERENNIAL_CLIENT_SECRET",
    "PERENNIAL_SERVICE_MAILBOX",
    "PERENNIAL_ENCRYPTION_KEYS",
    "PERENNIAL_SESSION_KEY",
)

Env = dict[str, str]
Says = Callable[[Env], list[str]]


def bare(env: Env) -> Env:
    """This process's environment with none but these settings."""
    return {name: text for name, text in os.environ.items() if not name.upper().startswith("PERENNIAL_")} | env


@contextmanager
def running(command: list[str], env: Env, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """The process, ended by us if it has not ended by itself."""
    with subprocess.Popen(command, cwd=HOUSE, env=bare(env), text=True, **options) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="module")
def tenant() -> Iterator[Env]:
    """The settings for a sandbox tenant that runs."""
    with running([sys.executable, "-m", "sandbox", "--json", "--people", "1"], {}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        told |= httpx.get(f"{told['entra']}/_sandbox/about", trust_env=False).json()
        yield {
            "PERENNIAL_SANDBOX_URL": told["entra"],
            "PERENNIAL_TENANT_ID": told["tenant_id"],
            "PERENNIAL_CLIENT_ID": told["client_id"],
            "PERENNIAL_CLIENT_SECRET": told["client_secret"],
            "PERENNIAL_SERVICE_MAILBOX": told["service_mailbox"],
        }
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.fixture(scope="module")
def temporal() -> Iterator[str]:
    """The address of a Temporal server, which a loop of its own keeps."""
    server = Path(sys.executable).parent / "temporal-test-server"
    with asyncio.Runner() as runner:
        environment = runner.run(WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(server)))
        yield environment.client.service_client.config.target_host
        runner.run(environment.shutdown())


@pytest.fixture
def env(tenant: Env, temporal: str, database_url: str, keys: tuple[str, ...]) -> Env:
    """Settings with which everything works."""
    upgrade(database_url)
    return tenant | {
        "PERENNIAL_ENCRYPTION_KEYS": ",".join(keys),
        "PERENNIAL_SESSION_KEY": "s" * 40,
        "PERENNIAL_TEMPORAL_ADDRESS": temporal,
        # The server outlives a test: what was begun for another test's database is nothing for this one's worker.
        "PERENNIAL_TEMPORAL_TASK_QUEUE": database_url,
        "PERENNIAL_DATABASE_URL": database_url,
    }


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Says:
    """What the worker says on stderr when it gives up, a line each; the exit code is then not 0."""
    monkeypatch.setattr(worker, "configure_logging", lambda *_: None)

    def main(env: Env) -> list[str]:
        with monkeypatch.context() as patched:
            for name in [name for name in os.environ if name.upper().startswith("PERENNIAL_")]:
                patched.delenv(name)
            for name, text in env.items():
                patched.setenv(name, text)
            assert worker.main() != 0
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        return err.splitlines()

    return main


# Settings


def test_without_settings_the_process_names_each_that_is_missing_and_fails() -> None:
    ended = subprocess.run(
        [sys.executable, "worker.py"],
        cwd=HOUSE,
        env=bare({"PERENNIAL_SANDBOX_URL": "http://127.0.0.1:1"}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode > 0
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == len(REQUIRED)
    for name in REQUIRED:
        assert sum(name in line and "set" in line for line in lines) == 1, name


@pytest.mark.parametrize("name", REQUIRED)
def test_one_missing_setting_is_one_sentence(env: Env, says: Says, name: str) -> None:
    del env[name]
    (sentence,) = says(env)
    assert name in sentence


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PERENNIAL_TENANT_ID", "meadow", "PERENNIAL_TENANT_ID is 'meadow'; it must be"),
        ("PERENNIAL_TEMPORAL_ADDRESS", "here", "PERENNIAL_TEMPORAL_ADDRESS is 'here'; it must be host:port"),
        ("PERENNIAL_ENCRYPTION_KEYS", "hunter2", "PERENNIAL_ENCRYPTION_KEYS has a value that cannot be used"),
        ("PERENNIAL_DATABASE_URL", "mysql://x", "PERENNIAL_DATABASE_URL has a value that cannot be used"),
        ("PERENNIAL_TRIAL_MAILBXO", "x@y", "PERENNIAL_TRIAL_MAILBXO is not a setting; the nearest one is"),
    ],
)
def test_a_malformed_setting_is_one_sentence_that_shows_no_secret(
    env: Env, says: Says, name: str, text: str, words: str
) -> None:
    (sentence,) = says(env | {name: text})
    assert sentence.startswith(words)
    assert "hunter2" not in sentence


def test_a_contradiction_is_one_sentence_and_everything_wrong_is_said_at_once(
    env: Env, says: Says, tmp_path: Path
) -> None:
    (tmp_path / "app.pem").write_text("x")
    both = env | {"PERENNIAL_CERTIFICATE_FILE": str(tmp_path / "app.pem")}
    (sentence,) = says(both)
    assert sentence.startswith("PERENNIAL_CLIENT_SECRET and PERENNIAL_CERTIFICATE_FILE are both set")
    assert len(says(both | {"PERENNIAL_WEB_PORT": "many", "PERENNIAL_LOG_FORMAT": "runes"})) == 3


# What does not answer


def test_a_temporal_that_does_not_answer_is_named(env: Env, says: Says) -> None:
    (sentence,) = says(env | {"PERENNIAL_TEMPORAL_ADDRESS": NOWHERE})
    assert sentence.startswith(f"No Temporal server answers at {NOWHERE}")


def test_a_database_that_does_not_answer_is_named_without_its_password(env: Env, says: Says) -> None:
    (sentence,) = says(env | {"PERENNIAL_DATABASE_URL": f"postgresql+asyncpg://perennial:hunter2@{NOWHERE}/perennial"})
    assert sentence.startswith(
        f"The database at postgresql+asyncpg://perennial:***@{NOWHERE}/perennial does not answer"
    )


def test_a_database_file_that_cannot_be_opened_is_named(env: Env, says: Says, tmp_path: Path) -> None:
    (sentence,) = says(env | {"PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/nowhere/perennial.db"})
    assert "unable to open database file" in sentence


def test_a_database_without_tables_is_told_the_command_that_makes_them(env: Env, says: Says, tmp_path: Path) -> None:
    (sentence,) = says(env | {"PERENNIAL_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/empty.db"})
    assert sentence.endswith("run perennial database upgrade.")


def test_a_tenant_that_does_not_answer_is_named(env: Env, says: Says) -> None:
    (sentence,) = says(env | {"PERENNIAL_SANDBOX_URL": f"http://{NOWHERE}"})
    assert sentence.startswith(f"No sandbox tenant answers at http://{NOWHERE} (PERENNIAL_SANDBOX_URL)")


def test_a_tenant_that_refuses_the_secret_says_which_setting_to_correct(env: Env, says: Says) -> None:
    (sentence,) = says(env | {"PERENNIAL_CLIENT_SECRET": "hunter2"})
    assert "PERENNIAL_CLIENT_SECRET" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    "broken",
    [
        {"PERENNIAL_DATABASE_URL": "sqlite+aiosqlite:////nowhere/at/all/perennial.db"},
        {"PERENNIAL_SANDBOX_URL": f"http://{NOWHERE}"},
    ],
)
def test_nothing_is_begun_before_everything_has_answered(
    env: Env, says: Says, broken: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(worker, "Worker", lambda *_, **__: begun.append("a worker"))
    monkeypatch.setattr(worker, "keep_delivering", lambda *_: begun.append("a delivery"))
    says(env | broken)
    assert begun == []


# Its end


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_zero(env: Env, ending: signal.Signals) -> None:
    with running([sys.executable, "worker.py"], env, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "the worker works" in line:
                process.send_signal(ending)
                break
        said += process.stderr.readlines()
        assert process.wait(timeout=30) == 0, said
    assert "the worker has stopped" in said[-1]
    assert not any("Traceback" in line for line in said), "".join(said)
