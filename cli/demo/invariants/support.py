"""Third promise, second half: a stalled plan is helped once, step by step, and no further once helped."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from cli.demo.diary import Act, Entry
from cli.demo.evidence import Evidence
from cli.demo.invariants.chances import ON_ITS_WAY, latest
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.keys import keys_of
from cli.demo.oracle import DAY, at
from cli.demo.pursuits import Promise, Pursuit, Stuck, promises, pursuits, stuck_plans

STEPS = ("note", "repairs", "hr", "rest")
STOPPING: tuple[Act, ...] = ("made_plan_smaller", "paused_plan", "left_plan_as_is")


@dataclass
class Pass:
    """One stall as the letters tell it: when each step was sent to whom."""

    plan: str
    stall: str
    sent: dict[str, list[tuple[str, datetime]]] = field(default_factory=lambda: defaultdict(list))

    def first(self, step: str) -> datetime | None:
        return min((instant for _, instant in self.sent[step]), default=None)


def judge(evidence: Evidence) -> list[Verdict]:
    every = promises(evidence)
    once = Tally("3 each stalled plan went down the support ladder once")
    order = Tally("3 the support ladder in order, with its waits")
    ended = Tally("3 no further step once helped or stopped")
    passes = _passes(evidence)
    left = list(passes)
    for stuck in stuck_plans(evidence, every):
        found = _pass_of(evidence, stuck, left)
        if found:
            left.remove(found)
        _judge_start(evidence, stuck, found, once)
        if found:
            _judge_whole(evidence, stuck, found, once)
            _judge_end(evidence, found, stuck.pursuit, ended)
    for each in left:
        _judge_uncalled(evidence, every, each, once)
        _judge_end(evidence, each, None, ended)
    for each in passes:
        _judge_order(evidence, each, order)
    return [once.verdict(), order.verdict(), ended.verdict()]


def _passes(evidence: Evidence) -> list[Pass]:
    found: dict[str, Pass] = {}
    for letter in sorted(evidence.letters, key=lambda each: each.at):
        for key in keys_of(letter.keys):
            if key.kind == "support":
                one = found.setdefault(key.stall, Pass(key.about, key.stall))
                one.sent[key.step].append((letter.to, letter.at))
    return list(found.values())


def _pass_of(evidence: Evidence, stuck: Stuck, passes: Sequence[Pass]) -> Pass | None:
    """The pass whose note went to whoever held the stuck part, nearest to the day it got stuck."""
    owner = stuck.pursuit.promise.owner
    day = at(evidence.people[owner], stuck.on, time())
    mine = [each for each in passes if [to for to, _ in each.sent["note"]] == [owner]]
    near = [each for each in mine if abs((each.first("note") or day) - day) < timedelta(days=21)]
    return min(near, key=lambda each: abs((each.first("note") or day) - day), default=None)


def _judge_start(evidence: Evidence, stuck: Stuck, found: Pass | None, tally: Tally) -> None:
    owner = stuck.pursuit.promise.owner
    deadline = latest(evidence, owner, at(evidence.people[owner], stuck.on, time()), spare=1)
    named = f'{owner}\'s note about "{stuck.pursuit.promise.title}", stuck on {stuck.on}'
    sent = found.first("note") if found else None
    if sent is None:
        if deadline < evidence.until and not _answered_between(stuck, stuck.on, deadline):
            tally.broken(f"{named}, was never sent.")
        return
    on = evidence.people[owner].local(sent).date()
    tally.case(on >= stuck.on - DAY, f"{named}, went out on {on} already.")
    tally.case(sent <= deadline, f"{named}, went out at {sent}, not by {deadline}.")


def _answered_between(stuck: Stuck, first: date, last: datetime) -> bool:
    return any(first <= entry.at.date() and entry.at <= last for entry in stuck.pursuit.promise.answers)


def _judge_whole(evidence: Evidence, stuck: Stuck, found: Pass, tally: Tally) -> None:
    """A pass that nobody touched went all the way, as far as the run allows."""
    noted = found.first("note")
    if noted is None or _touched(evidence, found, stuck.pursuit.promise):
        return
    for step, days in _waits(evidence, stuck.plan_of).items():
        kept_out = any(entry.target == found.stall for entry in evidence.acts("kept_hr_out"))
        if step == "hr" and kept_out:
            tally.case(not found.sent["hr"], f"HR was asked about stall {found.stall} after being kept out.")
            continue
        readers = {to for to, _ in found.sent[step]} or {stuck.pursuit.promise.owner}
        deadline = max(latest(evidence, to, noted + timedelta(days=days), spare=2) for to in readers)
        if deadline < evidence.until and evidence.people[stuck.plan_of].here_at(deadline):
            tally.case(bool(found.sent[step]), f"The step {step} of stall {found.stall} was never sent.")
    if found.sent["repairs"]:
        both = {stuck.plan_of, evidence.people[stuck.plan_of].manager_at(found.sent["repairs"][0][1])}
        to = {mail for mail, _ in found.sent["repairs"]}
        late = (evidence.until - found.sent["repairs"][0][1]) < timedelta(days=10)
        tally.case(to == both or (late and to <= both), f"The repairs of stall {found.stall} went to {sorted(to)}.")
    for mail, _ in found.sent["hr"]:
        tally.case(mail == evidence.hr_partner, f"The request for support went to {mail}, not to HR.")


def _judge_uncalled(evidence: Evidence, every: list[Promise], found: Pass, tally: Tally) -> None:
    """A pass beyond each plan's first has a reason: another stuck action, or talks that did not happen."""
    noted = found.first("note")
    if noted is None:
        tally.broken(f"The support ladder of stall {found.stall} began without a note.")
        return
    missed = [entry for entry in evidence.acts("said_outcome") if entry.fields.get("said") == "did_not_happen"]
    for to, instant in found.sent["note"]:
        overdue = evidence.policy_for(to)["stalled_plan"]["overdue_days"]
        stuck = any(
            promise.owner == to
            and not promise.private
            and pursuit.since <= instant
            and (pursuit.ended is None or instant <= pursuit.ended + ON_ITS_WAY)
            and instant.date() >= pursuit.due_on + timedelta(days=overdue - 1)
            for promise in every
            for pursuit in pursuits(evidence, promise)
        )
        not_held = len({entry.target for entry in missed if entry.at < instant}) > 1
        tally.case(stuck or not_held, f"{to} was asked on {instant:%Y-%m-%d} about a plan that was not stuck.")


