"""Somebody moves to another time zone; and hours on the wall stay as they were said, over every clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cycle.anchors import opening_before
from cycle.mail_window import MailHours
from cycle.slots import Diary, free_slots, rank, reasons
from cycle.workdays import Span, WorkWeek, add_workdays
from cycle.zones import Lived, same_wall_clock, sentence, wants_another_hour, who_moved

BERLIN, LONDON, LAGOS, NEW_YORK = "Europe/Berlin", "Europe/London", "Africa/Lagos", "America/New_York"
# Clocks go forward in America on 10 March and in Europe on 31 March 2030; back on 27 October and 3 November.
WEEKS_OF_CHANGES = st.one_of(
    st.dates(date(2030, 3, 1), date(2030, 4, 12)), st.dates(date(2030, 10, 18), date(2030, 11, 15))
)
ZONES = st.sampled_from([BERLIN, LONDON, NEW_YORK, LAGOS, "Asia/Singapore", "America/Phoenix", "Australia/Sydney"])
NOW = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)


def week(zone: str = BERLIN, opens: int = 9, closes: int = 17) -> WorkWeek:
    return WorkWeek(zone, frozenset(range(5)), time(opens), time(closes))


def talk(start: datetime) -> Span:
    return Span(start, start + timedelta(minutes=45))


def local(day: date, hour: int, zone: str = BERLIN) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


FAR = talk(local(date(2030, 5, 7), 14))


@pytest.mark.parametrize("mover", [0, 1])
def test_a_talk_weeks_away_is_booked_anew_when_either_of_the_two_moves(mover: int) -> None:
    people = [Lived("Ann", BERLIN, week()), Lived("Mara", BERLIN, week())]
    assert not wants_another_hour(FAR, people, NOW, 2)
    people[mover] = Lived(people[mover].name, BERLIN, week(NEW_YORK))
    assert wants_another_hour(FAR, people, NOW, 2)
    assert who_moved(FAR, people) == (people[mover].name,)


def test_a_move_to_where_the_clocks_show_the_same_moves_nothing() -> None:
    for zone in ("Europe/Paris", "Africa/Johannesburg"):
        assert not wants_another_hour(FAR, [Lived("Ann", BERLIN, week(zone)), Lived("Mara", BERLIN, week())], NOW, 2)


def test_what_counts_is_the_clock_at_the_hour_of_the_talk_and_not_today() -> None:
    """Lagos has Berlin's time in winter, and is an hour behind in summer."""
    people = [Lived("Ann", BERLIN, week(LAGOS)), Lived("Mara", BERLIN, week())]
    assert not wants_another_hour(talk(local(date(2030, 3, 28), 14)), people, NOW, 2)
    assert wants_another_hour(talk(local(date(2030, 4, 2), 14)), people, NOW, 2)


def test_a_talk_of_before_zones_were_written_down_stays() -> None:
    assert not wants_another_hour(FAR, [Lived("Ann", None, week(NEW_YORK)), Lived("Mara", None, week())], NOW, 2)


def test_tomorrows_talk_stays_while_it_is_in_both_peoples_day_and_goes_when_it_is_in_the_night() -> None:
    tomorrow = talk(NOW + timedelta(days=1, hours=5))
    mara = Lived("Mara", BERLIN, week())
    assert not wants_another_hour(tomorrow, [Lived("Ann", BERLIN, week(LONDON)), mara], NOW, 2)
    assert wants_another_hour(tomorrow, [Lived("Ann", BERLIN, week("Asia/Tokyo")), mara], NOW, 2)
    assert wants_another_hour(
        talk(tomorrow.start + timedelta(days=1)), [Lived("Ann", BERLIN, week(LONDON)), mara], NOW, 2
    )


def test_what_has_begun_is_left_alone() -> None:
    assert not wants_another_hour(talk(NOW), [Lived("Ann", BERLIN, week("Asia/Tokyo"))], NOW, 2)


def test_both_are_told_in_a_sentence_who_moved() -> None:
    assert sentence(["Ann"]) == "in place of the former one: Ann's calendar is in another time zone now"
    assert "Ann and Mara have their calendars" in sentence(["Ann", "Mara"])


@given(ZONES, ZONES, WEEKS_OF_CHANGES, st.integers(0, 23))
def test_booked_anew_it_is_never_booked_anew_again(then: str, here: str, day: date, hour: int) -> None:
    """Nothing twice: what was found for the zones of today wants nothing while they stay."""
    booked = talk(local(day, hour, here))
    assert not wants_another_hour(booked, [Lived("Ann", here, week(here)), Lived("Mara", then, week(then))], NOW, 2)
    moved = wants_another_hour(booked, [Lived("Ann", then, week(here)), Lived("Mara", then, week(then))], NOW, 2)
    assert not (moved and same_wall_clock(booked.start, then, here))


@given(ZONES, ZONES, WEEKS_OF_CHANGES, st.integers(7, 11), st.integers(4, 9))
def test_in_the_weeks_when_the_continents_disagree_each_hour_is_inside_both_peoples_clocks_or_says_so(
    mine: str, theirs: str, day: date, opens: int, hours: int
) -> None:
    employee, partner = week(mine, opens, opens + hours), week(theirs)
    for slot in free_slots(Diary(employee), Diary(partner), day, day, 45):
        walls = [(each, slot.start.astimezone(ZoneInfo(each.zone))) for each in (employee, partner)]
        assert walls[0][1].minute % 15 == 0
        assert walls[0][1].date() == day
        for each, start in walls:
            end = (start + timedelta(minutes=45)).time()
            inside = each.opens <= start.time() < end <= each.closes
            assert inside or slot.outside_minutes or each.opens > each.closes
            assert time(7) <= start.time() < end <= time(20)


@given(ZONES, WEEKS_OF_CHANGES, st.integers(9, 15))
def test_the_weekday_and_hour_of_last_time_are_those_of_the_wall_on_both_sides_of_a_clock_change(
    zone: str, day: date, hour: int
) -> None:
    assume(day.weekday() < 5)
    last_time = (day.weekday(), time(hour))
    due = day + timedelta(days=7)
    best = rank(free_slots(Diary(week(zone)), Diary(week(zone)), day, due, 45), due, last_time, zone)[0]
    assert best.start.astimezone(ZoneInfo(zone)).timetuple()[3:5] == (hour, 0)
    assert "same weekday and hour as last time" in reasons(best, due, last_time, zone)


@given(ZONES, WEEKS_OF_CHANGES, st.integers(9, 16), st.integers(1, 8))
def test_a_letter_before_a_talk_leaves_at_the_same_hour_on_the_readers_wall(
    zone: str, day: date, hour: int, workdays: int
) -> None:
    reader = week(zone)
    start = local(day, hour, zone)
    opening = opening_before(reader, MailHours(), (), start, workdays).astimezone(ZoneInfo(zone))
    assert opening.time() == time(9, 30)
    assert opening.date() == add_workdays(reader, day, -workdays)
