"""Pokes: the one way to tell a workflow that something changed, whether it runs, hibernates or is missing."""

import asyncio

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

# By name, since layers below the workflows cannot import them; a test compares them with the definitions.
WORKFLOW_NAMES = ("DevelopmentCycle", "CheckIn", "ActionChase", "PlanWatch", "Postbox")
SIGNAL = "reconsider"
# No page is kept waiting for longer.
SECONDS = 5


class Undelivered(Exception):
    """Temporal did not take a poke; its row stays and is delivered later."""


class NotTaken(Undelivered):
    """Temporal answers, and refuses this poke alone; others may well arrive."""


# What Temporal says of one request, not of itself (its service/history and service/frontend: serviceerror).
ABOUT_THIS_ONE = frozenset(
    {
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.ALREADY_EXISTS,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.ABORTED,
        RPCStatusCode.OUT_OF_RANGE,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.DATA_LOSS,
    }
)


class Pokes:
    """Delivers wake-ups."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def deliver(self, workflow: str, target: str, reason: str = "changed") -> None:
        """Signal `workflow` for the row with the id `target`, and start it where it does not run.

        `reason` is a word for the history and carries no data. Raises Undelivered when Temporal cannot
        take it within 5 seconds, and NotTaken when it refuses this one, or its name is no workflow of ours: another
        version's, whose processes may know it.
        """
        if workflow not in WORKFLOW_NAMES:
            raise NotTaken(f"{workflow} is not a workflow of this version; they are {', '.join(WORKFLOW_NAMES)}.")
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
            if isinstance(error, RPCError) and error.status in ABOUT_THIS_ONE:
                raise NotTaken(
                    f"Temporal refuses the poke for {workflow}/{target} ({error.status.name}); "
                    "it will be tried again, and the others do not wait for it."
                ) from error
            # RuntimeError: what a lazy client raises when it cannot connect.
            raise Undelivered(
                f"Temporal did not take the poke for {workflow}/{target} ({type(error).__name__}); "
                "it will be tried again."
            ) from error
