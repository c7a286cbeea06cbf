"""What happened before day 0, written as HR's own files: who is who, under which policy, and last quarter's plans.

The days are chosen so that every rung of every ladder comes up within the quarter.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import yaml

from cli.demo.initiatives import Initiative, draw_initiatives
from cli.demo.outlook import Manners, manners
from cli.demo.personnel import Move, draw_moves
from cli.demo.temperaments import Temperament, dealt
from cli.demo.words import GOALS, SUCCESSES, draw, pick, title

GERMAN, AMERICAN = "de-DE", "en-US"
QUARTERLY, MONTHLY = "Quarterly check-ins", "Monthly check-ins"

# Days from day 0. A stalled plan needs 14 overdue and 30 quiet days: these have 16 and 25 behind them.
STUCK_DUE, STUCK_QUIET, STUCK_AGREED = -16, -25, -56
AGREED = -40
# D-7 on day 1, D+9 on day 17, the weekly letter on day 21, and only on day 28 would the plan be stuck:
# the whole ladder of somebody who lets everything lie.
WHOLE_LADDER_DUE, WHOLE_LADDER_QUIET = 8, -2
# Over three open at a time, so that the ladder of each but the first ask waits for the digest.
MANY_DUE = (15, 17, 24, 38)
# What somebody who leaves had taken on for a colleague: not asked about before.
LEFT_BEHIND_DUE, LEFT_BEHIND_AGREED, LEFT_BEHIND_QUIET = 40, -15, -5
HELD_DAYS_AGO = (70, 84)
LONG_HERE_DAYS = 90
HOURS = ("10:00", "11:00", "14:00", "15:00")


@dataclass(frozen=True, slots=True)
class Story:
    """The files to import, who lives under which policy, and everybody's temperament and manners."""

    people_csv: str
    history: Mapping[str, Any]
    teams: Mapping[str, Sequence[str]]
    """Managers by policy name."""
    temperaments: Mapping[str, Temperament]
    titles_used: int
    manners: Mapping[str, Manners] = field(default_factory=dict)
    moves: Sequence[Move] = ()
    languages: Mapping[str, str] = field(default_factory=dict)
    """What mailboxes are set to where it is not British English: a tag by mail address."""
    initiatives: Mapping[str, Sequence[Initiative]] = field(default_factory=dict)

    @property
    def history_yaml(self) -> str:
        return yaml.safe_dump(dict(self.history), sort_keys=False, allow_unicode=True)


@dataclass(slots=True)
class _Writer:
    seed: int
    day0: date
    plans: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    used: int = 0

    def action(self, plan_of: str, owner: str, due: int, agreed: int, quiet: int, state: str = "open") -> None:
        """Days count from day 0."""
        self.plans.setdefault(plan_of, []).append(
            {
                "title": title(self.seed, self.used),
                "owner": owner,
                "success": pick(SUCCESSES, self.seed, "success", self.used),
                "modality": pick(("stretch", "mentoring", "training", "reading"), self.seed, self.used),
                "agreed_on": self.day0 + timedelta(days=agreed),
                "due_on": self.day0 + timedelta(days=due),
                "state": state,
                "quiet_since": self.day0 + timedelta(days=quiet),
            }
        )
        self.used += 1


def write_story(organization: Mapping[str, Any], days: int = 0) -> Story:
    """The story of the organization that the sandbox describes (`GET /_sandbox/organization`), lived so many days."""
    seed, day0 = int(organization["seed"]), date.fromisoformat(organization["day0"])
    people = [each for each in organization["people"] if each["mail"] != organization["service_mailbox"]]
    managed = [each["mail"] for each in people if each["manager"]]
    managers = list(dict.fromkeys(each["manager"] for each in people if each["manager"]))
    manager_of = {each["mail"]: each["manager"] for each in people}
    temperaments = dealt(
        [each["mail"] for each in people if each["mail"] in managers],
        [mail for mail in managed if mail not in managers],
    )
    writer = _Writer(seed, day0)
    # Whoever began since the last check-ins has no past here.
    long_here = [
        each["mail"]
        for each in people
        if each["manager"] and date.fromisoformat(each["hired"]) < day0 - timedelta(days=LONG_HERE_DAYS)
    ]
    for n, mail in enumerate(long_here):
        _usual_plan(writer, n, mail)
    stuck = _special_plans(writer, long_here, managers, manager_of, temperaments)
    monthly = managers[-1:] if len(managers) > 1 else []
    quarterly = [mail for mail in managers if mail not in monthly]
    moves = draw_moves(organization, days, stuck, quarterly)
    for leaver in [move.person for move in moves if not move.manager]:
        near = [mail for mail in long_here if manager_of[mail] == manager_of[leaver] and mail not in (leaver, *stuck)]
        for mail in near[:1]:
            writer.action(mail, leaver, due=LEFT_BEHIND_DUE, agreed=LEFT_BEHIND_AGREED, quiet=LEFT_BEHIND_QUIET)
    german = _german_readers(people, managers)
    asker = next((mail for mail in german if mail not in managers), None)
    return Story(
        people_csv=_csv(people),
        history={"people": [_past(writer, mail) for mail in long_here]},
        teams={QUARTERLY: quarterly, MONTHLY: monthly},
        temperaments=temperaments,
        titles_used=writer.used,
        manners=manners([mail for mail in managed if mail not in managers]),
        moves=moves,
        languages=dict.fromkeys(german, GERMAN) | dict.fromkeys(_american_readers(people, managers), AMERICAN),
        initiatives=draw_initiatives(
            {each["mail"]: each["manager"] for each in people},
            temperaments,
            asker,
            [move.person for move in moves if not move.manager],
        ),
    )


