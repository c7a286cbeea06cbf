"""How each action should have been pursued: its due dates one after the other, and when its plan got stuck.

Worked out from the imported history and the diaries; an action's id is found by its title, which is its own.
"""

import html
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from cli.demo.diary import Act, Entry
from cli.demo.evidence import Evidence
from cli.demo.keys import Key, keys_of
from cli.demo.oracle import DAY, at

LOOK = timedelta(days=8)
"""Within so many days a leave is seen, and the dates behind it have moved."""

ANSWERS: tuple[Act, ...] = (
    "accepted_action",
    "finished_action",
    "set_new_date",
    "snoozed_action",
    "dropped_action",
    "asked_for_help",
    "noted_progress",
)
CLOSING: tuple[Act, ...] = ("finished_action", "dropped_action")


@dataclass(frozen=True)
class Promise:
    """An action: whose, in whose plan, and what happened to it. `accepted` is None until its owner did."""

    id: str | None
    title: str
    plan_of: str
    owner: str
    private: bool
    made: datetime
    accepted: datetime | None
    agreed_on: date
    due_on: date
    quiet_since: date
    seeded: bool
    answers: tuple[Entry, ...]
    left: datetime | None = None
    """When its owner left: nobody's from then on; if it is taken on again, that is another promise."""

    @property
    def closed(self) -> datetime | None:
        return next((entry.at for entry in self.answers if entry.did in CLOSING), self.left)

    def open_at(self, instant: datetime) -> bool:
        return self.made <= instant and (self.closed is None or instant < self.closed)


@dataclass(frozen=True)
class Pursuit:
    """One due date of an action, from the day it was agreed until `ended`: done, let go, or another date.

    Rungs of days before `chased_from` were spent without a letter.
    """

    promise: Promise
    due_on: date
    agreed_on: date
    since: datetime
    chased_from: date
    ended: datetime | None
    moved_by_leave: bool = False
    """Ended by a leave: another pursuit of the same agreement, from `sure_from` on, has its later date."""
    sure_from: date = date.min

    def rung_day(self, offset: int) -> date:
        return self.due_on + timedelta(days=offset)

    def key(self, offset: int) -> str:
        return f"action/{self.promise.id}/{self.due_on.isoformat()}/{offset}"


def promises(evidence: Evidence) -> list[Promise]:
    """Every action of the history and the diaries."""
    ids = _ids_by_title(evidence)
    answers: dict[str, list[Entry]] = defaultdict(list)
    for entry in evidence.acts(*ANSWERS):
        answers[entry.target].append(entry)
    found = [
        Promise(
            id=ids.get(each.title),
            title=each.title,
            plan_of=each.plan_of,
            owner=each.owner,
            private=each.private,
            made=evidence.began,
            accepted=evidence.began,
            agreed_on=each.agreed_on,
            due_on=each.due_on,
            quiet_since=each.quiet_since,
            seeded=True,
            answers=tuple(answers[ids.get(each.title, "")]),
        )
        for each in evidence.history
        if each.open
    ]
    employees = {talk.check_in: two[0] for talk in evidence.talks if (two := evidence.two_of(talk))}
    for entry in evidence.acts("made_action"):
        title, owner = entry.fields["title"], entry.owner or entry.person
        mine = tuple(answers[ids.get(title, "")])
        took = entry.at if owner == entry.person else _accepted(mine, owner)
        agreed_on = evidence.people[owner].local(took or entry.at).date()
        due_on = date.fromisoformat(entry.fields["due_on"])
        first = next((each for each in mine if each.did == "accepted_action"), None)
        if first and first.fields.get("due_on"):
            due_on = date.fromisoformat(first.fields["due_on"])
        found.append(
            Promise(
                id=ids.get(title),
                title=title,
                plan_of=employees.get(entry.target, entry.person),
                owner=owner,
                private=bool(entry.fields.get("private")),
                made=entry.at,
                accepted=took,
                agreed_on=agreed_on,
                due_on=due_on,
                quiet_since=agreed_on,
                seeded=False,
                answers=mine,
            )
        )
    return [each for promise in found for each in _around_leaving(evidence, promise)]


def _around_leaving(evidence: Evidence, promise: Promise) -> Iterator[Promise]:
    """The promise, and what became of it when its owner left: it may have been taken on by whose plan it is in."""
    left = evidence.people[promise.owner].left
    if left is None:
        yield promise
        return
    yield replace(promise, left=left, answers=tuple(each for each in promise.answers if each.at <= left))
    for entry in evidence.acts("took_over_action"):
        if entry.target == promise.id:
            today = evidence.people[entry.person].local(entry.at).date()
            yield replace(
                promise,
                owner=entry.person,
                made=entry.at,
                accepted=entry.at,
                agreed_on=today,
                due_on=date.fromisoformat(entry.fields["due_on"]),
                quiet_since=today,
                seeded=False,
                answers=tuple(each for each in promise.answers if each.at > entry.at),
            )


def _accepted(answers: tuple[Entry, ...], owner: str) -> datetime | None:
    """An action of somebody else's making is theirs once they accept it, or set a date of their own."""
    taking = [entry.at for entry in answers if entry.did in ("accepted_action", "set_new_date")]
    return taking[0] if taking else None


def _ids_by_title(evidence: Evidence) -> dict[str, str]:
    """The page of an action shows its title, and so does each letter about it; merged ones show several."""
    titles = {each.title for each in evidence.history}
    titles |= {entry.fields["title"] for entry in evidence.acts("made_action")}
    could_be: dict[str, set[str]] = {}

    def narrow(action: str, text: str) -> None:
        words = plain(text)
        here = {title for title in titles if title in words}
        if here:
            could_be[action] = could_be[action] & here if action in could_be else here

    for page in evidence.pages:
        parts = page.path.partition("?")[0].strip("/").split("/")
        if parts[0] == "actions" and len(parts) == 2:
            narrow(parts[1], page.text)
    for letter in evidence.letters:
        for key in keys_of(letter.keys):
            if key.kind in ("action", "orphan"):
                narrow(key.about, letter.body)
    return {title: action for action, left in could_be.items() if len(left) == 1 for title in left}


