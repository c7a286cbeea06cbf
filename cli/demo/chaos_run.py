"""`perennial demo --chaos S`: the same story once calm and once under faults, and whether both ended alike."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from rich.console import Console

from cli.demo.chaos import Chaos, draw_troubles
from cli.demo.convergence import Difference, broken_promises, differences, ending, ledger_around
from cli.demo.runner import DAY0, Lived, Wanted, living
from cli.demo.stage import Stage
from cli.demo.weather import Calm, Weather

MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Convergence:
    """`struck`: how often each fault was met. `around`: the ledger of the run under faults, about the first of them."""

    seed: int
    struck: Counter[str]
    talks: int
    letters: int
    differences: Sequence[Difference]
    broken: Sequence[str]
    around: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.differences and not self.broken

    @property
    def line(self) -> str:
        faults = sum(self.struck.values())
        if self.holds:
            return (
                f"chaos {self.seed}: {faults} faults of {len(+self.struck)} kinds, and the same end: "
                f"{self.talks} talks, {self.letters} letters"
            )
        return f"chaos {self.seed}: after {faults} faults {len(self.wrong)} things are wrong, first: {self.wrong[0]}"

    @property
    def wrong(self) -> list[str]:
        """A sentence each; whatever hangs on the first comes after it."""
        return [*self.broken, *(each.sentence for each in self.differences)]

    @property
    def details(self) -> list[str]:
        """For whoever looks into it: the faults, what is wrong, and the ledger around the first difference."""
        met = ", ".join(f"{count} {name}" for name, count in sorted(self.struck.items()) if count)
        return [
            f"  met: {met}",
            *(f"  {each}" for each in self.wrong[:MOST_TOLD]),
            *(f"    {each}" for each in self.around),
        ]


async def live_calmly(wanted: Wanted, data: Path, env: Mapping[str, str], console: Console) -> Lived:
    """What the story leaves behind when nothing goes wrong; `data` is an empty folder or none yet."""
    return await _live(wanted, data, env, console, Calm)


async def live_under_faults(wanted: Wanted, seed: int, data: Path, env: Mapping[str, str], console: Console) -> Lived:
    """The same under the faults that `seed` draws."""
    began = datetime.combine(DAY0, time(), UTC)
    troubles = draw_troubles(seed, began, began + timedelta(days=wanted.days))
    return await _live(wanted, data, env, console, lambda stage: Chaos(stage, troubles))


async def _live(
    wanted: Wanted, data: Path, env: Mapping[str, str], console: Console, weather_on: Callable[[Stage], Weather]
) -> Lived:
    async with living(wanted, data, env, console, weather_on) as life:
        return await life.gathered(whole=False)


def compared(seed: int, calm: Lived, chaos: Lived) -> Convergence:
    """Whether what was lived under the faults of `seed` ended as the calm run did."""
    assert isinstance(chaos.weather, Chaos)
    found = ending(chaos.evidence)
    wrong = differences(ending(calm.evidence), found)
    return Convergence(
        seed=seed,
        struck=chaos.weather.struck,
        talks=len(found.talks),
        letters=len(found.letters),
        differences=wrong,
        broken=broken_promises(chaos.evidence),
        around=ledger_around(chaos.told.ledger, wrong[0].at) if wrong else (),
    )
