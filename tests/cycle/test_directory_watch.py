from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.directory_watch import Population, UnknownPopulation, next_look, policy_for, read_population, settle_lines
from cycle.people import find_loops

PEOPLE = "abcdef"
MANAGERS = st.fixed_dictionaries({one: st.sampled_from([None, *PEOPLE]) for one in PEOPLE})


def without_loops(managers: dict[str, str | None]) -> dict[str, str | None]:
    found = dict(managers)
    while loops := find_loops(found):
        for loop in loops:
            found[loop[0]] = None
    return found


STANDING = MANAGERS.map(without_loops)


@given(wanted=MANAGERS, standing=STANDING)
def test_nobody_ever_reports_to_themselves(wanted: dict[str, str | None], standing: dict[str, str | None]) -> None:
    assert find_loops(settle_lines(wanted, standing, {}).managers) == []


@given(wanted=MANAGERS, standing=STANDING)
def test_whoever_is_not_given_what_was_wanted_keeps_what_they_had(
    wanted: dict[str, str | None], standing: dict[str, str | None]
) -> None:
    lines = settle_lines(wanted, standing, {})
    kept = {one for one in wanted if lines.managers[one] != wanted[one]}
    assert all(lines.managers[one] == standing[one] for one in kept)
    assert kept <= {one for loop in lines.refused for one in loop}


@given(wanted=STANDING, standing=STANDING)
def test_where_there_is_no_loop_everything_is_as_wanted(
    wanted: dict[str, str | None], standing: dict[str, str | None]
) -> None:
    lines = settle_lines(wanted, standing, {})
    assert (lines.managers, lines.refused) == (wanted, ())


def test_a_loop_is_refused_and_the_old_line_kept() -> None:
    standing = {"ann": "mara", "mara": "hale", "hale": None}
    lines = settle_lines(standing | {"mara": "ann"}, standing, {})
    assert lines.managers == standing
    assert lines.refused == (("ann", "mara"),)


def test_one_loop_keeps_nobody_else_from_their_new_manager() -> None:
    standing = {"ann": "mara", "mara": "hale", "hale": None, "otto": "mara"}
    lines = settle_lines(standing | {"mara": "ann", "otto": "hale"}, standing, {})
    assert lines.managers == standing | {"otto": "hale"}


def test_a_loop_through_an_override_is_refused_too() -> None:
    standing: dict[str, str | None] = {"ann": None, "mara": None}
    lines = settle_lines({"ann": None, "mara": "ann"}, standing, {"ann": "mara"})
    assert lines.managers["mara"] is None


def test_a_loop_that_stood_before_is_not_news() -> None:
    """Such as overrides made by hand: nothing here can be undone by keeping the old line."""
    lines = settle_lines({"ann": "mara"}, {"ann": "mara"}, {"mara": "ann"})
    assert lines.refused == ()


@pytest.mark.parametrize(
    ("text", "population"),
    [
        (None, None),
        ("named", None),
        ("everybody", Population("everybody")),
        (" teams ", Population("teams")),
        ("department/Field sales", Population("department", "Field sales")),
        ("department/R/D", Population("department", "R/D")),
    ],
)
def test_a_population_is_read(text: str | None, population: Population | None) -> None:
    assert read_population(text) == population


@pytest.mark.parametrize("text", ["all", "department", "department/ ", "everybody/Sales", "Teams"])
def test_what_is_no_population_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UnknownPopulation, match="write named, everybody, teams, or department/"):
        read_population(text)


def test_the_narrower_population_counts_and_others_are_left_out() -> None:
    everybody, teams, sales = Population("everybody"), Population("teams"), Population("department", "Sales")
    populations = {"all": everybody, "known": teams, "sales": sales}
    assert policy_for(populations, "sales", {"known"}) == "sales"
    assert policy_for(populations, "Legal", {"known"}) == "known"
    assert policy_for(populations, None, ()) == "all"
    assert policy_for({"known": teams, "sales": sales}, "Legal", ()) is None


@given(now=st.integers(0, 10**9).map(lambda seconds: datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)))
def test_the_directory_is_looked_at_twice_a_day(now: datetime) -> None:
    at = next_look(now)
    assert timedelta() < at - now <= timedelta(hours=12)
    assert (at.hour % 12, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)
