"""Poke, then pull: one signal that carries nothing, a timer it cuts short, and the loop that loses no poke.

A pull that ends in a failure is not the end of its workflow: it waits for a hand, and looks again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import ClassVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from workflows.patience import LOOK_AGAIN, OUR_TABLES

with workflow.unsafe.imports_passed_through():
    from activities.moment import Moment
    from activities.stuck import Stuck

STUCK = "stuck"
"""In the memo of a run that goes on from another: whether that one waits for a hand, so that a line is to be struck."""


class Pokable:
    """A workflow that looks again whenever something changed."""

    long: ClassVar[int] = 200
    """Events after which a run goes on as a new one: a worker that does not know a run reads it from its beginning.
    A check-in goes through two or three runs."""

    def __init__(self) -> None:
        self._poked = False
        self._stuck = workflow.memo_value(STUCK, default=False)
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None

    @workflow.signal
    def reconsider(self, reason: str) -> None:
        """Something changed: look again. The reason is for whoever reads the history."""
        self._poked = True

    async def look_until_done(self, pull: Callable[[], Awaitable[datetime | None]]) -> None:
        """Pulls whenever poked, and at the instant the last pull named; returns once it names none.

        A poke that arrives during a pull is answered by another: it would be lost otherwise.
        """
        while (at := await self.pull_while_poked(pull)) is not None:
            self._continue_if_long()
            await self.poked_or(at)

    async def pull_while_poked(self, pull: Callable[[], Awaitable[datetime | None]]) -> datetime | None:
        """Pulls until no poke came during the last pull and it did not fail, and returns what that one said."""
        while True:
            self._poked = False
            try:
                at = await pull()
            except ActivityError as failure:
                if is_cancelled_exception(failure):
                    raise
                await self._wait_for_a_hand(failure)
                continue
            if self._stuck:
                await self._say_that_it_went_on()
            if not self._poked:
                return at

    async def poked_or(self, at: datetime) -> None:
        """Waits for a poke, until the instant `at` at most.

        The alarm that a poke cut short is left alone: the next wait is mostly for the same instant, and takes it over.
        One that rings for nobody costs a task, as where a run waits for a hand and is poked. To cancel it would cost an
        event for each poke, and Temporal's test server refuses the task that cancels a timer which rang meanwhile, and
        then waits for that task for ever.
        """
        left = at - workflow.now()
        if left.total_seconds() <= 0:
            return
        if not workflow.patched("alarms are left alone"):
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._poked, timeout=left)
            return
        if self._alarm is None or self._alarm_at != at:
            self._alarm, self._alarm_at = asyncio.create_task(workflow.sleep(left)), at
        alarm = self._alarm
        await workflow.wait_condition(lambda: self._poked or alarm.done())

    async def _wait_for_a_hand(self, failure: ActivityError) -> None:
        """Returns when it is time to look again: after an hour, or a poke.

        Whoever judged the failure has told HR. A time-out was judged by nobody: after it, which took a day, the next
        look is at once, since it may be that there was no worker all the while.
        """
        judged = isinstance(failure.cause, ApplicationError) and failure.cause.non_retryable
        self._stuck = True
        if not judged:
            await self._try_to_say(Stuck.unanswered)
        if judged:
            await self.poked_or(workflow.now() + LOOK_AGAIN)
        self._continue_if_long()

    async def _say_that_it_went_on(self) -> None:
        self._stuck = not await self._try_to_say(Stuck.went_on)

    async def _try_to_say(self, what: Callable[[Stuck, Moment], Awaitable[None]]) -> bool:
        """False when the books could not be reached for a day either."""
        try:
            await workflow.execute_activity_method(
                what, Moment(workflow.info().workflow_id, workflow.now()), **OUR_TABLES
            )
        except ActivityError as failure:
            if is_cancelled_exception(failure):
                raise
            return False
        return True

    def _continue_if_long(self) -> None:
        if self._is_long():
            workflow.continue_as_new(workflow.info().workflow_id.partition("/")[2], memo={STUCK: self._stuck})

    def _is_long(self) -> bool:
        """Whether the run goes on as a new one; those that grew longer under a former version go on as there."""
        info = workflow.info()
        long = info.get_current_history_length() > self.long and workflow.patched("short runs")
        return long or info.is_continue_as_new_suggested()
