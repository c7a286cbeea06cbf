"""First promise: one good hour for each check-in that is due, in the calendars of both, and none too many."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from cli.demo.evidence import Colleague, Evidence, Talk
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.oracle import (
    Due,
    dues,
    in_waking_hours,
    least_outside,
    outside_minutes,
    shared_minutes,
)

SETTLED = timedelta(days=4)
"""What reached its horizon this long before the end of the run has been booked by then, weekends included."""

ENOUGH_SHARED_MINUTES = 60


def judge(evidence: Evidence) -> list[Verdict]:
    return [
        _one_event_for_each(evidence),
        _clear_of_other_plans(evidence),
        _in_good_hours(evidence),
        _apart(evidence),
        _within_caps(evidence),
    ]


def _one_event_for_each(evidence: Evidence) -> Verdict:
    """Each person's standing events and due dates pair off in the order of time, and none is left over."""
    tally = Tally("1 one event for each check-in due")
    events: dict[str, list[Talk]] = defaultdict(list)
    for talk in evidence.standing:
        two = evidence.two_of(talk)
        if two is None:
            tally.broken(f"{_named(talk)} is not between somebody and their manager, but {talk.attendees}.")
        else:
            events[two[0]].append(talk)
    by_check_in = [talk.check_in for talk in evidence.standing]
    for check_in in set(by_check_in):
        tally.case(by_check_in.count(check_in) == 1, f"Check-in {check_in} has several events that stand.")
    expected: dict[str, list[Due]] = defaultdict(list)
    for due in dues(evidence):
        expected[due.person].append(due)
    for person in sorted(expected.keys() | events.keys()):
        _pair_off(evidence, person, expected[person], events[person], tally)
    return tally.verdict()


def _pair_off(evidence: Evidence, person: str, expected: list[Due], events: list[Talk], tally: Tally) -> None:
    first = _first_with_another(evidence, person, events)
    waiting = [talk for talk in events if talk is not first]
    # A talk that was left out, or fell away, answers its due date where its cancelled event lay.
    left_out = [talk for talk in _left_out(evidence) if (evidence.two_of(talk) or ("",))[0] == person]
    before: Talk | None = None
    for due in expected:
        found = next((talk for talk in waiting if _fits(evidence.people[person], talk, due)), None)
        if found:
            waiting.remove(found)
            tally.case(True, "")
            before = found
        elif gone := next((talk for talk in left_out if _fits(evidence.people[person], talk, due)), None):
            left_out.remove(gone)
            tally.case(True, "")
            before = first or before
        elif not due.excused and _must_be_booked(evidence, due, before):
            tally.broken(f"{person} has no event for the check-in due on {due.on}.")
    for talk in waiting:
        tally.broken(f"{_named(talk)} of {person} belongs to no check-in that is due.")


def _first_with_another(evidence: Evidence, person: str, events: list[Talk]) -> Talk | None:
    """The talk that is due because there is another manager, in no period's order (see personnel.py)."""
    moves = evidence.people[person].moves
    return next((talk for talk in events for at, mail in moves if talk.booked >= at and mail in talk.attendees), None)


def _left_out(evidence: Evidence) -> list[Talk]:
    """The events of talks that somebody sat out, or that fell away with a manager or a leaver, each once."""
    said = {entry.target for entry in evidence.acts("left_out")} | evidence.fell_away.keys()
    return list({talk.check_in: talk for talk in evidence.talks if talk.check_in in said and talk.cancelled}.values())


def _fits(person: Colleague, talk: Talk, due: Due) -> bool:
    day = person.local(talk.start).date()
    return due.on - (due.last - due.on) <= day <= due.last


def _must_be_booked(evidence: Evidence, due: Due, before: Talk | None) -> bool:
    """Booked at the later of the horizon and the close of the one before: both said how it went."""
    person = evidence.people[due.person]
    settled = min(evidence.until, person.left or evidence.until) - SETTLED
    if due.horizon >= settled.date():
        return False
    if before is None:
        return True
    said = {
        entry.person: entry.fields.get("said")
        for entry in evidence.acts("said_outcome")
        if entry.target == before.check_in and entry.at < settled
    }
    # Closed too late for the notice that the next one needs, it may fall out.
    in_time = due.last - timedelta(days=7) > person.local(before.end).date()
    return in_time and len(said) == 2 and ("moved" not in said.values() or "held" in said.values())


