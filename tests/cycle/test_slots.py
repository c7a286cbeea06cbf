from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle.slots import Busy, Diary, Slot, free_slots, rank, reasons
from cycle.workdays import Span, WorkWeek

MONDAY = date(2030, 2, 4)
# These weeks hold the clock changes of America (10 March) and Europe (31 March).
FIRST = date(2030, 3, 4)
WEEKS = st.builds(
    lambda zone, days, opens, length, off: WorkWeek(zone, days, time(opens), time(opens + length), off),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Singapore", "Asia/Kathmandu"]),
    st.frozensets(st.integers(0, 6), min_size=3),
    st.integers(6, 11),
    st.integers(3, 10),
    st.frozensets(st.dates(FIRST, FIRST + timedelta(days=34)), max_size=5),
)
BUSY = st.lists(
    st.builds(
        lambda quarter, quarters, status: Busy(
            datetime(2030, 3, 4, tzinfo=UTC) + timedelta(minutes=15 * quarter),
            datetime(2030, 3, 4, tzinfo=UTC) + timedelta(minutes=15 * (quarter + quarters)),
            status,
        ),
        st.integers(0, 35 * 96),
        st.integers(0, 40),
        st.sampled_from(["tentative", "busy", "oof"]),
    ),
    max_size=40,
).map(tuple)
DIARIES = st.builds(Diary, WEEKS, BUSY)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A UTC instant by Berlin's wall clock."""
    return datetime.combine(day, time(hour, minute), ZoneInfo("Europe/Berlin")).astimezone(UTC)


def span(slot: Slot) -> Span:
    return Span(slot.start, slot.end)


def worked(diary: Diary, day: date) -> list[Span]:
    spans = (diary.week.working_span(day + timedelta(days=offset)) for offset in (-2, -1, 0, 1, 2))
    return [found for found in spans if found]


