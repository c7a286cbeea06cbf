"""Second promise: each letter once, when its reader may be mailed, few enough, and none after an answer."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from cli.demo.evidence import Evidence, Sent, Talk
from cli.demo.invariants.chances import ON_ITS_WAY, counts
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import Key, keys_of
from cli.demo.oracle import mail_window, windows_from


def judge(evidence: Evidence) -> list[Verdict]:
    return [
        _each_key_once(evidence),
        _arrived_once(evidence),
        _each_talk_has_its_letters(evidence),
        _inside_mail_windows(evidence),
        _one_a_day(evidence),
        _few_a_week(evidence),
        _alone_is_alone(evidence),
        _no_reminder_after_an_answer(evidence),
    ]


def _each_key_once(evidence: Evidence) -> Verdict:
    tally = Tally("2 each letter key sent once")
    for letter in evidence.letters:
        tally.case(bool(letter.keys), f"The message of {letter.at:%Y-%m-%d %H:%M} to {letter.to} carries no key.")
    sent = Counter(text for letter in evidence.letters for text in letter.keys)
    for text, times in sent.items():
        tally.case(Key(text).known, f"{text} is not a letter key that anybody knows.")
        tally.case(times == 1, f"{text} was sent {times} times.")
    return tally.verdict()


def _arrived_once(evidence: Evidence) -> Verdict:
    """What lies in the inboxes is what was sent: nothing went around the door, and nothing arrived twice."""
    tally = Tally("2 each message arrived once")
    sent = Counter((letter.to, letter.subject) for letter in evidence.letters)
    got = Counter((mailbox, subject) for mailbox, subject, _ in evidence.received)
    for to, subject in sent | got:
        there, here = sent[to, subject], got[to, subject]
        tally.case(there == here, f'"{subject}" was sent {there} times to {to}, and arrived {here} times.')
    return tally.verdict()


def _each_talk_has_its_letters(evidence: Evidence) -> Verdict:
    """The form and the pre-read before the talk, the pre-read to both; the question how it went after it."""
    tally = Tally("2 form, pre-read and outcome question for each talk")
    of_talk: dict[tuple[str, str], list[tuple[str, datetime, Key]]] = defaultdict(list)
    for letter in evidence.letters:
        for key in keys_of(letter.keys):
            of_talk[key.kind, key.about].append((letter.to, letter.at, key))
    for talk in evidence.standing:
        two = evidence.two_of(talk)
        if two is None or talk.end > evidence.until:
            continue
        forms = of_talk["form", talk.check_in]
        in_time = any(to == two[0] and at < talk.start for to, at, _ in forms)
        tally.case(in_time, f"{two[0]} got no form before the talk of {talk.start:%Y-%m-%d %H:%M} UTC.")
        when = f"the talk of {talk.start:%Y-%m-%d %H:%M} UTC"
        for person in two:
            read = [at for to, at, _ in of_talk["pre-read", talk.check_in] if to == person]
            tally.case(any(at < talk.start for at in read), f"{person} got no pre-read before {when}.")
            if _was_moved(evidence, talk):
                continue
            asked = [at for to, at, key in of_talk["outcome", talk.check_in] if to == person and key.asked == 1]
            early = any(at < talk.end + timedelta(hours=2) for at in asked)
            tally.case(not early, f"{person} was asked too early how {when} went.")
            if _had_to_be_asked(evidence, person, talk):
                tally.case(bool(asked), f"{person} was not asked how {when} went.")
    return tally.verdict()


def _had_to_be_asked(evidence: Evidence, person: str, talk: Talk) -> bool:
    """Unless they said it unasked, or the run ended before a day's message could ask."""
    since = talk.end + timedelta(hours=2)
    window = next(windows_from(evidence, person, since), None)
    later = next(windows_from(evidence, person, window.end), None) if window else None
    deadline = later.start + ON_ITS_WAY if later else evidence.until
    ended = evidence.ended(talk)
    if ended and ended <= deadline:
        return False
    answered = any(
        entry.person == person and entry.target == talk.check_in and entry.at <= deadline
        for entry in evidence.acts("said_outcome")
    )
    return deadline < evidence.until and not answered


def _was_moved(evidence: Evidence, talk: Talk) -> bool:
    """Whether somebody said so: then the questions of two bookings cannot be told apart by their keys."""
    said = [entry for entry in evidence.acts("said_outcome") if entry.target == talk.check_in]
    return any(entry.fields.get("said") == "moved" for entry in said)


