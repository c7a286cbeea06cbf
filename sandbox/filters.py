"""OData `$filter` expressions: comparisons, `in`, startswith and the like, and/or/not, and `Any` over extended
properties.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sandbox.errors import bad_request
from sandbox.evidence import evidence
from sandbox.zones import parse_moment

Get = Callable[[str], Any]
Test = Callable[[Get], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<moment>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+ -]\d\d:\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w./]*)|(?P<mark>[(),:]))"
)
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
_OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """`holds` judges an item through a getter of its paths. `key` is the (property id, value) it certainly
    has, if known. `uses` are the (path, operator or function) pairs it is made of, in lower case.
    """

    holds: Test
    key: tuple[str, str] | None = None
    uses: frozenset[tuple[str, str]] = frozenset()


@evidence(
    "documented",
    "$filter has eq ne gt ge lt le in, and or not, startsWith endsWith contains, and any over a collection.",
    "learn.microsoft.com/graph/filter-query-parameter",
)
@evidence("assumed", "Texts are compared whatever their case.", "what the directory is seen to do; nothing is written")
def parse_filter(text: str) -> Filter:
    """Raises 400 with what could not be understood."""
    parser = _Parser(text)
    test = parser.either(0)
    parser.end()
    return Filter(test, parser.key if not parser.has_or else None, frozenset(parser.uses))


class _Parser:
    def __init__(self, text: str) -> None:
        self.source = text
        self.tokens = list(self._cut(text))
        self.at = 0
        self.key: tuple[str, str] | None = None
        self.has_or = False
        self.seen: dict[str, str] = {}
        self.uses: set[tuple[str, str]] = set()

    def _cut(self, text: str) -> Iterator[tuple[str, str]]:
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self.trouble()
            yield found.lastgroup or "", found.group(found.lastgroup or 0)
            position = found.end()

    def trouble(self) -> Exception:
        return bad_request(f"Invalid filter clause: '{self.source[:200]}'.", "BadRequest")

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of `wanted` if any are given."""
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if not kind or (wanted and text.lower() not in wanted):
            raise self.trouble()
        self.at += 1
        return text

    def next_is(self, text: str) -> bool:
        found = self.at < len(self.tokens) and self.tokens[self.at][1].lower() == text
        self.at += found
        return found

    def end(self) -> None:
        if self.at != len(self.tokens):
            raise self.trouble()

    def either(self, depth: int) -> Test:
        if depth > _DEEPEST:
            raise self.trouble()
        tests = [self.both(depth)]
        while self.next_is("or"):
            self.has_or = True
            tests.append(self.both(depth))
        return tests[0] if len(tests) == 1 else lambda get: any(test(get) for test in tests)

    def both(self, depth: int) -> Test:
        tests = [self.single(depth)]
        while self.next_is("and"):
            tests.append(self.single(depth))
        return tests[0] if len(tests) == 1 else lambda get: all(test(get) for test in tests)

    def single(self, depth: int) -> Test:
        if self.next_is("not"):
            self.has_or = True
            self.uses.add(("", "not"))
            inner = self.single(depth + 1) if depth < _DEEPEST else self.either(depth + 1)
            return lambda get: not inner(get)
        if self.next_is("("):
            inner = self.either(depth + 1)
            self.take(")")
            return inner
        word = self.take()
        if word.lower() in _FUNCTIONS:
            return self.function(word.lower())
        if word.lower().endswith("/any"):
            return self.any_of(word[:-4], depth)
        return self.comparison(word)

    def function(self, name: str) -> Test:
        check = _FUNCTIONS[name]
        self.take("(")
        path = self.take()
        self.take(",")
        wanted = str(self.literal()).casefold()
        self.take(")")
        self.uses.add((path.lower(), name))
        return lambda get: check(str(get(path) or "").casefold(), wanted)

    def any_of(self, path: str, depth: int) -> Test:
        self.take("(")
        name = self.take()
        self.take(":")
        self.seen = {}
        inner = self.either(depth + 1)
        self.take(")")
        if f"{name}/id" in self.seen and f"{name}/value" in self.seen:
            self.key = self.seen[f"{name}/id"], self.seen[f"{name}/value"]

        def test(get: Get) -> bool:
            elements: list[dict[str, Any]] = get(path) or []
            if not isinstance(elements, list):
                raise self.trouble()
            return any(inner(partial(_inside, element)) for element in elements)

        return test

    def comparison(self, path: str) -> Test:
        operator = self.take(*_OPERATORS, "in").lower()
        self.uses.add((path.lower(), operator))
        if operator == "in":
            choices = self.literals()
            return lambda get: any(_compare("eq", get(path), choice) for choice in choices)
        wanted = self.literal()
        if operator == "eq" and isinstance(wanted, str):
            self.seen[path] = wanted
        return lambda get: _compare(operator, get(path), wanted)

    def literals(self) -> list[object]:
        self.take("(")
        found = [self.literal()]
        while self.next_is(","):
            found.append(self.literal())
        self.take(")")
        return found

    def literal(self) -> object:
        kind = self.tokens[self.at][0] if self.at < len(self.tokens) else ""
        text = self.take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "moment":
            return parse_moment(text)
        if kind == "number":
            return float(text)
        if text.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text.lower()]
        raise self.trouble()


def _inside(element: dict[str, Any], path: str) -> Any:
    return element.get(path.partition("/")[2])


def _compare(operator: str, have: Any, want: Any) -> bool:
    if isinstance(have, datetime) and isinstance(want, str):
        want = parse_moment(want)
    if isinstance(have, str) and isinstance(want, str):
        have, want = have.casefold(), want.casefold()
    if operator == "eq":
        return bool(have == want)
    if operator == "ne":
        return bool(have != want)
    if have is None or want is None or type(have) is not type(want):
        return False
    return bool(
        have > want
        if operator == "gt"
        else have >= want
        if operator == "ge"
        else have < want
        if operator == "lt"
        else have <= want
    )
