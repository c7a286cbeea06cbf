"""The instants that hang on a conversation: workdays before it or hours after it, at an hour for mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cycle.mail_window import MailHours, NoOpening, next_opening, open_spans_on
from cycle.workdays import LONGEST_GAP_DAYS, Span, WorkWeek, add_workdays


def opening_before(week: WorkWeek, hours: MailHours, away: Sequence[Span], start: datetime, workdays: int) -> datetime:
    """The opening of the reader's mail window `workdays` of their workdays before the local date of `start`.

    Where `away` closes that day's window, the previous open day; never after `start`. Raises NoOpening.
    """
    day = add_workdays(week, week.local_day(start), -workdays)
    for offset in range(LONGEST_GAP_DAYS + 1):
        spans = open_spans_on(week, hours, away, day - timedelta(days=offset))
        if spans and spans[0].start <= start:
            return spans[0].start
    raise _no_opening(start)


def latest_opening_before(week: WorkWeek, hours: MailHours, away: Sequence[Span], instant: datetime) -> datetime:
    """The last time at or before `instant` that the person's mail window opened. Raises NoOpening."""
    day = week.local_day(instant)
    for offset in range(LONGEST_GAP_DAYS + 1):
        for span in reversed(open_spans_on(week, hours, away, day - timedelta(days=offset))):
            if span.start <= instant:
                return span.start
    raise _no_opening(instant)


def hours_after(end: datetime, hours: int, week: WorkWeek, mail_hours: MailHours, away: Sequence[Span]) -> datetime:
    """The first instant from `hours` after `end` on at which the person may be mailed. Raises NoOpening."""
    return next_opening(week, mail_hours, away, end + timedelta(hours=hours))


def _no_opening(before: datetime) -> NoOpening:
    return NoOpening(
        f"No mail window opened in the {LONGEST_GAP_DAYS} days before {before:%Y-%m-%d}; "
        "check this person's working hours, days off and automatic replies."
    )
