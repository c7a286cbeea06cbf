"""`python -m cli.demo.mortal_worker`: the worker, fit to be killed under Temporal's test server.

That server sends the next step of a workflow to whoever took the last one, and waits for ever if it is dead, where the
real one turns to another after ten seconds. So this one keeps no workflow between two steps.
"""

import sys
from functools import partial

from temporalio.worker import Worker

import worker

if __name__ == "__main__":
    vars(worker)["Worker"] = partial(Worker, max_cached_workflows=0)
    sys.exit(worker.main())