def _clear_of_other_plans(evidence: Evidence) -> Verdict:
    tally = Tally("1 nothing else in either calendar")
    for talk, one, other in _talks(evidence):
        for person in (one, other):
            clash = next((span for span in person.busy if span.overlaps(talk.time)), None)
            tally.case(clash is None, f"{_named(talk)} overlaps what {person.mail} has at {clash and clash.start}.")
            day = person.local(talk.start).date()
            tally.case(day not in person.days_off, f"{_named(talk)} lies on a holiday or leave of {person.mail}.")
    return tally.verdict()


def _in_good_hours(evidence: Evidence) -> Verdict:
    tally = Tally("1 inside the hours of both, or least outside")
    for talk, one, other in _talks(evidence):
        day = one.local(talk.start).date()
        outside = outside_minutes(one, talk.time) + outside_minutes(other, talk.time)
        if shared_minutes(one, other, day) >= ENOUGH_SHARED_MINUTES:
            tally.case(outside == 0, f"{_named(talk)} lies {outside:.0f} minutes outside working hours.")
            continue
        waking = in_waking_hours(one, talk.time) and in_waking_hours(other, talk.time)
        tally.case(waking, f"{_named(talk)} lies outside 07:00-20:00 or on a free day of one of them.")
        minutes = (talk.end - talk.start) / timedelta(minutes=1)
        others = [each.time for each in evidence.talks if each is not talk and _meets(each, one, other)]
        least = least_outside(one, other, day, minutes, others)
        kept = least is None or outside <= least
        tally.case(kept, f"{_named(talk)} lies {outside:.0f} minutes outside working hours; {least} would do.")
    return tally.verdict()


def _apart(evidence: Evidence) -> Verdict:
    """Nobody is in two talks at once, and a manager has some minutes between any two of theirs."""
    tally = Tally("1 a manager's talks apart")
    for manager, talks in _by_manager(evidence).items():
        for talk in talks:
            tally.case(talk.start < talk.end, f"{_named(talk)} of {manager} has no length.")
        for first, second in pairwise(talks):
            gap = (second.start - first.end) / timedelta(minutes=1)
            needed = _booking_rule(evidence, second, "minutes_between")
            tally.case(
                gap >= needed,
                f"{manager} has {gap:.0f} minutes between {_named(first)} and {_named(second)}.",
            )
    for mail in evidence.people:
        mine = [talk for talk in evidence.standing if mail in talk.attendees]
        for first, second in pairwise(mine):
            tally.case(first.end <= second.start, f"{mail} is in {_named(first)} and {_named(second)} at once.")
    return tally.verdict()


def _within_caps(evidence: Evidence) -> Verdict:
    tally = Tally("1 a manager's caps a day and a week")
    for manager, talks in _by_manager(evidence).items():
        days: dict[date, list[Talk]] = defaultdict(list)
        weeks: dict[tuple[int, int], list[Talk]] = defaultdict(list)
        for talk in talks:
            day = evidence.people[manager].local(talk.start).date()
            days[day].append(talk)
            weeks[day.isocalendar()[:2]].append(talk)
        for day, found in days.items():
            most = _booking_rule(evidence, found[0], "per_manager_per_day")
            tally.case(len(found) <= most, f"{manager} has {len(found)} check-ins on {day}; at most {most} may be.")
        for (year, week), found in weeks.items():
            most = _booking_rule(evidence, found[0], "per_manager_per_week")
            tally.case(
                len(found) <= most,
                f"{manager} has {len(found)} check-ins in week {week} of {year}; at most {most} may be.",
            )
    return tally.verdict()


def _talks(evidence: Evidence) -> Iterator[tuple[Talk, Colleague, Colleague]]:
    for talk in evidence.standing:
        if two := evidence.two_of(talk):
            yield talk, evidence.people[two[0]], evidence.people[two[1]]


def _by_manager(evidence: Evidence) -> dict[str, list[Talk]]:
    found: dict[str, list[Talk]] = defaultdict(list)
    for talk, _, manager in _talks(evidence):
        found[manager.mail].append(talk)
    return found


def _booking_rule(evidence: Evidence, talk: Talk, name: str) -> int:
    two = evidence.two_of(talk)
    return int(evidence.policy_for(two[0] if two else "")["booking"][name])


def _meets(talk: Talk, one: Colleague, other: Colleague) -> bool:
    return one.mail in talk.attendees or other.mail in talk.attendees


def _named(talk: Talk) -> str:
    return f"The talk of {talk.start:%Y-%m-%d %H:%M} UTC ({talk.check_in})"
