"""`perennial doctor --live`: asks a test tenant what no document says, cleans up, and writes the answers down."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import typer

from cli.doctor.bench import Bench
from cli.doctor.questions import QUESTIONS, Answered, Question, not_asked
from cli.doctor.tenant import passport
from cli.refusal import Refused
from config.settings import Settings
from integrations.clock import RealClock, open_clock
from integrations.entra.tokens import MsalTokens
from integrations.graph.errors import GraphTrouble
from integrations.graph.plain import PlainGraph

IN_SANDBOX = "the sandbox tenant: what its authors took to be so; nothing here was seen in Microsoft 365"
IN_TENANT = "a test tenant of Microsoft 365"


def plan(settings: Settings, mailbox: str, attendee: str | None) -> str:
    """What would be written, where; to be agreed to first."""
    where = "in the sandbox" if settings.sandbox_url else f"in tenant {settings.tenant_id}"
    second = f" and {attendee} (who is invited, and accepts)" if attendee else ""
    return (
        f"This writes into the mailbox {mailbox}{second} {where}: events a year ahead, drafts that are never sent, and "
        "subscriptions of an hour. All of it is deleted again. Use mailboxes made for this."
    )


async def ask_live(settings: Settings, mailbox: str, attendee: str | None, window: int, file: Path) -> int:
    """Asks every question, writes `file`; the exit code is 1 when something could not be deleted again.

    Raises Refused where there is nobody to ask.
    """
    # Before anything is written elsewhere: answers that cannot be kept are not worth asking for.
    if not file.parent.is_dir():
        raise Refused(f"There is no folder {file.parent} for the answers; make it, or correct --answers.")
    answers = []
    async with _bench(settings, mailbox, attendee, window) as bench:
        for each in filter(None, (mailbox, attendee)):
            shown = await bench.graph.ask("GET", bench.of(each, "/events?$top=1&$select=id"))
            if shown.status == HTTPStatus.NOT_FOUND:
                raise Refused(f"There is no mailbox {each} in this tenant; correct its address.")
        try:
            for question in QUESTIONS:
                answered = await _asked(question, bench)
                answers.append(_written(question, answered))
                typer.echo(f"{question.text} {_sentence(answered)}")
        finally:
            left = await bench.clean()
            _write(file, await _report(settings, answers))
    typer.echo(f"Written to {file}.")
    for path in left:
        typer.echo(f"Could not be deleted again; please do it by hand: {path}", err=True)
    return 1 if left else 0


@asynccontextmanager
async def _bench(settings: Settings, mailbox: str, attendee: str | None, window: int) -> AsyncIterator[Bench]:
    tokens, clock = MsalTokens(settings), open_clock(settings.clock_url)
    try:
        found = await passport(settings, tokens)
        if found.finding.state == "fail":
            raise Refused(found.finding.sentence)
        async with PlainGraph(settings, tokens) as graph:
            yield Bench(
                graph,
                mailbox,
                await clock.now(),
                attendee,
                found.roles,
                settings.webhook_url,
                # The sandbox answers at once.
                pause=0.2 if settings.sandbox_url else 3,
                window=window,
            )
    finally:
        await clock.aclose()
        tokens.close()


async def _asked(question: Question, bench: Bench) -> Answered:
    try:
        return await question.ask(bench)
    except GraphTrouble as trouble:
        return not_asked(f"Graph did not answer ({type(trouble).__name__})")


def _sentence(answered: Answered) -> str:
    words = answered.answer or f"not answered: {answered.why_not}"
    return f"{words[0].upper()}{words[1:].rstrip('.')}."


def _written(question: Question, answered: Answered) -> dict[str, Any]:
    return {
        "name": question.name,
        "question": question.text,
        "answer": answered.answer,
        "not_answered_because": answered.why_not,
        "seen": answered.seen,
    }


def _write(file: Path, report: dict[str, Any]) -> None:
    file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


async def _report(settings: Settings, answers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "asked_on": (await RealClock().now()).date().isoformat(),
        "asked_of": IN_SANDBOX if settings.sandbox_url else IN_TENANT,
        "answers": answers,
    }
