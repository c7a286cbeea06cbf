"""`perennial demo --chaos S`: each of two stories once calm and once under faults, and whether both ended alike."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from rich.console import Console
from temporalio.service import RPCError

from cli.demo.browser import Lost
from cli.demo.chaos import Chaos, draw_troubles
from cli.demo.convergence import differences, ending
from cli.demo.outages import draw_outages
from cli.demo.promises import Flaw, broken_promises, ledger_around
from cli.demo.runner import DAY0, Lived, Wanted, living
from cli.demo.short_story import live_short_story
from cli.demo.stage import Stage
from cli.demo.virtual_time import TimeStandsStill
from cli.demo.weather import Calm, Weather
from cli.processes import ProcessEnded
from cli.refusal import Refused
from integrations.clock import RealClock
from integrations.temporal.connect import TemporalUnreachable

T = TypeVar("T")

MOST_TOLD = 10

# Quarters under faults that are lived side by side; of more, each would hold up the others on two cores.
QUARTERS_AT_ONCE = 2
# Short stories beside them, which do little but wait.
STORIES_AT_ONCE = 4

ENDS = (TimeStandsStill, ProcessEnded, Refused, Lost, httpx.HTTPError, RPCError, TemporalUnreachable)
"""With what a run ends early: time, a process, a page, or the tenant or Temporal when we ask them."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """`struck`: how often each fault was met. `wrong`: broken promises and differences, in the order of time.

    `around`: what was asked of the tenant in the run under faults, around the first of these.
    """

    struck: Counter[str]
    talks: int
    letters: int
    wrong: Sequence[Flaw]
    around: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.wrong

    @property
    def words(self) -> str:
        faults = sum(self.struck.values())
        if self.holds:
            return (
                f"{faults} faults of {len(+self.struck)} kinds, and the same end: "
                f"{self.talks} talks, {self.letters} letters"
            )
        return f"after {faults} faults {len(self.wrong)} things are wrong, first: {self.wrong[0].sentence}"

    @property
    def details(self) -> list[str]:
        """For whoever looks into it: the faults, what is wrong, and the ledger around the first of it."""
        if self.holds:
            return []
        met = ", ".join(f"{count} {name}" for name, count in sorted(self.struck.items()) if count)
        return [
            f"  met: {met}",
            *(f"  {each.sentence}" for each in self.wrong[:MOST_TOLD]),
            *(f"    {each}" for each in self.around),
        ]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that ended before its days were lived."""

    why: str

    holds = False
    details: Sequence[str] = ()

    @property
    def words(self) -> str:
        return f"does not come to its end: {self.why}"


@dataclass(frozen=True, slots=True)
class OfSeed:
    """How both stories ended under the faults of one seed: the quarter in virtual time, the short one in real."""

    seed: int
    quarter: Convergence | Unfinished
    short: Convergence | Unfinished

    @property
    def holds(self) -> bool:
        return self.quarter.holds and self.short.holds

    @property
    def line(self) -> str:
        return f"chaos {self.seed}: {self.quarter.words}; on the full server {self.short.words}"

    @property
    def details(self) -> list[str]:
        return [*self.quarter.details, *self.short.details]


async def live_seeds(
    wanted: Wanted,
    seeds: Iterable[int],
    data: Path,
    env: Mapping[str, str],
    tell: Callable[[OfSeed], None],
    served: Mapping[int, str] | None = None,
) -> list[OfSeed]:
    """Lives both stories calmly once and under each seed's faults, all in folders of `data`. Each seed is told of in
    its turn. `served`: by seed, the PostgreSQL database in which its quarter is lived.

    Raises what the calm quarter ends with.
    """
    unseen, found = Console(quiet=True), []
    quarters, stories = asyncio.Semaphore(QUARTERS_AT_ONCE), asyncio.Semaphore(STORIES_AT_ONCE)

    async def lived(room: asyncio.Semaphore, living: Coroutine[Any, Any, T]) -> T:
        async with room:
            return await living

    calm, began = await live_calmly(wanted, data / "calm", env, unseen), await RealClock().now()
    async with asyncio.TaskGroup() as runs:
        calm_story = runs.create_task(lived(stories, live_shortly(None, began, data / "short-calm", env)))
        tasks = []
        for seed in seeds:
            chosen = replace(wanted, database_url=(served or {}).get(seed))
            quarter = live_under_faults(chosen, seed, data / f"chaos-{seed}", env, unseen)
            story = live_shortly(seed, began, data / f"short-{seed}", env)
            tasks.append((seed, runs.create_task(lived(quarters, quarter)), runs.create_task(lived(stories, story))))
        for seed, of_quarter, of_story in tasks:
            found.append(OfSeed(seed, compared(calm, await of_quarter), compared(await calm_story, await of_story)))
            tell(found[-1])
    return found


async def live_calmly(wanted: Wanted, data: Path, env: Mapping[str, str], console: Console) -> Lived:
    """What the story leaves behind when nothing goes wrong; `data` is an empty folder or none yet."""
    return await _live(wanted, data, env, console, Calm)


async def live_under_faults(
    wanted: Wanted, seed: int, data: Path, env: Mapping[str, str], console: Console
) -> Lived | Unfinished:
    """The same under the faults that `seed` draws."""
    began = datetime.combine(DAY0, time(), UTC)
    troubles = draw_troubles(seed, began, began + timedelta(days=wanted.days))
    return await _to_its_end(_live(wanted, data, env, console, lambda stage: Chaos(stage, troubles)))


async def live_shortly(seed: int | None, began: datetime, data: Path, env: Mapping[str, str]) -> Lived | Unfinished:
    """The short story under the outages that `seed` draws, calmly without one; see `live_short_story`."""
    return await _to_its_end(live_short_story([] if seed is None else draw_outages(seed), began, data, env))


async def _to_its_end(living: Coroutine[Any, Any, Lived]) -> Lived | Unfinished:
    try:
        return await living
    except ENDS as error:
        return Unfinished(f"{error}" or type(error).__name__)


async def _live(
    wanted: Wanted, data: Path, env: Mapping[str, str], console: Console, weather_on: Callable[[Stage], Weather]
) -> Lived:
    async with living(wanted, data, env, console, weather_on) as life:
        return await life.gathered(whole=False)


def compared(calm: Lived | Unfinished, chaos: Lived | Unfinished) -> Convergence | Unfinished:
    """Whether what was lived under faults ended as the calm run did."""
    if isinstance(calm, Lived) and calm.in_vain:
        calm = Unfinished(calm.in_vain[0].sentence)
    if isinstance(calm, Unfinished):
        return Unfinished(f"there is nothing to hold it to, since the calm one {calm.words}")
    if isinstance(chaos, Unfinished):
        return chaos
    found = ending(chaos.evidence)
    promises, alike = broken_promises(chaos.evidence), differences(ending(calm.evidence), found)
    wrong = sorted([*promises, *alike, *chaos.in_vain], key=lambda flaw: flaw.at)
    return Convergence(
        struck=chaos.struck,
        talks=len(found.talks),
        letters=len(found.letters),
        wrong=wrong,
        around=ledger_around(chaos.told.ledger, wrong[0].at) if wrong else (),
    )
