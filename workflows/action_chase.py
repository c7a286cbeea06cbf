"""Chases one action by its reminder ladder until it is done, moved, let go or resting."""

from datetime import datetime

from temporalio import workflow

from workflows.patience import OUR_TABLES
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.actions import Actions
    from activities.moment import Moment


@workflow.defn
class ActionChase(Pokable):
    """`ActionChase/<action>`."""

    @workflow.run
    async def run(self, action_id: str) -> None:
        async def chase() -> datetime | None:
            return await workflow.execute_activity_method(
                Actions.chase, Moment(action_id, workflow.now()), **OUR_TABLES
            )

        await self.look_until_done(chase)
