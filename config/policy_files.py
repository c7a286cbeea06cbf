"""Cycle policies as YAML files: one policy a document, each naming what it is based on; and those we ship."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cycle.policy import ParsedPolicy, Policy, PolicyError, parse_policy

SHIPPED = Path(__file__).parent / "policies"


@dataclass(frozen=True, slots=True)
class _Document:
    place: str
    name: str
    based_on: str | None
    fields: Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """A SafeLoader that refuses a field written twice, of which YAML would silently keep the last.

    Dates stay text, so that the policy can say what is wrong with one.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is not None and name in seen:
                raise yaml.MarkedYAMLError(problem=f"{name} is written twice", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_policy_file(source: Path | str) -> list[ParsedPolicy]:
    """The policies of a YAML file (a Path) or of YAML text (a str), in order.

    `based_on` names a policy of the same file, before or after, or else a shipped one. Raises PolicyError
    with a sentence for each problem, each naming the file.
    """
    if isinstance(source, Path):
        documents = _documents(_text(source), source.name)
    else:
        documents = _documents(source, "the policy text")
    return _resolved(documents, shipped_policies())


def shipped_policies() -> dict[str, Policy]:
    """The policies that come with Perennial, by name."""
    return dict(_shipped())


@cache
def _shipped() -> dict[str, Policy]:
    files = sorted(SHIPPED.glob("*.yaml"))
    documents = [document for file in files for document in _documents(_text(file), file.name)]
    return {parsed.policy.name: parsed.policy for parsed in _resolved(documents, {})}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyError((f"{file} cannot be read ({error.strerror}); check the path.",)) from None
    except UnicodeDecodeError:
        raise PolicyError((f"{file} is not UTF-8 text; save it as UTF-8.",)) from None


def _documents(text: str, place: str) -> list[_Document]:
    try:
        loaded = [one for one in yaml.load_all(text, _Loader) if one is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        raise PolicyError((f"{place}{line}: {error.problem}; correct the YAML there.",)) from None
    except yaml.YAMLError as error:
        raise PolicyError((f"{place} is not YAML ({error}); correct it.",)) from None
    if not loaded:
        raise PolicyError((f"{place} holds no policy; start it with a name.",))
    documents, problems = [], []
    for number, fields in enumerate(loaded, 1):
        which = f"{place}, policy {number}"
        if not isinstance(fields, dict):
            problems.append(f"{which} is not a group of named fields; start it with name: ...")
            continue
        name, based_on = fields.get("name"), fields.get("based_on")
        if name is None:
            problems.append(f"{which} has no name; give it one (name: Quarterly check-ins).")
        elif based_on is not None and not isinstance(based_on, str):
            problems.append(f"{which}: based_on must be the name of a policy.")
        else:
            rest = {key: value for key, value in fields.items() if key != "based_on"}
            documents.append(_Document(f"{place}, {name}", str(name), based_on, rest))
    problems += [
        f"{document.place} is there twice; give each policy a name of its own."
        for index, document in enumerate(documents)
        if document.name in {earlier.name for earlier in documents[:index]}
    ]
    if problems:
        raise PolicyError(tuple(problems))
    return documents


def _resolved(documents: Sequence[_Document], shipped: Mapping[str, Policy]) -> list[ParsedPolicy]:
    by_name = {document.name: document for document in documents}
    parsed: dict[str, ParsedPolicy] = {}
    problems: list[str] = []
    waiting = list(documents)
    while waiting:
        still_waiting = []
        for document in waiting:
            base = _base(document, by_name, parsed, shipped)
            if document.based_on is not None and base is None:
                still_waiting.append(document)
                continue
            try:
                parsed[document.name] = parse_policy(document.fields, base)
            except PolicyError as error:
                problems += [f"{document.place}: {problem}" for problem in error.problems]
                # Whatever is based on it cannot be judged, and its problems are enough to say.
                by_name.pop(document.name)
        if len(still_waiting) == len(waiting):
            if not problems:
                problems = [_unresolved(document, by_name, shipped) for document in waiting]
            break
        waiting = still_waiting
    if problems:
        raise PolicyError(tuple(problems))
    return [parsed[document.name] for document in documents]


def _base(
    document: _Document,
    by_name: Mapping[str, _Document],
    parsed: Mapping[str, ParsedPolicy],
    shipped: Mapping[str, Policy],
) -> Policy | None:
    if document.based_on is None:
        return None
    if document.based_on in by_name and document.based_on != document.name:
        found = parsed.get(document.based_on)
        return found.policy if found else None
    return shipped.get(document.based_on)


def _unresolved(document: _Document, by_name: Mapping[str, _Document], shipped: Mapping[str, Policy]) -> str:
    if document.based_on in by_name:
        return f"{document.place}: based_on {document.based_on} leads back to itself; base one on another."
    known = ", ".join(sorted({*by_name, *shipped} - {document.name}))
    return f"{document.place}: based_on {document.based_on} is unknown; choose from {known}."
