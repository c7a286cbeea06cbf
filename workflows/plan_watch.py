"""Watches one plan, and walks it down the support ladder once it is stuck."""

from datetime import datetime

from temporalio import workflow

from workflows.patience import OUR_TABLES
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.moment import Moment
    from activities.plans import Plans


@workflow.defn
class PlanWatch(Pokable):
    """`PlanWatch/<plan>`."""

    @workflow.run
    async def run(self, plan_id: str) -> None:
        async def watch() -> datetime | None:
            return await workflow.execute_activity_method(Plans.watch, Moment(plan_id, workflow.now()), **OUR_TABLES)

        await self.look_until_done(watch)
