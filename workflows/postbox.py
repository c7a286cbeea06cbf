"""The one door for a person's mail: merges what is due, waits for their mail window, and sends it once."""

from datetime import datetime

from temporalio import workflow

from workflows.patience import MICROSOFT
from workflows.routing import along
from workflows.wake_up import Pokable

with workflow.unsafe.imports_passed_through():
    from activities.letters.send import Letters
    from activities.moment import Moment


@workflow.defn
class Postbox(Pokable):
    """`Postbox/<recipient>`. Ends when the box is empty; the next item starts it again."""

    @workflow.run
    async def run(self, recipient_id: str) -> None:
        self.recipient_id = recipient_id
        await self.look_until_done(self._deliver_what_is_due)

    async def _deliver_what_is_due(self) -> datetime | None:
        """Delivers letters as long as one is due; returns when the next may be, None for an empty box."""
        while True:
            found = await workflow.execute_activity_method(
                Letters.sort, Moment(self.recipient_id, workflow.now()), **MICROSOFT
            )
            if found.letter_id is None or found.at is None or found.at > workflow.now():
                return found.at
            await workflow.execute_activity_method(
                Letters.deliver, Moment(found.letter_id, workflow.now()), **MICROSOFT, **along(found.route)
            )
