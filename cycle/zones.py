"""What becomes of a booked hour when one of the two moves to another time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cycle.reasons import BOTH_MOVED, ONE_MOVED
from cycle.sentences import Sentence
from cycle.workdays import ONE_DAY, Span, WorkWeek, workdays_between


@dataclass(frozen=True, slots=True)
class Lived:
    """Where one of the two lived when the hour was found (None: nobody wrote it down), and their week by now."""

    name: str
    zone_then: str | None
    week: WorkWeek


def same_wall_clock(instant: datetime, a: str, b: str) -> bool:
    """Whether clocks in both show the same at that instant: Berlin's and Paris's always, Lagos's in winter only."""
    return instant.astimezone(ZoneInfo(a)).utcoffset() == instant.astimezone(ZoneInfo(b)).utcoffset()


def elsewhere(instant: datetime, then: str | None, now: str | None) -> bool:
    """Whether somebody's clock shows another hour at that instant; of a zone that nobody wrote down, nobody knows."""
    return then is not None and now is not None and not same_wall_clock(instant, then, now)


def who_moved(booked: Span, people: Sequence[Lived]) -> tuple[str, ...]:
    """The names of those whose clocks show another hour at that talk than when it was booked."""
    return tuple(each.name for each in people if elsewhere(booked.start, each.zone_then, each.week.zone))


def wants_another_hour(booked: Span, people: Sequence[Lived], now: datetime, notice_workdays: int) -> bool:
    """Whether a booked talk that is still to come is to be booked anew, since somebody has moved.

    A talk that both still have within their working time, and that is nearer than the notice a new hour needs
    (`notice_workdays` of both), stays: it is about to happen, and everybody knows of it.
    """
    if booked.start <= now or not who_moved(booked, people):
        return False
    near = any(
        workdays_between(each.week, each.week.local_day(now), each.week.local_day(booked.start)) < notice_workdays
        for each in people
    )
    return not (near and all(_within_working_time(booked, each.week) for each in people))


def sentence(names: Sequence[str]) -> str:
    """Tells both, among the reasons for the new hour and in its invitation, why there is one."""
    if len(names) == 1:
        return Sentence(ONE_MOVED.template, name=names[0])
    one, other = names
    return Sentence(BOTH_MOVED.template, one=one, other=other)


def _within_working_time(booked: Span, week: WorkWeek) -> bool:
    day = week.local_day(booked.start)
    spans = (week.working_span(each) for each in (day - ONE_DAY, day))
    return any(span and span.start <= booked.start and booked.end <= span.end for span in spans)
