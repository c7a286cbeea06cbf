from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.actions import Refused
from cycle.time_block import LENGTHS, Proposed, Wanted, read_block, usual_block
from cycle.workdays import WorkWeek, usual_week

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


@given(
    day=st.dates(date(2030, 3, 4), date(2032, 3, 3)),
    wall=st.times(),
    zone=st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]),
    minutes=st.sampled_from(LENGTHS),
)
def test_a_block_is_as_long_as_was_chosen_and_begins_when_the_clock_says(
    day: date, wall: time, zone: str, minutes: int
) -> None:
    wanted = Wanted(day.isoformat(), f"{wall:%H:%M}", str(minutes))
    if not _is_ahead(day, wall, zone):
        with pytest.raises(Refused, match=r"^(That hour has passed|On .* the clocks skip)"):
            read_block(wanted, zone, MONDAY)
        return
    block = read_block(wanted, zone, MONDAY)
    assert block.minutes == minutes
    assert block.start > MONDAY
    shown = block.start.astimezone(ZoneInfo(zone))
    assert (shown.date(), f"{shown:%H:%M}") == (day, f"{wall:%H:%M}")


def _is_ahead(day: date, wall: time, zone: str) -> bool:
    """Whether any minute ahead is shown so by the clocks there."""
    around = datetime.combine(day, wall.replace(second=0, microsecond=0), UTC)
    local = ZoneInfo(zone)
    minutes = (around + timedelta(minutes=each) for each in range(-15 * 60, 15 * 60, 15))
    return any(
        each.astimezone(local).replace(tzinfo=None) == around.replace(tzinfo=None) for each in minutes if each > MONDAY
    )


@pytest.mark.parametrize(
    ("zone", "day", "hour", "start"),
    [
        (BERLIN, "2030-03-31", "01:30", datetime(2030, 3, 31, 0, 30, tzinfo=UTC)),
        (BERLIN, "2030-03-31", "03:00", datetime(2030, 3, 31, 1, 0, tzinfo=UTC)),
        (BERLIN, "2030-10-27", "02:30", datetime(2030, 10, 27, 0, 30, tzinfo=UTC)),
        (BERLIN, "2030-10-27", "03:00", datetime(2030, 10, 27, 2, 0, tzinfo=UTC)),
        (NEW_YORK, "2030-03-10", "01:59", datetime(2030, 3, 10, 6, 59, tzinfo=UTC)),
        (NEW_YORK, "2030-03-10", "3:00", datetime(2030, 3, 10, 7, 0, tzinfo=UTC)),
        (NEW_YORK, "2030-11-03", "01:00", datetime(2030, 11, 3, 5, 0, tzinfo=UTC)),
        (NEW_YORK, "2030-11-03", "09.30", datetime(2030, 11, 3, 14, 30, tzinfo=UTC)),
    ],
)
def test_on_the_days_on_which_the_clocks_change_an_hour_is_as_long_as_ever(
    zone: str, day: str, hour: str, start: datetime
) -> None:
    block = read_block(Wanted(day, hour, "90"), zone, MONDAY)
    assert (block.start, block.end) == (start, start + timedelta(minutes=90))


@pytest.mark.parametrize(("zone", "day"), [(BERLIN, "2030-03-31"), (NEW_YORK, "2030-03-10")])
@pytest.mark.parametrize("hour", ["02:00", "02:30", "02:59"])
def test_an_hour_that_the_clocks_skip_is_refused(zone: str, day: str, hour: str) -> None:
    with pytest.raises(Refused, match=f"the clocks skip {hour}"):
        read_block(Wanted(day, hour, "30"), zone, MONDAY)


def test_an_hour_shown_twice_is_the_second_once_the_first_has_passed() -> None:
    between = datetime(2030, 10, 27, 0, 45, tzinfo=UTC)
    assert read_block(Wanted("today", "02:30", "30"), BERLIN, between).start == datetime(
        2030, 10, 27, 1, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2:30 PM", time(14, 30)),
        ("2:30\u202fpm", time(14, 30)),
        ("2.30 p.m.", time(14, 30)),
        ("2pm", time(14)),
        ("10 am", time(10)),
        ("12:05 PM", time(12, 5)),
        ("12:15 AM", time(0, 15)),
    ],
)
def test_an_hour_can_be_written_with_am_or_pm(text: str, start: time) -> None:
    block = read_block(Wanted("tomorrow", text, "30"), BERLIN, MONDAY)
    assert block.start.astimezone(ZoneInfo(BERLIN)).time() == start