def _judge_order(evidence: Evidence, found: Pass, tally: Tally) -> None:
    noted = found.first("note")
    last = noted
    for step in STEPS:
        to = [mail for mail, _ in found.sent[step]]
        if to:
            tally.case(len(to) == len(set(to)), f"The step {step} of stall {found.stall} went twice to somebody.")
    for step, days in _waits(evidence, None).items():
        sent = found.first(step)
        if sent is None or noted is None or last is None:
            continue
        tally.case(
            last < sent and sent >= noted + timedelta(days=days) - timedelta(hours=12),
            f"The step {step} of stall {found.stall} went out at {sent}; the note was sent at {noted}.",
        )
        last = sent


def _judge_end(evidence: Evidence, found: Pass, pursuit: Pursuit | None, tally: Tally) -> None:
    """A click that stops it, or the stuck action done, let go or moved, ends the pass."""
    noted = found.first("note")
    ends = [entry.at for entry in _clicks(evidence, found) if entry.did in STOPPING]
    if pursuit and pursuit.ended and noted and pursuit.ended >= noted:
        ends.append(pursuit.ended)
    steps = [(step, instant) for step in STEPS for _, instant in found.sent[step]]
    for end in ends:
        after = [step for step, instant in steps if instant > end + ON_ITS_WAY]
        tally.case(not after, f"Stall {found.stall} was answered at {end}; {after} came after it.")
    for entry in _clicks(evidence, found):
        if entry.did == "kept_hr_out":
            asked = [instant for _, instant in found.sent["hr"] if instant > entry.at + ON_ITS_WAY]
            tally.case(not asked, f"HR was asked about stall {found.stall} after being kept out at {entry.at}.")
    rest = found.first("rest")
    if rest:
        after = [step for step, instant in steps if instant > rest and step != "rest"]
        tally.case(not after, f"Stall {found.stall} went on with {after} after the plan rested.")


def _clicks(evidence: Evidence, found: Pass) -> list[Entry]:
    kinds: tuple[Act, ...] = (*STOPPING, "answered_stall", "kept_hr_out")
    return [entry for entry in evidence.acts(*kinds) if entry.target == found.stall]


def _touched(evidence: Evidence, found: Pass, promise: Promise) -> bool:
    """Whether anybody did anything that may have helped or stopped it, keeping HR out apart."""
    noted = found.first("note")
    clicks = [entry for entry in _clicks(evidence, found) if entry.did != "kept_hr_out"]
    return bool(clicks) or any(noted is None or entry.at >= noted for entry in promise.answers)


def _waits(evidence: Evidence, plan_of: str | None) -> dict[str, int]:
    rules = evidence.policy_for(plan_of or "")["stalled_plan"]
    return {
        "repairs": rules["repairs_to_both_day"],
        "hr": rules["hr_partner_day"],
        "rest": rules["pause_day"],
    }