def plain(text: str) -> str:
    """A page's or a letter's words with entities resolved and white space made even."""
    return " ".join(html.unescape(text).split())


def pursuits(evidence: Evidence, promise: Promise) -> Iterator[Pursuit]:
    """The due dates of an action in order, those too that a leave moved; none before its owner has accepted it."""
    for pursuit in _agreed(evidence, promise):
        yield from _around_leave(evidence, pursuit)


def _around_leave(evidence: Evidence, pursuit: Pursuit) -> Iterator[Pursuit]:
    """Each leave that comes after the agreement and before the due date moves this by as many days.

    Calendars are looked at once a week, so in the first days either date may be asked about.
    """
    person = evidence.people[pursuit.promise.owner]
    for first, last in sorted(person.leave):
        known = person.told.get(first, evidence.day0)
        ended = pursuit.ended is not None and person.local(pursuit.ended).date() < known
        if ended or not (first <= pursuit.due_on and pursuit.agreed_on < first and pursuit.agreed_on <= known + LOOK):
            continue
        heard = at(person, known, time())
        before = [each for each in (pursuit.ended, max(heard, pursuit.since)) if each]
        yield replace(pursuit, ended=min(before), moved_by_leave=True)
        due_on = pursuit.due_on + (last - first) + DAY
        pursuit = replace(pursuit, due_on=due_on, sure_from=known + LOOK)
    yield pursuit


def _agreed(evidence: Evidence, promise: Promise) -> Iterator[Pursuit]:
    """The due dates of an action in order; none before its owner has accepted it."""
    if promise.accepted is None:
        return
    person = evidence.people[promise.owner]
    due_on, agreed_on, since = promise.due_on, promise.agreed_on, promise.accepted
    # What is agreed today is not asked about today; the history is known from the day of its import.
    chased_from = evidence.day0 if promise.seeded else agreed_on + DAY
    for entry in promise.answers:
        closing = entry.did in CLOSING
        moved = entry.did == "set_new_date" and entry.fields.get("due_on", "") not in ("", due_on.isoformat())
        if entry.at <= since or not (closing or moved):
            continue
        yield Pursuit(promise, due_on, agreed_on, since, chased_from, entry.at)
        if closing:
            return
        due_on, since = date.fromisoformat(entry.fields["due_on"]), entry.at
        agreed_on = person.local(entry.at).date()
        chased_from = agreed_on + DAY
    yield Pursuit(promise, due_on, agreed_on, since, chased_from, promise.left)


# Stalled plans


@dataclass(frozen=True)
class Stuck:
    """The first time a plan got stuck, on what, and from which day on its owner should have been asked."""

    plan_of: str
    pursuit: Pursuit
    on: date


def stuck_plans(evidence: Evidence, every: list[Promise]) -> list[Stuck]:
    """Each plan's first stall by an action: days overdue, its ladder spent, and quiet days behind it."""
    plans: dict[str, list[Promise]] = defaultdict(list)
    for promise in every:
        plans[promise.plan_of].append(promise)
    found = (_first_stall(evidence, plan_of, plan) for plan_of, plan in sorted(plans.items()))
    return [stuck for stuck in found if stuck]


def _first_stall(evidence: Evidence, plan_of: str, plan: list[Promise]) -> Stuck | None:
    """Goes from one thing that happened in the plan to the next: was it quiet for long in between?"""
    rules = evidence.policy_for(plan_of)["stalled_plan"]
    stirs = sorted([entry.at for each in plan for entry in each.answers] + [each.made for each in plan])
    quiet = max((each.quiet_since for each in plan if each.seeded), default=None)
    marks = [stir for stir in stirs if stir > evidence.began]
    sent = {text: letter.at for letter in evidence.letters for text in letter.keys}
    for start, end in zip([evidence.began, *marks], [*marks, evidence.until], strict=True):
        if start > evidence.began or quiet is None:
            quiet = evidence.people[plan_of].local(start).date()
        still = [
            Stuck(plan_of, pursuit, on)
            for promise in plan
            if not promise.private and promise.open_at(start) and promise.accepted and promise.accepted <= start
            for pursuit in pursuits(evidence, promise)
            if not pursuit.moved_by_leave
            and pursuit.since <= start
            and (pursuit.ended is None or start < pursuit.ended)
            for on in [_stuck_on(evidence, pursuit, quiet, rules, sent)]
        ]
        first = min(still, key=lambda stuck: stuck.on, default=None)
        if first and at(evidence.people[first.pursuit.promise.owner], first.on, time()) < end:
            return first
    return None


def _stuck_on(
    evidence: Evidence, pursuit: Pursuit, quiet: date, rules: dict[str, int], sent: dict[str, datetime]
) -> date:
    day = max(pursuit.due_on + timedelta(days=rules["overdue_days"]), quiet + timedelta(days=rules["quiet_days"]))
    last = sent.get(pursuit.key(9))
    return max(day, evidence.people[pursuit.promise.owner].local(last).date()) if last else day


def rungs_sent(evidence: Evidence) -> list[tuple[Key, str, datetime]]:
    """Each action rung that was sent: its key, to whom, and when."""
    return [
        (key, letter.to, letter.at)
        for letter in evidence.letters
        for key in keys_of(letter.keys)
        if key.kind == "action"
    ]
