"""`perennial pathways`: HR's roles, tracks and openings from files, with every change in a sentence first."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.files import text_of
from cli.installation import Installation, open_installation
from config.pathway_files import EXAMPLE, read_pathways
from config.settings import Settings, load_settings
from integrations.database.pathways import pathways_now, plan_import, save_import

app = typer.Typer(no_args_is_help=True, help="Import the roles, tracks and openings that everybody sees.")


async def import_pathways(
    installation: Installation, files: Sequence[tuple[str, str]], *, dry_run: bool = False
) -> tuple[str, ...]:
    """Reads the files, as (name, text), and says in sentences what they change; with `dry_run` nothing does.

    Raises PathwaysFileError.
    """
    now = await installation.now()
    async with installation.database.transaction() as session:
        read = read_pathways(files, await pathways_now(session))
        planned = await plan_import(session, read.catalogue, read.holders)
        if not dry_run:
            await save_import(session, planned, now)
    return planned.sentences


@app.command("import")
def import_command(
    files: Annotated[
        list[Path],
        typer.Argument(help="One YAML file, or competencies.csv, roles.csv, tracks.csv, openings.csv, people.csv."),
    ],
    dry_run: Annotated[bool, typer.Option(help="Say what would change, and change nothing.")] = False,
) -> None:
    """Load roles, tracks and openings; what a file does not hold stays as it was."""
    texts = [(file.name, text_of(file)) for file in files]
    asyncio.run(_import(load_settings(), texts, dry_run=dry_run))


async def _import(settings: Settings, texts: Sequence[tuple[str, str]], *, dry_run: bool) -> None:
    async with open_installation(settings) as installation:
        sentences = await import_pathways(installation, texts, dry_run=dry_run)
    for sentence in sentences or ("Nothing changes.",):
        typer.echo(sentence)
    if dry_run:
        typer.echo("This was a dry run: nothing was changed.")


@app.command("example")
def example_command() -> None:
    """Print a file to begin with."""
    typer.echo(EXAMPLE.read_text(encoding="utf-8"), nl=False)
