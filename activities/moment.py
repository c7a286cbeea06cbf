"""The one argument of an activity: an id, and the instant that decides."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """`id` is a row's; `now` an aware UTC instant, the workflow's."""

    id: str
    now: datetime
