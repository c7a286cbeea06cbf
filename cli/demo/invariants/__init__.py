"""The promises of a quarter, held against what a run left behind."""

from cli.demo.evidence import Evidence
from cli.demo.invariants import (
    calendars,
    canaries,
    changes,
    clock_changes,
    colleagues,
    ladders,
    languages,
    letters,
    personnel,
    support,
)
from cli.demo.invariants.verdict import Verdict

__all__ = ["Verdict", "judge"]


def judge(evidence: Evidence) -> list[Verdict]:
    """Every verdict, by the number of its promise. A promise that met no case counts as broken."""
    parts = (
        calendars,
        changes,
        letters,
        ladders,
        support,
        canaries,
        clock_changes,
        personnel,
        colleagues,
        languages,
    )
    found = [verdict for part in parts for verdict in part.judge(evidence)]
    return sorted(found, key=lambda verdict: verdict.name.partition(" ")[0])