def _inside_mail_windows(evidence: Evidence) -> Verdict:
    tally = Tally("2 inside the reader's mail window")
    for letter in evidence.letters:
        if letter.to not in evidence.people:
            tally.broken(f"A letter went to {letter.to}, who is nobody of the organization.")
            continue
        local = evidence.people[letter.to].local(letter.at)
        window = mail_window(evidence, letter.to, local.date())
        kept = window is not None and window.start <= letter.at <= window.end
        # Nothing else breaks the window: a talk of tomorrow that falls away is worth a message at any hour.
        excused = all(key.kind == "cancelled" for key in keys_of(letter.keys))
        tally.case(kept or excused, f"{letter.to} was mailed at {local:%A %Y-%m-%d %H:%M} local time: {letter.keys}.")
    return tally.verdict()


def _counted(evidence: Evidence) -> Iterator[tuple[str, list[Sent]]]:
    for mail in evidence.people:
        yield mail, [letter for letter in evidence.letters_to[mail] if counts(letter)]


def _one_a_day(evidence: Evidence) -> Verdict:
    tally = Tally("2 at most one counted message a person a day")
    for mail, letters in _counted(evidence):
        days = Counter(evidence.people[mail].local(letter.at).date() for letter in letters)
        most = evidence.policy_for(mail)["mail"]["letters_per_day"]
        for day, number in days.items():
            tally.case(number <= most, f"{mail} got {number} counted messages on {day}.")
    return tally.verdict()


def _few_a_week(evidence: Evidence) -> Verdict:
    """What may wait goes out only while the week has room; what expires joins even then."""
    tally = Tally("2 what may wait goes only while the week has room")
    for mail, letters in _counted(evidence):
        most = evidence.policy_for(mail)["mail"]["letters_per_week"]
        weeks: Counter[tuple[int, int]] = Counter()
        for letter in letters:
            week = evidence.people[mail].local(letter.at).date().isocalendar()[:2]
            waiting = [key.text for key in keys_of(letter.keys) if key.may_wait]
            kept = weeks[week] < most or not waiting
            tally.case(kept, f"{mail} had {weeks[week]} messages in week {week[1]} and still got {waiting}.")
            weeks[week] += 1
    return tally.verdict()


def _alone_is_alone(evidence: Evidence) -> Verdict:
    tally = Tally("2 forms and pre-reads travel alone")
    for letter in evidence.letters:
        if any(key.alone for key in keys_of(letter.keys)):
            tally.case(len(letter.keys) == 1, f"{letter.keys} travelled in one message.")
    return tally.verdict()


def _no_reminder_after_an_answer(evidence: Evidence) -> Verdict:
    """Each answer in a diary is a case: no later message asks for the same thing again."""
    tally = Tally("2 nobody who has answered is reminded")
    sent = {text: letter.at for letter in evidence.letters for text in letter.keys}
    for entry in evidence.acts("answered_form", "chose_to_talk"):
        at = sent.get(f"form-reminder/{entry.target}")
        tally.case(_before(at, entry.at), f"{entry.person} was reminded of a form answered at {entry.at}.")
    for entry in evidence.acts("said_outcome"):
        for letter in evidence.letters_to[entry.person]:
            again = any(key.kind == "outcome" and key.about == entry.target for key in keys_of(letter.keys))
            moved = entry.fields.get("said") == "moved"
            kept = moved or not again or _before(letter.at, entry.at)
            tally.case(kept, f"{entry.person} was asked about a talk again after saying how it went at {entry.at}.")
    for entry in evidence.acts("finished_action", "dropped_action", "set_new_date"):
        later_dates = {
            each.fields.get("due_on")
            for each in evidence.acts("set_new_date")
            if each.target == entry.target and each.at >= entry.at
        }
        for letter in evidence.letters_to[entry.person]:
            for key in keys_of(letter.keys):
                if key.kind == "action" and key.about == entry.target:
                    kept = key.parts[2] in later_dates or _before(letter.at, entry.at)
                    tally.case(kept, f"{entry.person} was chased ({key.text}) after answering at {entry.at}.")
    return tally.verdict()


def _before(sent: datetime | None, answered: datetime) -> bool:
    return sent is None or sent <= answered + ON_ITS_WAY
