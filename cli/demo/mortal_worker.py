"""`python -m cli.demo.mortal_worker`: the worker, fit to be killed under Temporal's test server.

That server sends the next step of a workflow to whoever took the last one, and waits for ever if it is dead, where the
real one turns to another after ten seconds. So this one keeps no workflow between two steps. It reads each one from its
beginning instead, in the plain: the workflows' own sandbox would be built anew each time, which took most of its time.
"""

import sys
from typing import Any

from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import worker


def forgetful(*args: Any, **wanted: Any) -> Worker:
    return Worker(*args, **wanted | {"max_cached_workflows": 0, "workflow_runner": UnsandboxedWorkflowRunner()})


if __name__ == "__main__":
    vars(worker)["Worker"] = forgetful
    sys.exit(worker.main())
