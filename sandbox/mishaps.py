"""What may happen to a notification on its way, by order: lost, doubled, delayed, overtaken by a later one."""

import random
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class MishapOrder(BaseModel):
    """What POST /_sandbox/notifications takes.

    It befalls the next `count` notifications, or each with the probability `rate`, drawn from `seed`, until
    cleared or `count` were befallen. `minutes` are the virtual ones of a `delay`, and those after which a
    `reorder` gives up waiting for a later notification to go first. With `tell`, who loses one is told `missed`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mishap: Literal["lose", "double", "delay", "reorder"]
    subscription: str | None = None
    minutes: int = Field(default=10, ge=1, le=60 * 24 * 30)
    tell: bool = False
    rate: float | None = Field(default=None, gt=0, le=1)
    seed: int = 1
    count: int | None = Field(default=None, ge=1)


@dataclass(slots=True)
class Mishap:
    order: MishapOrder
    left: int | None
    met: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def as_json(self) -> dict[str, Any]:
        return {**self.order.model_dump(), "left": self.left, "met": self.met}

    def befalls(self, subscription_id: str) -> bool:
        """Whether it happens to this notification; uses it up by one if so."""
        if self.left == 0 or self.order.subscription not in (None, subscription_id):
            return False
        if self.order.rate is not None and self.chance.random() >= self.order.rate:
            return False
        self.met += 1
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(slots=True)
class Mishaps:
    standing: list[Mishap] = field(default_factory=list)

    def add(self, order: MishapOrder) -> Mishap:
        """One notification, unless the order says how many or at which rate; a `count` of null lasts."""
        lasts = order.rate is not None or "count" in order.model_fields_set
        # Reproducible by its seed, which is the point; nothing here is a secret.
        mishap = Mishap(order, order.count if lasts else 1, chance=random.Random(order.seed))  # noqa: S311
        self.standing.append(mishap)
        return mishap

    def meet(self, subscription_id: str) -> MishapOrder | None:
        for mishap in self.standing:
            if mishap.befalls(subscription_id):
                return mishap.order
        return None
