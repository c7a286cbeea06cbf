"""What already fills people's calendars: own meetings and leave, drawn from the seed for one person at a
time.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.organization import Organization, Person
from sandbox.public_holidays import PUBLIC_HOLIDAYS
from sandbox.standing_meetings import standing_meetings_of

_DAYS_BEFORE = 7
_DAYS_AFTER = 150
_STATUSES = ("busy",) * 16 + ("tentative", "tentative", "tentative", "workingElsewhere")
_SUBJECTS = (
    "Project review",
    "Client call",
    "Planning",
    "Design session",
    "Interview",
    "Supplier call",
    "Focus work",
)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A span of somebody's own time, in aware UTC; an all-day one runs from local midnight to local
    midnight.
    """

    start: datetime
    end: datetime
    status: str
    subject: str
    private: bool = False
    all_day: bool = False


def appointments_of(person: Person, organization: Organization) -> list[Appointment]:
    """The person's own meetings from 7 days before day 0 to 150 days after it, earliest first; neither leave nor
    what recurs is among them, and none is at the time of what recurs.
    """
    if not person.working:
        return []
    rng = random.Random(f"{organization.seed}/{person.mail}/appointments")  # noqa: S311  nothing secret
    days_off = set(PUBLIC_HOLIDAYS[person.country])
    found: list[Appointment] = []
    day = organization.day0 - timedelta(days=_DAYS_BEFORE)
    while day <= organization.day0 + timedelta(days=_DAYS_AFTER):
        away = any(first <= day <= last for first, last in person.leave)
        if day.weekday() in person.weekdays and day not in days_off and not away:
            found += _day_of(rng, person, day)
        day += timedelta(days=1)
    recurring = recurring_of(person, organization)
    return [a for a in found if not any(a.start < other.end and other.start < a.end for other in recurring)]


def recurring_of(person: Person, organization: Organization) -> list[Appointment]:
    """What the standing meetings of the person's teams come to, each time they take place, earliest first."""
    spans = [
        Appointment(start, end, "busy", meeting.subject)
        for meeting in standing_meetings_of(person, organization)
        for start, end in meeting.spans()
    ]
    return sorted(spans, key=lambda span: (span.start, span.end))


def leave_of(person: Person) -> list[Appointment]:
    zone = ZoneInfo(person.zone)
    return [
        Appointment(
            start=datetime.combine(first, time(), zone).astimezone(UTC),
            end=datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC),
            status="oof",
            subject="Annual leave",
            all_day=True,
        )
        for first, last in person.leave
    ]


def _day_of(rng: random.Random, person: Person, day: date) -> list[Appointment]:
    """Two to five meetings of 30 or 60 min on the half-hour grid; now and then a whole afternoon."""
    zone = ZoneInfo(person.zone)
    opening = datetime.combine(day, time.fromisoformat(person.opens), zone)
    closing = datetime.combine(day, time.fromisoformat(person.closes), zone)
    # Subtracting two instants of one zone counts wall-clock time, which is what a calendar's grid is made of.
    slots = int((closing - opening) / timedelta(minutes=30))
    taken: list[tuple[int, int]] = []
    if rng.random() < 0.06:
        taken.append((slots - 8, 8))
    wanted = rng.randint(2, 5)
    for _ in range(20):
        if len(taken) >= wanted:
            break
        length = rng.choice((1, 1, 2))
        at = rng.randrange(0, slots - length + 1)
        if all(at + length <= other or other + size <= at for other, size in taken):
            taken.append((at, length))
    return [
        Appointment(
            start=(opening + at * timedelta(minutes=30)).astimezone(UTC),
            end=(opening + (at + length) * timedelta(minutes=30)).astimezone(UTC),
            status=rng.choice(_STATUSES),
            subject=rng.choice(_SUBJECTS),
            private=rng.random() < 0.04,
        )
        for at, length in sorted(taken)
    ]
