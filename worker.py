"""Composition root: settings -> clients -> activities -> a Temporal worker. Run as `python worker.py`."""

import asyncio
import logging
import signal
import sys
import time
from contextlib import AsyncExitStack
from datetime import timedelta

from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.actions import Actions
from activities.calendar import Calendar
from activities.check_ins import CheckIns
from activities.cycles import Cycles
from activities.directory import Mailboxes
from activities.failures import Failures
from activities.letters.compose import Composer
from activities.letters.send import Letters
from activities.plans import Plans
from config.logging import configure_logging
from config.settings import Settings, SettingsError, load_settings
from integrations.clock import open_clock
from integrations.database.connection import DatabaseUnreachable, check_reachable, open_database
from integrations.database.wake_ups import deliver_owed
from integrations.entra.tokens import MsalTokens
from integrations.graph.calendars import Calendars
from integrations.graph.client import open_graph
from integrations.graph.directory import Directory
from integrations.graph.mail import Mail
from integrations.graph.warm_up import warm_up
from integrations.temporal.connect import TemporalUnreachable, connect
from integrations.temporal.passthrough import workflow_runner
from integrations.temporal.pokes import Pokes
from workflows import WORKFLOWS

log = logging.getLogger(__name__)

OWED_EVERY = 5.0
"""Seconds between two looks for wake-ups that could not be delivered when they were committed."""


async def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT, then lets what is in flight finish."""
    async with AsyncExitStack() as stack:
        client = await connect(settings)
        pokes = Pokes(client, settings.temporal_task_queue)
        keys = [key.get_secret_value() for key in settings.encryption_keys]
        database = open_database(settings.database_url, keys, pokes)
        stack.push_async_callback(database.close)
        await check_reachable(database)
        clock = open_clock(settings.clock_url)
        stack.push_async_callback(clock.aclose)
        graph = await stack.enter_async_context(open_graph(settings, MsalTokens(settings)))
        warm_up()

        mailboxes = Mailboxes(database, Directory(graph))
        calendar = Calendar(database, Calendars(graph), mailboxes, settings.service_mailbox, settings.public_url)
        check_ins = CheckIns(database, calendar)
        cycles, actions, plans = Cycles(database), Actions(database), Plans(database)
        letters = Letters(
            database,
            Mail(graph),
            mailboxes,
            Composer(settings.public_url),
            settings.sender_mailboxes,
            clock,
            settings.help_contact,
            settings.trial_mailbox,
        )
        worker = Worker(
            client,
            task_queue=settings.temporal_task_queue,
            workflows=WORKFLOWS,
            activities=[
                cycles.open_due,
                calendar.plan_team,
                calendar.book,
                calendar.call_off,
                check_ins.look,
                check_ins.ask_for_reflection,
                check_ins.remind_of_reflection,
                check_ins.send_pre_read,
                check_ins.ask_for_outcome,
                check_ins.conclude,
                actions.chase,
                plans.watch,
                letters.sort,
                letters.deliver,
            ],
            workflow_runner=workflow_runner(),
            interceptors=[Failures()],
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            max_concurrent_activities=20,
            graceful_shutdown_timeout=timedelta(seconds=30),
        )
        stopped = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stopped.set)
        async with worker:
            log.info("the worker works")
            while not stopped.is_set():
                await deliver_owed(database)
                try:
                    await asyncio.wait_for(stopped.wait(), OWED_EVERY)
                except TimeoutError:
                    continue
        log.info("the worker has stopped")


def main() -> int:
    """Returns the exit code; what is wrong is said in sentences on stderr."""
    try:
        settings = load_settings()
        configure_logging(settings.log_format, settings.log_level)
        asyncio.run(run(settings))
    except (SettingsError, TemporalUnreachable, DatabaseUnreachable) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        # Temporal's threads may still be ending; leaving at once can abort the interpreter.
        time.sleep(0.5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
