"""Watches one organizer's calendar: notifications are hints that cut its waits short, what it reads is the truth."""

from datetime import datetime

from temporalio import workflow

from workflows.patience import MICROSOFT
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.calendar_watches import CalendarWatches
    from activities.moment import Moment
    from activities.reconciliation import Reconciliation


@workflow.defn
class CalendarWatch(Pokable):
    """`CalendarWatch/<watch>`. Wakes itself too, so that a lost notification costs hours and no more."""

    @workflow.run
    async def run(self, watch_id: str) -> None:
        self.watch_id = watch_id
        await self.look_until_done(self._look)

    async def _look(self) -> datetime | None:
        """Reads what has changed, and compares once a night; returns when to look again, None when it is over."""
        looks = await workflow.execute_activity_method(
            CalendarWatches.read_changes, Moment(self.watch_id, workflow.now()), **MICROSOFT
        )
        if looks is not None and looks.compare_at <= workflow.now():
            looks = await workflow.execute_activity_method(
                Reconciliation.compare, Moment(self.watch_id, workflow.now()), **MICROSOFT
            )
        return min(looks.at, looks.compare_at) if looks else None
