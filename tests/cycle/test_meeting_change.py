from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.meeting_change import Cancelled, Moved, Untouched, classify

START = datetime(2030, 3, 11, 9, 0, tzinfo=UTC)
END = START + timedelta(minutes=45)
SPANS = st.tuples(st.integers(0, 300), st.integers(1, 90)).map(
    lambda minutes: (START + timedelta(minutes=minutes[0]), START + timedelta(minutes=sum(minutes)))
)


def test_an_event_as_we_wrote_it_is_untouched() -> None:
    assert classify((START, END), (START, END), cancelled=False) == Untouched()


def test_the_same_hour_told_in_another_zone_is_untouched() -> None:
    berlin = timezone(timedelta(hours=1))
    told = (START.astimezone(berlin), END.astimezone(berlin))
    assert classify((START, END), told, cancelled=False) == Untouched()


@pytest.mark.parametrize(("earlier", "longer"), [(30, 0), (-30, 0), (0, 15), (0, -15), (60, 60)])
def test_a_dragged_or_stretched_event_has_moved_to_where_it_is_now(earlier: int, longer: int) -> None:
    event = (START - timedelta(minutes=earlier), END + timedelta(minutes=longer))
    assert classify((START, END), event, cancelled=False) == Moved(*event)


@pytest.mark.parametrize(
    ("event", "cancelled"), [(None, False), (None, True), ((START, END), True), ((END, END + (END - START)), True)]
)
def test_an_event_that_is_gone_or_called_off_is_cancelled_wherever_it_was(
    event: tuple[datetime, datetime] | None, cancelled: bool
) -> None:
    assert classify((START, END), event, cancelled) == Cancelled()


@given(SPANS, st.none() | SPANS, st.booleans())
def test_exactly_one_thing_happened_to_an_event(
    booked: tuple[datetime, datetime], event: tuple[datetime, datetime] | None, cancelled: bool
) -> None:
    change = classify(booked, event, cancelled)
    assert (change == Cancelled()) == (event is None or cancelled)
    assert (change == Untouched()) == (event == booked and not cancelled)
    if isinstance(change, Moved):
        assert (change.start, change.end) == event
        assert event != booked
