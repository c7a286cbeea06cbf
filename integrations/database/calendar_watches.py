"""Watched calendars as stored: who is watched, what was heard of their events, and what they should hold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from cycle.check_in import CALLED_OFF, OPEN
from cycle.organizer import invited
from cycle.reconciliation import Ours
from integrations.database.columns import new_id
from integrations.database.connection import poke
from integrations.database.once import insert_once
from integrations.database.tables import Booking, CalendarWatchRow, CheckInRow, Person

GONE = "gone"
"""What stands in `bookings.heard_change_key` when the event seems to be there no more."""

KEPT_FOR = timedelta(days=7)
"""How long a mailbox is watched after the last talk that it organizes."""

AT_ONCE = 200
"""Values in one query: far below what either database takes."""


async def ensure_watch(session: AsyncSession, mailbox: str, now: datetime) -> None:
    """Has the calendar of an organizing mailbox watched from now on; nothing if it is."""
    made = await insert_once(session, CalendarWatchRow, id=new_id(), mailbox=mailbox, opened_at=now)
    row = await watch_of(session, mailbox)
    if row is not None and (made or row.closed_at):
        row.closed_at = None
        poke(session, "CalendarWatch", row.id, "watched from now on", now)


async def watch_of(session: AsyncSession, mailbox: str) -> CalendarWatchRow | None:
    return await session.scalar(select(CalendarWatchRow).where(CalendarWatchRow.mailbox == mailbox))


async def lock_watch(session: AsyncSession, watch_id: str) -> CalendarWatchRow:
    """The row as it is now, nobody else's to change until the transaction ends."""
    return await session.get_one(CalendarWatchRow, watch_id, with_for_update=True, populate_existing=True)


async def open_watches(session: AsyncSession) -> Sequence[CalendarWatchRow]:
    query = select(CalendarWatchRow).where(CalendarWatchRow.closed_at.is_(None)).order_by(CalendarWatchRow.mailbox)
    return (await session.scalars(query)).all()


async def watches_of_subscriptions(
    session: AsyncSession, subscription_ids: Collection[str]
) -> dict[str, CalendarWatchRow]:
    """By subscription id; those that are nobody's are left out."""
    ids, found = list(subscription_ids), dict[str, CalendarWatchRow]()
    for first in range(0, len(ids), AT_ONCE):
        query = select(CalendarWatchRow).where(CalendarWatchRow.subscription_id.in_(ids[first : first + AT_ONCE]))
        found |= {row.subscription_id: row for row in await session.scalars(query) if row.subscription_id}
    return found


async def hear(session: AsyncSession, mailbox: str, named: Mapping[str, str | None], now: datetime) -> int:
    """Wakes the check-ins whose event is not as we know it; returns how many.

    `named`: change key by event id, None for an event that is gone. Who wrote the event last is not asked here:
    the check-in reads it, and finds what we wrote ourselves untouched.
    """
    count = 0
    for booking in await _with_events(session, mailbox, named):
        heard = named[booking.event_id or ""] or GONE
        if heard not in (booking.change_key, booking.heard_change_key):
            booking.heard_change_key = heard
            poke(session, "CheckIn", booking.check_in_id, "its event changed", now)
            count += 1
    return count


async def hear_of(session: AsyncSession, check_in_id: str, now: datetime) -> None:
    """Has the event of a check-in read again, whatever its change key."""
    query = select(Booking).where(Booking.check_in_id == check_in_id, *_standing())
    for booking in await session.scalars(query):
        booking.heard_change_key = GONE
        poke(session, "CheckIn", check_in_id, "its event is to be read again", now)


def _standing() -> tuple[ColumnElement[bool], ...]:
    """Bookings whose event people have before them: the newest of a check-in, also while another hour is looked for.

    An older one has the same event, and nothing more to say about it.
    """
    later = aliased(Booking)
    newer = exists().where(later.check_in_id == Booking.check_in_id, later.no > Booking.no)
    return Booking.state.in_(("booked", "moved")), ~newer


