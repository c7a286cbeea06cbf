"""The instants that hang on a conversation: workdays before it or hours after it, at an hour for mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cycle.mail_window import MailHours, NoOpening, open_spans_on
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


def _no_opening(before: datetime) -> NoOpening:
    return NoOpening(
        f"No mail window opened in the {LONGEST_GAP_DAYS} days before {before:%Y-%m-%d}; "
        "check this person's working hours, days off and automatic replies."
    )
