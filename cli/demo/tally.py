"""Counts what happened to each person, from the tenant's own state and ledger and from the diaries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.demo.evidence import Evidence
from cli.demo.keys import keys_of

COLUMNS = (
    "check-ins_booked",
    "check-ins_held",
    "check-ins_moved",
    "forms_sent",
    "forms_answered",
    "pre-reads",
    "actions_chased",
    "actions_done",
    "actions_extended",
    "plans_helped",
    "letters",
)


def tally(evidence: Evidence) -> dict[str, dict[str, int]]:
    """By mail address, one number a column; a check-in counts for its employee, an action for its owner."""
    rows = {mail: dict.fromkeys(COLUMNS, 0) for mail in evidence.people}
    employee_of = {}
    for talk in evidence.talks:
        two = evidence.two_of(talk)
        if two and not talk.cancelled:
            employee_of[talk.check_in] = two[0]
            rows[two[0]]["check-ins_booked"] += 1
    _count_letters(evidence, rows)
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for entry in evidence.acts("said_outcome"):
        said[entry.target][entry.person] = entry.fields["said"]
        if entry.fields["said"] == "moved" and entry.target in employee_of:
            rows[employee_of[entry.target]]["check-ins_moved"] += 1
    for check_in, answers in said.items():
        if check_in in employee_of and len(answers) == 2 and set(answers.values()) == {"held"}:
            rows[employee_of[check_in]]["check-ins_held"] += 1
    for mail, column, things in (
        *_acts(evidence, "forms_answered", "answered_form", "chose_to_talk"),
        *_acts(evidence, "actions_done", "finished_action"),
        *_acts(evidence, "actions_extended", "set_new_date"),
    ):
        rows[mail][column] = things
    return rows


def _count_letters(evidence: Evidence, rows: Mapping[str, dict[str, int]]) -> None:
    chased: dict[str, set[str]] = defaultdict(set)
    helped: dict[str, set[str]] = defaultdict(set)
    for letter in evidence.letters:
        row = rows.get(letter.to)
        if row is None:
            continue
        row["letters"] += 1
        for key in keys_of(letter.keys):
            row["forms_sent"] += key.kind == "form"
            row["pre-reads"] += key.kind == "pre-read"
            if key.kind == "action":
                chased[letter.to].add(key.about)
            elif key.kind == "support" and key.step == "note":
                helped[letter.to].add(key.stall)
    for mail, actions in chased.items():
        rows[mail]["actions_chased"] = len(actions)
    for mail, stalls in helped.items():
        rows[mail]["plans_helped"] = len(stalls)


def _acts(evidence: Evidence, column: str, *kinds: Any) -> Iterable[tuple[str, str, int]]:
    """How many different things each person did this to."""
    targets: dict[str, set[str]] = defaultdict(set)
    for entry in evidence.acts(*kinds):
        targets[entry.person].add(entry.target)
    return [(mail, column, len(things)) for mail, things in targets.items()]


def counts(
    rows: Mapping[str, Mapping[str, int]], ledger: Sequence[Mapping[str, Any]], evidence: Evidence
) -> dict[str, int]:
    """The same figures for everybody together, and what it cost the tenant."""
    total = {column.replace("-", "_"): sum(row[column] for row in rows.values()) for column in COLUMNS}
    return total | {
        "requests": len(ledger),
        "requests_throttled": sum(1 for each in ledger if each["status"] == 429),
        "most_in_flight_in_a_mailbox": max((each["in_flight"] for each in ledger), default=0),
        "acts": len([entry for entry in evidence.diary if entry.did not in ("read_letter", "opened_page")]),
    }
