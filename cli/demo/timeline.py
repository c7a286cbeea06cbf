"""What one sees of the demo: a line for each thing that happens, the quarter's progress, and the table at the end."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.demo.diary import Act, Entry
from cli.demo.inbox import Letter
from cli.demo.invariants import Verdict

COLOURS = {
    "booked": "cyan",
    "letter": "blue",
    "wrote": "green",
    "held": "bold green",
    "plan": "magenta",
    "off": "yellow",
}
# What the timeline tells of an act; looking at something is not told.
TOLD: Mapping[Act, tuple[str, str]] = {
    "answered_form": ("wrote", "answered the questions before the check-in"),
    "chose_to_talk": ("wrote", "would rather just talk"),
    "wrote_learning_moment": ("wrote", "wrote down something learned"),
    "said_outcome": ("held", "said how the check-in went"),
    "wrote_note": ("wrote", "wrote a note"),
    "made_action": ("plan", "agreed on a next step"),
    "accepted_action": ("plan", "took on what was proposed"),
    "finished_action": ("plan", "finished something"),
    "set_new_date": ("plan", "set a new date"),
    "snoozed_action": ("plan", "put something off for a week"),
    "dropped_action": ("plan", "let something go"),
    "asked_for_help": ("plan", "asked for help"),
    "noted_progress": ("plan", "made some progress"),
    "answered_stall": ("plan", "said what is in the way"),
    "made_plan_smaller": ("plan", "made the plan smaller"),
    "paused_plan": ("plan", "paused the plan"),
    "left_plan_as_is": ("plan", "left the plan as it is"),
    "kept_hr_out": ("plan", "kept HR out"),
    "resumed_plan": ("plan", "took the plan up again"),
    "declined_invitation": ("off", "declined in Outlook"),
    "declined_silently": ("off", "declined in Outlook without a response"),
    "deleted_invitation": ("off", "deleted the entry in Outlook"),
    "dragged_copy": ("off", "dragged their own copy in Outlook"),
    "proposed_hour": ("off", "proposed another hour in Outlook"),
    "went_on_leave": ("off", "will be on leave for a week"),
    "left_out": ("off", "left the check-in out this time"),
    "chose_slot": ("booked", "chose one of three hours"),
    "chose_no_slot": ("booked", "said that none of the hours suits"),
    "chose_for_successor": ("wrote", "chose what the new manager sees of before"),
    "took_over_action": ("plan", "took on what somebody who left had promised"),
    "let_orphan_go": ("plan", "let go what somebody who left had promised"),
    "invited_supporter": ("plan", "invited a colleague to support a goal"),
    "accepted_invitation_to_support": ("plan", "will support a colleague's goal"),
    "asked_for_feedback": ("wrote", "asked two colleagues for feedback"),
    "gave_feedback": ("wrote", "gave a colleague feedback"),
    "got_manager": ("off", "has another manager"),
    "left_company": ("off", "has left"),
}
# How Outlook begins the subject of a meeting that will not be.
CALLED_OFF = "Cancel"
SAID = {
    "held": "said: we talked",
    "moved": "said: we want another hour",
    "did_not_happen": "said: it did not happen",
}


class Timeline:
    """A context manager: inside, the progress bar stays at the bottom of a terminal; elsewhere lines are plain."""

    def __init__(self, console: Console, day0: date, days: int, names: Mapping[str, str]) -> None:
        self._console = console
        self._day0 = day0
        self._days = days
        self._names = names
        self._untold: list[tuple[datetime, Text]] = []
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("day {task.completed:.0f} of {task.total:.0f}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task(self._label(day0), total=days)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell()
        self._progress.stop()

    def reached(self, now: datetime) -> None:
        """Tells what happened until `now`, in its order: people find their letters later than these arrive."""
        self._tell()
        passed = (now - datetime.combine(self._day0, datetime.min.time(), UTC)) / timedelta(days=1)
        self._progress.update(self._bar, completed=min(passed, self._days), description=self._label(now))

    def say(self, sentence: str) -> None:
        self._console.print(Text(sentence, style="dim"))

    def letter(self, mail: str, letter: Letter) -> None:
        if not letter.invitation:
            self._line(letter.received, mail, "letter", f"got “{letter.subject}”")
        elif letter.subject.startswith(CALLED_OFF):
            self._line(letter.received, mail, "off", f"was told in Outlook: {letter.subject}")
        else:
            self._line(letter.received, mail, "booked", f"was invited in Outlook: {letter.subject}")

    def act(self, entry: Entry) -> None:
        told = TOLD.get(entry.did)
        if told is None or not entry.took_effect:
            return
        kind, words = told
        if entry.did == "said_outcome":
            words = SAID.get(entry.fields.get("said", ""), words)
        self._line(entry.at, entry.person, kind, words)

    def _line(self, at: datetime, mail: str, kind: str, words: str) -> None:
        line = Text()
        line.append(f"{at:%a %d %b %H:%M}  ", style="dim")
        line.append(f"{self._names.get(mail, mail):<16}", style="bold")
        line.append(words, style=COLOURS[kind])
        self._untold.append((at, line))

    def _tell(self) -> None:
        for _, line in sorted(self._untold, key=lambda each: each[0]):
            self._console.print(line, soft_wrap=True)
        self._untold.clear()

    @staticmethod
    def _label(now: date) -> str:
        return f"{now:%d %b %Y}"


def show_people(console: Console, rows: Mapping[str, Mapping[str, int]], names: Mapping[str, str]) -> None:
    """The table that a person believes: what each of them got and did."""
    table = Table(title="The quarter, person by person", header_style="bold")
    table.add_column("")
    columns = list(next(iter(rows.values()), {}))
    for column in columns:
        table.add_column(column.replace("_", "\n", 1).replace("_", " "), justify="right")
    for mail, row in rows.items():
        table.add_row(names.get(mail, mail), *(str(row[column] or "·") for column in columns))
    table.add_section()
    table.add_row("together", *(str(sum(row[column] for row in rows.values())) for column in columns))
    console.print(table)


def show_verdicts(console: Console, verdicts: Sequence[Verdict]) -> None:
    table = Table(title="What must hold", header_style="bold")
    table.add_column("")
    table.add_column("cases", justify="right")
    table.add_column("holds")
    for verdict in verdicts:
        holds = Text("yes", style="green") if verdict.holds else Text("NO", style="bold red")
        table.add_row(verdict.name, str(verdict.checked), holds)
    console.print(table)
    for verdict in verdicts:
        if not verdict.holds:
            console.print(Text(f"{verdict.name}: {verdict.first_violation}", style="red"), soft_wrap=True)
