"""Whether two runs of one story came to the same end: equal by event key and by (recipient, item key).

Judged from what the tenant holds. Ids are drawn anew in each run, so keys are compared with names in their place.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from cli.demo.evidence import Evidence, Sent, Talk
from cli.demo.inbox import parts_of
from cli.demo.invariants.colleagues import reach_those_asked
from cli.demo.invariants.languages import letters_in_their_language
from cli.demo.keys import keys_of
from cli.demo.phrases import OF_CHECK_INS, OF_THE_PLAN
from cli.demo.topics import title_in

TALKS_TOLERANCE = timedelta(0)
"""An hour is found for what is free and for the days in question, and neither changes by an hour's delay."""

LETTERS_TOLERANCE = timedelta(days=4)
"""A letter that misses the end of its reader's mail window by a fault goes at the next opening: the next workday,
which over a weekend and a holiday is four days later. What counts from it (a second ask) moves along."""

KNOWN_WITHIN = timedelta(days=1)
"""So soon at the latest the directory has been read, whatever goes wrong."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AROUND = timedelta(hours=1)
MOST_LINES = 25

# Where in a key its reader stands.
_RECIPIENT = {
    "outcome": -1,
    "pre-read": -1,
    "support": -1,
    "handover": -1,
    "orphan": -1,
    "feedback": -1,
    "supporter": -1,
    "help": -1,
    "learning": 1,
    "weekly": 1,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Instants by key: of talks (start), and of letters by recipient and item. Keys name nothing but by its name.

    From the instants in `silent` on nothing is sent any more: to these people, about these talks, or of this kind to
    these people.
    """

    talks: Mapping[str, datetime]
    letters: Mapping[tuple[str, str], datetime]
    until: datetime
    silent: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    sentence: str
    at: datetime


def ending(evidence: Evidence) -> Ending:
    names = _names(evidence)

    def named(key: str) -> str:
        return "/".join(names.get(part, part) for part in key.split("/"))

    talks = {}
    for talk in evidence.talks:
        called_off = " called off" if talk.cancelled else ""
        talks[f"{names.get(talk.check_in, talk.check_in)}, hour {talk.no}{called_off}"] = talk.start
    letters = {
        (letter.to, named(key)): letter.at
        for letter in sorted(evidence.letters, key=lambda each: each.at, reverse=True)
        for key in letter.keys
    }
    silent = {named(check_in): at for check_in, at in evidence.fell_away.items()}
    silent |= {mail: person.left for mail, person in evidence.people.items() if person.left}
    silent |= {
        f"action to {letter.to}": letter.at
        for letter in evidence.letters
        for key in keys_of(letter.keys)
        if key.kind == "support" and key.step == "rest"
    }
    return Ending(talks, letters, evidence.until, silent)


def differences(calm: Ending, other: Ending) -> list[Difference]:
    """What is not the same, in the order of time. What would come so late that it may come after the end is passed."""
    found = list(_compared("the talk", calm.talks, other.talks, TALKS_TOLERANCE, None))
    words = [
        {
            f"{key} to {to}": at
            for (to, key), at in each.letters.items()
            if not any(
                _around(at, end, heard_within=KNOWN_WITHIN if what == to else timedelta(0))
                for what, end in each.silent.items()
                if what in (to, *key.split("/"), f"{key.split('/')[0]} to {to}")
            )
        }
        for each in (calm, other)
    ]
    found += _compared("the letter", words[0], words[1], LETTERS_TOLERANCE, calm.until - LETTERS_TOLERANCE)
    return sorted(found, key=lambda difference: difference.at)


def _around(at: datetime, end: datetime, heard_within: timedelta) -> bool:
    """What would have come a little later would not have come at all: whether it did is no difference. Nor is whether
    something still came before we had heard of the end.
    """
    return end - LETTERS_TOLERANCE <= at <= end + heard_within


def _compared(
    what: str,
    calm: Mapping[str, datetime],
    other: Mapping[str, datetime],
    tolerance: timedelta,
    judged_before: datetime | None,
) -> Iterator[Difference]:
    for key in sorted({*calm, *other}):
        one, two = calm.get(key), other.get(key)
        at = min(each for each in (one, two) if each)
        if one and two:
            if abs(one - two) > tolerance:
                yield Difference(f"{what} {key} came at {two:%d %b %H:%M} instead of {one:%d %b %H:%M}", at)
        elif judged_before is None or at < judged_before:
            wrong = "is missing" if one else "is one too many"
            yield Difference(f"{what} {key}, {at:%d %b %H:%M}, {wrong}", at)


