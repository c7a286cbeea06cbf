"""Who reports to whom, read from HR's file: what a row must say, and that no reporting line is a loop."""

import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import available_timezones

COLUMNS = ("name", "mail", "manager", "zone", "start_date")
REQUIRED = ("name", "mail", "zone", "start_date")
LEAVE_COLUMNS = ("leave_from", "leave_until")
"""May be there, both or none: the first and the last day away."""

# Deliberately lenient: only the mailbox itself can say whether an address exists.
_MAIL = re.compile(r"[^@\s,;:<>()\"]+@[^@\s,;:<>()\".]+(\.[^@\s,;:<>()\".]+)+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Outside of these a day is a slip of the hand, and near the calendar's end nothing can be counted on from it.
_YEARS = range(1900, 2100)


class PeopleFileError(ValueError):
    """A people file that cannot be used; `problems` are sentences, each with what to do about it."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One row: addresses in lower case, `manager` the manager's address or None, `zone` an IANA name.

    `leave` are the first and the last day away; () for none, None in a file that does not tell.
    """

    name: str
    mail: str
    manager: str | None
    zone: str
    start_date: date
    leave: tuple[date, date] | tuple[()] | None = None


@dataclass(frozen=True, slots=True)
class PeopleFile:
    rows: tuple[PersonRecord, ...]


def find_loops(managers: Mapping[str, str | None]) -> list[list[str]]:
    """Each reporting loop, given everybody's manager: people in reporting order, from the smallest id on."""
    loops: list[list[str]] = []
    settled: set[str] = set()
    for person in sorted(managers):
        line: list[str] = []
        at: str | None = person
        while at is not None and at not in settled and at not in line:
            line.append(at)
            at = managers.get(at)
        if at is not None and at in line:
            loop = line[line.index(at) :]
            turn = loop.index(min(loop))
            loops.append(loop[turn:] + loop[:turn])
        settled.update(line)
    return sorted(loops)


def read_people_csv(text: str, known: Mapping[str, str | None] | None = None) -> PeopleFile:
    """The people of a comma-separated file with the columns of COLUMNS, and perhaps LEAVE_COLUMNS, in any order.

    `known` are those imported before, by address, each with their manager's address: a row may name them as
    manager, and loops through them are found. Raises PeopleFileError with every problem in the file.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    numbered: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                numbered.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        sentence = f"line {line} cannot be read as comma-separated values ({error}); check its quotes."
        raise PeopleFileError((sentence,)) from None
    if not numbered:
        raise PeopleFileError((f"The file is empty; its first line must be {','.join(COLUMNS)}.",))
    columns = _columns(numbered[0][1])

    problems: list[str] = []
    rows: list[tuple[int, PersonRecord]] = []
    named: dict[str, int] = {}
    for line, cells in numbered[1:]:
        if len(cells) != len(columns):
            problems.append(
                f"line {line} has {len(cells)} values where the first line names {len(columns)} columns; "
                'put a value that holds a comma in double quotes ("Doe, Ann").'
            )
            continue
        given = dict(zip(columns, cells, strict=True))
        mail = given["mail"].lower()
        wrong = _problems_of_row(given)
        if mail in named:
            wrong.append(f"mail {mail} is in line {named[mail]} already; keep one of the two.")
        elif mail:
            named[mail] = line
        problems += [f"line {line}: {sentence}" for sentence in wrong]
        if not wrong:
            manager = given["manager"].lower() or None
            start = date.fromisoformat(given["start_date"])
            rows.append((line, PersonRecord(given["name"], mail, manager, given["zone"], start, _leave(given))))
    if len(numbered) == 1:
        problems.append("The file names nobody; give each person a line of their own below the first.")
    problems += _problems_of_reporting(rows, {**dict.fromkeys(named), **(known or {})})
    if problems:
        raise PeopleFileError(tuple(problems))
    return PeopleFile(tuple(row for _, row in rows))


def _columns(header: Sequence[str]) -> list[str]:
    columns = [re.sub(r"[\s_]+", "_", name.lower()) for name in header]
    if len(columns) == 1 and ";" in columns[0]:
        raise PeopleFileError(("The file is separated by semicolons; save it with commas.",))
    problems = []
    for name, column in zip(header, columns, strict=True):
        if column not in (*COLUMNS, *LEAVE_COLUMNS):
            nearest = difflib.get_close_matches(column, (*COLUMNS, *LEAVE_COLUMNS), 1)
            advice = f"did you mean {nearest[0]}?" if nearest else f"the columns are {', '.join(COLUMNS)}."
            shown = f"column {name!r} is unknown" if name else "a column has no name"
            problems.append(f"line 1: {shown}; {advice}")
    if any(column in columns for column in LEAVE_COLUMNS):
        problems += [
            f"line 1: column {column} is missing; leave is told by {' and '.join(LEAVE_COLUMNS)}."
            for column in LEAVE_COLUMNS
            if column not in columns
        ]
    problems += [
        f"line 1: column {column} is there {columns.count(column)} times; keep one."
        for column in LEAVE_COLUMNS
        if columns.count(column) > 1
    ]
    for column in COLUMNS:
        if columns.count(column) > 1:
            problems.append(f"line 1: column {column} is there {columns.count(column)} times; keep one.")
        elif column not in columns:
            problems.append(f"line 1: column {column} is missing; the columns are {', '.join(COLUMNS)}.")
    if problems:
        raise PeopleFileError(tuple(problems))
    return columns


def _problems_of_row(given: Mapping[str, str]) -> list[str]:
    wrong = [f"{column} is empty; fill it in." for column in REQUIRED if not given[column]]
    name, zone, start = given["name"], given["zone"], given["start_date"]
    if not name.isprintable():
        wrong.append(f"name {name!r} holds a line break or another invisible character; remove it.")
    wrong += [
        f"{column} {given[column]!r} is not a mail address; write it like ann@example.org."
        for column in ("mail", "manager")
        if given[column] and not _MAIL.fullmatch(given[column])
    ]
    if given["mail"] and given["mail"].lower() == given["manager"].lower():
        wrong.append(f"{name or given['mail']} is their own manager; name another one, or leave manager empty.")
    if zone and zone not in _zones():
        wrong.append(f"zone {zone!r} is not an IANA time zone; {_nearest_zone(zone)}")
    if start and not _is_date(start):
        wrong.append(f"start_date {start!r} is not a date; write it YYYY-MM-DD, like 2030-02-04.")
    elif start and date.fromisoformat(start).year not in _YEARS:
        wrong.append(f"start_date {start} is no day that anybody starts on; its year must be from 1900 to 2099.")
    return wrong + _problems_of_leave(given)


def _problems_of_leave(given: Mapping[str, str]) -> list[str]:
    told = {column: given[column] for column in LEAVE_COLUMNS if given.get(column)}
    wrong = [
        f"{column} {day!r} is not a date; write it YYYY-MM-DD, like 2030-02-04."
        for column, day in told.items()
        if not _is_date(day)
    ]
    if len(told) == 1:
        (column,) = set(LEAVE_COLUMNS) - set(told)
        wrong.append(f"{column} is empty; fill in both days of a leave, the first and the last, or none.")
    if len(told) == 2 and not wrong and told["leave_until"] < told["leave_from"]:
        wrong.append(f"leave_until {told['leave_until']} lies before leave_from {told['leave_from']}.")
    return wrong


def _leave(given: Mapping[str, str]) -> tuple[date, date] | tuple[()] | None:
    if LEAVE_COLUMNS[0] not in given:
        return None
    first, last = (given[column] for column in LEAVE_COLUMNS)
    return (date.fromisoformat(first), date.fromisoformat(last)) if first else ()


def _problems_of_reporting(rows: Sequence[tuple[int, PersonRecord]], everybody: Mapping[str, str | None]) -> list[str]:
    problems = []
    managers = dict(everybody)
    names = {row.mail: row.name for _, row in rows}
    for line, row in rows:
        managers[row.mail] = row.manager
        if row.manager is not None and row.manager not in everybody:
            nearest = difflib.get_close_matches(row.manager, everybody, 1)
            advice = f"did you mean {nearest[0]}?" if nearest else "add a row for them, or leave manager empty."
            problems.append(f"line {line}: manager {row.manager} of {row.name} is unknown; {advice}")
    for loop in find_loops(managers):
        line_up = " reports to ".join(names.get(mail, mail) for mail in [*loop, loop[0]])
        problems.append(f"Nobody can report to themselves in the end: {line_up}; correct one of their managers.")
    return problems


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _nearest_zone(zone: str) -> str:
    if zone.lower().endswith(" time"):
        return "that is Windows's name for it; write the IANA one, like Europe/Berlin."
    folded = {known.lower(): known for known in sorted(_zones())}
    wanted = zone.lower().replace(" ", "_")
    same_city = [known for low, known in folded.items() if low.rpartition("/")[2] == wanted.rpartition("/")[2]]
    nearest = same_city or [folded[low] for low in difflib.get_close_matches(wanted, folded, 1)]
    return f"did you mean {nearest[0]}?" if nearest else "write it like Europe/Berlin."
