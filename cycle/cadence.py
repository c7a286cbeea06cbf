"""When check-ins fall due: periods that never drift, a team spread evenly, and how far a date may give."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from cycle.policy import half_a_period
from cycle.workdays import ONE_DAY, WorkWeek, add_joint_workdays

# Notice shrinks to this rather than skip a period.
SHRUNK_NOTICE_WORKDAYS = 2


class NoCheckInDay(ValueError):
    """The policy leaves no day of the period on which a check-in could fall due."""


@dataclass(frozen=True, slots=True)
class Period:
    """The number-th period from the policy's start, `first` to `last` included; numbers start at 1."""

    number: int
    first: date
    last: date


def period_number(anchor: date, every_months: int, n: int) -> Period:
    """The n-th period, n from 1. Months are added to `anchor`, so a 31st comes back after a short month."""
    if n < 1:
        raise ValueError(f"Periods are numbered from 1; there is no period {n}.")
    first = anchor + relativedelta(months=every_months * (n - 1))
    return Period(n, first, anchor + relativedelta(months=every_months * n) - ONE_DAY)


def period_containing(anchor: date, every_months: int, day: date) -> Period:
    """The period in which `day` lies. Raises ValueError for a day before the policy's start, `anchor`."""
    if day < anchor:
        raise ValueError(f"{day} lies before the policy's start, {anchor}.")
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    period = period_number(anchor, every_months, months // every_months + 1)
    # The month of `day` may begin before the anchor's day of the month, which is still the period before.
    return period if period.first <= day else period_number(anchor, every_months, period.number - 1)


def team_order(ids: Iterable[str]) -> list[str]:
    """People in an order drawn from their ids: the same in each period, and no hint at name or rank."""
    return sorted(ids, key=lambda one: (hashlib.sha256(one.encode()).digest(), one))


def due_on(
    period: Period,
    weeks: tuple[int, int],
    position: int,
    count: int,
    no_check_in_dates: Collection[date] = (),
) -> date:
    """The due date of the person at `position` (from 0) of `count`, spread evenly over Monday to Friday of
    these weeks of the period, the first week being 1 and starting at period.first. Raises NoCheckInDay.
    """
    if not 0 <= position < count:
        raise ValueError(f"Position {position} is not one of 0 to {count - 1}.")
    first = period.first + timedelta(weeks=weeks[0] - 1)
    end = min(period.first + timedelta(weeks=weeks[1]), period.last + ONE_DAY)
    days = [
        day
        for day in (first + timedelta(days=i) for i in range((end - first).days))
        if _may_be_due(day, no_check_in_dates)
    ]
    if not days:
        raise NoCheckInDay(
            f"Each weekday of weeks {weeks[0]} to {weeks[1]} of the period from {period.first} is a "
            "no-check-in date; take one out of rhythm.no_check_in_dates, or widen rhythm.weeks_of_period."
        )
    return days[(2 * position + 1) * len(days) // (2 * count)]


def due_for(
    period: Period,
    regular_due: date,
    hired: date | None,
    new_joiner_on_day: int,
    no_check_in_dates: Collection[date] = (),
) -> date | None:
    """The due date in `period` of somebody hired on `hired`: their first check-in is on day
    `new_joiner_on_day`, rolled forward to a day that may be due. None where that lies after this period;
    regular_due where it lies before it.
    """
    if hired is None:
        return regular_due
    first = hired + timedelta(days=new_joiner_on_day)
    while not _may_be_due(first, no_check_in_dates):
        first += ONE_DAY
    if first > period.last:
        return None
    return first if first > period.first else regular_due


def booking_horizon(due: date, weeks_ahead: int) -> date:
    """The day from which a check-in due on `due` is booked."""
    return due - timedelta(weeks=weeks_ahead)


def last_day(due: date, may_slip_days: int, every_months: int) -> date:
    """The last day on which the check-in may take place; never half a period after its due date."""
    return due + timedelta(days=min(may_slip_days, half_a_period(every_months)))


def earliest_day(week_a: WorkWeek, week_b: WorkWeek, today: date, notice_workdays: int, shrunk: bool = False) -> date:
    """The first day that gives both the notice, in workdays of both; with `shrunk`, of 2 workdays at most."""
    notice = min(notice_workdays, SHRUNK_NOTICE_WORKDAYS) if shrunk else notice_workdays
    return add_joint_workdays((week_a, week_b), today, notice)


def _may_be_due(day: date, no_check_in_dates: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in no_check_in_dates
