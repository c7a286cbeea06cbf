"""Two stories, each lived once calmly and three times under faults: every time they come to the same end.

A quarter in virtual time, in which everything goes wrong, and a short story by the real clock, in which the full
Temporal server dies, loses its file and is away. Judged from what the tenant holds: talks by the key of their event,
letters by recipient and item key, and what HR reads of where a hand is needed. How many items share a message may
differ. One quarter is lived in PostgreSQL, the others in SQLite files. `LATE_WORKDAYS` in `cli/demo/convergence.py`
says how far instants may be apart, and why. Other seeds: `perennial demo --chaos 4`.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from cli.demo.chaos import CHEAP, DEAR
from cli.demo.chaos_run import Convergence, live_seeds
from cli.demo.outages import NAMES
from cli.demo.runner import Wanted

FOUR_PEOPLE = Wanted(people=4, days=35)
SEEDS = (1, 2, 3)
# Its database goes away.
IN_POSTGRESQL = 1


@pytest.mark.timeout(1800)
async def test_whatever_goes_wrong_both_stories_come_to_the_same_end(tmp_path: Path, postgres_url: str) -> None:
    served = {IN_POSTGRESQL: postgres_url}
    ends = await live_seeds(FOUR_PEOPLE, SEEDS, tmp_path, os.environ, lambda _: None, served)
    if failed := [each for each in ends if not each.holds]:
        # Not by an assertion, of which pytest would show the first 240 characters.
        pytest.fail("\n".join(line for each in failed for line in (each.line, *each.details)), pytrace=False)
    found = [each.quarter for each in ends if isinstance(each.quarter, Convergence)]
    short = [each.short for each in ends if isinstance(each.short, Convergence)]
    assert min(each.letters for each in found) > 25, "the story has something to lose"
    assert min(each.talks for each in found) >= 5
    assert [(each.talks, each.letters) for each in short] == [(1, 3)] * len(SEEDS)
    told = [told_by_outlook(tmp_path / f"short-{seed}" / "state.json") for seed in ("calm", *SEEDS)]
    hour_another_and_its_end = {"meetingRequest": 2, "meetingCancelled": 1}
    assert told == [[hour_another_and_its_end, hour_another_and_its_end]] * len(told), "once each, to each of the two"
    (served_one,) = (each.quarter for each in ends if each.seed == IN_POSTGRESQL)
    assert isinstance(served_one, Convergence)
    assert served_one.struck["database_away"]
    struck = sum((each.struck for each in (*found, *short)), Counter[str]())
    assert {*CHEAP, *DEAR, *NAMES} - {name for name, count in struck.items() if count} == set()


def told_by_outlook(state: Path) -> list[Counter[str]]:
    """How many messages of each kind about meetings lie in each inbox that has any."""
    inboxes = (each["folders"]["inbox"] for each in json.loads(state.read_text())["mailboxes"].values())
    kinds = [Counter(each["meetingMessageType"] for each in box if each["meetingMessageType"]) for box in inboxes]
    return [each for each in kinds if each]