def shared_minutes(employee: Diary, partner: Diary, day: date) -> int:
    own = employee.week.working_span(day)
    assert own is not None
    overlaps = (min(own.end, other.end) - max(own.start, other.start) for other in worked(partner, day))
    return sum(max(timedelta(), overlap) // timedelta(minutes=1) for overlap in overlaps)


def minutes_outside(diary: Diary, slot: Slot) -> int:
    day = diary.week.local_day(slot.start)
    inside = (max(timedelta(), min(slot.end, one.end) - max(slot.start, one.start)) for one in worked(diary, day))
    return (slot.end - slot.start) // timedelta(minutes=1) - sum(inside, timedelta()) // timedelta(minutes=1)


def expected(employee: Diary, partner: Diary, day: date, minutes: int) -> set[Slot]:
    """Every quarter of an hour of the day tried on its own, as slowly and plainly as can be."""
    if not employee.week.works_on(day):
        return set()
    wide = shared_minutes(employee, partner, day) < 60
    found = set()
    for quarter in range(96):
        wall = time(quarter // 4, quarter % 4 * 15)
        start = employee.week.instant(day, wall)
        end = start + timedelta(minutes=minutes)
        hits = [one for one in (*employee.busy, *partner.busy) if one.start < end and start < one.end > one.start]
        slot = Slot(start, end, tentative=any(one.status == "tentative" for one in hits))
        outside = minutes_outside(employee, slot) + minutes_outside(partner, slot)
        if any(one.status != "tentative" for one in hits) or (outside and not wide):
            continue
        suits = True
        for diary in (employee, partner):
            zone = ZoneInfo(diary.week.zone)
            first, last = start.astimezone(zone), end.astimezone(zone)
            early = first.time() >= time(7) and last.time() <= time(20) and first.date() == last.date()
            suits &= diary.week.works_on(first.date()) and (early or not wide)
        if suits:
            found.add(Slot(start, end, outside, slot.tentative))
    least = min((slot.outside_minutes for slot in found), default=0)
    return {slot for slot in found if slot.outside_minutes == least}


def test_a_free_day_has_every_quarter_from_nine_to_a_quarter_past_four(
    make_week: Callable[..., WorkWeek],
) -> None:
    slots = free_slots(Diary(make_week()), Diary(make_week()), MONDAY, MONDAY, 45)
    assert slots[0] == Slot(at(MONDAY, 9), at(MONDAY, 9, 45))
    assert slots[-1] == Slot(at(MONDAY, 16, 15), at(MONDAY, 17))
    assert len(slots) == 30


def test_the_weekend_and_a_holiday_of_either_have_none(make_week: Callable[..., WorkWeek]) -> None:
    holiday = make_week(days_off=frozenset({MONDAY}))
    saturday = date(2030, 2, 9)
    assert free_slots(Diary(make_week()), Diary(holiday), MONDAY, MONDAY, 45) == []
    assert free_slots(Diary(holiday), Diary(make_week()), MONDAY, MONDAY, 45) == []
    assert free_slots(Diary(make_week()), Diary(make_week()), saturday, saturday, 45) == []


def test_busy_and_out_of_office_block_and_tentative_is_flagged(make_week: Callable[..., WorkWeek]) -> None:
    ann = Diary(
        make_week(),
        (Busy(at(MONDAY, 9), at(MONDAY, 12), "busy"), Busy(at(MONDAY, 12), at(MONDAY, 14), "oof")),
    )
    mara = Diary(make_week(), (Busy(at(MONDAY, 14), at(MONDAY, 16), "tentative"),))
    slots = free_slots(ann, mara, MONDAY, MONDAY, 45)
    assert [slot.start for slot in slots if not slot.tentative] == [at(MONDAY, 16), at(MONDAY, 16, 15)]
    assert slots[0] == Slot(at(MONDAY, 14), at(MONDAY, 14, 45), tentative=True)


def test_a_slot_starts_on_the_grid_after_something_that_ends_beside_it(
    make_week: Callable[..., WorkWeek],
) -> None:
    ann = Diary(make_week(), (Busy(at(MONDAY, 9), at(MONDAY, 9, 50), "busy"),))
    assert free_slots(ann, Diary(make_week()), MONDAY, MONDAY, 45)[0].start == at(MONDAY, 10)


def test_the_grid_is_that_of_the_wall_clock_in_a_zone_off_by_a_quarter(
    make_week: Callable[..., WorkWeek],
) -> None:
    week = make_week("Asia/Kathmandu")
    first = free_slots(Diary(week), Diary(week), MONDAY, MONDAY, 45, step_minutes=60)[0]
    assert first.start.astimezone(ZoneInfo("Asia/Kathmandu")).time() == time(9)


def test_a_grid_that_does_not_divide_an_hour_is_refused(make_week: Callable[..., WorkWeek]) -> None:
    with pytest.raises(ValueError, match="grid of 25 minutes"):
        free_slots(Diary(make_week()), Diary(make_week()), MONDAY, MONDAY, 45, step_minutes=25)


def test_an_hour_shared_is_enough_to_stay_inside_it(make_week: Callable[..., WorkWeek]) -> None:
    berlin, singapore = Diary(make_week()), Diary(make_week("Asia/Singapore"))
    slots = free_slots(berlin, singapore, MONDAY, MONDAY, 45)
    assert [slot.start for slot in slots] == [at(MONDAY, 9), at(MONDAY, 9, 15)]
    assert all(slot.outside_minutes == 0 for slot in slots)
    busy = Diary(berlin.week, (Busy(at(MONDAY, 9), at(MONDAY, 10), "busy"),))
    assert free_slots(busy, singapore, MONDAY, MONDAY, 45) == []


def test_people_who_share_less_than_an_hour_get_the_least_outside(make_week: Callable[..., WorkWeek]) -> None:
    berlin = Diary(make_week(opens=time(9, 15)))
    singapore = Diary(make_week("Asia/Singapore"))
    slots = free_slots(berlin, singapore, MONDAY, MONDAY, 45)
    assert {slot.outside_minutes for slot in slots} == {0}
    assert [slot.start for slot in slots] == [at(MONDAY, 9, 15)]
    busy = Diary(berlin.week, (Busy(at(MONDAY, 9, 30), at(MONDAY, 18), "busy"),))
    assert {slot.outside_minutes for slot in free_slots(busy, singapore, MONDAY, MONDAY, 45)} == {30}


def test_an_evening_in_new_york_needs_a_workday_in_singapore(make_week: Callable[..., WorkWeek]) -> None:
    new_york, singapore = Diary(make_week("America/New_York")), Diary(make_week("Asia/Singapore"))
    friday = date(2030, 2, 8)
    thursday = free_slots(new_york, singapore, friday - timedelta(days=1), friday - timedelta(days=1), 45)
    assert {slot.outside_minutes for slot in thursday} == {90}
    for slot in thursday:
        assert slot.start.astimezone(ZoneInfo("America/New_York")).time() >= time(18)
        assert slot.start.astimezone(ZoneInfo("Asia/Singapore")).date() == friday
    assert free_slots(new_york, singapore, friday, friday, 45) == []


def test_people_in_one_zone_who_never_meet_are_given_an_hour_of_one_of_them(
    make_week: Callable[..., WorkWeek],
) -> None:
    morning = Diary(make_week(opens=time(8), closes=time(12)))
    evening = Diary(make_week(opens=time(13), closes=time(18)))
    slots = free_slots(morning, evening, MONDAY, MONDAY, 45)
    assert {slot.outside_minutes for slot in slots} == {45}
    assert at(MONDAY, 12) not in {slot.start for slot in slots}


@settings(deadline=None, max_examples=60)
@given(DIARIES, DIARIES, st.sampled_from([15, 25, 45, 60, 90]), st.integers(0, 30))
def test_the_slots_are_those_found_by_trying_each_quarter_of_an_hour(
    employee: Diary, partner: Diary, minutes: int, offset: int
) -> None:
    first = FIRST + timedelta(days=offset)
    last = first + timedelta(days=3)
    wanted = [
        slot
        for days in range(4)
        for slot in sorted(
            expected(employee, partner, first + timedelta(days=days), minutes), key=lambda slot: slot.start
        )
    ]
    assert free_slots(employee, partner, first, last, minutes) == wanted


@settings(deadline=None)
@given(DIARIES, DIARIES, st.integers(15, 90))
def test_no_slot_overlaps_anything_busy_or_leaves_both_peoples_workdays(
    employee: Diary, partner: Diary, minutes: int
) -> None:
    slots = free_slots(employee, partner, FIRST, FIRST + timedelta(days=34), minutes)
    by_day = defaultdict(set)
    for slot in slots:
        day = employee.week.local_day(slot.start)
        by_day[day].add(slot.outside_minutes)
        for diary in (employee, partner):
            assert diary.week.works_on(diary.week.local_day(slot.start))
            for one in diary.busy:
                if one.status != "tentative" and one.start < one.end:
                    assert not span(slot).overlaps(Span(one.start, one.end))
        outside = minutes_outside(employee, slot) + minutes_outside(partner, slot)
        assert slot.outside_minutes == outside
        assert outside == 0 or shared_minutes(employee, partner, day) < 60
    assert all(len(outside) == 1 for outside in by_day.values())
    assert slots == sorted(slots, key=lambda slot: slot.start)


def test_slots_are_ranked_by_what_people_mind_most() -> None:
    zone, due = "Europe/Berlin", date(2030, 3, 13)  # a Wednesday

    def slot(day: date, hour: int, minute: int = 0, tentative: bool = False) -> Slot:
        return Slot(at(day, hour, minute), at(day, hour, minute) + timedelta(minutes=45), 0, tentative)

    previous = (4, time(14, 30))  # Friday, half past two
    friday, wednesday, tuesday, next_week = (date(2030, 3, day) for day in (15, 13, 12, 22))
    wanted = [
        slot(friday, 14, 30),
        slot(friday, 14, 0),
        slot(friday, 11),
        slot(friday, 9),
        slot(wednesday, 14, 30),
        slot(tuesday, 14, 30),
        slot(wednesday, 10),
        slot(wednesday, 15, 15),
        slot(wednesday, 9),
        slot(wednesday, 15, 30),
        slot(tuesday, 10),
        slot(next_week, 14, 30),
        slot(date(2030, 4, 5), 14, 30),
        slot(wednesday, 11, tentative=True),
    ]
    assert rank(reversed(wanted), due, previous, zone) == wanted
    assert rank(wanted, due, None, zone)[0] == slot(wednesday, 10)


@settings(deadline=None)
@given(DIARIES, st.randoms(use_true_random=False))
def test_the_ranking_does_not_depend_on_the_order_it_is_given(diary: Diary, random: object) -> None:
    slots = free_slots(diary, diary, FIRST, FIRST + timedelta(days=6), 45)
    shuffled = list(slots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    due = FIRST + timedelta(days=3)
    assert rank(shuffled, due, (1, time(10)), "Europe/Berlin") == rank(slots, due, (1, time(10)), "Europe/Berlin")


@pytest.mark.parametrize(
    ("slot", "previous", "sentences"),
    [
        (
            Slot(at(date(2030, 3, 11), 10), at(date(2030, 3, 11), 10, 45)),
            (0, time(10)),
            ("inside both people's hours", "on the due date 11 March", "same weekday and hour as last time"),
        ),
        (
            Slot(at(date(2030, 3, 12), 18), at(date(2030, 3, 12), 18, 45), 45),
            (0, time(10)),
            (
                "outside the usual hours: you share under an hour a day",
                "in the week of the due date 11 March",
            ),
        ),
        (
            Slot(at(date(2030, 3, 19), 10), at(date(2030, 3, 19), 10, 45), 0, True),
            None,
            (
                "inside both people's hours",
                "nearest to the due date 11 March",
                "over something tentative: nothing else was free",
            ),
        ),
    ],
)
def test_the_reasons_are_short_sentences(
    slot: Slot, previous: tuple[int, time] | None, sentences: tuple[str, ...]
) -> None:
    assert reasons(slot, date(2030, 3, 11), previous, "Europe/Berlin") == sentences
