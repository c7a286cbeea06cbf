"""What must hold of a run whatever goes wrong in it, and what was asked of the tenant around an instant.

Judged without comparing it with any other run: nothing twice, nobody's hours taken twice, nothing lost on its way,
nothing for somebody who left.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, zip_longest
from typing import Any

from cli.demo.evidence import Evidence, Talk
from cli.demo.invariants.colleagues import reach_those_asked
from cli.demo.invariants.languages import letters_in_their_language

KNOWN_WITHIN = timedelta(days=1)
"""So soon at the latest the directory has been read, whatever goes wrong."""

AROUND = timedelta(hours=1)
MOST_LINES = 25


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it should be; it shows at `at`."""

    sentence: str
    at: datetime


def broken_promises(evidence: Evidence) -> list[Flaw]:
    """In the order of time."""
    parts = (_twice, _lost, _doubled, _clashes, _unkeyed, _for_leavers, _with_leavers, _astray)
    return sorted((flaw for part in parts for flaw in part(evidence)), key=lambda flaw: flaw.at)


def _twice(evidence: Evidence) -> Iterator[Flaw]:
    sent: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for letter in sorted(evidence.letters, key=lambda each: each.at):
        for key in letter.keys:
            sent[letter.to, key].append(letter.at)
    for (to, key), (_, *again) in sent.items():
        if again:
            yield Flaw(f"{key} went to {to} {1 + len(again)} times", again[0])


def _lost(evidence: Evidence) -> Iterator[Flaw]:
    gone: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    arrived: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for letter in evidence.letters:
        gone[letter.to, letter.subject].append(letter.at)
    for mail, subject, at in evidence.received:
        arrived[mail, subject].append(at)
    for mail, subject in {**gone, **arrived}:
        went, came = sorted(gone[mail, subject]), sorted(arrived[mail, subject])
        if len(went) != len(came):
            sentence = f'"{subject}" went to {mail} {len(went)} times, and arrived {len(came)} times'
            yield Flaw(sentence, _first_unpaired(went, came))


def _first_unpaired(went: Sequence[datetime], came: Sequence[datetime]) -> datetime:
    """When the first went that did not come before the next one went, or the first came that had not gone."""
    for one, following, other in zip_longest(went, went[1:], came):
        if one is None or other is None or other < one:
            return min(each for each in (one, other) if each)
        if following and other >= following:
            return one
    raise ValueError("As many went as came.")


def _doubled(evidence: Evidence) -> Iterator[Flaw]:
    booked: dict[str, list[datetime]] = defaultdict(list)
    for talk in evidence.standing:
        booked[talk.check_in].append(talk.booked)
    for check_in, instants in booked.items():
        if len(instants) > 1:
            yield Flaw(f"the check-in {check_in} has {len(instants)} events", sorted(instants)[1])


def _clashes(evidence: Evidence) -> Iterator[Flaw]:
    busy: dict[str, list[Talk]] = defaultdict(list)
    for talk in evidence.standing:
        for mail in talk.attendees:
            busy[mail].append(talk)
    for mail, talks in busy.items():
        for before, after in pairwise(talks):
            if before.time.overlaps(after.time):
                yield Flaw(f"{mail} has two talks at {after.start:%d %b %H:%M}", max(before.booked, after.booked))


def _unkeyed(evidence: Evidence) -> Iterator[Flaw]:
    for letter in evidence.letters:
        if not letter.keys:
            yield Flaw(f"a message to {letter.to} at {letter.at:%d %b %H:%M} has no key", letter.at)


def _for_leavers(evidence: Evidence) -> Iterator[Flaw]:
    left = _left(evidence)
    for letter in evidence.letters:
        if letter.to in left and letter.at > left[letter.to] + KNOWN_WITHIN:
            keys = ", ".join(letter.keys)
            yield Flaw(f"{keys} went to {letter.to} at {letter.at:%d %b %H:%M}, who had left", letter.at)


def _with_leavers(evidence: Evidence) -> Iterator[Flaw]:
    left = _left(evidence)
    for talk in evidence.standing:
        for mail in talk.attendees:
            if mail in left and talk.end > left[mail] and left[mail] + KNOWN_WITHIN < evidence.until:
                yield Flaw(f"the talk of {talk.start:%d %b %H:%M} stands, and {mail} has left", left[mail])


def _astray(evidence: Evidence) -> Iterator[Flaw]:
    for each in (*reach_those_asked(evidence, in_time=False), *letters_in_their_language(evidence)):
        if each.first_violation and each.checked:
            yield Flaw(each.first_violation, each.violated_at or evidence.until)


def _left(evidence: Evidence) -> dict[str, datetime]:
    return {mail: person.left for mail, person in evidence.people.items() if person.left}


def ledger_around(ledger: Sequence[Mapping[str, Any]], at: datetime) -> list[str]:
    """What our app asked the tenant in the hour before and after, a line each; of many, what is nearest to it."""

    def away(entry: Mapping[str, Any]) -> timedelta:
        return abs(datetime.fromisoformat(entry["at"]) - at)

    near = [each for each in enumerate(ledger) if each[1]["app"] != "mail-client" and away(each[1]) <= AROUND]
    nearest = sorted(sorted(near, key=lambda each: away(each[1]))[:MOST_LINES], key=lambda each: each[0])
    return [
        f"{each['at']} {each['status']} {each['route'] or each['method'] + ' ' + each['path']} {each['mailbox'] or ''}"
        for _, each in nearest
    ]
