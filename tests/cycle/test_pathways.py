"""The ways between roles, which openings are for whom, and who learns what interests somebody."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.pathways import Catalogue, Competency, Opening, Role, Track, audience, changes, counts_shown
from cycle.policy import InterestVisibleTo

TODAY = date(2030, 3, 4)
POLICIES: tuple[InterestVisibleTo, ...] = ("nobody", "partner", "hr_from_five", "partner_and_hr")
counts = st.dictionaries(st.sampled_from([f"role/{letter}" for letter in "abcdefgh"]), st.integers(0, 30))


def opening(key: str, role: str, opens: date = TODAY, closes: date = date(2030, 3, 29)) -> Opening:
    return Opening(key=key, role=role, where="Pricing", opens_on=opens, closes_on=closes)


def role(key: str, *lateral: str) -> Role:
    return Role(key=key, name=key.title(), lateral=lateral)


WAYS = Catalogue(
    competencies=(Competency(key="analysis", name="Analysis", levels=("Answers.", "Asks.")),),
    roles=(role("analyst", "advisor"), role("senior"), role("principal"), role("lead"), role("advisor")),
    tracks=(
        Track(key="expert", name="Expert", kind="expert", roles=("analyst", "senior", "principal")),
        Track(key="leads", name="Leads", kind="leadership", roles=("analyst", "senior", "lead")),
    ),
    openings=(
        opening("near", "senior"),
        opening("soon", "senior", date(2030, 3, 20), date(2030, 3, 25)),
        opening("past", "senior", date(2030, 1, 1), date(2030, 3, 3)),
        opening("beside", "advisor"),
        opening("far", "principal"),
    ),
)


def keys(found: tuple[Role, ...] | tuple[Opening, ...]) -> list[str]:
    return [each.key for each in found]


def test_the_next_roles_are_the_next_rungs_of_every_track_once_each() -> None:
    assert keys(WAYS.next_roles("analyst")) == ["senior"]
    assert keys(WAYS.next_roles("senior")) == ["principal", "lead"]
    assert keys(WAYS.next_roles("principal")) == []
    assert keys(WAYS.before("lead")) == ["senior"]


def test_a_lateral_move_goes_both_ways_whoever_names_it() -> None:
    assert keys(WAYS.lateral_roles("analyst")) == ["advisor"]
    assert keys(WAYS.lateral_roles("advisor")) == ["analyst"]


def test_openings_on_the_ways_match_until_their_last_day_the_nearest_first() -> None:
    assert keys(WAYS.matching("analyst", (), TODAY)) == ["soon", "beside", "near"]
    assert keys(WAYS.matching("analyst", (), date(2030, 3, 29))) == ["beside", "near"]
    assert keys(WAYS.matching("analyst", (), date(2030, 3, 30))) == []


def test_without_a_role_only_what_interests_matches() -> None:
    assert WAYS.matching(None, (), TODAY) == ()
    assert keys(WAYS.matching(None, ("role/principal",), TODAY)) == ["far"]
    assert keys(WAYS.matching(None, ("opening/beside", "opening/past"), TODAY)) == ["beside"]


def test_what_is_not_offered_any_more_has_no_name() -> None:
    found = WAYS.named("opening/near")
    assert found is not None
    assert found.role.key == "senior"
    assert [WAYS.named(each) for each in ("opening/gone", "role/gone", "near", "", "role/")] == [None] * 5


# Who sees an interest


@pytest.mark.parametrize(("told", "now"), [*product(POLICIES, POLICIES)])
def test_nobody_sees_an_interest_who_was_not_named_when_it_was_said_and_is_not_now(
    told: InterestVisibleTo, now: InterestVisibleTo
) -> None:
    seen = audience(told, now, shared=False)
    assert seen == audience(told, told, shared=False) & audience(now, now, shared=False)
    assert audience(told, now, shared=True) == seen | {"partner"}


def test_by_default_an_interest_is_ones_own() -> None:
    assert audience("nobody", "nobody", shared=False) == frozenset()
    assert audience("nobody", "partner_and_hr", shared=False) == frozenset()
    assert audience("partner_and_hr", "hr_from_five", shared=False) == {"hr"}


@given(counts, st.integers(5, 12))
def test_no_small_group_is_shown_or_follows_from_what_is(given_counts: dict[str, int], smallest: int) -> None:
    shown = counts_shown(given_counts, smallest)
    assert all(count >= smallest and given_counts[what] == count for what, count in shown.items())
    hidden = sum(count for what, count in given_counts.items() if what not in shown)
    assert hidden == 0 or hidden >= smallest or not shown


@given(counts)
def test_large_groups_alone_are_all_shown(given_counts: dict[str, int]) -> None:
    large = {what: count + 5 for what, count in given_counts.items()}
    assert counts_shown(large, 5) == large


# What an import says


def test_an_import_says_what_comes_changes_and_goes() -> None:
    after = WAYS.model_copy(
        update={
            "roles": (*WAYS.roles[:-1], role("advisor").model_copy(update={"name": "Customer advisor"}), role("new")),
            "openings": WAYS.openings[:-1],
        }
    )
    assert changes(WAYS, after) == (
        "1 role comes in: New.",
        "1 role changes: Customer advisor.",
        "1 opening goes: Principal, Pricing.",
    )
    assert changes(WAYS, WAYS) == ()
    assert changes(Catalogue(), WAYS)[0] == "1 competency comes in: Analysis."
