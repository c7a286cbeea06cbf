from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cycle.cadence import earliest_day
from cycle.offers import choose_until, offered
from cycle.slots import Slot
from cycle.workdays import WorkWeek, workdays_between

BERLIN = WorkWeek("Europe/Berlin", frozenset(range(5)), time(9), time(17))
PART_TIME = WorkWeek("Europe/Berlin", frozenset({1, 2, 3}), time(9), time(17))
MONDAY = date(2030, 3, 11)


def slot(day: int, hour: int, minute: int = 0) -> Slot:
    start = datetime(2030, 3, day, hour, minute, tzinfo=UTC)
    return Slot(start, start + timedelta(minutes=45))


def test_the_three_are_the_best_of_three_days() -> None:
    ranked = [slot(11, 9), slot(11, 9, 15), slot(12, 9), slot(11, 13), slot(12, 10), slot(13, 9), slot(14, 9)]
    assert offered(ranked, "Europe/Berlin") == [slot(11, 9), slot(12, 9), slot(13, 9)]


def test_with_fewer_days_a_second_hour_of_a_day_is_offered_but_none_that_overlaps() -> None:
    ranked = [slot(11, 9), slot(11, 9, 15), slot(11, 9, 45), slot(12, 9), slot(12, 9, 30)]
    assert offered(ranked, "Europe/Berlin") == [slot(11, 9), slot(11, 9, 45), slot(12, 9)]
    assert offered(ranked[:2], "Europe/Berlin") == [slot(11, 9)]
    assert offered([], "Europe/Berlin") == []


def test_days_are_those_of_the_employees_wall_clock() -> None:
    evening, midnight, next_day = slot(11, 4), slot(11, 14), slot(11, 15)
    # 14:00 and 15:00 UTC are the same local day in Tokyo until 15:00, when the next begins.
    assert offered([evening, midnight, next_day], "Asia/Tokyo") == [evening, midnight, next_day]
    assert offered([evening, midnight, next_day, slot(12, 20)], "Asia/Tokyo")[1] == next_day


SLOTS = st.lists(
    st.builds(slot, st.integers(11, 15), st.integers(8, 16), st.sampled_from([0, 15, 30, 45])), unique=True
)


@given(SLOTS)
def test_never_more_than_three_never_two_at_once_and_the_best_is_among_them(ranked: list[Slot]) -> None:
    three = offered(ranked, "Europe/Berlin")
    assert len(three) <= 3
    assert three[:1] == ranked[:1]
    assert not any(a.start < b.end and b.start < a.end for a in three for b in three if a != b)
    days = {each.start.date() for each in ranked}
    assert len({each.start.date() for each in three}) == min(3, len(days)), "as many days as there are"


def test_there_is_a_workday_for_the_letter_and_three_to_choose() -> None:
    assert choose_until(BERLIN, BERLIN, MONDAY, MONDAY + timedelta(days=30)) == date(2030, 3, 15)
    friday = date(2030, 3, 15)
    assert choose_until(BERLIN, BERLIN, friday, friday + timedelta(days=30)) == date(2030, 3, 21)


def test_near_the_last_day_there_is_less_time_to_choose_and_in_the_end_none() -> None:
    friday = date(2030, 3, 15)
    assert choose_until(BERLIN, BERLIN, MONDAY, friday) == date(2030, 3, 13)
    assert choose_until(BERLIN, BERLIN, date(2030, 3, 12), friday) == date(2030, 3, 13)
    assert choose_until(BERLIN, BERLIN, date(2030, 3, 13), friday) is None
    assert choose_until(BERLIN, BERLIN, friday, MONDAY) is None


@given(
    st.integers(0, 60), st.integers(0, 60), st.sampled_from([BERLIN, PART_TIME]), st.sampled_from([BERLIN, PART_TIME])
)
def test_when_they_have_not_chosen_there_is_still_time_to_find_an_hour(
    today: int, last: int, mine: WorkWeek, theirs: WorkWeek
) -> None:
    now, end = MONDAY + timedelta(days=today), MONDAY + timedelta(days=last)
    until = choose_until(mine, theirs, now, end)
    if until is not None:
        assert now < until
        assert earliest_day(mine, theirs, until, 2) <= end
        assert workdays_between(mine, now, until) <= 4
