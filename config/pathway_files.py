"""Roles, tracks and openings from HR's files: one YAML file, or a CSV file for each section, checked to the line."""

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from cycle.pathways import Catalogue, Competency, Holder, Opening, Role, Track

EXAMPLE = Path(__file__).parent / "pathways" / "example.yaml"

SHAPES: Mapping[str, type[BaseModel]] = {
    "competencies": Competency,
    "roles": Role,
    "tracks": Track,
    "openings": Opening,
    "people": Holder,
}

# What a field may hold, for the sentence about one that does not.
ALLOWED = {
    "key": "small letters, digits and hyphens, like senior-analyst",
    "name": "1 to 120 letters",
    "levels": "at most 10 sentences, the first level first",
    "about": "at most 1000 letters",
    "needs": "levels from 1 to 10 by competency, like analysis: 2",
    "lateral": "a list of roles",
    "kind": "expert, leadership or other",
    "roles": "a list of at least one role",
    "role": "the key of a role",
    "where": "1 to 120 letters",
    "opens_on": "a date like 2030-03-11",
    "closes_on": "a date like 2030-03-29",
    "link": "a web address that begins with https://",
    "mail": "a mail address",
}

BEFORE = "imported before, and not in these files"


class PathwaysFileError(ValueError):
    """Files that cannot be used; `problems` are sentences, each naming file, line and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class PathwaysFile:
    """What the files come to. `holders` is None where no file tells who has which role."""

    catalogue: Catalogue
    holders: tuple[Holder, ...] | None


@dataclass(frozen=True, slots=True)
class _Given:
    """One entry of a section: where it stands, and where each of its fields does."""

    place: str
    values: Any
    places: Mapping[str, str] = field(default_factory=dict)

    def at(self, name: str) -> str:
        return self.places.get(name, self.place)


@dataclass(slots=True)
class _Read:
    """The sections as they are read, each entry with its place; problems as they are found."""

    entries: dict[str, list[tuple[str, BaseModel]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def of(self, section: str, kind: type[Any]) -> list[tuple[str, Any]]:
        return [(place, each) for place, each in self.entries.get(section, []) if isinstance(each, kind)]


def read_pathways(files: Sequence[tuple[str, str]], before: Catalogue | None = None) -> PathwaysFile:
    """The catalogue that these files, as (name, text), make of the one `before`: each section that a file has is
    replaced by it, the others stay. Raises PathwaysFileError with every problem found."""
    read = _Read()
    named: dict[str, str] = {}
    for name, text in files:
        for section, given in _sections(name, text, read.problems):
            if section in named:
                read.problems.append(f"{name}: {section} are in {named[section]} too; keep them in one file.")
                continue
            named[section] = name
            read.entries[section] = list(_checked(section, given, read.problems))
    if not read.problems and not named:
        read.problems.append(f"The files hold none of {', '.join(SHAPES)}; see {EXAMPLE.name}.")
    for section in SHAPES:
        if section not in named and section != "people":
            read.entries[section] = [(BEFORE, each) for each in getattr(before or Catalogue(), section)]
    if not read.problems:
        read.problems += _contradictions(read)
    if read.problems:
        raise PathwaysFileError(read.problems)
    sections = {section: tuple(each for _, each in read.entries[section]) for section in Catalogue.model_fields}
    holders = tuple(each for _, each in read.of("people", Holder)) if "people" in named else None
    return PathwaysFile(Catalogue.model_validate(sections), holders)


# Files into entries


def _sections(name: str, text: str, problems: list[str]) -> Iterator[tuple[str, list[_Given]]]:
    suffix = Path(name).suffix.lower()
    if suffix in (".yaml", ".yml"):
        yield from _yaml_sections(name, text, problems)
    elif suffix == ".csv":
        section = next((each for each in SHAPES if Path(name).stem.lower().startswith(each)), None)
        if section is None:
            problems.append(
                f"{name}: call the file after what it holds: {', '.join(f'{each}.csv' for each in SHAPES)}."
            )
        else:
            yield section, list(_csv_rows(name, section, text, problems))
    else:
        problems.append(f"{name} is neither YAML nor CSV; save it as one of the two (.yaml or .csv).")


def _yaml_sections(name: str, text: str, problems: list[str]) -> Iterator[tuple[str, list[_Given]]]:
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.append(f"{name}{f' line {mark.line + 1}' if mark else ''}: {error.problem}; correct the YAML there.")
        return
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: a date like 2030-02-30, which YAML reads as one and Python has not.
        problems.append(f"{name} cannot be read as YAML ({error}); correct it.")
        return
    if not isinstance(node, yaml.MappingNode):
        problems.append(f"{name}: begin with one of {', '.join(SHAPES)}, and a list below it; see {EXAMPLE.name}.")
        return
    seen: set[str] = set()
    for key, value in node.value:
        place = f"{name} line {key.start_mark.line + 1}"
        if key.value not in SHAPES:
            problems.append(f"{place}: {key.value} is not a section; {_nearest(key.value, SHAPES)}")
        elif key.value in seen:
            problems.append(f"{place}: {key.value} are there twice; keep them in one list.")
        elif isinstance(value, yaml.ScalarNode) and document[key.value] is None:
            yield key.value, []
        elif not isinstance(value, yaml.SequenceNode):
            problems.append(f"{place}: {key.value} must be a list; begin each entry with a hyphen.")
        else:
            # Of a section that is there twice, the document has the last one only; it is refused in any case.
            entries = zip(value.value, document[key.value], strict=False)
            yield key.value, [_from_yaml(name, entry, values) for entry, values in entries]
        seen.add(key.value)


def _from_yaml(name: str, node: yaml.Node, values: Any) -> _Given:
    lines = {}
    if isinstance(node, yaml.MappingNode):
        lines = {str(key.value): f"{name} line {key.start_mark.line + 1}" for key, _ in node.value}
    return _Given(f"{name} line {node.start_mark.line + 1}", values, lines)


def _csv_rows(name: str, section: str, text: str, problems: list[str]) -> Iterator[_Given]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if columns is None and any(cells):
                columns = [re.sub(r"[\s_]+", "_", cell.lower()) for cell in cells]
                if len(columns) == 1 and ";" in columns[0]:
                    problems.append(f"{name} is separated by semicolons; save it with commas.")
                    return
            elif columns and any(cells) and len(cells) != len(columns):
                problems.append(
                    f"{name} line {line} has {len(cells)} values where the first line names {len(columns)} columns; "
                    "put a value that holds a comma in double quotes."
                )
            elif columns and any(cells):
                yield _Given(f"{name} line {line}", _from_cells(section, dict(zip(columns, cells, strict=True))))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(f"{name} line {line} cannot be read as comma-separated values ({error}); check its quotes.")
        return
    if columns is None:
        problems.append(f"{name} is empty; its first line must be {','.join(SHAPES[section].model_fields)}.")


def _from_cells(section: str, cells: Mapping[str, str]) -> dict[str, Any]:
    """A row's cells as an entry: lists are parted by semicolons, levels are columns level_1, level_2 and so on."""
    lists: dict[str, Callable[[str], Any]] = {"roles": _parts, "lateral": _parts, "needs": _levels_by_competency}
    values: dict[str, Any] = {
        column: lists[column](cell) if column in lists else cell
        for column, cell in cells.items()
        if cell and not re.fullmatch(r"level_\d+", column)
    }
    if section == "competencies":
        numbered = sorted(
            (int(column.partition("_")[2]), cell)
            for column, cell in cells.items()
            if re.fullmatch(r"level_\d+", column) and cell
        )
        values["levels"] = [cell for _, cell in numbered]
    return values


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _levels_by_competency(cell: str) -> dict[str, str]:
    return {key.strip(): level.strip() for key, _, level in (part.partition(":") for part in _parts(cell))}


