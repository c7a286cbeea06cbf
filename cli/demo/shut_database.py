"""`python -m cli.demo.shut_database FILE`: keeps everybody out of an SQLite file, readers too, until it is killed.

No lock that can be taken in SQL keeps a reader out in WAL mode. So this takes those that SQLite itself takes on the
file's wal-index before it reads or writes (sqlite.org/walformat.html): whoever finds one of them taken tries for ten
seconds, and then fails. They fall with the process, and nothing in the file has changed.
"""

import fcntl
import signal
import sys
from pathlib import Path

LOCKS = range(120, 128)
"""Where in the wal-index the locks are that writers, checkpoints, recovery and readers take."""


def shut(file: str) -> None:
    """Returns when nobody is at it any more, and nobody comes in."""
    # Open until the process ends: with it the locks would go.
    index = Path(f"{file}-shm").open("r+b")  # noqa: SIM115
    for place in LOCKS:
        fcntl.lockf(index, fcntl.LOCK_EX, 1, place)
    print("shut", flush=True)
    signal.pause()


if __name__ == "__main__":
    shut(sys.argv[1])
