"""Faults that somebody ordered: an error instead of an answer, or after the deed; a silence, a slow answer, a
broken connection.
"""

import asyncio
import itertools
import random
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sandbox.evidence import evidence

SLOWEST_SECONDS = 120
REFUSALS = ("consent", "claims")
"""Faults that Graph itself answers: 403, and a claims challenge that lasts until the app has a new token."""

evidence(
    "proven",
    "A 504 may come after the deed is done, and a client that tries again then does it twice.",
    "two events were made by the official SDK's own retries, without a transactionId",
)
evidence(
    "proven",
    "Of an error with an HTML body the official SDK makes a plain APIError with the status and no code.",
    "run with msgraph-sdk 1.65 and kiota 1.16",
)
evidence("assumed", "A 502 comes from a gateway, as an HTML page.", "what gateways do; no page was recorded")


class Order(BaseModel):
    """What POST /_sandbox/faults takes.

    It strikes the next `count` requests that match `method`, `path` (a regular expression) and `app`, or, with
    `rate`, each with that probability, drawn from `seed`, until cleared or `count` were struck. `when`: `before`
    does nothing else, `after` commits first, and `midway` commits and breaks a `reset` in the middle of the answer.
    `seconds` are real ones, of a `slow` answer, which comes at once when the order is taken back. Of an answer by
    `status`, `headers` are sent along.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Literal["status", "hold", "reset", "slow", "consent", "claims"]
    status: int = Field(default=503, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    code: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    method: str | None = None
    path: str = ""
    app: str | None = None
    when: Literal["before", "after", "midway"] = "before"
    seconds: float = Field(default=1, ge=0, le=SLOWEST_SECONDS)
    rate: float | None = Field(default=None, gt=0, le=1)
    seed: int = 1
    count: int | None = Field(default=None, ge=1)

    @field_validator("path")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}") from None
        return value

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not re.fullmatch(r"[\x20-\x7e]*", text):
                raise ValueError(f"{name[:60]!r} cannot be sent as a header")
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> "Order":
        if self.when == "midway" and self.fault != "reset":
            raise ValueError("only a reset can come midway")
        return self

    @property
    def commits(self) -> bool:
        """Whether Graph hears what was asked all the same."""
        return self.when != "before" or self.fault in ("slow", *REFUSALS)


@dataclass(slots=True)
class Fault:
    number: int
    order: Order
    left: int | None
    met: int = 0
    waits: set[asyncio.Timeout] = field(default_factory=set)
    """Of the answers that it holds up just now."""
    _chance: random.Random = field(default_factory=random.Random)

    def strikes(self) -> bool:
        """Whether a request that matches is struck; uses it up by one if so."""
        if self.left == 0 or (self.order.rate is not None and self._chance.random() >= self.order.rate):
            return False
        self.met += 1
        if self.left is not None:
            self.left -= 1
        return True

    def as_json(self) -> dict[str, Any]:
        told = {"left": self.left, "met": self.met, "waiting": len(self.waits)}
        return {"number": self.number, **self.order.model_dump(), **told}

    def end(self) -> None:
        """What it holds up is answered."""
        for wait in self.waits:
            if not wait.expired():
                wait.reschedule(0)


@dataclass(slots=True)
class Faults:
    standing: list[Fault] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(self, order: Order) -> Fault:
        """One call, unless the order says how many or at which rate; a `count` of null lasts until cleared."""
        lasts = order.rate is not None or "count" in order.model_fields_set
        left = order.count if lasts else 1
        # Reproducible by its seed, which is the point; nothing here is a secret.
        fault = Fault(next(self._numbers), order, left, _chance=random.Random(order.seed))  # noqa: S311
        self.standing.append(fault)
        return fault

    def clear(self) -> None:
        """Takes back all."""
        while self.standing:
            self.standing.pop().end()

    def take_back(self, number: int) -> Fault | None:
        """The fault of this number, which has ended; None when there is none."""
        fault = next((each for each in self.standing if each.number == number), None)
        if fault:
            self.standing.remove(fault)
            fault.end()
        return fault

    def meet(self, method: str, path: str, app: str | None) -> Fault | None:
        """The first fault that this request runs into, used up by one."""
        for fault in self.standing:
            order = fault.order
            if order.method and order.method.upper() != method:
                continue
            if (order.app and order.app != app) or not re.search(order.path, path):
                continue
            if fault.strikes():
                return fault
        return None
