"""Third promise, first half: owners hear of an action on its days, never before, and in the first message."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from cli.demo.diary import Act
from cli.demo.evidence import Evidence
from cli.demo.invariants.chances import ON_ITS_WAY, may_go
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import keys_of
from cli.demo.oracle import DAY, at, is_first_window_of_week, windows_from
from cli.demo.pursuits import LOOK, Promise, Pursuit, promises, pursuits, rungs_sent

MANY_OPEN = 3
SILENCING: tuple[Act, ...] = ("snoozed_action", "asked_for_help", "noted_progress")


def judge(evidence: Evidence) -> list[Verdict]:
    every = promises(evidence)
    return [*_rungs(evidence, every), _weekly_only_after_the_ladder(evidence, every)]


def _rungs(evidence: Evidence, every: list[Promise]) -> list[Verdict]:
    early, late = (
        Tally("3 no rung before its day, none that was spent"),
        Tally("3 each rung in the first message"),
    )
    sent = {key.text: at for key, _, at in rungs_sent(evidence)}
    expected: dict[str, Pursuit] = {}
    for promise in every:
        for pursuit in pursuits(evidence, promise):
            for offset in evidence.policy_for(promise.plan_of)["actions"]["remind_on_days"]:
                if _is_on_ladder(evidence, pursuit, offset):
                    expected.setdefault(pursuit.key(offset), pursuit)
                    _judge_rung(evidence, every, pursuit, offset, sent.get(pursuit.key(offset)), late)
    for key, to, instant in rungs_sent(evidence):
        agreed = expected.get(key.text)
        early.case(agreed is not None, f"{to} was asked {key.text}, which is no rung of an agreed ladder.")
        if agreed:
            day = evidence.people[to].local(instant).date() if to in evidence.people else date.min
            early.case(to == agreed.promise.owner, f"{key.text} went to {to}, not to {agreed.promise.owner}.")
            gone = agreed.moved_by_leave and agreed.ended and instant > agreed.ended + LOOK
            early.case(not gone, f"{key.text} went out on {day}, though a leave had moved the date.")
            early.case(day >= agreed.rung_day(key.rung), f"{key.text} went out on {day}, before its day.")
    return [early.verdict(), late.verdict()]


def _is_on_ladder(evidence: Evidence, pursuit: Pursuit, offset: int) -> bool:
    rules = evidence.policy_for(pursuit.promise.plan_of)["actions"]
    short = (pursuit.due_on - pursuit.agreed_on).days <= rules["first_reminder_if_over_days"]
    first = offset == min(rules["remind_on_days"]) and offset < 0
    # At the import it is still the day before in the west.
    slack = DAY if pursuit.promise.seeded else timedelta(0)
    return not (first and short) and pursuit.rung_day(offset) >= pursuit.chased_from - slack


def _judge_rung(
    evidence: Evidence,
    every: list[Promise],
    pursuit: Pursuit,
    offset: int,
    sent: datetime | None,
    tally: Tally,
) -> None:
    """By when must it have been sent, if at all? Sent later, or not sent, is a violation."""
    if pursuit.rung_day(offset) < max(pursuit.chased_from, pursuit.sure_from):
        return
    deadline = _deadline(evidence, every, pursuit, offset)
    if deadline is None or deadline > evidence.until:
        return
    named = f'the rung {offset} of "{pursuit.promise.title}" due on {pursuit.due_on}'
    if sent is None:
        tally.broken(f"{pursuit.promise.owner} never heard {named}; a message by {deadline} should have had it.")
    else:
        tally.case(sent <= deadline, f"{pursuit.promise.owner} heard {named} at {sent}, not by {deadline}.")


def _deadline(evidence: Evidence, every: list[Promise], pursuit: Pursuit, offset: int) -> datetime | None:
    """The end of the first chance that the owner's mail rules leave; None when it was overtaken before.

    A chance is a mail window on or after the rung's day. It does not count when the owner had that day's
    message already, when the rung may wait and the week has its fill, or when it is soft and waits for the
    digest.
    """
    owner = pursuit.promise.owner
    person = evidence.people[owner]
    offsets = sorted(evidence.policy_for(pursuit.promise.plan_of)["actions"]["remind_on_days"])
    newer = [pursuit.rung_day(each) for each in offsets if each > offset]
    from_day = max(pursuit.rung_day(offset), _a_week_after_the_ask_before(evidence, pursuit, offsets, offset))
    for window in windows_from(evidence, owner, max(at(person, from_day, time()), pursuit.since)):
        day, leaves = person.local(window.start).date(), window.start + ON_ITS_WAY
        if (newer and min(newer) <= day) or (offset < 0 and day >= pursuit.due_on):
            return None
        if _overtaken(evidence, pursuit, offset, leaves) or _rests(evidence, pursuit.promise.plan_of, leaves):
            return None
        soft = offset != 2 and _open_of(every, owner, window.start) > MANY_OPEN
        if soft and not is_first_window_of_week(evidence, owner, day):
            continue
        if may_go(evidence, owner, day, window.start, may_wait=offset not in (-1, 2)):
            return leaves
    return None


def _a_week_after_the_ask_before(evidence: Evidence, pursuit: Pursuit, offsets: Sequence[int], offset: int) -> date:
    """Asks after the due date keep their distance when one went out late: it said when the next would come."""
    person = evidence.people[pursuit.promise.owner]
    earlier = {pursuit.key(each): each for each in offsets if 0 <= each < offset}
    days = [
        person.local(letter.at).date() + timedelta(days=offset - earlier[key])
        for letter in evidence.letters_to[person.mail]
        for key in letter.keys
        if key in earlier
    ]
    return max(days, default=date.min)


def _overtaken(evidence: Evidence, pursuit: Pursuit, offset: int, by: datetime) -> bool:
    """Done, let go and a new date end a ladder. Progress and a question for help spend the rungs that had
    come; during a snooze no rung is owed."""
    if pursuit.ended and pursuit.ended <= by:
        return True
    person = evidence.people[pursuit.promise.owner]
    for entry in pursuit.promise.answers:
        if not pursuit.since < entry.at <= by:
            continue
        days = int(entry.fields.get("days", 0)) if entry.did == "snoozed_action" else 0
        silent_until = person.local(entry.at).date() + timedelta(days=days)
        if entry.did in SILENCING and pursuit.rung_day(offset) <= silent_until:
            return True
    return False


def _rests(evidence: Evidence, plan_of: str, by: datetime) -> bool:
    """Whether the plan may have been put to rest or made smaller: by its two or, in the end, by us."""
    mails = {plan_of, *evidence.people[plan_of].managers}
    paused = any(
        entry.person in mails and entry.at <= by for entry in evidence.acts("paused_plan", "made_plan_smaller")
    )
    rested = any(
        key.kind == "support" and key.step == "rest" and letter.to in mails
        for letter in evidence.letters
        if letter.at <= by
        for key in keys_of(letter.keys)
    )
    return paused or rested


def _open_of(every: list[Promise], owner: str, instant: datetime) -> int:
    return sum(promise.owner == owner and promise.open_at(instant) for promise in every)


def _weekly_only_after_the_ladder(evidence: Evidence, every: list[Promise]) -> Verdict:
    tally = Tally("3 the weekly letter only after the ladder, once a week")
    seen: set[tuple[str, tuple[int, int]]] = set()
    for letter in evidence.letters:
        if not any(key.kind == "weekly" for key in keys_of(letter.keys)) or letter.to not in evidence.people:
            continue
        day = evidence.people[letter.to].local(letter.at).date()
        week = (letter.to, day.isocalendar()[:2])
        tally.case(week not in seen, f"{letter.to} got two weekly letters in the week of {day}.")
        seen.add(week)
        spent = any(
            promise.owner == letter.to and pursuit.rung_day(9) <= day
            for promise in every
            for pursuit in pursuits(evidence, promise)
            if pursuit.since <= letter.at and (pursuit.ended is None or letter.at <= pursuit.ended + ON_ITS_WAY)
        )
        tally.case(spent, f"{letter.to} got a weekly letter on {day} with no action past its ladder.")
    return tally.verdict()