async def _with_events(session: AsyncSession, mailbox: str, event_ids: Iterable[str]) -> list[Booking]:
    ids, found = list(event_ids), list[Booking]()
    for first in range(0, len(ids), AT_ONCE):
        chunk = ids[first : first + AT_ONCE]
        query = select(Booking).where(Booking.event_id.in_(chunk), Booking.organizer == mailbox, *_standing())
        found += (await session.scalars(query.order_by(Booking.start_at, Booking.id))).all()
    return found


async def event_ids_between(session: AsyncSession, mailbox: str, start: datetime, end: datetime) -> list[str]:
    """The events that the open check-ins of this organizer have between two instants."""
    rows = await session.scalars(
        select(Booking.event_id)
        .join(CheckInRow, CheckInRow.id == Booking.check_in_id)
        .where(
            Booking.organizer == mailbox,
            *_standing(),
            CheckInRow.state.in_(OPEN),
            Booking.event_id.is_not(None),
            Booking.end_at > start,
            Booking.start_at < end,
        )
    )
    return [event_id for event_id in rows if event_id]


async def organizers(session: AsyncSession, now: datetime) -> Sequence[str]:
    """The mailboxes that organize a talk which is to come."""
    query = select(Booking.organizer).where(Booking.end_at > now, Booking.state != "cancelled").distinct()
    return sorted(await session.scalars(query))


async def address_of_mailbox(session: AsyncSession, mailbox: str) -> str:
    """A manager's address where their id names the mailbox; else the one it is named by."""
    return await session.scalar(select(Person.mail).where(Person.oid == mailbox)) or mailbox


async def name_of_mailbox(session: AsyncSession, mailbox: str) -> str:
    """A manager's name where their id names the mailbox; else its address."""
    return await session.scalar(select(Person.name).where(Person.oid == mailbox)) or mailbox


async def organizes_nothing(session: AsyncSession, mailbox: str, now: datetime) -> bool:
    """Whether no talk of this organizer is to come or was of late."""
    last = await session.scalar(
        select(func.max(Booking.end_at)).where(Booking.organizer == mailbox, Booking.state != "cancelled")
    )
    return last is None or last < now - KEPT_FOR


async def organized(
    session: AsyncSession, mailbox: str, since: datetime, check_in_ids: Collection[str] = ()
) -> dict[str, Ours]:
    """By check-in: the newest bookings of this organizer that end after `since`, and those of `check_in_ids`."""
    of_it = and_(Booking.organizer == mailbox, Booking.end_at > since)
    newest = (
        select(Booking.check_in_id, func.max(Booking.no).label("no")).group_by(Booking.check_in_id).subquery("newest")
    )
    rows = await session.execute(
        select(Booking, CheckInRow)
        .join(newest, (newest.c.check_in_id == Booking.check_in_id) & (newest.c.no == Booking.no))
        .join(CheckInRow, CheckInRow.id == Booking.check_in_id)
        .where(or_(of_it, Booking.check_in_id.in_(list(check_in_ids))))
    )
    found = [(booking, row) for booking, row in rows]
    people = await _people(session, {person for _, row in found for person in (row.person_id, row.partner_id)})
    return {
        row.id: Ours(
            check_in_id=row.id,
            no=booking.no,
            state=booking.state,
            takes_place=row.state in OPEN,
            called_off=row.state in CALLED_OFF,
            organizer=booking.organizer,
            event_id=booking.event_id,
            start=booking.start_at,
            end=booking.end_at,
            people=_invited(booking, people[row.person_id], people[row.partner_id]),
        )
        for booking, row in found
    }


def _invited(booking: Booking, *people: Person) -> frozenset[frozenset[str]]:
    guests = invited(booking.organizer, tuple(each.oid for each in people))
    return frozenset(frozenset(each.mails) for each in people if each.oid in guests)


async def _people(session: AsyncSession, person_ids: Collection[str]) -> dict[str, Person]:
    ids, found = list(person_ids), dict[str, Person]()
    for first in range(0, len(ids), AT_ONCE):
        rows = await session.scalars(select(Person).where(Person.id.in_(ids[first : first + AT_ONCE])))
        found |= {row.id: row for row in rows}
    return found
