"""Runs one activity in a process of its own, which can be made to die at any of its steps.

A program, not a module to import: a single-threaded parent that has loaded everything, and forks for each order.
Orders are lines of JSON on stdin, answers lines of JSON on stdout. A step is an instant before or after a commit of
the database or a request to Graph; they are counted here, outside the product.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import configure_mappers

from activities import every_activity
from activities.moment import Moment
from config.settings import Settings
from integrations.database.connection import open_database
from integrations.entra.tokens import MsalTokens
from integrations.graph.calendars import Calendars
from integrations.graph.client import open_graph
from integrations.graph.errors import Transient
from integrations.graph.mail import Mail
from integrations.graph.warm_up import warm_up
from tests.stand_ins import SettableClock

KILLED = 9


@dataclass
class Steps:
    """Counts what happens, and dies at step number `die_at`."""

    die_at: int | None
    report: Callable[[dict[str, Any]], None]
    names: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.names.append(name)
        if self.die_at == len(self.names) - 1:
            self.report({"steps": self.names})
            os._exit(KILLED)

    def watch_database(self, engine: AsyncEngine) -> None:
        dialect: Any = engine.sync_engine.dialect
        commit = dialect.do_commit

        def counted(connection: Any) -> None:
            self.step("before commit")
            commit(connection)
            self.step("after commit")

        dialect.do_commit = counted

    def watch_graph(self) -> None:
        wire: Any = httpx.AsyncHTTPTransport
        send = wire.handle_async_request

        async def counted(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            last = request.url.path.rpartition("/")[2]
            name = f"{request.method} {'one' if last.startswith('AA') else last}"
            self.step(f"before {name}")
            answer: httpx.Response = await send(transport, request)
            self.step(f"after {name}")
            return answer

        wire.handle_async_request = counted


@asynccontextmanager
async def activity_named(
    order: dict[str, Any], settings: Settings, tokens: MsalTokens, steps: Steps
) -> AsyncIterator[Callable[..., Awaitable[object]]]:
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    database = open_database(order["database_url"], keys)
    steps.watch_database(database.engine)
    steps.watch_graph()
    clock = SettableClock(datetime.fromisoformat(order["clock"]))
    async with open_graph(settings, tokens) as graph:
        named = {each.__name__: each for each in every_activity(settings, database, graph, clock)}
        yield named[order["activity"]]
    await database.close()


async def live(order: dict[str, Any], settings: Settings, tokens: MsalTokens, steps: Steps) -> dict[str, Any]:
    async with activity_named(order, settings, tokens, steps) as act:
        try:
            await act(Moment(order["id"], datetime.fromisoformat(order["now"])))
        except Transient as trouble:
            later = trouble.retry_after
            return {"steps": steps.names, "again_after": later.total_seconds() if later else 10}
    return {"steps": steps.names}


def one_life(order: dict[str, Any], settings: Settings, tokens: MsalTokens) -> dict[str, Any]:
    """Forks a child for the order, and says how it ended: `killed`, its steps, and when to call it again."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)

        def report(message: dict[str, Any]) -> None:
            os.write(writing, json.dumps(message).encode())

        try:
            report(asyncio.run(live(order, settings, tokens, Steps(order["die_at"], report))))
        except BaseException as error:  # noqa: BLE001  the child's outermost layer
            report({"steps": [], "error": repr(error)})
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said: dict[str, Any] = json.loads(pipe.read())
    _, status = os.waitpid(child, 0)
    return said | {"killed": os.waitstatus_to_exitcode(status) == KILLED}


async def rehearse(settings: Settings, tokens: MsalTokens) -> None:
    """Has the SDK load what it loads at the first call, so that no child needs to."""
    async with open_graph(settings, tokens) as graph:
        calendars, mail, mailbox = Calendars(graph), Mail(graph), settings.service_mailbox
        await calendars.find_event(mailbox, "rehearsal")
        await calendars.get_event(mailbox, "AArehearsal")
        await mail.find_by_key(mailbox, "rehearsal")
        await mail.get(mailbox, "AArehearsal")


def main() -> None:
    settings = Settings.model_validate(json.loads(sys.stdin.readline()))
    tokens = MsalTokens(settings)
    warm_up()
    configure_mappers()
    # Asked here once, so that each child finds it in the memory it inherits.
    asyncio.run(tokens.get_authorization_token(settings.graph_url))
    asyncio.run(rehearse(settings, tokens))
    for line in sys.stdin:
        print(json.dumps(one_life(json.loads(line), settings, tokens)), flush=True)
    tokens.close()


if __name__ == "__main__":
    main()
