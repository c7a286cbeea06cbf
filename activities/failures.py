"""Says what a failed activity means to Temporal: try again (and when), or wait for a person."""

from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from integrations.graph.errors import GraphTrouble, Transient

# How soon what only a person can mend is looked at again.
SLOWLY = timedelta(hours=1)


class Failures(Interceptor):
    """Turns Graph's troubles into Temporal's words, once, for all activities."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Translate(next)


class _Translate(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except Transient as trouble:
            raise ApplicationError(
                str(trouble), type=type(trouble).__name__, next_retry_delay=trouble.retry_after
            ) from trouble
        except GraphTrouble as trouble:
            # It may be mended from outside (a permission, a mailbox), so it is tried again, but slowly.
            activity.logger.error("%s", trouble)
            raise ApplicationError(str(trouble), type=type(trouble).__name__, next_retry_delay=SLOWLY) from trouble
