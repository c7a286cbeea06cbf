"""First promise, second half: an hour stays unless somebody gives it up, and is found again when somebody does."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from cli.demo.days import first_day, first_hour
from cli.demo.diary import Act, Entry
from cli.demo.evidence import Colleague, Evidence, Stretch, Talk
from cli.demo.invariants.chances import ON_ITS_WAY, latest
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import keys_of
from cli.demo.oracle import DAY, is_free, outside_minutes

HEARD: tuple[Act, ...] = ("declined_invitation",)
"""The organizer's calendar says so at once."""

UNHEARD: tuple[Act, ...] = ("declined_silently", "deleted_invitation", "dragged_copy")
"""Only the person's own calendar shows it; it is looked at a workday before the talk."""

OF_HOURS: tuple[Act, ...] = (*HEARD, *UNHEARD, "proposed_hour", "chose_slot", "chose_no_slot")

SETTLED_WITHIN = timedelta(days=12)
"""A workday until both are asked, three to choose, one to find an hour: so long with weekends and holidays."""


def judge(evidence: Evidence) -> list[Verdict]:
    invited = _invited(evidence)
    return [
        _stays(evidence, invited),
        _is_found_again(evidence),
        _asked_to_choose(evidence),
        _followed(evidence, invited),
        _taken(evidence, invited),
        _left_out(evidence),
    ]


def _invited(evidence: Evidence) -> dict[str, list[Stretch]]:
    """The hours of each check-in in the order in which people were invited to them."""
    found: dict[str, list[Stretch]] = defaultdict(list)
    for entry in evidence.acts("was_invited"):
        hour = _hour(entry)
        if hour not in found[entry.target]:
            found[entry.target].append(hour)
    return found


def _stays(evidence: Evidence, invited: dict[str, list[Stretch]]) -> Verdict:
    """Each change of the hour has a reason that people know of."""
    tally = Tally("1 an hour stays unless somebody gives it up")
    acts = evidence.acts(*OF_HOURS)
    said = evidence.acts("said_outcome")
    for talk in evidence.standing:
        reasons = sum(entry.target == talk.check_in for entry in acts)
        reasons += sum(each.target == talk.check_in and each.fields.get("said") == "moved" for each in said)
        hours = invited.get(talk.check_in, [])
        reasons += sum(_falls_away(evidence, talk, hour) for hour in hours)
        changes = len({*hours, talk.time}) - 1
        tally.case(
            changes <= reasons,
            f"The talk of {talk.start} ({talk.check_in}) moved {changes} times, for {reasons} reasons.",
        )
    return tally.verdict()


def _falls_away(evidence: Evidence, talk: Talk, hour: Stretch) -> bool:
    """Whether one of the two went on leave over this hour."""
    people = [evidence.people[mail] for mail in talk.attendees if mail in evidence.people]
    return any(person.local(hour.start).date() in person.days_off for person in people)


def _is_found_again(evidence: Evidence) -> Verdict:
    """Whatever somebody did not want, or cannot keep, is at another hour in the end, or was left out."""
    tally = Tally("1 an hour given up is found again")
    standing = {talk.check_in: talk for talk in evidence.standing}
    # Between somebody and a former manager, or somebody who left, no hour is looked for.
    left_out = {entry.target for entry in evidence.acts("left_out")} | evidence.fell_away.keys()
    for entry in evidence.acts(*HEARD, *UNHEARD, "went_on_leave"):
        given = _hour(entry)
        heard = given.start if entry.did in UNHEARD else entry.at
        if entry.did == "went_on_leave":
            heard = _back(evidence, entry)
        if entry.target in left_out or heard + SETTLED_WITHIN > evidence.until:
            continue
        talk = standing.get(entry.target)
        named = f"what {entry.person} gave up at {entry.at}, the hour of {given.start}"
        if talk is None:
            tally.broken(f"Nothing stands in place of {named}.")
        else:
            tally.case(not talk.time.overlaps(given), f"The talk ({talk.check_in}) stands at {named}.")
    return tally.verdict()


def _back(evidence: Evidence, entry: Entry) -> datetime:
    return datetime.combine(date.fromisoformat(entry.fields["last"]) + DAY, datetime.min.time(), UTC)


def _asked_to_choose(evidence: Evidence) -> Verdict:
    """Within a workday both have the letter with three hours, unless there is another hour by then already; and
    nobody gets it without a reason.
    """
    tally = Tally("2 three hours to choose from within a workday")
    sent: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for letter in evidence.letters:
        for key in keys_of(letter.keys):
            if key.kind == "slots":
                sent[key.about].append((letter.to, letter.at))
    for entry in evidence.acts(*HEARD, *UNHEARD):
        heard = entry.at if entry.did in HEARD else _hour(entry).start - 4 * DAY
        for mail in _both(evidence, entry.person, heard):
            by = latest(evidence, mail, entry.at if entry.did in HEARD else _hour(entry).start, spare=1)
            asked = any(to == mail and heard <= at <= by for to, at in sent[entry.target])
            ended = evidence.fell_away.get(entry.target, evidence.until)
            if by < min(ended, evidence.until) and (asked or not _invited_again(evidence, entry, heard, by)):
                tally.case(asked, f"{mail} was not asked by {by} for another hour than {_hour(entry).start}.")
    reasons = evidence.acts(*HEARD, *UNHEARD, "proposed_hour", "said_outcome")
    for check_in, letters in sent.items():
        for to, at in letters:
            known = any(
                entry.target == check_in and entry.at <= at and entry.fields.get("said", "moved") == "moved"
                for entry in reasons
            )
            tally.case(known, f"{to} was asked at {at} to choose an hour for {check_in}, which nobody gave up.")
    return tally.verdict()


