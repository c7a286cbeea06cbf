"""What the workflow sandbox does not load anew for each workflow: our own packages below the workflows."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

# Loaded once a process: an ORM import inside the sandbox costs 15 MB a workflow.
PASSED_THROUGH = ("activities", "integrations", "config", "cycle")


def workflow_runner() -> SandboxedWorkflowRunner:
    """The runner for worker and replayer alike."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))
