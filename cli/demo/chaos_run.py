"""`perennial demo --chaos S`: the same story once calm and once under faults, and whether both ended alike."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from temporalio.service import RPCError

from cli.demo.browser import Lost
from cli.demo.chaos import Chaos, draw_troubles
from cli.demo.convergence import differences, ending
from cli.demo.promises import Flaw, broken_promises, ledger_around
from cli.demo.runner import DAY0, Lived, Wanted, living
from cli.demo.stage import Stage
from cli.demo.virtual_time import TimeStandsStill
from cli.demo.weather import Calm, Weather
from cli.processes import ProcessEnded

MOST_TOLD = 10

ENDS = (TimeStandsStill, ProcessEnded, Lost, httpx.HTTPError, RPCError)
"""With what a run ends early: time, a process, a page, or the tenant or Temporal when we ask them."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """`struck`: how often each fault was met. `wrong`: broken promises and differences, in the order of time.

    `around`: what was asked of the tenant in the run under faults, around the first of these.
    """

    seed: int
    struck: Counter[str]
    talks: int
    letters: int
    wrong: Sequence[Flaw]
    around: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.wrong

    @property
    def line(self) -> str:
        faults = sum(self.struck.values())
        if self.holds:
            return (
                f"chaos {self.seed}: {faults} faults of {len(+self.struck)} kinds, and the same end: "
                f"{self.talks} talks, {self.letters} letters"
            )
        first = self.wrong[0].sentence
        return f"chaos {self.seed}: after {faults} faults {len(self.wrong)} things are wrong, first: {first}"

    @property
    def details(self) -> list[str]:
        """For whoever looks into it: the faults, what is wrong, and the ledger around the first of it."""
        met = ", ".join(f"{count} {name}" for name, count in sorted(self.struck.items()) if count)
        return [
            f"  met: {met}",
            *(f"  {each.sentence}" for each in self.wrong[:MOST_TOLD]),
            *(f"    {each}" for each in self.around),
        ]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run under faults that ended before its days were lived."""

    seed: int
    why: str

    holds = False
    details: Sequence[str] = ()

    @property
    def line(self) -> str:
        return f"chaos {self.seed}: does not come to its end: {self.why}"


async def live_calmly(wanted: Wanted, data: Path, env: Mapping[str, str], console: Console) -> Lived:
    """What the story leaves behind when nothing goes wrong; `data` is an empty folder or none yet."""
    return await _live(wanted, data, env, console, Calm)


async def live_under_faults(
    wanted: Wanted, seed: int, data: Path, env: Mapping[str, str], console: Console
) -> Lived | Unfinished:
    """The same under the faults that `seed` draws."""
    began = datetime.combine(DAY0, time(), UTC)
    troubles = draw_troubles(seed, began, began + timedelta(days=wanted.days))
    try:
        return await _live(wanted, data, env, console, lambda stage: Chaos(stage, troubles))
    except ENDS as error:
        return Unfinished(seed, f"{error}" or type(error).__name__)


async def _live(
    wanted: Wanted, data: Path, env: Mapping[str, str], console: Console, weather_on: Callable[[Stage], Weather]
) -> Lived:
    async with living(wanted, data, env, console, weather_on) as life:
        return await life.gathered(whole=False)


def compared(seed: int, calm: Lived, chaos: Lived | Unfinished) -> Convergence | Unfinished:
    """Whether what was lived under the faults of `seed` ended as the calm run did."""
    if isinstance(chaos, Unfinished):
        return chaos
    assert isinstance(chaos.weather, Chaos)
    found = ending(chaos.evidence)
    promises, alike = broken_promises(chaos.evidence), differences(ending(calm.evidence), found)
    wrong = sorted([*promises, *alike], key=lambda flaw: flaw.at)
    return Convergence(
        seed=seed,
        struck=chaos.weather.struck,
        talks=len(found.talks),
        letters=len(found.letters),
        wrong=wrong,
        around=ledger_around(chaos.told.ledger, wrong[0].at) if wrong else (),
    )
