"""What the doctor says of one thing: whether it is well, in a sentence, with what to do if it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`sentence` says how `name` is; `remedy` what to do, where the sentence does not say so itself."""

    name: str
    state: State
    sentence: str
    remedy: str | None = None

    def __str__(self) -> str:
        mark = "" if self.state == "ok" else f"{self.state}: "
        return f"{self.name}: {mark}{self.sentence}" + (f" {self.remedy}" if self.remedy else "")


def ok(name: str, sentence: str) -> Finding:
    return Finding(name, "ok", sentence)


def warn(name: str, sentence: str, remedy: str | None = None) -> Finding:
    """It works, or will, but not as well or as narrowly as it could."""
    return Finding(name, "warn", sentence, remedy)


def fail(name: str, sentence: str, remedy: str | None = None) -> Finding:
    return Finding(name, "fail", sentence, remedy)


def worst(findings: Sequence[Finding]) -> State:
    states = {finding.state for finding in findings}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"
