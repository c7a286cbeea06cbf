from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.anchors import opening_before
from cycle.mail_window import MailHours, NoOpening, open_at
from cycle.workdays import Span, usual_week

HOURS = MailHours()
ANN = usual_week("Europe/Berlin")
THURSDAY_TALK = datetime(2030, 3, 14, 9, tzinfo=UTC)


def test_the_form_goes_out_five_workdays_before_at_the_opening() -> None:
    assert opening_before(ANN, HOURS, (), THURSDAY_TALK, 5) == datetime(2030, 3, 7, 8, 30, tzinfo=UTC)


def test_a_day_off_in_between_moves_the_form_a_day_earlier() -> None:
    ann = usual_week("Europe/Berlin", frozenset({date(2030, 3, 12)}))
    assert opening_before(ann, HOURS, (), THURSDAY_TALK, 5) == datetime(2030, 3, 6, 8, 30, tzinfo=UTC)


def test_a_reader_who_is_away_that_day_gets_it_on_the_previous_open_one() -> None:
    away = (Span(datetime(2030, 3, 12, 22, tzinfo=UTC), datetime(2030, 3, 14, tzinfo=UTC)),)
    assert opening_before(ANN, HOURS, away, THURSDAY_TALK, 1) == datetime(2030, 3, 12, 8, 30, tzinfo=UTC)


def test_a_reader_who_is_back_by_noon_gets_it_then() -> None:
    noon = datetime(2030, 3, 13, 11, tzinfo=UTC)
    away = (Span(datetime(2030, 3, 12, 22, tzinfo=UTC), noon),)
    assert opening_before(ANN, HOURS, away, THURSDAY_TALK, 1) == noon


def test_the_day_is_the_readers_own() -> None:
    singapore = usual_week("Asia/Singapore")
    talk = datetime(2030, 3, 13, 23, tzinfo=UTC)  # Thursday 07:00 in Singapore, Wednesday evening in New York
    assert opening_before(singapore, HOURS, (), talk, 1) == datetime(2030, 3, 13, 1, 30, tzinfo=UTC)
    new_york = usual_week("America/New_York")
    assert opening_before(new_york, HOURS, (), talk, 1) == datetime(2030, 3, 12, 13, 30, tzinfo=UTC)


def test_no_workday_before_never_means_after_the_talk() -> None:
    early = datetime(2030, 3, 14, 8, tzinfo=UTC)
    assert opening_before(ANN, HOURS, (), early, 0) == datetime(2030, 3, 13, 8, 30, tzinfo=UTC)


def test_somebody_who_was_never_there_gets_a_sentence() -> None:
    away = (Span(datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)),)
    with pytest.raises(NoOpening, match="in the 400 days before 2030-03-14"):
        opening_before(ANN, HOURS, away, THURSDAY_TALK, 1)


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Singapore"]),
    st.integers(0, 50 * 24 * 60).map(lambda minutes: datetime(2030, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 10),
    st.lists(st.integers(-600, 100), max_size=4),
)
def test_an_anchor_is_open_and_never_after_the_talk(zone: str, start: datetime, workdays: int, gone: list[int]) -> None:
    week = usual_week(zone)
    away = [Span(start + timedelta(hours=hour), start + timedelta(hours=hour + 30)) for hour in gone]
    found = opening_before(week, HOURS, away, start, workdays)
    assert found <= start
    assert open_at(week, HOURS, away, found)


def test_the_openings_keep_their_wall_clock_hour_over_a_clock_change() -> None:
    talk = ANN.instant(date(2030, 4, 1), time(10))
    assert opening_before(ANN, HOURS, (), talk, 1) == datetime(2030, 3, 29, 8, 30, tzinfo=UTC)
    assert opening_before(ANN, HOURS, (), talk + timedelta(days=1), 1) == datetime(2030, 4, 1, 7, 30, tzinfo=UTC)
