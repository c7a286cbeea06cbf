"""SQLite without a thread where nothing can wait: only to become the one writer is left to the driver's thread.

In WAL mode a reading waits for no writer and the one writer for nobody, and a statement takes less time than handing
it to a thread and back, four times. A writer that is never put off by other work also lets the next one in sooner.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite

ROWS_AT_ONCE = 64
"""As in `aiosqlite.connect`."""


class Connection(aiosqlite.Connection):
    """`in_place` is set as each transaction begins; one connection is used by one task at a time."""

    in_place = False

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Everything that the driver asks of SQLite passes through here.
        if self.in_place and self._running and self._connection:
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]


def connect(database: str, **options: Any) -> Connection:
    """A connection for `async_creator_fn`; it may be used from the driver's thread and from ours."""
    connection = Connection(lambda: sqlite3.connect(database, **{**options, "check_same_thread": False}), ROWS_AT_ONCE)
    connection._thread.daemon = True
    return connection
