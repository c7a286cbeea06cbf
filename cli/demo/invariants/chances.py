"""When a message could have gone: what the caps left of somebody's mail windows, as their letters show."""

from datetime import date, datetime, timedelta

from cli.demo.evidence import Evidence, Sent
from cli.demo.keys import keys_of
from cli.demo.oracle import windows_from

ON_ITS_WAY = timedelta(minutes=15)
"""From the opening of a window until its message has left. What is drafted is frozen, answered or not."""


def counts(letter: Sent) -> bool:
    """Whether a message counts towards its reader's caps: forms, pre-reads and cancellations do not."""
    return any(not key.alone for key in keys_of(letter.keys))


def may_go(evidence: Evidence, mail: str, day: date, start: datetime, may_wait: bool) -> bool:
    """Whether somebody's caps leave room on a day, from an instant of it on."""
    person = evidence.people[mail]
    counted = [(person.local(each.at).date(), each.at) for each in evidence.letters_to[mail] if counts(each)]
    if any(on == day and instant < start for on, instant in counted):
        return False
    week = sum(on < day and on.isocalendar()[:2] == day.isocalendar()[:2] for on, _ in counted)
    return not (may_wait and week >= evidence.policy_for(mail)["mail"]["letters_per_week"])


def latest(evidence: Evidence, mail: str, start: datetime, spare: int) -> datetime:
    """By when something that may wait must reach somebody, with some further days of mail to spare."""
    chances = [
        window.start + ON_ITS_WAY
        for window in windows_from(evidence, mail, start)
        if may_go(evidence, mail, evidence.people[mail].local(window.start).date(), window.start, may_wait=True)
    ]
    return chances[min(spare, len(chances) - 1)]
