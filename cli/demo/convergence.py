"""Whether two runs of one story came to the same end: equal by event key and by (recipient, item key).

Judged from what the tenant holds. Ids are drawn anew in each run, so keys are compared with names in their place.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from cli.demo.evidence import Colleague, Evidence, Sent, Talk
from cli.demo.gather import HR
from cli.demo.inbox import parts_of
from cli.demo.keys import Key, keys_of
from cli.demo.page import read_page
from cli.demo.phrases import OF_CHECK_INS, OF_THE_PLAN
from cli.demo.promises import KNOWN_WITHIN, Flaw
from cli.demo.topics import title_in

LATE_WORKDAYS, LATE_WORKDAYS_OF_WHAT_WAITS = 3, 5
"""How many of its reader's workdays a letter may move. One that misses the end of a mail window by a fault goes on the
next workday, and what counts days from it (a second ask) moves by as many days: Friday to Monday is three. What may
wait can also find the week full that it moved into, and goes with the digest of the next: five.

A talk may not move at all: its hour is found for what is free and for the days in question, and neither changes by an
hour's delay.
"""

A_DAY = timedelta(days=1)
_HAND = re.compile(r"<li><p>(.*?)</p>", re.DOTALL)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

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
class Came:
    """When it came, until when it may come in another run of the same story, and when it was made."""

    at: datetime
    latest: datetime
    made: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """By key: of talks (start), and of letters by recipient and item. Keys name nothing but by its name.

    From the instants in `silent` on nothing is sent any more: to these people, about these talks, or of this kind to
    these people.
    """

    talks: Mapping[str, Came]
    letters: Mapping[tuple[str, str], Came]
    began: datetime
    until: datetime
    silent: Mapping[str, datetime] = field(default_factory=dict)
    hands: frozenset[str] = frozenset()
    """What still cannot go on by itself, as HR reads it."""


def ending(evidence: Evidence) -> Ending:
    names = _names(evidence)

    def named(key: str) -> str:
        return "/".join(names.get(part, part) for part in key.split("/"))

    talks = {}
    for talk in evidence.talks:
        called_off = " called off" if talk.cancelled else ""
        talks[f"{names.get(talk.check_in, talk.check_in)}, hour {talk.no}{called_off}"] = Came(
            talk.start, talk.start, talk.booked
        )
    letters = {
        (letter.to, named(key)): Came(letter.at, latest(evidence.people[letter.to], Key(key), letter.at), letter.at)
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
    hands = (_hands(page.text) for page in evidence.pages if (page.viewer, page.path) == (evidence.hr_partner, HR))
    return Ending(talks, letters, evidence.began, evidence.until, silent, frozenset().union(*hands))


def latest(reader: Colleague, key: Key, at: datetime) -> datetime:
    """The end of the last day on which what came at `at` may come; holidays and leave of its reader do not count."""
    day, left = reader.local(at).date(), LATE_WORKDAYS_OF_WHAT_WAITS if key.may_wait else LATE_WORKDAYS
    while left:
        day += A_DAY
        left -= reader.works_on(day)
    return datetime.combine(day + A_DAY, time(), reader.zone)


def _hands(html: str) -> list[str]:
    listed = _HAND.findall(html, html.index('id="hands"'))
    return [read_page(each, "").text for each in listed]


def differences(calm: Ending, other: Ending) -> list[Flaw]:
    """What is not the same, in the order of time. What would come so late that it may come after the end is passed.

    Each shows in the other run when it was made; what is missing there, as long after its beginning as in the calm one.
    """
    behind = other.began - calm.began
    found = list(_compared("the talk", calm.talks, other.talks, behind, None))
    words = [
        {
            f"{key} to {to}": came
            for (to, key), came in each.letters.items()
            if not any(
                _around(came, end, heard_within=KNOWN_WITHIN if what == to else timedelta(0))
                for what, end in each.silent.items()
                if what in (to, *key.split("/"), f"{key.split('/')[0]} to {to}")
            )
        }
        for each in (calm, other)
    ]
    found += _compared("the letter", words[0], words[1], behind, calm.until)
    for one, two, how in ((calm, other, "not asked for"), (other, calm, "asked for")):
        found += [Flaw(f"HR is {how} a hand at the end: {each}", other.until) for each in one.hands - two.hands]
    return sorted(found, key=lambda difference: difference.at)


def _around(came: Came, end: datetime, heard_within: timedelta) -> bool:
    """What would have come a little later would not have come at all: whether it did is no difference. Nor is whether
    something still came before we had heard of the end.
    """
    return came.at <= end + heard_within and end <= came.latest


def _compared(
    what: str, calm: Mapping[str, Came], other: Mapping[str, Came], behind: timedelta, until: datetime | None
) -> Iterator[Flaw]:
    """Something that may still come after `until` is not missed."""
    for key in sorted({*calm, *other}):
        one, two = calm.get(key), other.get(key)
        first = min((each for each in (one, two) if each), key=lambda came: came.at)
        if one and two:
            if max(one.at, two.at) > first.latest:
                sentence = f"{what} {key} came at {two.at:%d %b %H:%M} instead of {one.at:%d %b %H:%M}"
                yield Flaw(sentence, first.made)
        elif until is None or first.latest < until:
            wrong, shows_at = ("is missing", first.made + behind) if one else ("is one too many", first.made)
            yield Flaw(f"{what} {key}, {first.at:%d %b %H:%M}, {wrong}", shows_at)


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
        | _policies(evidence.letters)
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


def _policies(letters: Iterable[Sent]) -> dict[str, str]:
    """Policies go by their order: ids are UUIDv7, and so tell in which they were imported. learning/P/policy/period"""
    ids = {key.parts[2] for letter in letters for key in keys_of(letter.keys) if key.kind == "learning"}
    return {policy: f"policy {n}" for n, policy in enumerate(sorted(ids), 1)}


def _recipients(letters: Iterable[Sent]) -> dict[str, str]:
    """What stands last in these keys is whose letter it is."""
    found = {}
    for letter in letters:
        for key in keys_of(letter.keys):
            place = _RECIPIENT.get(key.kind)
            if place is not None and _UUID.fullmatch(key.parts[place]):
                found[key.parts[place]] = letter.to
    return found
