"""One story, lived once calmly and three times while everything goes wrong: every time it comes to the same end.

Judged from what the tenant holds: talks by the key of their event, letters by recipient and item key, and what HR reads
of where a hand is needed. How many items share a message may differ. One of them lives in PostgreSQL, the others in
SQLite files. `LATE_WORKDAYS` in `cli/demo/convergence.py` says how far instants may be apart, and why. Other seeds:
`perennial demo --chaos 4`.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.demo.chaos import CHEAP, DEAR
from cli.demo.chaos_run import Convergence, compared, live_calmly, live_under_faults
from cli.demo.runner import Wanted

FOUR_PEOPLE = Wanted(people=4, days=35)
SEEDS = (1, 2, 3)
# Its database goes away.
IN_POSTGRESQL = 1


@pytest.mark.timeout(900)
async def test_whatever_goes_wrong_the_story_comes_to_the_same_end(tmp_path: Path, postgres_url: str) -> None:
    unseen = Console(quiet=True)
    chosen = dict.fromkeys(SEEDS, FOUR_PEOPLE) | {IN_POSTGRESQL: replace(FOUR_PEOPLE, database_url=postgres_url)}
    # Two at once: more would starve each other, and whatever is tested beside them.
    room = asyncio.Semaphore(2)

    async def lived(run: Coroutine[Any, Any, Any]) -> Any:
        async with room:
            return await run

    calm, *chaos = await asyncio.gather(
        lived(live_calmly(FOUR_PEOPLE, tmp_path / "calm", os.environ, unseen)),
        *(
            lived(live_under_faults(wanted, seed, tmp_path / f"chaos-{seed}", os.environ, unseen))
            for seed, wanted in chosen.items()
        ),
    )
    ends = [compared(seed, calm, lived) for seed, lived in zip(SEEDS, chaos, strict=True)]
    if failed := [each for each in ends if not each.holds]:
        # Not by an assertion, of which pytest would show the first 240 characters.
        pytest.fail("\n".join(line for each in failed for line in (each.line, *each.details)), pytrace=False)
    found = [each for each in ends if isinstance(each, Convergence)]
    assert min(each.letters for each in found) > 25, "the story has something to lose"
    assert min(each.talks for each in found) >= 5
    struck = sum((each.struck for each in found), Counter[str]())
    assert next(each for each in found if each.seed == IN_POSTGRESQL).struck["database_away"]
    assert {*CHEAP, *DEAR} - {name for name, count in struck.items() if count} == set()
