"""The demo as a command: stopped half-way, it takes everything it started with it."""

import asyncio
import re
import signal
import sys
from pathlib import Path

from cli.processes import is_free

BANNER = re.compile(r"the web face listens on 127\.0\.0\.1:(\d+)")


async def test_stopped_half_way_it_leaves_no_process_behind_and_keeps_its_folder(tmp_path: Path) -> None:
    data = tmp_path / "run"
    program = [sys.executable, "-c", "from cli.main import main; main()"]
    process = await asyncio.create_subprocess_exec(
        *program,
        "demo",
        "--people",
        "2",
        "--keep",
        str(data),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    log = data / "logs" / "worker.log"
    async with asyncio.timeout(120):
        while not (log.exists() and "the worker works" in log.read_text(encoding="utf-8")):
            assert process.returncode is None
            await asyncio.sleep(0.1)
    found = BANNER.search((data / "logs" / "web.log").read_text(encoding="utf-8"))
    assert found
    process.send_signal(signal.SIGINT)
    said, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 130, errors
    assert b"Traceback" not in errors
    assert str(data).encode() in said.replace(b"\n", b"")
    assert is_free(int(found[1]))
    assert "the worker has stopped" in log.read_text(encoding="utf-8")


async def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    program = [sys.executable, "-c", "from cli.main import main; main()"]
    process = await asyncio.create_subprocess_exec(
        *program, "demo", "--keep", str(tmp_path), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"is not empty" in errors
    assert {file.name for file in await asyncio.to_thread(lambda: list(tmp_path.iterdir()))} == {"mine.txt"}


async def test_so_few_days_that_no_fault_could_strike_are_refused(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "from cli.main import main; main()"]
    process = await asyncio.create_subprocess_exec(
        *program,
        *("demo", "--chaos", "1", "--days", "3", "--keep", str(tmp_path / "run")),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.startswith(b"The last 3 days of a run under faults are calm")
    assert not (tmp_path / "run").exists()
