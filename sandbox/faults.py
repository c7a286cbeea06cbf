"""Faults that somebody ordered: an error instead of an answer, or after the deed; a silence; a broken
connection.
"""

import itertools
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Order(BaseModel):
    """What POST /_sandbox/faults takes. `count` None lasts until cleared; `when` after commits first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Literal["status", "hold", "reset"]
    status: int = Field(default=503, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    code: str | None = None
    method: str | None = None
    path: str = ""
    app: str | None = None
    when: Literal["before", "after"] = "before"
    count: int | None = Field(default=1, ge=1)

    @field_validator("path")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}") from None
        return value


@dataclass(slots=True)
class Fault:
    number: int
    order: Order
    left: int | None
    met: int = 0

    def as_json(self) -> dict[str, Any]:
        return {"number": self.number, **self.order.model_dump(), "left": self.left, "met": self.met}


@dataclass(slots=True)
class Faults:
    standing: list[Fault] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(self, order: Order) -> Fault:
        fault = Fault(next(self._numbers), order, order.count)
        self.standing.append(fault)
        return fault

    def clear(self) -> None:
        self.standing.clear()

    def meet(self, method: str, path: str, app: str | None) -> Order | None:
        """The first fault that this request runs into, used up by one."""
        for fault in self.standing:
            order = fault.order
            if fault.left == 0 or (order.method and order.method.upper() != method):
                continue
            if (order.app and order.app != app) or not re.search(order.path, path):
                continue
            fault.met += 1
            if fault.left is not None:
                fault.left -= 1
            return order
        return None
