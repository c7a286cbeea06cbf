"""Child processes of `perennial demo` and `perennial start`: started with a log file each, and all ended again."""

import asyncio
import contextlib
import json
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LONGEST_LINE = 64 * 1024 * 1024
# A process that has not ended this long after SIGTERM is killed.
GRACE_SECONDS = 10

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Linux gives outgoing connections the ports from 32768 on, other systems those from 49152 on (RFC 6335).
PORTS = (20000, 32768)


class ProcessEnded(Exception):
    """A child process ended although nobody asked it to, or never became ready; names it and its log."""


@dataclass(slots=True)
class Child:
    name: str
    log: Path
    process: asyncio.subprocess.Process
    logged_before: int = 0
    """How many bytes of its log are those of a process of this name before it."""

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    def check_running(self) -> None:
        """Raises ProcessEnded."""
        if not self.running:
            raise ProcessEnded(
                f"The {self.name} process ended by itself (exit code {self.process.returncode}); "
                f"the end of {self.log} says why."
            )

    async def first_line(self, within_seconds: float) -> dict[str, Any]:
        """The JSON object that the process prints as its first line once it is ready. Raises ProcessEnded."""
        assert self.process.stdout is not None
        try:
            line = await asyncio.wait_for(self.process.stdout.readline(), within_seconds)
            told: dict[str, Any] = json.loads(line)
        except (TimeoutError, ValueError) as error:
            raise ProcessEnded(
                f"The {self.name} process did not say that it is ready within {within_seconds:.0f} seconds; "
                f"the end of {self.log} says why."
            ) from error
        return told

    async def says(self, words: str, within_seconds: float) -> None:
        """Returns once `words` stand in its log. Raises ProcessEnded when it ends or takes too long."""
        deadline = asyncio.get_running_loop().time() + within_seconds
        while words.encode() not in (await asyncio.to_thread(self.log.read_bytes))[self.logged_before :]:
            self.check_running()
            if asyncio.get_running_loop().time() > deadline:
                raise ProcessEnded(
                    f"The {self.name} process was not ready after {within_seconds:.0f} seconds; "
                    f"the end of {self.log} says why."
                )
            await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Ends it as a power cut would: nothing of its own runs any more."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), GRACE_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


@dataclass(slots=True)
class Children:
    """All child processes of one run, ended in the opposite order of their start."""

    logs: Path
    env: Mapping[str, str]
    started: list[Child] = field(default_factory=list)

    async def start(self, name: str, command: Sequence[str], env: Mapping[str, str], *, speaks: bool = False) -> Child:
        """Starts `command` with its stderr in `<logs>/<name>.log`, and its stdout too unless it `speaks` to us.

        A session of its own keeps the terminal's Ctrl-C away from it: it is stopped by us, in order.
        """
        log = self.logs / f"{name}.log"
        with log.open("ab") as file:
            logged_before = file.tell()
            process = await asyncio.create_subprocess_exec(
                *command,
                env={**self.env, **env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if speaks else file,
                stderr=file,
                start_new_session=True,
                # The sandbox names all its people in one line, and there may be thousands.
                limit=_LONGEST_LINE,
            )
        child = Child(name, log, process, logged_before)
        self.started.append(child)
        return child

    def forget(self, child: Child) -> None:
        """It was ended on purpose, and is missed by nobody."""
        self.started.remove(child)

    def check_running(self) -> None:
        """Raises ProcessEnded for the first one that is gone."""
        for child in self.started:
            child.check_running()

    async def first_end(self) -> Child:
        """Waits until any of them ends."""
        ends = {asyncio.create_task(child.process.wait()): child for child in self.started}
        done, pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return ends[done.pop()]

    async def stop(self) -> None:
        while self.started:
            await self.started.pop().stop()


@asynccontextmanager
async def children(logs: Path, env: Mapping[str, str]) -> AsyncIterator[Children]:
    """Whatever happens inside, no child process is left behind. `env` is what each inherits; `logs` is a folder."""
    all_of_them = Children(logs, env)
    try:
        yield all_of_them
    finally:
        await asyncio.shield(all_of_them.stop())


def python(*arguments: str) -> list[str]:
    """A command that runs this Python with the same warnings and path as we have."""
    return [sys.executable, *arguments]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now.

    It lies below those that systems give to outgoing connections, one of which could take it before we listen.
    """
    while True:
        port: int = random.randrange(*PORTS)  # noqa: S311 - nobody gains by guessing it
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_free(port: int) -> bool:
    """Whether a server of ours could listen on 127.0.0.1:port."""
    with socket.socket() as listener:
        # As servers do: a port whose last connections are still closing counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


async def accepts_connections(port: int, child: Child, within_seconds: float) -> None:
    """Returns once somebody listens on 127.0.0.1:port. Raises ProcessEnded when `child` ends or takes too long."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    while asyncio.get_running_loop().time() < deadline:
        child.check_running()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return
    raise ProcessEnded(
        f"The {child.name} process does not accept connections on port {port} after {within_seconds:.0f} seconds; "
        f"the end of {child.log} says why."
    )


@asynccontextmanager
async def stopped_by_signals() -> AsyncIterator[None]:
    """Inside, the first SIGTERM, Ctrl-C or closed terminal cancels the current task: everything is put away in order.

    A second one, from somebody in a hurry, must not cut that short: child processes would be left behind.
    """
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in ENDINGS:
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in ENDINGS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in ENDINGS:
            loop.remove_signal_handler(number)


def without_settings(env: Mapping[str, str]) -> dict[str, str]:
    """An environment without PERENNIAL_*: a sandbox must not meet what was meant for a real tenant."""
    return {name: value for name, value in env.items() if not name.upper().startswith("PERENNIAL_")}