# Entries into what they describe


def _checked(section: str, given: Sequence[_Given], problems: list[str]) -> Iterator[tuple[str, BaseModel]]:
    shape = SHAPES[section]
    for each in given:
        if not isinstance(each.values, Mapping):
            problems.append(f"{each.place}: an entry of {section} must be named fields such as key and name.")
            continue
        try:
            yield each.place, shape.model_validate(each.values)
        except ValidationError as error:
            problems += dict.fromkeys(_sentence(shape, each, found) for found in error.errors())


def _sentence(shape: type[BaseModel], given: _Given, error: Any) -> str:
    name = str(error["loc"][0])
    place = given.at(name)
    if error["type"] == "extra_forbidden":
        return f"{place}: {name} is not a field; {_nearest(name, shape.model_fields)}"
    allowed = f"it must be {ALLOWED[name]}."
    if error["type"] == "missing":
        return f"{place}: {name} is missing; {allowed}"
    value = given.values[name]
    # A long text would bury the sentence.
    return f"{place}: {name} {f'is {str(value)!r}' if len(str(value)) <= 80 else 'does not fit'}; {allowed}"


def _nearest(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]}?" if near else f"choose from {', '.join(known) or 'none, for none is there yet'}."


def _contradictions(read: _Read) -> list[str]:
    """What names something that is not there, or is there twice."""
    problems = []
    keys = {}
    for section in Catalogue.model_fields:
        seen: dict[str, str] = {}
        for place, each in read.of(section, BaseModel):
            if each.key in seen:
                problems.append(f"{place}: {each.key} is there twice, first at {seen[each.key]}; give one another key.")
            seen.setdefault(each.key, place)
        keys[section] = seen
    competencies = {each.key: each for _, each in read.of("competencies", Competency)}
    for place, role in read.of("roles", Role):
        for key, level in role.needs.items():
            if key not in competencies:
                problems.append(
                    f"{place}: {role.key} needs {key}, which is no competency; {_nearest(key, competencies)}"
                )
            elif level > len(competencies[key].levels):
                problems.append(
                    f"{place}: {role.key} needs {key} at level {level}, which has {len(competencies[key].levels)}; "
                    "describe that level, or ask for less."
                )
        problems += _unknown_roles(place, f"{role.key} has beside it", role.lateral, keys["roles"])
    for place, track in read.of("tracks", Track):
        problems += _unknown_roles(place, f"the track {track.key} names", track.roles, keys["roles"])
        if len(set(track.roles)) < len(track.roles):
            problems.append(f"{place}: the track {track.key} names a role twice; keep one rung for each.")
    for place, opening in read.of("openings", Opening):
        problems += _unknown_roles(place, f"the opening {opening.key} is for", [opening.role], keys["roles"])
        if opening.closes_on < opening.opens_on:
            problems.append(
                f"{place}: the opening {opening.key} closes on {opening.closes_on}, before it opens on "
                f"{opening.opens_on}; correct one of the two."
            )
    mails: dict[str, str] = {}
    for place, holder in read.of("people", Holder):
        problems += _unknown_roles(place, f"{holder.mail} has", [holder.role], keys["roles"])
        if holder.mail in mails:
            problems.append(f"{place}: {holder.mail} is there twice, first at {mails[holder.mail]}; keep one role.")
        mails.setdefault(holder.mail, place)
    return problems


def _unknown_roles(place: str, who: str, named: Sequence[str], roles: Mapping[str, str]) -> list[str]:
    return [f"{place}: {who} {key}, which is no role; {_nearest(key, roles)}" for key in named if key not in roles]
