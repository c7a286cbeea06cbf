"""The story before day 0: files that the import commands take, from which every rung of every ladder comes up."""

from datetime import date, timedelta
from typing import Any

import pytest

from cli.demo.seed import MONTHLY, QUARTERLY, write_story
from cli.demo.temperaments import Temperament, gives_feedback
from cli.history import read_history_yaml
from cycle.people import read_people_csv
from sandbox.organization import build_organization
from sandbox.records import organization_record

DAY0 = date(2030, 2, 4)


def organization(people: int = 12, seed: int = 1) -> dict[str, Any]:
    return organization_record(build_organization(seed, people, DAY0))


@pytest.mark.parametrize("people", [1, 2, 3, 5, 12, 40])
@pytest.mark.parametrize("seed", [1, 7])
def test_the_files_can_be_imported_for_any_size_and_seed(people: int, seed: int) -> None:
    story = write_story(organization(people, seed))
    assert len(read_people_csv(story.people_csv).rows) > people
    history = read_history_yaml(story.history_yaml, DAY0)
    assert 1 <= len(history.people) <= people


def test_the_same_seed_writes_the_same_story() -> None:
    assert write_story(organization()) == write_story(organization())
    assert write_story(organization()) != write_story(organization(seed=2))


def test_two_plans_have_overdue_actions_that_were_quiet_for_25_days_and_nothing_else_open() -> None:
    story = write_story(organization())
    quiet = DAY0 - timedelta(days=25)
    stuck = {}
    for past in story.history["people"]:
        still_open = [action for action in past["plan"]["actions"] if action["state"] == "open"]
        if any(action["due_on"] <= DAY0 - timedelta(days=14) for action in still_open):
            stuck[past["person"]] = still_open
    assert len(stuck) == 2
    assert all(len(actions) == 1 and actions[0]["quiet_since"] == quiet for actions in stuck.values())
    assert {story.temperaments[mail] for mail in stuck} == {Temperament.SILENT, Temperament.ASKS_FOR_HELP}


def test_somebody_owns_more_than_three_open_actions_and_nobody_over_five_in_a_plan() -> None:
    story = write_story(organization())
    owned: dict[str, int] = {}
    for past in story.history["people"]:
        in_plan: dict[str, int] = {}
        for action in past["plan"]["actions"]:
            if action["state"] == "open":
                owned[action["owner"]] = owned.get(action["owner"], 0) + 1
                in_plan[action["owner"]] = in_plan.get(action["owner"], 0) + 1
        assert max(in_plan.values(), default=0) <= 5
    assert max(owned.values()) > 3


def test_one_team_lives_under_the_monthly_policy_and_the_others_under_the_quarterly_one() -> None:
    story = write_story(organization())
    assert len(story.teams[MONTHLY]) == 1
    assert len(story.teams[QUARTERLY]) == 2
    assert not set(story.teams[MONTHLY]) & set(story.teams[QUARTERLY])


def test_nobody_has_a_past_from_before_they_came() -> None:
    made = organization()
    hired = {each["mail"]: date.fromisoformat(each["hired"]) for each in made["people"]}
    for past in write_story(made).history["people"]:
        assert all(check_in["held_on"] > hired[past["person"]] for check_in in past["check_ins"])


def test_no_title_is_used_twice_or_is_part_of_another() -> None:
    story = write_story(organization(40))
    titles = [action["title"] for past in story.history["people"] for action in past["plan"]["actions"]]
    assert len(titles) == len(set(titles)) <= story.titles_used
    assert not any(one in other for one in titles for other in titles if one != other)


def test_an_employee_and_a_manager_read_german_and_ann_does_not() -> None:
    story = write_story(organization(), 95)
    bosses = {each["manager"] for each in organization()["people"]}
    german = [mail for mail, tag in story.languages.items() if tag == "de-DE"]
    assert sorted(mail in bosses for mail in german) == [False, True]
    assert not [mail for mail in story.languages if mail.startswith("ann.")]


def test_an_employee_in_the_united_states_reads_what_americans_write() -> None:
    made = organization()
    (american,) = [mail for mail, tag in write_story(made, 95).languages.items() if tag == "en-US"]
    (person,) = [each for each in made["people"] if each["mail"] == american]
    assert person["country"] == "US"
    assert american not in {each["manager"] for each in made["people"]}


@pytest.mark.parametrize("people", [4, 12, 40])
def test_somebody_invites_a_supporter_and_somebody_asks_one_who_answers_and_one_who_does_not(people: int) -> None:
    story = write_story(organization(people), 95)
    taken = {each.what: (mail, each.colleagues) for mail, all_ in story.initiatives.items() for each in all_}
    (inviter, (supporter,)), (asker, (gives, lets_it_lie)) = taken["support"], taken["feedback"]
    assert inviter != supporter
    assert story.temperaments[supporter] is not Temperament.SILENT
    assert story.languages[asker] == "de-DE"
    assert asker not in (gives, lets_it_lie)
    assert gives_feedback(story.temperaments[gives])
    assert not gives_feedback(story.temperaments[lets_it_lie])


def test_in_a_whole_quarter_nobody_who_is_asked_leaves() -> None:
    story = write_story(organization(), 95)
    left = {move.person for move in story.moves if not move.manager}
    assert not left & {each for all_ in story.initiatives.values() for one in all_ for each in one.colleagues}
