"""The instants of the showcase: everything in it lies before or after one talk, and moves along with it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

QUARTER = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class Times:
    """`talk` is when the next talk begins (UTC)."""

    talk: datetime

    @property
    def questions(self) -> datetime:
        """A workday in the week before: the letter with the questions has come."""
        return self.talk - timedelta(days=7)

    @property
    def pre_read(self) -> datetime:
        return self.talk - timedelta(hours=19)

    @property
    def afterwards(self) -> datetime:
        return self.talk + timedelta(hours=3)

    @property
    def long_ago(self) -> datetime:
        """Before anything else here."""
        return self.talk - 5 * QUARTER

    def before(self, days: float) -> datetime:
        return self.talk - timedelta(days=days)

    def day(self, days: float) -> date:
        """So many days after the talk; before it if negative."""
        return (self.talk + timedelta(days=days)).date()

    def past_talk(self, number: int) -> datetime:
        """When the talk `number` (1 is the last one) before the next one began."""
        return self.talk - number * QUARTER
