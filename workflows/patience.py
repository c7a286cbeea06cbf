"""How long each kind of activity may take, and how it is tried again."""

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy

LOOK_AGAIN = timedelta(hours=1)
"""How soon what only a person can mend is looked at again, unless a poke comes first."""

NEVER_LONGER = timedelta(hours=26)
"""No activity lasts longer, with all its tries: an hour more than those that run give themselves (`cycle.stuck`)."""


class Patience(TypedDict):
    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


OUR_TABLES = Patience(
    start_to_close_timeout=timedelta(minutes=1),
    schedule_to_close_timeout=NEVER_LONGER,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
    ),
)
"""Reads and writes of the database alone: back soon after it is."""

MICROSOFT = Patience(
    start_to_close_timeout=timedelta(minutes=5),
    schedule_to_close_timeout=NEVER_LONGER,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=10), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
    ),
)
"""Calls to Graph, which says itself how long to wait; without a word from it, slower and slower."""
