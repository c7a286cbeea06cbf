"""What should have happened, worked out a second time from the seed file and the policy files alone.

It shares no line with the rules it checks: an error would have to be made twice, in two ways, to go unseen.
"""

import calendar
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cli.demo.evidence import Colleague, Evidence, Stretch

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A check-in that somebody should have: booked from `horizon` on, at the latest on `last`."""

    person: str
    period: int
    on: date
    horizon: date
    last: date
    excused: bool


def dues(evidence: Evidence) -> list[Due]:
    """Every check-in due whose horizon lies before the end of the run, by person and period."""
    return [due for mail in sorted(evidence.policy_of) for due in _dues_of(evidence, mail)]


def _dues_of(evidence: Evidence, mail: str) -> Iterator[Due]:
    person, policy = evidence.people[mail], evidence.policy_of[mail]
    rhythm, anchor = evidence.policies[policy]["rhythm"], evidence.starts_on[policy]
    months, weeks = rhythm["every_months"], rhythm["weeks_of_period"]
    first_talk = _weekday(person.hired + timedelta(days=rhythm["new_joiner_on_day"]))
    for number in range(1, 100):
        first, end = _add_months(anchor, months * (number - 1)), _add_months(anchor, months * number)
        ahead = timedelta(weeks=evidence.policies[policy]["booking"]["weeks_ahead"])
        team = _team(evidence, mail, first + timedelta(weeks=weeks[0] - 1) - ahead)
        if mail not in team:
            return
        on = _spread(first, end, weeks, team.index(mail), len(team), rhythm["no_check_in_dates"])
        if first_talk >= end:
            continue
        on = first_talk if first_talk > first else on
        horizon = on - ahead
        if horizon >= evidence.until.date():
            return
        if on < evidence.day0:
            continue
        slip = min(timedelta(days=rhythm["may_slip_days"]), timedelta(days=months * 30 // 2 + 1))
        away = sum(first <= day < end for day in person.days_off - person.holidays)
        yield Due(mail, number, on, horizon, on + slip, excused=2 * away > (end - first).days)


def _team(evidence: Evidence, mail: str, day: date) -> list[str]:
    """Who shares a manager and a policy with somebody on the first day on which any of their talks is booked; the
    places in a period are given out then.
    """
    then = datetime.combine(day, time(), UTC)
    manager = evidence.people[mail].manager_at(then)
    team = [
        other
        for other, name in evidence.policy_of.items()
        if name == evidence.policy_of[mail]
        and evidence.people[other].manager_at(then) == manager
        and evidence.people[other].here_at(then)
    ]
    return sorted(team, key=lambda other: hashlib.sha256(evidence.people[other].oid.encode()).digest())


def _spread(first: date, end: date, weeks: list[int], place: int, count: int, never: Collection[date]) -> date:
    """The place-th of `count` people on the weekdays of these weeks of the period, evenly spread."""
    start, stop = first + timedelta(weeks=weeks[0] - 1), min(end, first + timedelta(weeks=weeks[1]))
    days = [start + timedelta(days=i) for i in range((stop - start).days)]
    days = [day for day in days if day.weekday() < 5 and day not in never]
    return days[(2 * place + 1) * len(days) // (2 * count)]


def _weekday(day: date) -> date:
    while day.weekday() > 4:
        day += DAY
    return day


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# Working time


def at(person: Colleague, day: date, wall: time) -> datetime:
    """The UTC instant of a wall-clock time of somebody's day."""
    return datetime.combine(day, wall, person.zone).astimezone(UTC)


def working(person: Colleague, day: date) -> Stretch | None:
    if not person.works_on(day):
        return None
    return Stretch(at(person, day, person.opens), at(person, day, person.closes))


def shared_minutes(one: Colleague, other: Colleague, day: date) -> float:
    """How long both work at once during `one`'s working day `day`."""
    mine = working(one, day)
    if mine is None:
        return 0
    theirs = [working(other, day + i * DAY) for i in (-1, 0, 1)]
    return sum(_minutes_within(mine, span) for span in theirs if span)


def outside_minutes(person: Colleague, stretch: Stretch) -> float:
    """How much of a stretch lies outside somebody's working hours on its own days."""
    days = {person.local(stretch.start).date(), person.local(stretch.end).date()}
    spans = [span for span in (working(person, day) for day in days) if span]
    length = (stretch.end - stretch.start) / timedelta(minutes=1)
    return length - sum(_minutes_within(stretch, span) for span in spans)


def is_free(person: Colleague, stretch: Stretch) -> bool:
    """Whether nothing of their own blocks somebody's calendar, on a day on which they work."""
    works = person.works_on(person.local(stretch.start).date())
    return works and not any(stretch.overlaps(each) for each in person.busy)


def in_waking_hours(person: Colleague, stretch: Stretch) -> bool:
    """Within 07:00 to 20:00 of one of somebody's working days."""
    start, end = person.local(stretch.start), person.local(stretch.end)
    return (
        person.works_on(start.date())
        and start.date() == end.date()
        and start.time() >= time(7)
        and end.time() <= time(20)
    )


def least_outside(one: Colleague, other: Colleague, day: date, minutes: float, taken: list[Stretch]) -> float | None:
    """The least that a talk on `one`'s day must lie outside both people's hours; None when it fits nowhere.

    `taken` are the talks that either of them already has.
    """
    found = []
    blocked = [*one.busy, *other.busy, *taken]
    for quarter in range(7 * 4, 20 * 4):
        start = at(one, day, time(quarter // 4, quarter % 4 * 15))
        place = Stretch(start, start + timedelta(minutes=minutes))
        if not (in_waking_hours(one, place) and in_waking_hours(other, place)):
            continue
        if not any(place.overlaps(each) for each in blocked):
            found.append(outside_minutes(one, place) + outside_minutes(other, place))
    return min(found, default=None)


def _minutes_within(one: Stretch, other: Stretch) -> float:
    return max(0.0, (min(one.end, other.end) - max(one.start, other.start)) / timedelta(minutes=1))


# Mail windows


def mail_window(evidence: Evidence, mail: str, day: date) -> Stretch | None:
    """When somebody may be mailed on a day of theirs: their working hours less the margins, not when away."""
    span = working(evidence.people[mail], day)
    if span is None:
        return None
    after, before = evidence.margins(mail)
    return Stretch(span.start + timedelta(minutes=after), span.end - timedelta(minutes=before))


def windows_from(evidence: Evidence, mail: str, start: datetime) -> Iterator[Stretch]:
    """Somebody's mail windows from an instant on; the first may be the rest of one. Ends after 120 days."""
    today = evidence.people[mail].local(start).date()
    for i in range(120):
        window = mail_window(evidence, mail, today + i * DAY)
        if window and window.end > start:
            yield Stretch(max(window.start, start), window.end)


def is_first_window_of_week(evidence: Evidence, mail: str, day: date) -> bool:
    earlier = (day - i * DAY for i in range(1, day.weekday() + 1))
    return all(mail_window(evidence, mail, each) is None for each in earlier)
