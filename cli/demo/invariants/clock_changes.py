"""Fifth promise: when a zone changes its clocks, people's hours stay what their wall clocks say."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cli.demo.evidence import Colleague, Evidence
from cli.demo.invariants.chances import ON_ITS_WAY
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import keys_of
from cli.demo.oracle import DAY, in_waking_hours, mail_window, outside_minutes, shared_minutes

AT_THE_OPENING = ("action", "pre-read", "weekly")
"""What falls due by the day leaves when the reader's mail window opens."""

NO_PLACE = ("UTC", "GMT", "Etc/", "tzone://")
"""A time written in one of these would move on people's walls."""


def judge(evidence: Evidence) -> list[Verdict]:
    return [_events_keep_their_hour(evidence), _letters_keep_their_hour(evidence)]


def clock_changes(evidence: Evidence, person: Colleague) -> Iterator[datetime]:
    """The days within the run from whose start on somebody's zone has a new offset."""
    day = evidence.began
    while day + DAY < evidence.until:
        if person.local(day).utcoffset() != person.local(day + DAY).utcoffset():
            yield day + DAY
        day += DAY


def _events_keep_their_hour(evidence: Evidence) -> Verdict:
    """Written in a place's wall-clock time; booked before a change and held after it, still in hours."""
    tally = Tally("5 events keep their wall-clock hour")
    for talk in evidence.standing:
        placed = not talk.zone.startswith(NO_PLACE)
        tally.case(placed, f"The talk of {talk.start} is written in {talk.zone}.")
        two = evidence.two_of(talk)
        for mail, other in (two, two[::-1]) if two else ():
            person = evidence.people[mail]
            changes = clock_changes(evidence, person)
            if not any(talk.booked < change <= talk.start for change in changes):
                continue
            local = person.local(talk.start)
            share = shared_minutes(person, evidence.people[other], local.date()) >= 60
            inside = outside_minutes(person, talk.time) == 0
            kept = inside if share else in_waking_hours(person, talk.time)
            tally.case(kept, f"The talk of {local:%Y-%m-%d %H:%M} local time of {mail} slid with the clocks.")
    return tally.verdict()


def _letters_keep_their_hour(evidence: Evidence) -> Verdict:
    """The earliest of the letters that leave at the opening has the same local hour before and after."""
    tally = Tally("5 letters keep their local hour")
    for mail, person in evidence.people.items():
        after_opening = list(_after_opening(evidence, mail))
        for change in clock_changes(evidence, person):
            before = [gap for at, gap in after_opening if at < change]
            after = [gap for at, gap in after_opening if at >= change]
            if before and after:
                kept = abs(min(after) - min(before)) <= ON_ITS_WAY
                slid = f"{min(before)} after the opening before {change:%Y-%m-%d}, {min(after)} after it"
                tally.case(kept, f"The letters to {mail} slid with the clocks: {slid}.")
    return tally.verdict()


def _after_opening(evidence: Evidence, mail: str) -> Iterator[tuple[datetime, timedelta]]:
    for letter in evidence.letters_to[mail]:
        if not any(key.kind in AT_THE_OPENING for key in keys_of(letter.keys)):
            continue
        window = mail_window(evidence, mail, evidence.people[mail].local(letter.at).date())
        if window:
            yield letter.at, letter.at - window.start
