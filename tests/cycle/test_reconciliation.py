"""Tables and calendar are compared both ways, and only what is surely wrong is called so."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.calendar_watch import Window
from cycle.reconciliation import CANCELLED, READ_AGAIN, Difference, Finding, Ours, Standing, check_in_of, compare

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
TALK = timedelta(minutes=45)
WINDOW = Window(MONDAY, MONDAY + timedelta(days=240))
START = MONDAY + timedelta(days=7)
TWO = frozenset({"ann@x", "mara@x"})
SERVICE = "checkins@x"

EACH = frozenset({frozenset({"ann@x", "ann.before@x"}), frozenset({"mara@x"})})
OURS = Ours("c1", 1, "booked", True, False, SERVICE, "e1", START, START + TALK, EACH)
EVENT = Standing("e1", "booking/c1/1", START, START + TALK, TWO)


def found(
    ours: Ours | None, events: Iterable[Standing], before: Ours | None = None, organizer: str = SERVICE
) -> list[Difference]:
    now = {ours.check_in_id: ours} if ours else {}
    earlier = [before or ours] if ours and ours.organizer == organizer else []
    return [each.difference for each in compare(organizer, [one for one in earlier if one], now, events, WINDOW)]


def test_what_agrees_is_no_difference() -> None:
    assert found(OURS, [EVENT]) == []
    assert found(None, []) == []


def test_an_event_that_somebody_else_was_invited_to_as_well_is_no_difference() -> None:
    assert found(OURS, [replace(EVENT, people=TWO | {"otto@x"})]) == []
    assert found(OURS, [replace(EVENT, people=frozenset({"ann.before@x", "mara@x"}))]) == []


def test_a_booking_without_an_event_is_missing() -> None:
    assert found(OURS, []) == [Difference.MISSING]


@pytest.mark.parametrize(
    "ours",
    [
        replace(OURS, state="intended", event_id=None),
        replace(OURS, state="cancelled"),
        replace(OURS, takes_place=False, called_off=True),
        replace(OURS, takes_place=False),
        replace(OURS, start=MONDAY - 2 * TALK, end=MONDAY - TALK),
        replace(OURS, start=WINDOW.end, end=WINDOW.end + TALK),
    ],
)
def test_nothing_is_missed_that_need_not_be_there(ours: Ours) -> None:
    assert found(ours, []) == []


def test_what_was_written_while_the_calendar_was_read_is_no_difference() -> None:
    before = replace(OURS, state="intended", event_id=None)
    assert found(OURS, [], before) == []
    assert found(OURS, [replace(EVENT, start=START + TALK)], replace(OURS, no=0)) == []


def test_another_hour_or_one_of_the_two_less_is_seen() -> None:
    assert found(OURS, [replace(EVENT, start=START + TALK, end=START + 2 * TALK)]) == [Difference.MOVED]
    assert found(OURS, [replace(EVENT, people=frozenset({"ann@x"}))]) == [Difference.ATTENDEE_GONE]


def test_an_event_that_stands_until_there_is_another_hour_is_looked_after_too() -> None:
    given_up = replace(OURS, state="moved")
    assert found(given_up, []) == [Difference.MISSING]
    assert found(given_up, [replace(EVENT, start=START + TALK, end=START + 2 * TALK)]) == [Difference.MOVED]
    assert found(given_up, [replace(EVENT, people=frozenset({"ann@x"}))]) == [], "nobody need come at that hour"


def test_a_second_event_is_one_too_many_only_while_the_first_stands() -> None:
    second = replace(EVENT, event_id="e2")
    assert found(OURS, [EVENT, second]) == [Difference.DOUBLED]
    assert found(replace(OURS, no=2), [EVENT, second]) == [Difference.SUPERSEDED]
    assert found(OURS, [second]) == [Difference.MISSING], "what becomes of the talk is decided first"


@pytest.mark.parametrize(
    ("ours", "superseded"),
    [
        (OURS, False),
        (replace(OURS, state="moved"), False),
        (replace(OURS, no=2), False),
        (replace(OURS, takes_place=False), False),
        (replace(OURS, state="intended", event_id=None), False),
        (replace(OURS, state="cancelled"), True),
        (replace(OURS, takes_place=False, called_off=True), True),
        (replace(OURS, state="moved", takes_place=False, called_off=True), True),
        (replace(OURS, organizer="mara's oid", event_id="elsewhere"), True),
        (replace(OURS, state="intended", organizer="mara's oid", event_id=None), False),
    ],
)
def test_an_event_of_an_hour_that_was_given_up_is_superseded_and_no_other(ours: Ours, superseded: bool) -> None:
    assert found(ours, [EVENT]) == ([Difference.SUPERSEDED] if superseded else [])


@pytest.mark.parametrize("key", ["booking/c9/1", "booking/", "letter/c1/1", "booking/c1/x", ""])
def test_an_event_whose_check_in_nobody_knows_is_for_a_person(key: str) -> None:
    assert found(OURS, [EVENT, replace(EVENT, event_id="e9", key=key)]) == [Difference.UNKNOWN]
    assert Difference.UNKNOWN not in CANCELLED | READ_AGAIN


def test_the_check_in_is_read_off_the_key() -> None:
    assert check_in_of("booking/0190-ab/12") == "0190-ab"
    assert check_in_of("booking/0190-ab") is None


states = st.sampled_from(["intended", "booked", "moved", "cancelled"])


@given(
    st.builds(
        Ours,
        st.sampled_from(["c1", "c2"]),
        st.integers(1, 3),
        states,
        st.booleans(),
        st.just(False),
        st.sampled_from([SERVICE, "mara's oid"]),
        st.sampled_from([None, "e1", "e2"]),
        st.just(START),
        st.just(START + TALK),
        st.just(EACH),
    ),
    st.lists(st.builds(replace, st.just(EVENT), event_id=st.sampled_from(["e1", "e2", "e3"])), max_size=3),
)
def test_the_event_of_a_standing_booking_is_never_one_to_cancel(ours: Ours, events: list[Standing]) -> None:
    findings: list[Finding] = compare(SERVICE, [ours], {ours.check_in_id: ours}, events, WINDOW)
    if ours.state == "booked" and ours.organizer == SERVICE and ours.check_in_id == "c1":
        assert ours.event_id not in {each.event_id for each in findings if each.difference in CANCELLED}
