"""`python -m cli.later_web SECONDS`: the web face on a clock that is so far ahead of the machine's and goes as it does.

A demo ends years ahead. Asking another process for its time would cost each page more than reading a clock does.
"""

import sys
from datetime import datetime, timedelta

import web.server
from integrations.clock import RealClock


class LaterClock(RealClock):
    """The machine's time, and `ahead` of it."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    async def now(self) -> datetime:
        return await super().now() + self._ahead


if __name__ == "__main__":
    clock = LaterClock(timedelta(seconds=float(sys.argv[1])))
    vars(web.server)["open_clock"] = lambda _: clock
    sys.exit(web.server.main())
