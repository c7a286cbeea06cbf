"""`perennial demo`: the knobs, what is shown at the end, and the exit code."""

import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from cli.demo.chaos import LULL
from cli.demo.chaos_run import OfSeed, live_seeds
from cli.demo.runner import Outcome, Wanted, run
from cli.demo.timeline import show_people, show_verdicts
from cli.processes import stopped_by_signals
from cli.refusal import Refused

# Where there is no terminal that would say how wide it is.
PLAIN_WIDTH = 150


def demo(
    people: Annotated[int, typer.Option(min=1, help="How many people who have a manager.")] = 12,
    days: Annotated[int, typer.Option(min=1, help="How many days they live.")] = 95,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep tenant, pages and clock running; live on from the tenant's page.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same dates for ever.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep everything of the run in this new folder, also when all holds.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="An empty PostgreSQL database to live in, instead of an SQLite file, by its URL."),
    ] = None,
    chaos: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Live it twice: calmly, and under faults drawn from this seed. Both must end alike; and so must a "
            "short story in real time, in which the full Temporal server dies, loses its file and is away.",
        ),
    ] = None,
    chaos_runs: Annotated[
        int, typer.Option(min=1, help="With --chaos: how many seeds, from that one on; the calm runs are lived once.")
    ] = 1,
) -> None:
    """Watch an organization live a quarter of check-ins in virtual time, on real parts."""
    wanted = Wanted(people, days, seed, stay, database)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    if chaos is not None and stay:
        raise Refused("--chaos compares two runs when they are over; leave out --stay.")
    if chaos is not None and days <= LULL.days:
        raise Refused(f"The last {LULL.days} days of a run under faults are calm; with --chaos live more of them.")
    if database and chaos_runs > 1:
        raise Refused("Each run needs an empty database; with --database leave out --chaos-runs.")
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise Refused(f"{keep} is not empty; name a new folder for this run.")
    data = keep.absolute() if keep else Path(tempfile.mkdtemp(prefix="perennial-demo-"))
    data.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    holds = False

    def show(outcome: Outcome) -> None:
        wall = time.monotonic() - began
        _show(console, wanted, outcome, wall)
        if json_file:
            _write(json_file, wanted, outcome, wall)

    try:
        if chaos is None:
            holds = asyncio.run(_demo(wanted, data, console, show)).holds
        else:
            served = {chaos: database} if database else {}
            holds = asyncio.run(_chaos(wanted, range(chaos, chaos + chaos_runs), data, console, served))
    finally:
        if holds and keep is None:
            shutil.rmtree(data, ignore_errors=True)
        else:
            console.print(f"Everything of this run is kept in {data}", style="yellow", soft_wrap=True)
    raise typer.Exit(0 if holds else 1)


async def _chaos(wanted: Wanted, seeds: Iterable[int], data: Path, console: Console, served: Mapping[int, str]) -> bool:
    """Prints a line a seed, and of one that fails what is wrong and the ledger around the first of it."""

    def tell(found: OfSeed) -> None:
        console.print(found.line, style=None if found.holds else "red", soft_wrap=True)
        for line in found.details:
            console.print(line, soft_wrap=True)

    _log_to(data / "chaos.log")
    async with stopped_by_signals():
        return all(
            found.holds
            for found in await live_seeds(replace(wanted, database_url=None), seeds, data, os.environ, tell, served)
        )


def _log_to(file: Path) -> None:
    """Where this process warns: it takes part in the stories, and meets the outages that are meant to be."""
    logging.basicConfig(filename=file, level=logging.WARNING)
    errors = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=errors)))


async def _demo(wanted: Wanted, data: Path, console: Console, show: Callable[[Outcome], None]) -> Outcome:
    async with stopped_by_signals():
        return await run(wanted, data, os.environ, console, show)


def _show(console: Console, wanted: Wanted, outcome: Outcome, wall: float) -> None:
    show_people(console, outcome.people, outcome.names)
    show_verdicts(console, outcome.verdicts)
    phases = ", ".join(f"{name} {seconds} s" for name, seconds in outcome.phases.items())
    console.print(
        f"{wanted.people} people lived {wanted.days} days in {wall:.0f} seconds ({phases}), "
        f"with {outcome.counts['requests']} requests to the tenant.",
        soft_wrap=True,
    )


def _write(file: Path, wanted: Wanted, outcome: Outcome, wall: float) -> None:
    """{seed, people, days, wall_s, counts, invariants: [{name, checked, holds, first_violation}]}"""
    document = {
        "seed": wanted.seed,
        "people": wanted.people,
        "days": wanted.days,
        "wall_s": round(wall, 1),
        "counts": dict(outcome.counts),
        "invariants": [
            {name: told for name, told in asdict(verdict).items() if name != "violated_at"}
            for verdict in outcome.verdicts
        ],
    }
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
