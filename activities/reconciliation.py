"""Compares each organizer's calendar with our tables once a night, mends what is safe, and lists the rest for HR."""

import logging
from collections.abc import Sequence
from datetime import datetime

from temporalio import activity

from activities.calendar import Calendar
from activities.moment import Moment
from cycle.calendar_watch import LOOK_EVERY_HOURS, Looks, Window, next_looks, window_at
from cycle.reconciliation import CANCELLED, READ_AGAIN, Difference, Finding, check_in_of, compare
from cycle.sentences import Sentence
from integrations.database.calendar_watches import (
    ensure_watch,
    hear_of,
    lock_watch,
    name_of_mailbox,
    organized,
    organizers,
)
from integrations.database.connection import Database
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.tables import CalendarWatchRow
from integrations.graph.errors import BadRequest, NoMailbox
from integrations.graph.keyed_events import KeyedEvents

log = logging.getLogger(__name__)


class Reconciliation:
    """The second half of `CalendarWatch`; `perennial doctor --calendars` calls the same."""

    def __init__(
        self,
        database: Database,
        calendar: Calendar,
        keyed: KeyedEvents,
        service_mailbox: str,
        look_every_hours: int = LOOK_EVERY_HOURS,
    ) -> None:
        self._database = database
        self._calendar = calendar
        self._keyed = keyed
        self._service_mailbox = service_mailbox
        self._look_every_hours = look_every_hours

    @activity.defn(name="reconciliation.compare")
    async def compare(self, about: Moment) -> Looks:
        """Compares one watched calendar and mends; returns when to look at it again."""
        async with self._database.reading() as session:
            mailbox = (await session.get_one(CalendarWatchRow, about.id)).mailbox
        try:
            await self.mend(mailbox, await self.differences(mailbox, about.now), about.now)
        except NoMailbox:
            # Whoever reads its changes says so; here there is nothing to compare.
            activity.logger.warning("a watched mailbox is gone")
        async with self._database.transaction() as session:
            (await lock_watch(session, about.id)).compared_at = about.now
            if mailbox == self._service_mailbox:
                for organizer in await organizers(session, about.now):
                    await ensure_watch(session, organizer, about.now)
        return next_looks(about.now, about.now, mailbox, self._look_every_hours)

    async def differences(self, mailbox: str, now: datetime) -> list[Finding]:
        """What differs from now on; nothing is changed. Raises GraphTrouble."""
        window = Window(now, window_at(now).end)
        async with self._database.reading() as session:
            before = await organized(session, mailbox, now)
        events = await self._keyed.standing(mailbox, window.start, window.end)
        named = {check_in_id for event in events if (check_in_id := check_in_of(event.key))}
        async with self._database.reading() as session:
            after = await organized(session, mailbox, now, named)
        return compare(mailbox, before.values(), after, events, window)

    async def mend(self, mailbox: str, findings: Sequence[Finding], now: datetime) -> None:
        """Does what is safe, and puts on HR's list what is not; strikes out what was listed and is no more."""
        kept = []
        for each in findings:
            if each.difference in CANCELLED and each.event_id:
                try:
                    await self._calendar.cancel_surplus(mailbox, each.event_id)
                except BadRequest as trouble:
                    # Graph refuses this one event. What holds for the mailbox as a whole ends the comparison.
                    log.warning("a surplus event stays: %s", trouble)
                    kept.append(each)
        async with self._database.transaction() as session:
            for each in findings:
                if each.difference in READ_AGAIN:
                    await hear_of(session, each.check_in_id, now)
            unknown = [each for each in findings if each.difference is Difference.UNKNOWN]
            for key, listed, say in ((f"calendar/{mailbox}", unknown, _unknown), (f"surplus/{mailbox}", kept, _kept)):
                if listed:
                    await ask_for_a_hand(session, key, say(await name_of_mailbox(session, mailbox), listed), now)
                else:
                    await mended(session, key, now)


def _kept(whose: str, findings: Sequence[Finding]) -> Sentence:
    start = findings[0].start
    return Sentence(
        "The calendar of {whose} has {events} made by Perennial that no check-in needs any more, the first on "
        "{day} at {hour} UTC, and Microsoft 365 refuses to cancel them: delete them by hand.",
        whose=whose,
        events=_count(findings),
        day=start.date(),
        hour=start.time(),
    )


def _unknown(whose: str, findings: Sequence[Finding]) -> Sentence:
    start = findings[0].start
    return Sentence(
        "The calendar of {whose} has {events} made by Perennial that no check-in here knows, the first on "
        "{day} at {hour} UTC: delete them by hand, or give the other installation that made them a "
        "mailbox of its own.",
        whose=whose,
        events=_count(findings),
        day=start.date(),
        hour=start.time(),
    )


def _count(findings: Sequence[Finding]) -> Sentence:
    return Sentence("an event") if len(findings) == 1 else Sentence("{count} events", count=len(findings))


SENTENCES = {
    Difference.MISSING: "booked here, and in no calendar; it is looked for again, and given another hour",
    Difference.MOVED: "at another hour in the calendar than here; our tables follow the calendar",
    Difference.ATTENDEE_GONE: "without one of the two; the event is read again",
    Difference.DOUBLED: "there twice; the second one is cancelled",
    Difference.SUPERSEDED: "an hour that was given up; the event is cancelled",
    Difference.UNKNOWN: "made by Perennial, and no check-in here knows it; delete it by hand",
}


def in_words(findings: Sequence[Finding]) -> list[str]:
    """A line a finding: the hour, and what is wrong and done about it."""
    return [f"{each.start:%d %B %Y %H:%M} UTC: {SENTENCES[each.difference]}." for each in findings]
