"""What the sandbox rests on can be read, and says nothing of a live tenant."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.evidence import KINDS, as_text, evidence, table

ROOT = Path(__file__).parents[2]
# What behaves like nothing of Microsoft's: the tenant's own people, its control plane, and how things are kept and
# carried. Every other module says what it rests on.
FURNITURE_TEXT = """
__init__ __main__ acts administration answers app appointments benchmark clock control directory_changes entra_calls
evidence item_ids items ledger mailboxes mishaps names opaque organization page public_holidays query_options records
seeded_series server sign_in_page stable_names standing_meetings state_file subscription tenant wire
"""
FURNITURE = frozenset(FURNITURE_TEXT.split())
# Where one can look it up: a page, a thread, a standard.
PLACE = re.compile(r"learn\.microsoft\.com/|graph docs, |github\.com/|microsoft-graph-devx-content|RFC \d+|#\d+")


def test_every_claim_has_a_source_and_a_place_that_exists() -> None:
    rows = table()
    assert len(rows) > 40
    for row in rows:
        assert row.kind in KINDS
        assert row.source
        if row.where.startswith("sandbox."):
            assert (ROOT / "sandbox" / f"{row.where.split('.')[1]}.py").exists(), row


def test_whatever_behaves_as_graph_does_says_why() -> None:
    modules = {row.where.split(".")[1] for row in table() if row.where.startswith("sandbox.")}
    there = {path.stem for path in (ROOT / "sandbox").glob("*.py")}
    assert sorted(there - modules - FURNITURE) == []
    assert sorted(FURNITURE - there) == [], "these are gone"


def test_what_is_called_documented_can_be_looked_up() -> None:
    lost = [
        f"{row.where}: {row.source}" for row in table() if row.kind == "documented" and not PLACE.search(row.source)
    ]
    assert lost == []


def test_no_claim_is_noted_twice_with_different_evidence() -> None:
    claims = [row.claim for row in table()]
    assert [claim for claim in claims if claims.count(claim) > 1] == []


def test_evidence_without_a_source_is_no_evidence() -> None:
    with pytest.raises(ValueError, match="source"):
        evidence("assumed", "the moon is round", " ")
    with pytest.raises(ValueError, match="no kind"):
        evidence("rumoured", "the moon is round", "somebody")  # type: ignore[arg-type]


def test_the_command_prints_the_table_and_that_no_tenant_was_recorded() -> None:
    command = [sys.executable, "-m", "sandbox", "--evidence"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.rstrip() == as_text([row for row in table() if row.where.startswith("sandbox.")]).rstrip()
    assert "Nothing was recorded from a live tenant." in said
    assert "$batch" in said or "batch" in said