def _invited_again(evidence: Evidence, given_up: Entry, since: datetime, by: datetime) -> bool:
    return any(
        each.target == given_up.target and since < each.at <= by and _hour(each) != _hour(given_up)
        for each in evidence.acts("was_invited")
    )


def _both(evidence: Evidence, mail: str, then: datetime) -> list[str]:
    manager = evidence.people[mail].manager_at(then)
    return [mail, manager] if manager else [mail]


def _followed(evidence: Evidence, invited: dict[str, list[Stretch]]) -> Verdict:
    """A proposed hour that is free for both and within their working hours is taken at once; no other is."""
    tally = Tally("1 a proposed hour is taken when it fits")
    for entry in evidence.acts("proposed_hour"):
        to = Stretch(datetime.fromisoformat(entry.fields["to"]), datetime.fromisoformat(entry.fields["until"]))
        manager = evidence.people[entry.person].manager_at(entry.at)
        pair = [evidence.people[mail] for mail in (entry.person, manager) if mail]
        hours = {*invited[entry.target], *(talk.time for talk in evidence.talks if talk.check_in == entry.target)}
        inside = all(outside_minutes(person, to) == 0 for person in pair)
        if not inside:
            tally.case(to not in hours, f"{entry.person} proposed {to.start}, which fits nobody, and it was taken.")
        elif _is_clear(evidence, entry, pair, to) and entry.at + DAY < evidence.until:
            tally.case(to in hours, f"{entry.person} proposed {to.start}, which fits both, and it was not taken.")
    return tally.verdict()


def _is_clear(evidence: Evidence, entry: Entry, pair: Sequence[Colleague], to: Stretch) -> bool:
    """Beyond doubt: neither has anything else then, nor ever had another talk in view the days around, and at most
    one that week.
    """
    mails = {person.mail for person in pair}
    others = {
        _hour(each) for each in evidence.acts("was_invited") if each.person in mails and each.target != entry.target
    }
    others |= {
        talk.time for talk in evidence.talks if talk.check_in != entry.target and mails.intersection(talk.attendees)
    }
    near = [each for each in others if abs(each.start - to.start) < 2 * DAY]
    week = [each for each in others if each.start.isocalendar()[:2] == to.start.isocalendar()[:2]]
    return all(is_free(person, to) for person in pair) and not near and len(week) <= 1


def _taken(evidence: Evidence, invited: dict[str, list[Stretch]]) -> Verdict:
    """The hour that somebody chose is the next that both are invited to."""
    tally = Tally("1 a chosen hour is taken")
    for entry in evidence.acts("chose_slot"):
        person = evidence.people[entry.person]
        talks = [talk.time for talk in evidence.talks if talk.check_in == entry.target]
        hours = {_on_the_wall(person, hour) for hour in (*invited[entry.target], *talks)}
        gone = any(each.target == entry.target and each.at > entry.at for each in evidence.acts("chose_slot"))
        if not gone and entry.at + DAY < evidence.until:
            words = entry.fields["hour"]
            chosen = (first_day(words), first_hour(words))
            tally.case(chosen in hours, f"{entry.person} chose {words}, and the talk is at {sorted(hours)}.")
    return tally.verdict()


def _on_the_wall(person: Colleague, hour: Stretch) -> tuple[tuple[int, int] | None, str]:
    """When it is by somebody's clock, as a page says it: the year is the reader's to know."""
    start = person.local(hour.start)
    return (start.day, start.month), f"{start:%H:%M}"


def _left_out(evidence: Evidence) -> Verdict:
    """Of a check-in that was left out nothing stands, and nobody hears of it again."""
    tally = Tally("1 nothing more of a talk that was left out")
    left_out = {entry.target: entry.at for entry in evidence.acts("left_out")}
    for talk in evidence.standing:
        tally.case(talk.check_in not in left_out, f"The talk of {talk.start} stands, though it was left out.")
    for letter, about in _about_talks(evidence):
        end = left_out.get(about)
        kept = end is None or letter <= end + ON_ITS_WAY
        tally.case(kept, f"A letter of {letter} is about a talk that was left out at {end}.")
    return tally.verdict()


def _about_talks(evidence: Evidence) -> Iterator[tuple[datetime, str]]:
    for letter in evidence.letters:
        for key in keys_of(letter.keys):
            if key.kind in ("form", "form-reminder", "pre-read", "outcome", "slots", "moves"):
                yield letter.at, key.about


def _hour(entry: Entry) -> Stretch:
    return Stretch(datetime.fromisoformat(entry.fields["start"]), datetime.fromisoformat(entry.fields["end"]))
