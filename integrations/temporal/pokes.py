"""Pokes: the one way to tell a workflow that something changed, whether it runs, hibernates or is missing."""

import asyncio

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

# By name, since layers below the workflows cannot import them; a test compares them with the definitions.
WORKFLOW_NAMES = ("DevelopmentCycle", "CheckIn", "ActionChase", "PlanWatch", "Postbox", "CalendarWatch")
SIGNAL = "reconsider"
# No page is kept waiting for longer.
SECONDS = 5


class Undelivered(Exception):
    """Temporal did not take a poke; its row stays and is delivered later."""


class Pokes:
    """Delivers wake-ups."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def deliver(self, workflow: str, target: str, reason: str = "changed") -> None:
        """Signal `workflow` for the row with the id `target`, and start it where it does not run.

        `reason` is a word for the history and carries no data. Raises Undelivered when Temporal cannot
        take it within 5 seconds, and ValueError for a name that is no workflow of ours.
        """
        if workflow not in WORKFLOW_NAMES:
            raise ValueError(f"{workflow} is not a workflow; they are {', '.join(WORKFLOW_NAMES)}")
        try:
            async with asyncio.timeout(SECONDS):
                await self._client.start_workflow(
                    workflow,
                    target,
                    id=f"{workflow}/{target}",
                    task_queue=self._task_queue,
                    start_signal=SIGNAL,
                    start_signal_args=[reason],
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                )
        except (RPCError, RuntimeError, TimeoutError) as error:
            # RuntimeError: what a lazy client raises when it cannot connect.
            raise Undelivered(
                f"Temporal did not take the poke for {workflow}/{target} ({type(error).__name__}); "
                "it will be tried again."
            ) from error
