"""A calendar is read every eight hours of a working day, compared each night, and its subscription never lapses."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.calendar_watch import (
    AHEAD,
    COMPARED_AT,
    ROLLED_AFTER,
    SUBSCRIBED_FOR,
    Subscribed,
    Window,
    has_rolled,
    needs_care,
    next_comparison,
    next_look,
    window_at,
)

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
URL = "https://perennial.example/graph/notifications"
MAILBOX = "checkins@meadow.example"
instants = st.integers(0, 60 * 24 * 366 * 2).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
mailboxes = st.text(min_size=1, max_size=20)


def looks(since: datetime, until: datetime, mailbox: str = MAILBOX) -> list[datetime]:
    found = [since]
    while (at := next_look(found[-1], mailbox)) < until:
        found.append(at)
    return found[1:]


@given(instants, mailboxes)
def test_the_next_look_is_ahead_and_on_a_weekday(now: datetime, mailbox: str) -> None:
    at = next_look(now, mailbox)
    assert now < at <= now + timedelta(days=3)
    assert at.weekday() < 5
    assert (at.second, at.microsecond) == (0, 0)


def test_looks_are_eight_hours_apart_and_rest_at_the_weekend() -> None:
    week = looks(MONDAY, MONDAY + timedelta(days=7))
    gaps = [after - before for before, after in pairwise(week)]
    assert len(week) == 15
    assert sorted(set(gaps)) == [timedelta(hours=8), timedelta(hours=56)]
    assert gaps.count(timedelta(hours=56)) == 1


@given(instants, mailboxes)
def test_tables_and_calendar_are_compared_once_a_night(after: datetime, mailbox: str) -> None:
    at = next_comparison(after, mailbox)
    assert after < at <= after + timedelta(days=1)
    assert at.hour == COMPARED_AT
    assert next_comparison(at, mailbox) == at + timedelta(days=1)


def test_mailboxes_are_not_all_read_in_the_same_minute() -> None:
    minutes = {next_look(MONDAY, f"manager-{number}").minute for number in range(200)}
    assert len(minutes) > 40
    assert next_look(MONDAY, MAILBOX) == next_look(MONDAY, MAILBOX.upper()), "an address is the same in any letters"


@given(instants)
def test_the_window_holds_whatever_is_booked_until_it_rolls(now: datetime) -> None:
    window = window_at(now)
    assert window.start < now < window.end
    assert not has_rolled(window, now + timedelta(days=29))
    assert has_rolled(window, now + ROLLED_AFTER)
    assert window.end - (now + ROLLED_AFTER) > timedelta(days=264), "twelve weeks ahead, and half a year of slip"
    assert timedelta(days=1825) > AHEAD, "the longest view of a calendar"


def test_a_subscription_is_made_renewed_after_two_days_and_made_anew_elsewhere() -> None:
    def care(known: Subscribed, now: datetime = MONDAY) -> bool:
        return needs_care(known, URL, now, MAILBOX)

    fresh = Subscribed("s", URL, MONDAY, None)
    assert care(Subscribed(None, None, None, None))
    assert not care(fresh)
    assert not care(fresh, MONDAY + timedelta(days=1))
    assert care(fresh, MONDAY + timedelta(days=2))
    assert care(Subscribed("s", "https://former.example/graph/notifications", MONDAY, None))
    assert care(Subscribed("s", URL, MONDAY, doubted_at=MONDAY))


@given(instants)
def test_a_subscription_outlives_two_nights_more_on_which_it_could_not_be_renewed(made: datetime) -> None:
    nights = [next_comparison(made, MAILBOX) + timedelta(days=number) for number in range(5)]
    renewed = next(night for night in nights if needs_care(Subscribed("s", URL, made, None), URL, night, MAILBOX))
    assert made + SUBSCRIBED_FOR > renewed + timedelta(days=2)
    assert timedelta(minutes=10_070) >= SUBSCRIBED_FOR


@pytest.mark.parametrize("days", [0, 1, 30])
def test_a_window_does_not_move_while_it_is_read_on(days: int) -> None:
    window = Window(MONDAY - timedelta(days=1), MONDAY + AHEAD)
    assert not has_rolled(window, MONDAY + timedelta(days=days))
