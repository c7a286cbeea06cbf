"""When somebody leaves or has another manager: what falls away, what comes instead, who hears and sees of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from cli.demo.evidence import Colleague, Evidence, Talk
from cli.demo.invariants.chances import ON_ITS_WAY, latest
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import Key, keys_of
from cli.demo.oracle import DAY, at
from cli.demo.pursuits import plain, promises

KNOWN = timedelta(hours=6) + ON_ITS_WAY
"""The directory tells at once; whoever misses it looks four times a day."""


def judge(evidence: Evidence) -> list[Verdict]:
    return [
        _nothing_stands(evidence),
        _another_first_talk(evidence),
        _nothing_to_leavers(evidence),
        _nothing_to_former(evidence),
        _asked_what_to_show(evidence),
        _asked_about_orphans(evidence),
        _sees_what_was_chosen(evidence),
    ]


def _leavers(evidence: Evidence) -> Iterator[tuple[Colleague, datetime]]:
    for person in evidence.people.values():
        if person.left:
            yield person, person.left


def _moves(evidence: Evidence) -> Iterator[tuple[Colleague, datetime, str | None, str]]:
    """Who, when, their manager before, and from then on."""
    for person in evidence.people.values():
        for since, manager in person.moves:
            yield person, since, person.manager_at(since - timedelta(microseconds=1)), manager


def _nothing_stands(evidence: Evidence) -> Verdict:
    """Whatever was to come is called off, and whoever is still there is told of it in time."""
    tally = Tally("1 nothing stands with a leaver or a former manager")
    for talk in evidence.talks:
        end = evidence.ended(talk) or _after_the_end(evidence, talk)
        if end is None or talk.end <= end or end + KNOWN > evidence.until:
            continue
        named = f"The talk of {talk.start:%Y-%m-%d %H:%M} UTC ({talk.check_in})"
        tally.case(talk.cancelled, f"{named} stands, though its two ceased to talk at {end}.")
        tally.case(talk.booked <= end + KNOWN, f"{named} was booked at {talk.booked}, after {end}.")
        for mail in talk.attendees:
            told = any(talk.booked <= heard <= end + KNOWN for heard in _cancellations(evidence, talk, mail))
            tally.case(told, f"{mail} did not hear by {end + KNOWN} that there is no talk at {talk.start}.")
    return tally.verdict()


def _cancellations(evidence: Evidence, talk: Talk, mail: str) -> list[datetime]:
    """When somebody heard that a talk of these two will not be; Outlook's subjects name them."""
    names = {evidence.people[each].name.split()[0] for each in talk.attendees}
    return [at for box, subject, at in evidence.called_off if box == mail and names <= {*subject.split()}]


def _after_the_end(evidence: Evidence, talk: Talk) -> datetime | None:
    """For a talk that was booked when its two had nothing to talk about any more."""
    for person, since, former, manager in _moves(evidence):
        if {person.mail, former} == set(talk.attendees) and former != manager and talk.booked > since:
            return since
    return None


def _another_first_talk(evidence: Evidence) -> Verdict:
    tally = Tally("1 a first talk with another manager, found the same workday")
    for person, since, _, manager in _moves(evidence):
        day = person.local(since).date()
        while not person.works_on(day):
            day += DAY
        by = at(person, day + DAY, time())
        if by > evidence.until:
            continue
        both = [talk for talk in evidence.talks if {person.mail, manager} == set(talk.attendees)]
        first = min((talk for talk in both if talk.booked >= since), key=lambda talk: talk.booked, default=None)
        if first is None:
            tally.broken(f"{person.mail} has no talk with {manager} after {since}.")
            continue
        tally.case(first.booked < by, f"{person.mail}'s first talk with {manager} was found at {first.booked} only.")
        within = evidence.policy_for(person.mail)["rhythm"]["new_manager_within_days"]
        days = (person.local(first.start).date() - day).days
        tally.case(days <= within, f"{person.mail}'s first talk with {manager} comes {days} days after {day}.")
    return tally.verdict()


def _nothing_to_leavers(evidence: Evidence) -> Verdict:
    tally = Tally("2 no letter to somebody who left")
    for person, left in _leavers(evidence):
        late = [letter for letter in evidence.letters_to[person.mail] if letter.at > left + KNOWN]
        told = f"{late[0].keys} went out at {late[0].at}" if late else ""
        tally.case(not late, f"{person.mail} left at {left}; {told}.")
    return tally.verdict()


