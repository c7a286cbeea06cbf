"""Composition root: settings -> clients -> activities -> a Temporal worker. Run as `python worker.py`."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities import every_activity
from activities.failures import Failures
from activities.route import routes_of
from config.logging import configure_logging
from config.settings import Settings, SettingsError, load_settings
from integrations.clock import RealClock, open_clock
from integrations.database.calendar_watches import ensure_watch
from integrations.database.connection import DatabaseUnreachable, open_database
from integrations.database.directory_watches import ensure_directory_watch
from integrations.database.leases import LASTS, LASTS_IN_VIRTUAL_TIME, Leases
from integrations.database.migrate import check_current
from integrations.database.senders import let_go_of_former
from integrations.database.wake_ups import keep_delivering
from integrations.entra.tokens import MsalTokens, TokenRefused
from integrations.graph.client import open_graph
from integrations.graph.warm_up import warm_up
from integrations.temporal.connect import TemporalUnreachable, connect
from integrations.temporal.passthrough import workflow_runner
from integrations.temporal.pokes import Pokes
from integrations.temporal.shards import GRACE, pollers, polling, queue_of_a_mailbox
from workflows.every import WORKFLOWS

log = logging.getLogger(__name__)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """Inside, this process works on the task queue; on leaving, what is in flight finishes.

    Nothing is begun before each of them has answered. Raises TemporalUnreachable, DatabaseUnreachable, TokenRefused.
    """
    async with AsyncExitStack() as stack:
        client = await connect(settings)
        keys = [key.get_secret_value() for key in settings.encryption_keys]
        database = open_database(settings.database_url, keys, Pokes(client, settings.temporal_task_queue))
        stack.push_async_callback(database.close)
        await check_current(database)
        virtual = settings.clock_url is not None
        clock = open_clock(settings.clock_url)
        stack.push_async_callback(clock.aclose)
        tokens = MsalTokens(settings)
        stack.callback(tokens.close)
        await tokens.get_authorization_token(settings.graph_url)
        graph = await stack.enter_async_context(open_graph(settings, tokens))
        async with database.transaction() as session:
            former = await let_go_of_former(session, settings.sender_mailboxes, await clock.now())
        activities = every_activity(settings, database, graph, clock, former)
        common = await stack.enter_async_context(
            Worker(
                client,
                task_queue=settings.temporal_task_queue,
                workflows=WORKFLOWS,
                activities=activities,
                workflow_runner=workflow_runner(),
                interceptors=[Failures(database, clock)],
                workflow_task_poller_behavior=pollers(PollerBehaviorAutoscaling(), virtual=virtual),
                activity_task_poller_behavior=pollers(PollerBehaviorAutoscaling(), virtual=virtual),
                max_concurrent_activities=20,
                graceful_shutdown_timeout=GRACE,
            )
        )
        leases = Leases(database, routes_of(settings, former).queues, LASTS_IN_VIRTUAL_TIME if virtual else LASTS)
        open_queue = queue_of_a_mailbox(client, activities, [Failures(database, clock)], virtual=virtual)
        queues = await stack.enter_async_context(polling(leases, RealClock(), open_queue))
        # All end at once: who stops us grants half a minute.
        stack.push_async_callback(asyncio.gather, common.shutdown(), queues.put_away())
        async with database.transaction() as session:
            await ensure_watch(session, settings.service_mailbox, await clock.now())
            await ensure_directory_watch(session, await clock.now())
        owed = asyncio.create_task(keep_delivering(database))
        stack.callback(owed.cancel)
        yield


async def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT."""
    warm_up()
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with working(settings):
        log.info("the worker works")
        await stopped.wait()
    log.info("the worker has stopped")


def main() -> int:
    """Returns the exit code; what is wrong is said in sentences on stderr."""
    try:
        settings = load_settings()
        configure_logging(settings.log_format, settings.log_level)
        asyncio.run(run(settings))
    except (SettingsError, TemporalUnreachable, DatabaseUnreachable, TokenRefused) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
