"""What every behaviour of the sandbox rests on: a document, a proof by running, others' reports, or an assumption."""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

Kind = Literal["documented", "proven", "reported", "assumed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim about Microsoft's service, what it rests on and where that is written, and which code behaves so."""

    kind: Kind
    claim: str
    source: str
    where: str


_table: dict[tuple[str, str], Evidence] = {}


def evidence(kind: Kind, claim: str, source: str) -> Callable[[Handler], Handler]:
    """Notes `claim`; `source` names the document, the issue, or how it was proven.

    Called at module level it stands for the module; used as a decorator, for the function below it. Raises
    ValueError for an unknown kind and for an empty claim or source.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of evidence; say one of {', '.join(KINDS)}.")
    if not claim.strip() or not source.strip():
        raise ValueError("Evidence needs a claim and a source.")
    module = str(sys._getframe(1).f_globals.get("__name__", ""))
    _table[module, claim] = Evidence(kind, claim, source, module)

    def mark(handler: Handler) -> Handler:
        _table[module, claim] = Evidence(kind, claim, source, f"{module}.{handler.__qualname__}")
        return handler

    return mark


def table() -> list[Evidence]:
    """All evidence of the sandbox's modules, by module; imports them all, so that none is left out."""
    import sandbox

    for module in pkgutil.iter_modules(sandbox.__path__):
        if module.name != "__main__":
            importlib.import_module(f"sandbox.{module.name}")
    return sorted(_table.values(), key=lambda e: (e.where.split(".")[:2], KINDS.index(e.kind), e.claim))


def as_text(rows: Sequence[Evidence]) -> str:
    """The table for people: a module at a time, then how much rests on what."""
    lines: list[str] = []
    module = ""
    for row in rows:
        of, _, function = row.where.removeprefix("sandbox.").partition(".")
        if of != module:
            module = of
            lines += ["", f"sandbox/{module}.py"]
        lines.append(f"  {row.kind:<10}  {row.claim}")
        lines.append(f"  {'':<10}    {row.source}" + (f"  ({function})" if function else ""))
    counts = ", ".join(f"{sum(r.kind == kind for r in rows)} {kind}" for kind in KINDS)
    return "\n".join([*lines[1:], "", f"{len(rows)} claims: {counts}. Nothing was recorded from a live tenant."])
