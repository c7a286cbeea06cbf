"""`perennial policy`: HR's rules, from YAML into numbered revisions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
import yaml
from sqlalchemy import select

from cli.files import text_of
from cli.installation import Installation, open_installation
from cli.refusal import Refused
from config.policy_files import read_policy_file, shipped_policies
from config.settings import Settings, load_settings
from cycle.directory_watch import UnknownPopulation, read_population
from cycle.policy import ParsedPolicy, Policy
from integrations.database.policies import policy_in_force, save_policy
from integrations.database.tables import PolicyRow

app = typer.Typer(no_args_is_help=True, help="Import and show cycle policies.")


@dataclass(frozen=True, slots=True)
class Saved:
    name: str
    revision: int
    warnings: tuple[str, ...]


async def import_policies(
    installation: Installation,
    parsed: Sequence[ParsedPolicy],
    starts_on: date | None,
    hr_partner: str | None,
    population: str | None = None,
) -> list[Saved]:
    """Saves each as its policy's newest revision; without `starts_on` a new one starts today. Raises UnknownName."""
    now = await installation.now()
    saved = []
    async with installation.database.transaction() as session:
        for each in parsed:
            number = await save_policy(session, each.policy, starts_on or now.date(), hr_partner, now, population)
            saved.append(Saved(each.policy.name, number, each.warnings))
    return saved


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="YAML with one or more policies.")],
    starts: Annotated[str | None, typer.Option(help="First day of period 1, YYYY-MM-DD; today if not given.")] = None,
    hr_partner: Annotated[str | None, typer.Option(help="Mail address of the HR partner.")] = None,
    population: Annotated[
        str | None,
        typer.Option(help="Who takes part without being enrolled: named (nobody), everybody, teams, department/NAME."),
    ] = None,
) -> None:
    """Load policies from a file; what changed becomes a new revision."""
    text_of(file)
    parsed = read_policy_file(file)
    asyncio.run(_import(load_settings(), parsed, _day(starts), hr_partner, _population(population)))


async def _import(
    settings: Settings,
    parsed: Sequence[ParsedPolicy],
    starts_on: date | None,
    hr_partner: str | None,
    population: str | None,
) -> None:
    async with open_installation(settings) as installation:
        for saved in await import_policies(installation, parsed, starts_on, hr_partner, population):
            typer.echo(f"{saved.name}: revision {saved.revision}.")
            for warning in saved.warnings:
                typer.echo(f"Warning: {warning}")


@app.command("show")
def show_command(
    name: Annotated[str | None, typer.Argument(help="One policy's name; all if not given.")] = None,
    shipped: Annotated[bool, typer.Option(help="Those that come with Perennial, loaded or not.")] = False,
) -> None:
    """Print the policies in force in full, every number in its place."""
    policies = shipped_policies() if shipped else asyncio.run(_in_force(load_settings()))
    if not policies:
        raise Refused(
            "No policy is loaded: perennial policy import FILE. The shipped ones: perennial policy show --shipped."
        )
    if name is not None and name not in policies:
        raise Refused(f"There is no policy {name!r}; there are {', '.join(policies)}.")
    wanted = [policies[name]] if name else list(policies.values())
    documents = [policy.model_dump(mode="json") for policy in wanted]
    typer.echo(yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, default_flow_style=None), nl=False)


async def _in_force(settings: Settings) -> dict[str, Policy]:
    async with open_installation(settings) as installation, installation.database.reading() as session:
        rows = (await session.scalars(select(PolicyRow).order_by(PolicyRow.name))).all()
        return {row.name: await policy_in_force(session, row.id) for row in rows}


def _population(text: str | None) -> str | None:
    try:
        read_population(text)
    except UnknownPopulation as error:
        raise Refused(f"--population: {error}") from error
    return text


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Refused(f"--starts is {text!r}; write it YYYY-MM-DD, like 2030-02-04.") from error
