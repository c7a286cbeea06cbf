"""The recurring meetings that teams had before day 0: a weekly one, and a monthly one at an hour that suits abroad."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.organization import Organization, Person
from sandbox.public_holidays import PUBLIC_HOLIDAYS
from sandbox.recurrence import Recurrence

_LENGTH = timedelta(minutes=30)
_LATER = timedelta(hours=1)
_WEEKLY_TIMES = (time(10), time(10, 30), time(11), time(14))
# Half past three in Berlin is morning in New York; four in Singapore is morning in Berlin.
_SHARED_TIMES = {"Europe/Berlin": time(15, 30), "America/New_York": time(10), "Asia/Singapore": time(16)}
_INDEXES = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class StandingMeeting:
    """A series as its leader keeps it: `start` is wall time of the leader's zone; on the `removed` days it does not
    take place, and on the `moved` one an hour later.
    """

    subject: str
    leader: Person
    attendees: tuple[Person, ...]
    rule: Recurrence
    start: time
    removed: tuple[date, ...]
    moved: date | None

    def first_span(self) -> tuple[datetime, datetime]:
        """Where the series begins, even if that day was taken out of it."""
        start = _start(self.rule.first, self.start, self.leader)
        return start, start + _LENGTH

    def spans(self) -> Iterator[tuple[datetime, datetime]]:
        """Start and end (UTC) of each meeting that takes place."""
        for day in _all_days(self.rule):
            if day not in self.removed:
                start = _start(day, self.start, self.leader) + (_LATER if day == self.moved else timedelta())
                yield start, start + _LENGTH


def standing_meetings_of(person: Person, organization: Organization) -> list[StandingMeeting]:
    """Those that the person leads, and those of their manager that suit their working hours."""
    leaders = [person, *filter(None, [organization.person(person.manager) if person.manager else None])]
    return [
        meeting
        for leader in leaders
        for meeting in _led_by(leader, organization)
        if leader is person or person in meeting.attendees
    ]


def _led_by(leader: Person, organization: Organization) -> tuple[StandingMeeting, ...]:
    found: tuple[StandingMeeting, ...] | None = organization.standing.get(leader.mail)
    if found is None:
        found = organization.standing[leader.mail] = tuple(_planned(leader, organization))
    return found


def _planned(leader: Person, organization: Organization) -> Iterator[StandingMeeting]:
    team = organization.team_of(leader)
    if not team:
        return
    rng = random.Random(f"{organization.seed}/{leader.mail}/standing meetings")  # noqa: S311  nothing secret
    first = organization.day0 - timedelta(days=7)
    last = organization.day0 + timedelta(days=150)
    weekly_day, monthly_day = rng.sample((1, 2, 3), 2)
    weekly = Recurrence("weekly", first, weekdays=(weekly_day,), until=last)
    monthly = Recurrence("relativeMonthly", first, weekdays=(monthly_day,), index=rng.choice(_INDEXES), times=5)
    weekly, monthly = (rule.begun_on(rule.first_day() or first) for rule in (weekly, monthly))
    later = [day for day in _all_days(weekly) if day >= organization.day0][3]
    yield _meeting("Team weekly", leader, team, weekly, rng.choice(_WEEKLY_TIMES), later)
    yield _meeting("Team review", leader, team, monthly, _SHARED_TIMES.get(leader.zone, time(11)), None)


def _meeting(
    subject: str, leader: Person, team: tuple[Person, ...], rule: Recurrence, start: time, later: date | None
) -> StandingMeeting:
    """Invites those whose working hours it always suits; public holidays of the leader's country are left out."""
    removed = tuple(day for day in _all_days(rule) if day in PUBLIC_HOLIDAYS[leader.country])
    moved = later if later not in removed else None
    meeting = StandingMeeting(f"{subject} ({leader.given})", leader, team, rule, start, removed, moved)
    spans = list(meeting.spans())
    suited = tuple(person for person in team if all(_suits(person, span) for span in spans))
    return StandingMeeting(meeting.subject, leader, suited, rule, start, removed, moved)


def _suits(person: Person, span: tuple[datetime, datetime]) -> bool:
    start, end = (moment.astimezone(ZoneInfo(person.zone)) for moment in span)
    return start.weekday() in person.weekdays and person.opens <= f"{start:%H:%M}" < f"{end:%H:%M}" <= person.closes


def _all_days(rule: Recurrence) -> list[date]:
    return rule.between(rule.first, rule.first + timedelta(days=366))


def _start(day: date, start: time, leader: Person) -> datetime:
    return datetime.combine(day, start, ZoneInfo(leader.zone)).astimezone(UTC)
