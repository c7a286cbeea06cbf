"""Notices that somebody lives in another time zone by now, and frees the hour that was found for the former one."""

import logging
from datetime import datetime, timedelta

from temporalio import activity

from activities.directory import FRESH_FOR, Mailboxes
from activities.meeting_changes import MeetingChanges
from activities.moment import Moment
from cycle.check_in import State
from cycle.policy import Policy
from cycle.workdays import Span
from cycle.zones import wants_another_hour
from integrations.database.check_ins import Pair, check_in, lock_check_in
from integrations.database.connection import Database, poke
from integrations.database.people import lives
from integrations.database.policies import policy_of_check_in
from integrations.graph.errors import GraphTrouble

log = logging.getLogger(__name__)

AT_ONCE = timedelta()
"""How old a reading may be when our tables say that somebody moved: a file that is imported can be wrong about it."""


class Zones:
    """The activity of `CheckIn` that asks the mailboxes where the two live."""

    def __init__(self, database: Database, mailboxes: Mailboxes, changes: MeetingChanges) -> None:
        self._database = database
        self._mailboxes = mailboxes
        self._changes = changes

    @activity.defn(name="zones.ask_where_they_live")
    async def ask_where_they_live(self, about: Moment) -> None:
        """Reads both mailboxes again, and sends the check-in to find another hour if it wants one.

        The event stands until that hour is found; then it is cancelled and another is created (calendar.book).
        """
        pair, anew = await self._as_known(about)
        for person in pair.people:
            try:
                await self._mailboxes.refreshed(person.id, about.now, AT_ONCE if anew else FRESH_FOR)
            except GraphTrouble as trouble:
                # Of what does not pass HR's list has it; what is known of them stands, and the talk's letters must not
                # wait for it.
                log.warning("%s", trouble)
        _, anew = await self._as_known(about)
        if anew and await self._changes.changed(about.id, about.now):
            return
        async with self._database.transaction() as session:
            row = await lock_check_in(session, about.id)
            row.people_read_at = about.now
            pair = await check_in(session, about.id)
            policy = await policy_of_check_in(session, row)
            if pair.booking and moved_away(pair, policy, about.now):
                pair.booking.state, row.state = "moved", State.DUE
                poke(session, "CheckIn", about.id, "somebody lives in another zone", about.now)

    async def _as_known(self, about: Moment) -> tuple[Pair, bool]:
        async with self._database.reading() as session:
            pair = await check_in(session, about.id)
            return pair, moved_away(pair, await policy_of_check_in(session, pair.row), about.now)


def moved_away(pair: Pair, policy: Policy, now: datetime) -> bool:
    """Whether by our tables this booked check-in wants another hour, since somebody has moved."""
    booking = pair.booking
    if pair.row.state != State.BOOKED or booking is None or booking.state != "booked":
        return False
    booked = Span(booking.start_at, booking.end_at)
    return wants_another_hour(booked, lives(pair, booking), now, policy.booking.notice_workdays_when_moved)
