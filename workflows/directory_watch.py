"""Watches the tenant's directory: notifications are hints that cut its waits short, what it reads is the truth."""

from datetime import datetime

from temporalio import workflow

from workflows.patience import MICROSOFT
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.directory_watches import DirectoryWatches
    from activities.moment import Moment


@workflow.defn
class DirectoryWatch(Pokable):
    """`DirectoryWatch/<watch>`. Wakes itself too, so that a lost notification costs hours and no more."""

    # It looks several times a day for ever, so that a run would never end by itself.
    long = 40

    @workflow.run
    async def run(self, watch_id: str) -> None:
        async def follow() -> datetime | None:
            return await workflow.execute_activity_method(
                DirectoryWatches.follow_directory, Moment(watch_id, workflow.now()), **MICROSOFT
            )

        await self.look_until_done(follow)
