"""When a person may be mailed: inside their working hours, less the edges, and never while they are away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cycle.policy import Mail
from cycle.workdays import LONGEST_GAP_DAYS, ONE_DAY, Span, WorkWeek


class NoOpening(ValueError):
    """Somebody cannot be mailed at any time near the one asked about."""


@dataclass(frozen=True, slots=True)
class MailHours:
    """How much of the working day is left alone, in minutes.

    The defaults are the quarterly policy's; with unknown hours (09:00-17:00) they leave 09:30-16:00.
    """

    after_start_minutes: int = 30
    before_end_minutes: int = 60

    @classmethod
    def of(cls, mail: Mail) -> "MailHours":
        return cls(mail.after_start_minutes, mail.before_end_minutes)


def window_on(week: WorkWeek, hours: MailHours, day: date) -> Span | None:
    """The mail window of `day`, or None on a day off or where the working day is too short to hold one."""
    work = week.working_span(day)
    if work is None:
        return None
    start = work.start + timedelta(minutes=hours.after_start_minutes)
    end = work.end - timedelta(minutes=hours.before_end_minutes)
    return Span(start, end) if start < end else None


def open_spans_on(week: WorkWeek, hours: MailHours, away: Sequence[Span], day: date) -> list[Span]:
    """What `away` leaves of the mail window of `day`, in order; empty where it leaves nothing."""
    window = window_on(week, hours, day)
    if window is None:
        return []
    spans, start = [], window.start
    for gone in sorted(away, key=lambda span: span.start):
        if gone.start >= window.end:
            break
        if start < gone.start:
            spans.append(Span(start, gone.start))
        start = max(start, gone.end)
    if start < window.end:
        spans.append(Span(start, window.end))
    return spans


def open_at(week: WorkWeek, hours: MailHours, away: Sequence[Span], instant: datetime) -> bool:
    """Whether the person may be mailed at `instant`."""
    today = week.local_day(instant)
    # Working time that started yesterday may last past midnight.
    return any(
        span.contains(instant) for day in (today - ONE_DAY, today) for span in open_spans_on(week, hours, away, day)
    )


def next_opening(week: WorkWeek, hours: MailHours, away: Sequence[Span], at: datetime) -> datetime:
    """The earliest UTC instant from `at` on at which the person may be mailed; `at` itself where it is open.

    A window that `away` covers in part opens when `away` ends. Raises NoOpening after 400 days in vain.
    """
    first = week.local_day(at) - ONE_DAY
    for offset in range(LONGEST_GAP_DAYS + 1):
        for span in open_spans_on(week, hours, away, first + timedelta(days=offset)):
            if span.end > at:
                return max(span.start, at)
    raise NoOpening(
        f"No mail window opens in {LONGEST_GAP_DAYS} days from {at:%Y-%m-%d}; "
        "check this person's working hours, days off and automatic replies."
    )
