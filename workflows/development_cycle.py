"""One employee's rhythm: looks for leave, opens each check-in at its horizon, and hibernates between."""

from datetime import datetime, timedelta

from temporalio import workflow

from workflows.patience import MICROSOFT, OUR_TABLES
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.cycles import Cycles
    from activities.leaves import Leaves
    from activities.moment import Moment


@workflow.defn
class DevelopmentCycle(Pokable):
    """`DevelopmentCycle/<person>`. Asleep it is one event and nothing in memory; it wakes on the newest code."""

    @workflow.run
    async def run(self, person_id: str) -> None:
        async def open_due() -> datetime | None:
            if workflow.patched("leave"):
                about = Moment(person_id, workflow.now())
                await workflow.execute_activity_method(Leaves.find_leave, about, **MICROSOFT)
            return await workflow.execute_activity_method(
                Cycles.open_due, Moment(person_id, workflow.now()), **OUR_TABLES
            )

        wake_at = await self.pull_while_poked(open_due)
        if wake_at is not None:
            rest = max(wake_at - workflow.now(), timedelta(seconds=1))
            workflow.continue_as_new(person_id, backoff_start_interval=rest)
