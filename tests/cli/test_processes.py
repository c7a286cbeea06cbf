"""Child processes: started, heard, and never left behind."""

import os
import socket
from pathlib import Path

import pytest

from cli.processes import ProcessEnded, accepts_connections, children, free_port, is_free, python, without_settings


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def fail_with_two_children(logs: Path, pids: list[int]) -> None:
    async with children(logs, os.environ) as started:
        for name in ("one", "two"):
            child = await started.start(name, python("-c", "import time; time.sleep(60)"), {})
            pids.append(child.process.pid)
        raise ZeroDivisionError


async def test_every_child_is_ended_when_something_fails(tmp_path: Path) -> None:
    pids: list[int] = []
    with pytest.raises(ZeroDivisionError):
        await fail_with_two_children(tmp_path, pids)
    assert pids
    assert not any(alive(pid) for pid in pids)


async def test_a_child_that_ends_by_itself_is_named_with_its_log(tmp_path: Path) -> None:
    async with children(tmp_path, os.environ) as started:
        await started.start("web", python("-c", "import sys; sys.exit('no port')"), {})
        ended = await started.first_end()
        assert ended.name == "web"
        with pytest.raises(ProcessEnded, match=r"web process ended by itself \(exit code 1\).*web\.log"):
            started.check_running()
    assert "no port" in (tmp_path / "web.log").read_text(encoding="utf-8")


async def test_a_child_that_speaks_is_heard_and_one_that_says_nonsense_is_named(tmp_path: Path) -> None:
    async with children(tmp_path, os.environ) as started:
        speaking = await started.start("sandbox", python("-c", """print('{"port": 1}')"""), {}, speaks=True)
        assert await speaking.first_line(30) == {"port": 1}
        long = "import json; print(json.dumps({'people': ['somebody'] * 100_000}))"
        talking = await started.start("many", python("-c", long), {}, speaks=True)
        assert len((await talking.first_line(30))["people"]) == 100_000
        mumbling = await started.start("other", python("-c", "print('hm')"), {}, speaks=True)
        with pytest.raises(ProcessEnded, match="other"):
            await mumbling.first_line(30)


async def test_waiting_for_a_child_ends_when_the_child_does(tmp_path: Path) -> None:
    async with children(tmp_path, os.environ) as started:
        child = await started.start("web", python("-c", "pass"), {})
        await child.process.wait()
        with pytest.raises(ProcessEnded):
            await accepts_connections(free_port(), child, 30)
        with pytest.raises(ProcessEnded):
            await child.says("ready", 30)


def test_a_port_in_use_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_settings_meant_for_a_real_tenant_do_not_reach_a_sandbox() -> None:
    assert without_settings({"PERENNIAL_TENANT_ID": "x", "perennial_client_id": "y", "PATH": "/bin"}) == {
        "PATH": "/bin"
    }
