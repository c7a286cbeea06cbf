"""What stands in for real time and for Temporal where a test needs neither of them to go on by itself."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class SettableClock:
    """Tells whatever time it was set to."""

    at: datetime

    async def now(self) -> datetime:
        return self.at

    async def aclose(self) -> None:
        return None


@dataclass
class Pokes:
    """Takes every wake-up and remembers it."""

    made: list[tuple[str, str]] = field(default_factory=list)

    async def deliver(self, workflow: str, target: str, _reason: str) -> None:
        self.made.append((workflow, target))
