"""What people do in Outlook with an invitation: turn it down, propose, drag, delete, or go on leave.

Who does what is dealt out like temperaments; nothing here depends on when an invitation arrives.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

import httpx

from cli.demo.evidence import Colleague, Stretch
from cli.demo.oracle import outside_minutes

HEARD_WITHIN_SECONDS = 30
HABITS_SHOW_AFTER = timedelta(days=14)
"""Whose habit shows, shows it with the first talk that is this far into the run: time enough for another hour."""

HALF_HOUR = timedelta(minutes=30)


class Habit(StrEnum):
    """What somebody does with the first hour of a talk."""

    KEEPS = "keeps the hour"
    PROPOSES = "proposes another hour"
    PROPOSES_AT_NIGHT = "declines with a proposal that does not fit"
    DECLINES = "declines"
    DECLINES_SILENTLY = "declines without a response"
    DELETES = "deletes the entry"
    DRAGS = "drags their own copy"
    SITS_OUT = "sits out"
    GOES_ON_LEAVE = "goes on leave"


@dataclass(frozen=True, slots=True)
class Manners:
    """Somebody's habit, and what they do with three hours to choose from: None leaves them to whoever likes."""

    habit: Habit = Habit.KEEPS
    with_slots: Literal["pick", "none"] | None = None


# Dealt out in turn; the first are Ann's.
MANNERS = (
    Manners(Habit.PROPOSES, "pick"),
    Manners(Habit.KEEPS),
    Manners(Habit.GOES_ON_LEAVE),
    Manners(Habit.DECLINES, "pick"),
    Manners(Habit.DELETES),
    Manners(Habit.SITS_OUT),
    Manners(Habit.DECLINES_SILENTLY, "pick"),
    Manners(Habit.DRAGS, "none"),
    Manners(Habit.PROPOSES_AT_NIGHT, "pick"),
    Manners(Habit.DECLINES, "none"),
    Manners(Habit.KEEPS),
)


def manners(employees: Sequence[str]) -> dict[str, Manners]:
    """By mail address. Their managers take things as they come."""
    return {mail: MANNERS[n % len(MANNERS)] for n, mail in enumerate(employees)}


@dataclass(frozen=True, slots=True)
class Outlook:
    """The buttons of people's calendars and of the directory, pressed through the tenant, whose the `url` is.

    Habits show from `not_before` on; `clock` tells the virtual instant.
    """

    url: str
    http: httpx.AsyncClient
    not_before: datetime
    clock: Callable[[], Awaitable[datetime]]

    async def press(self, person: str, act: str, **facts: Any) -> int:
        """Does it and waits until everybody who subscribed has heard, but for whom the news comes late; the status of
        the tenant's answer.

        Until then nobody lets time run on, so that the instant of hearing is the same in every run.
        """
        answer = await self.http.post(f"{self.url}/_sandbox/act", json={"person": person, "act": act, **facts})
        async with asyncio.timeout(HEARD_WITHIN_SECONDS):
            while await self._still_telling():  # noqa: ASYNC110 - what is awaited happens elsewhere
                await asyncio.sleep(0.02)
        return answer.status_code

    async def _still_telling(self) -> bool:
        told = (await self.http.get(f"{self.url}/_sandbox/notifications")).raise_for_status().json()
        now = await self.clock()
        return bool(told["posting"]) or any(datetime.fromisoformat(each["due"]) <= now for each in told["waiting"])


def another_hour(one: Colleague, other: Colleague | None, hour: Stretch) -> Stretch:
    """An hour near this one that looks free to `one` in both calendars, or half an hour later."""
    people = [each for each in (one, other) if each]
    near = [
        Stretch(hour.start + n * HALF_HOUR, hour.end + n * HALF_HOUR) for n in (1, 2, -1, -2, 3, -3, 4, -4, 5, -5, 6)
    ]
    free = [
        each
        for each in near
        if all(
            outside_minutes(person, each) == 0 and not any(busy.overlaps(each) for busy in person.busy)
            for person in people
        )
    ]
    return (free or near)[0]


def at_night(person: Colleague, hour: Stretch) -> Stretch:
    """Three in the morning of the same day."""
    start = person.local(hour.start).replace(hour=3, minute=0).astimezone(hour.start.tzinfo)
    return Stretch(start, start + (hour.end - hour.start))


def week_of(day: date) -> tuple[date, date]:
    """Its Monday and its Friday."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=4)


def told(hour: Stretch) -> Mapping[str, str]:
    """An hour as the tenant and the diary write it."""
    return {"start": _stamp(hour.start), "end": _stamp(hour.end)}


def _stamp(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