def _german_readers(people: Sequence[Mapping[str, Any]], managers: Sequence[str]) -> list[str]:
    """The first manager who lives in Germany, and the first employee there but Ann, who reads English."""
    there = [each["mail"] for each in people if each["country"] == "DE"]
    leads = [mail for mail in there if mail in managers]
    employees = [each["mail"] for each in people if each["manager"] and each["mail"] not in managers]
    return leads[:1] + [mail for mail in employees[1:] if mail in there][:1]


def _american_readers(people: Sequence[Mapping[str, Any]], managers: Sequence[str]) -> list[str]:
    """The first employee who lives in the United States."""
    return [each["mail"] for each in people if each["country"] == "US" and each["mail"] not in managers][:1]


def _usual_plan(writer: _Writer, n: int, mail: str) -> None:
    """One thing done, and one that comes up some time in the quarter."""
    writer.action(mail, mail, due=-30 - n % 5, agreed=-80, quiet=-32, state="done")
    writer.action(mail, mail, due=9 + 5 * n % 56, agreed=AGREED + n % 6, quiet=-12)


def _special_plans(
    writer: _Writer,
    long_here: Sequence[str],
    managers: Sequence[str],
    manager_of: Mapping[str, str],
    temperaments: Mapping[str, Temperament],
) -> Sequence[str]:
    """Adds what is stuck, slow or much; returns whose plans are stuck."""

    def first(temperament: Temperament, otherwise: int) -> str:
        found = [mail for mail in long_here if temperaments[mail] is temperament]
        return found[0] if found else long_here[otherwise % len(long_here)]

    stuck = (first(Temperament.SILENT, 0), first(Temperament.ASKS_FOR_HELP, 1))
    for mail in dict.fromkeys(stuck):
        # The stuck thing is all that is open here: anything that happened in a plan would end its quiet.
        writer.plans[mail] = [each for each in writer.plans[mail] if each["state"] == "done"]
        writer.action(mail, mail, due=STUCK_DUE, agreed=STUCK_AGREED, quiet=STUCK_QUIET)
        for each in writer.plans[mail]:
            each["quiet_since"] = min(each["quiet_since"], writer.day0 + timedelta(days=STUCK_QUIET))
    slow = first(Temperament.OVERLOADED, 2)
    writer.action(slow, slow, due=WHOLE_LADDER_DUE, agreed=AGREED, quiet=WHOLE_LADDER_QUIET)
    # A manager who promised something to several people.
    promiser = managers[min(1, len(managers) - 1)]
    theirs = [mail for mail in long_here if manager_of[mail] == promiser and mail not in stuck]
    for n, due in enumerate(MANY_DUE if theirs else ()):
        writer.action(theirs[n % len(theirs)], promiser, due=due, agreed=AGREED, quiet=-10)
    return stuck


def _past(writer: _Writer, mail: str) -> dict[str, Any]:
    seed, day0 = writer.seed, writer.day0
    first, last = HELD_DAYS_AGO
    held_on = day0 - timedelta(days=first + draw(seed, mail, "held") % (last - first))
    while held_on.weekday() > 3:
        held_on -= timedelta(days=1)
    return {
        "person": mail,
        "check_ins": [{"held_on": held_on, "hour": pick(HOURS, seed, mail, "hour")}],
        "plan": {"goals": [{"title": pick(GOALS, seed, mail, "goal")}], "actions": writer.plans[mail]},
    }


def _csv(people: Sequence[Mapping[str, Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["name", "mail", "manager", "zone", "start_date"])
    for each in people:
        writer.writerow([each["name"], each["mail"], each["manager"] or "", each["zone"], each["hired"]])
    return file.getvalue()
