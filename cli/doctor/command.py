"""`perennial doctor`: asks each thing Perennial needs whether it is well, with a remedy for each that is not."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.calendar_comparison import compare_calendars
from cli.doctor.examination import examine
from cli.doctor.finding import Finding, fail, ok, worst
from cli.doctor.live import ask_live, plan
from cli.refusal import Refused
from config.settings import Settings, SettingsError, load_settings

SETTINGS = "Settings"


def doctor(
    calendars: Annotated[bool, typer.Option(help="Only compare the organizers' calendars with our tables.")] = False,
    mend: Annotated[bool, typer.Option(help="With --calendars: mend what is safe, as is done each night.")] = False,
    participant: Annotated[
        str | None, typer.Option(help="A mailbox that must be reached; else somebody enrolled.", metavar="MAIL")
    ] = None,
    outsider: Annotated[
        str | None, typer.Option(help="A mailbox that must be refused, of somebody in no group.", metavar="MAIL")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Only ask a test tenant what no document says; writes into --mailbox.")
    ] = False,
    mailbox: Annotated[str | None, typer.Option(help="With --live: a mailbox made for tests.", metavar="MAIL")] = None,
    attendee: Annotated[
        str | None, typer.Option(help="With --live: a second one, which the app may write too.", metavar="MAIL")
    ] = None,
    window: Annotated[
        int, typer.Option(min=0, help="With --live: for how many minutes a transactionId is tried again.")
    ] = 10,
    answers: Annotated[Path, typer.Option(help="With --live: where the answers go.")] = Path("graph-answers.json"),
    yes: Annotated[bool, typer.Option("--yes", help="With --live: write without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say it all as JSON.")] = False,
) -> None:
    """Check settings, database, keys, Temporal, clock, tenant, permissions, mailboxes and webhook."""
    if mend and not calendars:
        raise Refused("--mend goes with --calendars only.")
    if calendars and live:
        raise Refused("--calendars and --live are two things; ask for one of them.")
    if as_json and (calendars or live):
        raise Refused("--json goes with neither --calendars nor --live, which writes JSON to --answers.")
    if (mailbox or attendee or yes) and not live:
        raise Refused("--mailbox, --attendee and --yes go with --live only.")
    if live and not mailbox:
        raise Refused("--live writes; name a mailbox made for tests with --mailbox.")
    try:
        settings = load_settings()
    except SettingsError as error:
        found = [fail(SETTINGS, problem) for problem in error.problems]
        if as_json:
            typer.echo(_as_json(found))
        else:
            for finding in found:
                typer.echo(str(finding))
        raise typer.Exit(1) from error
    if calendars:
        raise typer.Exit(asyncio.run(compare_calendars(settings, mend)))
    if live and mailbox:
        typer.echo(plan(settings, mailbox, attendee))
        if not yes and not (sys.stdin.isatty() and typer.confirm("Shall it?")):
            raise Refused("Nothing was written; say --yes to let it.")
        raise typer.Exit(asyncio.run(ask_live(settings, mailbox, attendee, window, answers)))
    found = asyncio.run(_examined(settings, participant, outsider, aloud=not as_json))
    if as_json:
        typer.echo(_as_json(found))
    raise typer.Exit(1 if worst(found) == "fail" else 0)


async def _examined(settings: Settings, participant: str | None, outsider: str | None, aloud: bool) -> list[Finding]:
    """Says each finding as soon as it is made, since some take a while."""
    kind = "a sandbox" if settings.mode == "sandbox" else "a real"
    found = [ok(SETTINGS, f"complete, for {kind} tenant.")]
    if aloud:
        typer.echo(str(found[0]))
    async for finding in examine(settings, participant, outsider):
        found.append(finding)
        if aloud:
            typer.echo(str(finding))
    return found


def _as_json(found: list[Finding]) -> str:
    """`{"state": ..., "findings": [{"name", "state", "sentence", "remedy"}, ...]}`; a state is ok, warn or fail."""
    findings = [
        {"name": each.name, "state": each.state, "sentence": each.sentence, "remedy": each.remedy} for each in found
    ]
    return json.dumps({"state": worst(found), "findings": findings}, indent=2, ensure_ascii=False)
