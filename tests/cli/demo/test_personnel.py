"""Who leaves and who gets another manager: drawn from the seed, and each rule goes red on a quarter that broke it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cli.demo.convergence import differences, ending
from cli.demo.evidence import Evidence, Mailed, Page, Sent
from cli.demo.invariants import Verdict, judge, personnel
from cli.demo.oracle import dues
from cli.demo.personnel import DAYS, Move
from cli.demo.promises import broken_promises
from cli.demo.pursuits import promises
from cli.demo.seed import write_story
from sandbox.organization import build_organization
from sandbox.records import organization_record

ANN, MARA, OTTO, KIM, REMY = (f"{name}@meadow.example" for name in ("ann", "mara", "otto", "kim", "remy"))
WORDS = '<html lang="en">From us.'
DAY0 = date(2030, 2, 4)

Break = Callable[[Evidence], Evidence]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moves(people: int, days: int, seed: int = 1) -> list[Move]:
    return list(write_story(organization_record(build_organization(seed, people, DAY0)), days).moves)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("people", "days"), [(4, 35), (12, 95)])
def test_somebody_leaves_and_somebody_gets_another_manager(people: int, days: int, seed: int) -> None:
    drawn = moves(people, days, seed)
    assert drawn == moves(people, days, seed)
    assert sorted(move.manager is None for move in drawn) == [False, True]
    (moved,) = (move for move in drawn if move.manager)
    (leaver,) = (move for move in drawn if not move.manager)
    assert moved.person.startswith("ann.")
    assert leaver.person not in (moved.person, moved.manager)
    assert drawn[0].at < drawn[1].at
    assert {(move.at.date() - DAY0).days for move in drawn} <= {*DAYS}


def test_whoever_leaves_had_taken_something_on_in_a_plan_that_is_not_stuck() -> None:
    story = write_story(organization_record(build_organization(1, 12, DAY0)), 95)
    (leaver,) = (move.person for move in story.moves if not move.manager)
    ((plan_of, due_on),) = (
        (past["person"], action["due_on"])
        for past in story.history["people"]
        for action in past["plan"]["actions"]
        if action["owner"] == leaver
    )
    assert plan_of != leaver
    assert due_on > DAY0 + timedelta(days=max(DAYS))


@pytest.mark.parametrize(("people", "days"), [(3, 95), (12, 34)])
def test_few_people_or_days_are_left_in_peace(people: int, days: int) -> None:
    assert moves(people, days) == []


def test_places_in_a_period_are_those_of_the_team_when_its_talks_are_first_booked(upheaval: Evidence) -> None:
    policy = "Quarterly check-ins"
    together = replace(upheaval, policy_of=dict.fromkeys((ANN, OTTO, KIM), policy), until=moment("2030-07-01 00:00"))
    found = {(due.person, due.period): due.on for due in dues(together)}
    alone = {due.period: due.on for due in dues(replace(together, policy_of={ANN: policy}))}
    assert found[ANN, 2] == found[OTTO, 2] == alone[2], "each is the only one of a manager by then"
    assert len({found[ANN, 1], found[OTTO, 1], found[KIM, 1]}) == 3
    assert (KIM, 2) not in found


def test_what_a_leaver_had_taken_on_is_theirs_no_more_and_somebody_elses_promise(upheaval: Evidence) -> None:
    before, after = (each for each in promises(upheaval) if each.id == "A3")
    assert (before.owner, before.closed) == (KIM, moment("2030-03-20 08:00"))
    assert (after.owner, after.due_on, after.closed) == (ANN, date(2030, 6, 30), None)


# Ways to break it


def talk(check_in: str, **facts: Any) -> Break:
    return lambda quarter: replace(
        quarter, talks=[replace(each, **facts) if each.check_in == check_in else each for each in quarter.talks]
    )


def one_more(at: str, to: str, *keys: str) -> Break:
    return lambda quarter: replace(quarter, letters=[*quarter.letters, Sent(keys, to, moment(at), "More", WORDS)])


def without(key: str) -> Break:
    return lambda quarter: replace(quarter, letters=[each for each in quarter.letters if key not in each.keys])


def page(viewer: str, text: str) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        others = [each for each in quarter.pages if (each.viewer, each.path) != (viewer, "/handovers/H1")]
        return replace(quarter, pages=[*others, Page(viewer, "/handovers/H1", text)])

    return broken


def mailed(mail: str, text: str) -> Break:
    return lambda quarter: replace(quarter, mailed=[*quarter.mailed, Mailed(mail, text)])


GOAL, STUCK_TITLE = "Grow into the work of planning", "Shadow somebody in the supplier talks"
STANDS = "1 nothing stands with a leaver or a former manager"
FIRST = "1 a first talk with another manager, found the same workday"
LEFT = "2 no letter to somebody who left"
FORMER = "2 nothing more about somebody to a former manager"
ASKED = "2 asked once what another manager may see"
ORPHAN = "3 asked once about what a leaver had taken on"
CHOSEN = "4 another manager sees what was chosen of before, and no more"

BROKEN: list[tuple[str, str, Break]] = [
    ("the leaver's talk stands", STANDS, talk("K1", cancelled=False)),
    ("the former manager's talk stands", STANDS, talk("O1", cancelled=False)),
    ("a talk is booked with a leaver", STANDS, talk("K1", booked=moment("2030-03-22 09:00"))),
    ("a talk is booked with a former manager", STANDS, talk("O1", booked=moment("2030-03-22 09:00"))),
    ("nobody hears of it", STANDS, lambda quarter: replace(quarter, called_off=quarter.called_off[:-1])),
    ("no talk with the new manager", FIRST, talk("O2", attendees=(ANN, MARA))),
    ("it is found a day later", FIRST, talk("O2", booked=moment("2030-03-22 09:00"))),
    ("it comes a month later", FIRST, talk("O2", start=moment("2030-04-22 09:00"))),
    ("a letter to a leaver", LEFT, one_more("2030-03-20 14:30", KIM, "learning/P-kim/2030-1")),
    ("a form of a new talk", FORMER, one_more("2030-04-02 07:40", MARA, "pre-read/O2/1/2/P-mara")),
    ("a question about the old one", FORMER, one_more("2030-04-05 07:40", MARA, "outcome/O1/1/P-mara")),
    ("the plan is hers no more", FORMER, one_more("2030-04-05 07:40", MARA, "support/L2/S2/repairs/P-mara")),
    ("never asked", ASKED, without("handover/H1/P-otto")),
    ("asked twice", ASKED, one_more("2030-03-22 08:40", OTTO, "handover/H2/P-otto")),
    ("somebody else is asked", ASKED, one_more("2030-03-22 08:40", ANN, "handover/H2/P-ann")),
    ("nobody hears of what was left behind", ORPHAN, without("orphan/A3/P-kim/P-ann")),
    ("two hear of it", ORPHAN, one_more("2030-03-22 08:40", MARA, "orphan/A3/P-kim/P-mara")),
    ("of something whose owner is here", ORPHAN, one_more("2030-03-22 08:40", OTTO, "orphan/A2/P-otto/P-otto")),
    ("the chosen one is not shown", CHOSEN, page(REMY, "<p>Nothing stands here.</p>")),
    ("the other one is shown too", CHOSEN, page(REMY, f"{GOAL} {STUCK_TITLE}")),
    ("the other one is told by letter", CHOSEN, mailed(REMY, STUCK_TITLE)),
    ("the former manager sees it", CHOSEN, page(MARA, GOAL)),
]


def verdict_of(evidence: Evidence, name: str) -> Verdict:
    (found,) = (verdict for verdict in judge(evidence) if verdict.name == name)
    return found


@pytest.mark.parametrize(("name", "broken"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
def test_a_broken_rule_is_seen(upheaval: Evidence, name: str, broken: Break) -> None:
    assert verdict_of(upheaval, name).holds
    assert not verdict_of(broken(upheaval), name).holds


def test_every_rule_is_broken_by_some_story(upheaval: Evidence) -> None:
    assert {verdict.name for verdict in personnel.judge(upheaval)} == {name for _, name, _ in BROKEN}


def test_under_faults_too_nothing_may_come_to_a_leaver(upheaval: Evidence) -> None:
    assert broken_promises(upheaval) == []
    (late,) = broken_promises(late_letter(upheaval))
    assert "who had left" in late.sentence
    (stands,) = broken_promises(talk("K1", cancelled=False)(upheaval))
    assert f"{KIM} has left" in stands.sentence


def late_letter(quarter: Evidence) -> Evidence:
    broken = one_more("2030-03-22 08:40", KIM, "learning/P-kim/2030-1")(quarter)
    return replace(broken, received=[(each.to, each.subject, each.at) for each in broken.letters])


def test_whether_a_letter_came_before_we_heard_that_its_reader_left_is_no_difference(upheaval: Evidence) -> None:
    for at, found in (
        ("2030-03-19 08:40", 0),
        ("2030-03-12 08:40", 1),
        ("2030-03-20 08:40", 0),
        ("2030-03-21 08:40", 1),
    ):
        other = one_more(at, KIM, "learning/P-kim/2030-1")(upheaval)
        assert len(differences(ending(upheaval), ending(other))) == found
