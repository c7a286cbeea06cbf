"""Watches one organizer's calendar: notifications are hints that cut its waits short, what it reads is the truth."""

from datetime import datetime

from temporalio import workflow

from workflows.patience import MICROSOFT, OUR_TABLES
from workflows.routing import along
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.calendar_watches import CalendarWatches
    from activities.moment import Moment
    from activities.reconciliation import Reconciliation
    from activities.route import COMMON, Route


@workflow.defn
class CalendarWatch(Pokable):
    """`CalendarWatch/<watch>`. Wakes itself too, so that a lost notification costs hours and no more."""

    # It looks several times a day for ever, so that a run would never end by itself.
    long = 40

    @workflow.run
    async def run(self, watch_id: str) -> None:
        self.watch_id = watch_id
        self.route: Route | None = None
        await self.look_until_done(self._look)

    async def _look(self) -> datetime | None:
        """Reads what has changed, and compares once a night; returns when to look again, None when it is over."""
        route = self.route or await self._find_route()
        found = await workflow.execute_activity_method(
            CalendarWatches.read_changes, Moment(self.watch_id, workflow.now()), **MICROSOFT, **along(route)
        )
        if found is None:
            return None
        self.route = found.route
        if found.compare_at > workflow.now():
            return min(found.at, found.compare_at)
        looks = await workflow.execute_activity_method(
            Reconciliation.compare, Moment(self.watch_id, workflow.now()), **MICROSOFT, **along(self.route)
        )
        return min(looks.at, looks.compare_at)

    async def _find_route(self) -> Route:
        """Before the first look nobody has said whose mailbox it is, and it may be busy on its own queue."""
        if not workflow.patched("route first"):
            return COMMON
        return await workflow.execute_activity_method(
            CalendarWatches.find_route, Moment(self.watch_id, workflow.now()), **OUR_TABLES
        )
