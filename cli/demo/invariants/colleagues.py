"""Second and fourth promise, for what people ask of colleagues: it reaches those asked, once, and stays among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cli.demo.diary import Act, Entry
from cli.demo.evidence import Evidence
from cli.demo.invariants.chances import latest
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import keys_of
from cli.demo.pursuits import plain

Kind = Literal["supporter", "feedback"]
NAMES = {"supporter": "2 an invitation to support", "feedback": "2 a question for feedback"}
WITHIN = timedelta(days=14)
"""So soon it comes even where faults hold it up."""


@dataclass(frozen=True, slots=True)
class Ask:
    entry: Entry
    whom: str


def judge(evidence: Evidence) -> list[Verdict]:
    return [
        *reach_those_asked(evidence),
        _supporter_sees_one_thing(evidence),
        _feedback_stays_between_two(evidence),
    ]


def reach_those_asked(evidence: Evidence, *, in_time: bool = True) -> list[Verdict]:
    """Everybody asked gets one letter, and nobody else gets any. Under faults it is not `in_time`, but comes."""
    return [_reach(evidence, "supporter", in_time), _reach(evidence, "feedback", in_time)]


def asks(evidence: Evidence, kind: Kind) -> Iterator[Ask]:
    did: Act = "invited_supporter" if kind == "supporter" else "asked_for_feedback"
    for entry in evidence.acts(did):
        for name, whom in entry.fields.items():
            if name == "who" or name.startswith("name-"):
                yield Ask(entry, whom)


def _reach(evidence: Evidence, kind: Kind, in_time: bool) -> Verdict:
    tally = Tally(f"{NAMES[kind]} reaches those asked alone, once")
    unasked = [
        (letter.at, letter.to, key.text)
        for letter in sorted(evidence.letters, key=lambda each: each.at)
        for key in keys_of(letter.keys)
        if key.kind == kind
    ]
    for ask in asks(evidence, kind):
        at = ask.entry.at
        deadline = latest(evidence, ask.whom, at, spare=2) if in_time else at + WITHIN
        mine = [each for each in unasked if each[1] == ask.whom and each[0] >= at][:1]
        unasked = [each for each in unasked if each not in mine]
        if deadline < evidence.until and evidence.people[ask.whom].here_at(deadline):
            came: datetime | None = mine[0][0] if mine else None
            kept = came is not None and came <= deadline
            tally.case(kept, f"What {ask.entry.person} asked {ask.whom} at {at} reached them at {came}.", at)
    for at, to, key in unasked:
        tally.broken(f"{to} got {key} at {at}, and nobody asked them, or not again.", at)
    return tally.verdict()


def _supporter_sees_one_thing(evidence: Evidence) -> Verdict:
    """The goal's title stands on the page of whoever said that they stand by it, and there for nobody else."""
    tally = Tally("4 a supporter sees the one thing, and nobody else there")
    for ask in asks(evidence, "supporter"):
        title = ask.entry.fields["title"]
        yes = [each for each in evidence.acts("accepted_invitation_to_support") if each.person == ask.whom]
        invited = any(key.kind == "supporter" for each in evidence.letters_to[ask.whom] for key in keys_of(each.keys))
        if invited and evidence.people[ask.whom].here_at(evidence.until):
            tally.case(bool(yes), f"{ask.whom} never took up the invitation of {ask.entry.person}.")
        for entry in yes:
            pages = _pages(evidence, f"/supporting/{entry.target}")
            seen = {viewer for viewer, text in pages.items() if title in text}
            tally.case(ask.whom in seen or ask.whom not in pages, f"{ask.whom} does not see what they support.")
            others = sorted(seen - {ask.whom})
            tally.case(not others, f"{', '.join(others)} can see what {ask.whom} was asked along for.")
    return tally.verdict()


def _feedback_stays_between_two(evidence: Evidence) -> Verdict:
    """Its words stand on the page of who asked and of who gave it. Who gave none is not on anybody's page."""
    tally = Tally("4 feedback is read by who asked and who gave it alone")
    for ask in asks(evidence, "feedback"):
        for entry in evidence.acts("gave_feedback"):
            if entry.person != ask.whom:
                continue
            pages, words = _pages(evidence, f"/feedback/{entry.target}"), entry.fields["behaviour"]
            seen = {viewer for viewer, text in pages.items() if words in text}
            for mail in (ask.entry.person, ask.whom):
                tally.case(mail in seen or mail not in pages, f"{mail} does not see what {ask.whom} wrote.")
            others = sorted(seen - {ask.entry.person, ask.whom})
            tally.case(not others, f"{', '.join(others)} can read what {ask.whom} wrote to {ask.entry.person}.")
    return tally.verdict()


def _pages(evidence: Evidence, path: str) -> dict[str, str]:
    """What everybody saw there."""
    return {page.viewer: plain(page.text) for page in evidence.pages if page.path == path}