def broken_promises(evidence: Evidence) -> list[str]:
    """What must hold whatever goes wrong: nothing twice, nobody's hours taken twice, nothing lost on its way, nothing
    for somebody who left.
    """
    sent = Counter((letter.to, key) for letter in evidence.letters for key in letter.keys)
    twice = [f"{key} went to {to} {count} times" for (to, key), count in sent.items() if count > 1]
    arrived = Counter(mail for mail, _, _ in evidence.received)
    gone = Counter(letter.to for letter in evidence.letters)
    lost = [
        f"{gone[mail]} messages went to {mail}, {arrived[mail]} arrived"
        for mail in {*gone, *arrived}
        if gone[mail] != arrived[mail]
    ]
    left = {mail: person.left for mail, person in evidence.people.items() if person.left}
    late = [
        f"{', '.join(letter.keys)} went to {letter.to} at {letter.at:%d %b %H:%M}, who had left"
        for letter in evidence.letters
        if letter.to in left and letter.at > left[letter.to] + KNOWN_WITHIN
    ]
    orphans = [
        f"the talk of {talk.start:%d %b %H:%M} stands, and {mail} has left"
        for talk in evidence.standing
        for mail in talk.attendees
        if mail in left and talk.end > left[mail] and left[mail] + KNOWN_WITHIN < evidence.until
    ]
    standing = Counter(talk.check_in for talk in evidence.standing)
    doubled = [f"the check-in {check_in} has {count} events" for check_in, count in standing.items() if count > 1]
    busy: dict[str, list[Talk]] = defaultdict(list)
    for talk in evidence.standing:
        for mail in talk.attendees:
            busy[mail].append(talk)
    clashes = [
        f"{mail} has two talks at {after.start:%d %b %H:%M}"
        for mail, talks in busy.items()
        for before, after in pairwise(talks)
        if before.time.overlaps(after.time)
    ]
    unkeyed = [
        f"a message to {letter.to} at {letter.at:%d %b %H:%M} has no key"
        for letter in evidence.letters
        if not letter.keys
    ]
    of_words = [*reach_those_asked(evidence, in_time=False), *letters_in_their_language(evidence)]
    astray = [each.first_violation for each in of_words if each.first_violation and each.checked]
    return [*twice, *lost, *doubled, *clashes, *unkeyed, *late, *orphans, *astray]


def ledger_around(ledger: Sequence[Mapping[str, Any]], at: datetime) -> list[str]:
    """What our app asked the tenant in the hour before and after, a line each."""
    near = [
        each
        for each in ledger
        if each["app"] != "mail-client" and abs(datetime.fromisoformat(each["at"]) - at) <= AROUND
    ]
    return [
        f"{each['at']} {each['status']} {each['route'] or each['method'] + ' ' + each['path']} {each['mailbox'] or ''}"
        for each in near[:MOST_LINES]
    ]


# Names


def _names(evidence: Evidence) -> dict[str, str]:
    """A name for each id in a key that is the same in every run."""
    return (
        _check_ins(evidence)
        | _actions(evidence.letters)
        | _stalls(evidence)
        | _moves(evidence)
        | _recipients(evidence.letters)
        | _asks(evidence.letters)
    )


def _check_ins(evidence: Evidence) -> dict[str, str]:
    """ "ann@meadow.example's 2nd talk", in the order in which they were first to take place."""
    firsts: dict[str, Talk] = {}
    for talk in sorted(evidence.talks, key=lambda each: each.no):
        firsts.setdefault(talk.check_in, talk)
    of: dict[str, list[str]] = defaultdict(list)
    for talk in sorted(firsts.values(), key=lambda each: each.start):
        two = evidence.two_of(talk)
        of[two[0] if two else "+".join(talk.attendees)].append(talk.check_in)
    return {each: f"talk {n} of {person}" for person, ids in of.items() for n, each in enumerate(ids, 1)}


def _actions(letters: Iterable[Sent]) -> dict[str, str]:
    """Actions go by their titles, of which no two are alike."""
    parts = (part for letter in letters for part in parts_of(letter.body) if part.kind in ("action", "orphan"))
    return {part.path.split("/")[2]: title_in(part) for part in parts}


def _stalls(evidence: Evidence) -> dict[str, str]:
    """Plans by whose they are, as the note says; the stalls of a plan in their order."""
    found: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for letter in sorted(evidence.letters, key=lambda each: each.at):
        for key in keys_of(letter.keys):
            if key.kind != "support" or key.step != "note" or key.stall in found:
                continue
            words = " ".join(part.text for part in parts_of(letter.body))
            person = _whose(evidence, letter.to, words)
            counts[person] += 1
            found |= {key.about: f"plan of {person}", key.stall: f"stall {counts[person]}"}
    return found


def _whose(evidence: Evidence, reader: str, words: str) -> str:
    of_check_ins = OF_CHECK_INS.read_in(words)
    said = OF_THE_PLAN.read_in(words) or of_check_ins
    if said is None:
        return reader
    near = [mail for mail, each in evidence.people.items() if reader in each.managers]
    named = [mail for mail in near if evidence.people[mail].name.split()[0] == said["partner_name"]]
    if named:
        return named[0]
    return reader if of_check_ins else str(evidence.people[reader].manager)


def _moves(evidence: Evidence) -> dict[str, str]:
    """Changes of manager by whose they are; whoever left is the only one in these keys that hears nothing."""
    left = [mail for mail, person in evidence.people.items() if person.left]
    keys = [key for letter in evidence.letters for key in keys_of(letter.keys)]
    changes = {
        key.about: f"new manager of {letter.to}"
        for letter in evidence.letters
        for key in keys_of(letter.keys)
        if key.kind == "handover"
    }
    return changes | {key.parts[2]: left[0] for key in keys if key.kind == "orphan" and left}


def _asks(letters: Iterable[Sent]) -> dict[str, str]:
    """What colleagues ask of somebody goes by the order in which they hear of it."""
    found: dict[str, str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for letter in sorted(letters, key=lambda each: each.at):
        for key in keys_of(letter.keys):
            if key.kind in ("feedback", "supporter") and key.about not in found:
                counts[key.kind, letter.to] += 1
                found[key.about] = f"ask {counts[key.kind, letter.to]} of {letter.to}"
    return found


def _recipients(letters: Iterable[Sent]) -> dict[str, str]:
    """What stands last in these keys is whose letter it is."""
    found = {}
    for letter in letters:
        for key in keys_of(letter.keys):
            place = _RECIPIENT.get(key.kind)
            if place is not None and _UUID.fullmatch(key.parts[place]):
                found[key.parts[place]] = letter.to
    return found