def _nothing_to_former(evidence: Evidence) -> Verdict:
    """Neither of the talks of before or after, nor of their plan. What they took on themselves stays theirs."""
    tally = Tally("2 nothing more about somebody to a former manager")
    for person, since, former, _ in _moves(evidence):
        theirs = {talk.check_in for talk in evidence.talks if (evidence.two_of(talk) or ("",))[0] == person.mail}
        theirs |= {key.about for letter in evidence.letters_to[person.mail] for key in _support(letter.keys)}
        late = [
            key.text
            for letter in evidence.letters_to.get(former or "", ())
            if letter.at > since + KNOWN
            for key in keys_of(letter.keys)
            if key.about in theirs
        ]
        tally.case(not late, f"{former} got {late} about {person.mail}, who had another manager at {since}.")
    return tally.verdict()


def _support(keys: tuple[str, ...]) -> list[Key]:
    return [key for key in keys_of(keys) if key.kind == "support"]


def _asked_what_to_show(evidence: Evidence) -> Verdict:
    tally = Tally("2 asked once what another manager may see")
    asked = _told(evidence, "handover")
    for person, since, _, manager in _moves(evidence):
        deadline = latest(evidence, person.mail, since, spare=1)
        mine = [each for each in asked if each[1] == person.mail and since <= each[2] <= deadline]
        if deadline < evidence.until:
            tally.case(len(mine) == 1, f"{person.mail} was asked {len(mine)} times what {manager} may see.")
        asked = [each for each in asked if each not in mine]
    for key, to, instant in asked:
        tally.broken(f"{to} got {key.text} at {instant} without another manager.")
    return tally.verdict()


def _asked_about_orphans(evidence: Evidence) -> Verdict:
    """Each open action of a leaver in somebody else's plan is put before whose plan it is, and nobody else."""
    tally = Tally("3 asked once about what a leaver had taken on")
    asked = _told(evidence, "orphan")
    for promise in promises(evidence):
        left = promise.left
        if left is None or promise.plan_of == promise.owner or promise.closed != left:
            continue
        mine = [each for each in asked if each[0].about == promise.id]
        if latest(evidence, promise.plan_of, left, spare=1) < evidence.until:
            kept = [to for _, to, _ in mine] == [promise.plan_of]
            tally.case(kept, f'Of "{promise.title}" {[to for _, to, _ in mine]} heard, not {promise.plan_of} once.')
        asked = [each for each in asked if each not in mine]
    for key, to, instant in asked:
        tally.broken(f"{to} got {key.text} at {instant}, of which no owner has left.")
    return tally.verdict()


def _told(evidence: Evidence, kind: str) -> list[tuple[Key, str, datetime]]:
    return [
        (key, letter.to, letter.at) for letter in evidence.letters for key in keys_of(letter.keys) if key.kind == kind
    ]


def _sees_what_was_chosen(evidence: Evidence) -> Verdict:
    """On no page and in no letter of the new manager stands what was withheld; others see neither."""
    tally = Tally("4 another manager sees what was chosen of before, and no more")
    for entry in evidence.acts("chose_for_successor"):
        manager = evidence.people[entry.person].manager_at(entry.at)
        chosen, withheld = entry.fields["chosen"], entry.fields["withheld"].splitlines()
        pages = {page.viewer: plain(page.text) for page in evidence.pages if page.path == entry.link}
        tally.case(chosen in pages.get(manager or "", ""), f'{manager} does not see "{chosen}" of {entry.person}.')
        for viewer, text in pages.items():
            if viewer not in (entry.person, manager):
                seen = _first_in(text, [chosen, *withheld])
                tally.case(seen is None, f'{viewer} sees "{seen}" on {entry.link}, which is of {entry.person}.')
        # A goal that others have too may be read of them.
        theirs_alone = [each for each in withheld if evidence.secret_texts.count(each) <= 1]
        for words in _reading_of(evidence, manager):
            seen = _first_in(words, theirs_alone)
            tally.case(seen is None, f'{manager} reads "{seen}", which {entry.person} keeps from them.')
    return tally.verdict()


def _reading_of(evidence: Evidence, mail: str | None) -> Iterator[str]:
    yield from (plain(page.text) for page in evidence.pages if page.viewer == mail)
    yield from (plain(each.text) for each in evidence.mailed if each.mailbox == mail)


def _first_in(text: str, sentences: Sequence[str]) -> str | None:
    return next((each for each in sentences if each in text), None)
