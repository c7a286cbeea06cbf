"""`perennial`: every command, and the one place where what goes wrong becomes sentences and an exit code."""

import asyncio
import os
import sys
import tempfile
import traceback
from pathlib import Path

import typer

from cli import bench, database, pathways, people, policy
from cli.demo.command import demo
from cli.demo.virtual_time import TimeStandsStill
from cli.doctor.command import doctor
from cli.history import HistoryFileError
from cli.processes import ProcessEnded
from cli.recover import recover
from cli.refusal import Refused
from cli.sandbox import sandbox
from cli.screenshots import screenshots
from cli.start import start
from config.pathway_files import PathwaysFileError
from config.settings import SettingsError
from cycle.people import PeopleFileError
from cycle.policy import PolicyError
from integrations.clock import ClockUnreachable
from integrations.database.columns import UnreadableText
from integrations.database.connection import DatabaseUnreachable
from integrations.database.policies import UnknownName
from integrations.entra.tokens import TokenRefused
from integrations.graph.errors import GraphTrouble
from integrations.temporal.connect import TemporalUnreachable

# What our own layers raise: their text is meant for the person at the keyboard.
SAID_PLAINLY = (
    ClockUnreachable,
    DatabaseUnreachable,
    GraphTrouble,
    HistoryFileError,
    PathwaysFileError,
    PeopleFileError,
    PolicyError,
    ProcessEnded,
    Refused,
    SettingsError,
    TemporalUnreachable,
    TimeStandsStill,
    TokenRefused,
    UnknownName,
    UnreadableText,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Perennial keeps career conversations alive.",
)
app.command("demo")(demo)
app.command("start")(start)
app.command("sandbox")(sandbox)
app.command("recover")(recover)
app.command("screenshots")(screenshots)
app.command("doctor")(doctor)
app.add_typer(policy.app, name="policy")
app.add_typer(people.app, name="people")
app.add_typer(pathways.app, name="pathways")
app.add_typer(database.app, name="database")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """The console script. Exit code 0: done; 1: refused or failed, said on stderr; 2: typed wrong; 130: stopped."""
    try:
        app()
    except SAID_PLAINLY as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - outermost layer
        print(f"{type(error).__name__} was not expected here; {_keep(error)} has the details.", file=sys.stderr)
        sys.exit(1)


def _keep(error: Exception) -> Path:
    """Writes the traceback where it can be found, readable for its owner only, and returns the file."""
    handle, name = tempfile.mkstemp(prefix="perennial-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return Path(name)
