"""Sends an activity along the route that another activity gave: its queue, and its turn among others there."""

from typing import TypedDict

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from activities.route import Route

SOON, WHENEVER = 2, 4
"""Temporal's priorities: what somebody waits for goes before what falls due by the clock; 3 is everybody else's."""


class Along(TypedDict):
    task_queue: str | None
    priority: Priority


def along(route: Route) -> Along:
    """Without a queue the activity runs on the workflow's own, as all did before there were others."""
    key = SOON if route.soon else WHENEVER
    return Along(task_queue=route.queue, priority=Priority(priority_key=key, fairness_key=route.team))