@pytest.mark.parametrize("text", ["0:30 AM", "13:00 PM", "14:30 PM", "2:60 PM", "PM", "2:30 xm", "2"])
def test_an_hour_that_no_clock_shows_is_not_guessed(text: str) -> None:
    with pytest.raises(Refused, match="which hour this is"):
        read_block(Wanted("tomorrow", text, "30"), BERLIN, MONDAY)


def test_a_day_in_numbers_is_the_one_that_its_writer_means() -> None:
    wanted = Wanted("3/5", "10:00", "30")
    assert read_block(wanted, BERLIN, MONDAY, month_first=True).start == datetime(2030, 3, 5, 9, 0, tzinfo=UTC)
    assert read_block(wanted, BERLIN, MONDAY, month_first=False).start == datetime(2030, 5, 3, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "minutes", "sentence"),
    [
        ("", "09:00", "60", "The day is missing"),
        ("soon", "09:00", "60", "which day this is"),
        ("3 March", "25:00", "60", "which hour this is"),
        ("tomorrow", "", "60", "which hour this is"),
        ("tomorrow", "09:60", "60", "which hour this is"),
        ("tomorrow", "٠٩:٠٠", "60", "which hour this is"),
        ("tomorrow", "09:00", "45", "lengths on the page"),
        ("tomorrow", "09:00", "", "lengths on the page"),
        ("2030-03-03", "09:00", "60", "That day has passed"),
        ("0001-01-01", "09:00", "60", "That day has passed"),
        ("9999-12-31", "23:59", "60", "more than two years ahead"),
        ("today", "10:00", "60", "That hour has passed"),
    ],
)
def test_what_does_not_fit_is_said(day: str, hour: str, minutes: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        read_block(Wanted(day, hour, minutes), BERLIN, MONDAY)


def test_today_is_that_of_whoever_asks() -> None:
    late = datetime(2030, 3, 4, 23, 30, tzinfo=UTC)
    assert read_block(Wanted("today", "20:00", "30"), NEW_YORK, late).start == datetime(2030, 3, 5, 1, 0, tzinfo=UTC)
    assert read_block(Wanted("today", "20:00", "30"), BERLIN, late).start == datetime(2030, 3, 5, 19, 0, tzinfo=UTC)


def test_proposed_is_the_next_opening_of_a_workday() -> None:
    week = usual_week(BERLIN, frozenset({date(2030, 3, 5)}))
    before_nine = datetime(2030, 3, 4, 7, 0, tzinfo=UTC)
    assert usual_block(week, before_nine) == Proposed(date(2030, 3, 4), "09:00", 60)
    assert usual_block(week, MONDAY) == Proposed(date(2030, 3, 6), "09:00", 60), "not on a day off"
    friday = datetime(2030, 3, 8, 12, 0, tzinfo=UTC)
    assert usual_block(week, friday).day == date(2030, 3, 11)


@given(
    week=st.builds(
        WorkWeek,
        zone=st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe"]),
        weekdays=st.frozensets(st.integers(0, 6), min_size=1),
        opens=st.times(),
        closes=st.times(),
    ),
    now=st.datetimes(datetime(2030, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
)
def test_what_is_proposed_can_be_had(week: WorkWeek, now: datetime) -> None:
    proposed = usual_block(week, now)
    block = read_block(Wanted(str(proposed.day), proposed.hour, str(proposed.minutes)), week.zone, now)
    assert block.minutes == 60


def test_whoever_has_no_workday_ahead_chooses_the_day_alone() -> None:
    nobody = WorkWeek(BERLIN, frozenset(), time(8), time(16))
    assert usual_block(nobody, MONDAY) == Proposed(None, "08:00", 60)
