"""People as stored: saving what a directory or a file told, and their working week for the rules."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from config.languages import DEFAULT, locale_for
from cycle.leave import Leave
from cycle.mail_window import MailHours
from cycle.policy import Mail
from cycle.workdays import Span, WorkWeek
from cycle.zones import Lived
from integrations.database.check_ins import Pair
from integrations.database.handovers import pass_on
from integrations.database.remembered import once_a_reading
from integrations.database.tables import Booking, Person, Reporting
from integrations.holidays import public_holidays

# What a mailbox that has not told its hours is taken to work.
USUAL_DAYS, USUAL_OPENS, USUAL_CLOSES = range(5), "09:00", "17:00"
# Workdays are counted back from a day as well as onwards: over new year, the year before matters too.
YEARS_OF_HOLIDAYS = (-1, 0, 1)

LONGEST_LEAVE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody as the directory and their mailbox describe them; hours are wall-clock times in `zone`."""

    oid: str
    mail: str
    name: str
    zone: str
    country: str | None
    hired_on: date | None
    weekdays: frozenset[int] | None
    opens: time | None
    closes: time | None
    away: Sequence[tuple[datetime, datetime]]
    manager_mail: str | None
    manager_oid: str | None = None
    """Whom the directory says they report to, "" for nobody; None if it was not asked."""
    subdivision: str | None = None
    language: str | None = None
    """As the mailbox names it: "de-AT"."""


async def save_people(session: AsyncSession, people: Sequence[NewPerson], now: datetime) -> None:
    """Adds or updates each by Entra object id, and who holds whose check-ins from today on."""
    known = {row.oid: row for row in (await session.scalars(select(Person))).all()}
    for person in people:
        row = known.get(person.oid)
        if row is None:
            row = Person(oid=person.oid, mail=person.mail, away=[], leave=[])
            known[person.oid] = row
            session.add(row)
        row.has_address(person.mail)
        row.name, row.zone = person.name, person.zone
        row.country, row.subdivision, row.hired_on = person.country, person.subdivision, person.hired_on
        row.manager_oid = person.manager_oid if person.manager_oid is not None else row.manager_oid
        note_mailbox(row, person.weekdays, person.opens, person.closes, person.away, person.language, now)
    await session.flush()
    by_mail = {row.mail.lower(): row for row in known.values()}
    for person in people:
        manager = by_mail[person.manager_mail.lower()] if person.manager_mail else None
        await name_partner(session, known[person.oid], manager, now)


def note_mailbox(
    row: Person,
    weekdays: Iterable[int] | None,
    opens: time | None,
    closes: time | None,
    away: Iterable[tuple[datetime, datetime]],
    language: str | None,
    now: datetime,
) -> None:
    """Keeps what the mailbox says about working hours, automatic replies and language."""
    row.weekdays = sorted(weekdays) if weekdays is not None else None
    row.opens = opens.strftime("%H:%M") if opens else None
    row.closes = closes.strftime("%H:%M") if closes else None
    row.away = [[begin.isoformat(), end.isoformat()] for begin, end in away]
    row.language = language
    row.directory_read_at = now


async def name_partner(session: AsyncSession, person: Person, partner: Person | None, now: datetime) -> None:
    """Whom HR names as somebody's conversation partner: the manager in the directory, or one who overrides them.

    With nobody named, the directory decides. While the directory has not been asked, HR's word stands for it.
    """
    if person.manager_oid is None or partner is None or partner.oid == person.manager_oid:
        await _set_line(session, person.id, "override", None, now)
        if partner or person.manager_oid is None:
            await set_manager(session, person.id, partner.id if partner else None, now)
    else:
        await _set_line(session, person.id, "override", partner.id, now)


async def set_manager(session: AsyncSession, person_id: str, manager_id: str | None, now: datetime) -> None:
    """Closes the directory's former line and opens the new one; unchanged, nothing happens.

    Where somebody else holds the check-ins then, those to come with the former one pass on.
    """
    await _set_line(session, person_id, "directory", manager_id, now)


async def _set_line(session: AsyncSession, person_id: str, source: str, partner_id: str | None, now: datetime) -> None:
    today = now.date()
    current = await session.scalar(
        select(Reporting).where(Reporting.person_id == person_id, Reporting.source == source, Reporting.until.is_(None))
    )
    if (current.partner_id if current else None) == partner_id:
        return
    former_id = await partner_of(session, person_id, today)
    if current:
        current.until = today
    if partner_id:
        session.add(Reporting(person_id=person_id, partner_id=partner_id, source=source, since=today))
    await session.flush()
    await pass_on(session, person_id, former_id, await partner_of(session, person_id, today), now)


async def partner_of(session: AsyncSession, person_id: str, day: date) -> str | None:
    """Who holds this person's check-ins on `day`: the override if there is one, else the manager.

    Of a day before anything was known, the first who did.
    """
    found = await once_a_reading(session, ("partner", person_id, day), lambda: partners_of(session, [person_id], day))
    return found.get(person_id)


async def partners_of(session: AsyncSession, person_ids: Collection[str], day: date) -> dict[str, str]:
    """person id -> who holds their check-ins on `day`, as `partner_of` says it, asked once for many."""
    lines = await session.scalars(
        select(Reporting)
        .where(Reporting.person_id.in_(person_ids), or_(Reporting.until.is_(None), Reporting.until > day))
        # The earliest comes last, and so stands below.
        .order_by(Reporting.since.desc())
    )
    found = {(line.person_id, line.source): line.partner_id for line in lines}
    each = {of: found.get((of, "override")) or found.get((of, "directory")) for of in person_ids}
    return {of: partner for of, partner in each.items() if partner}


async def holds_check_ins(session: AsyncSession, person_id: str, day: date) -> bool:
    """Whether somebody has their check-ins with this person on `day`."""
    held = exists().where(Reporting.partner_id == person_id, or_(Reporting.until.is_(None), Reporting.until > day))
    return bool(await session.scalar(select(held)))


async def person_by_oid(session: AsyncSession, oid: str) -> Person | None:
    return await session.scalar(select(Person).where(Person.oid == oid))


def locale_of(person: Person, default: str = DEFAULT) -> str:
    """The language they chose wins, else their mailbox's, if we speak it, else the installation's; the region is that
    of their mailbox, whatever they chose.
    """
    return locale_for((person.language_chosen, person.language), default)


def local_day(person: Person, now: datetime) -> date:
    return now.astimezone(ZoneInfo(person.zone)).date()


def leaves_of(person: Person) -> tuple[Leave, ...]:
    """When this person is away, in order and apart."""
    return tuple(Leave(*(date.fromisoformat(day) for day in days)) for days in person.leave or ())


def work_week(person: Person, around: date, *, with_leave: bool = True) -> WorkWeek:
    """The person's working time with the public holidays of the year of `around`, the one before and the next.

    Leave is days off too; of one that goes on for longer than a year after `around`, a year of it, so that whoever
    looks for a workday finds a day on which to look again.
    """
    place = person.country, person.subdivision
    days_off = frozenset[date]().union(*(public_holidays(*place, around.year + n) for n in YEARS_OF_HOLIDAYS))
    if with_leave:
        days_off |= {
            day
            for each in leaves_of(person)
            for n in range(each.days)
            if abs((day := each.first + timedelta(days=n)) - around) <= LONGEST_LEAVE
        }
    return WorkWeek(
        zone=person.zone,
        weekdays=frozenset(person.weekdays if person.weekdays is not None else USUAL_DAYS),
        opens=time.fromisoformat(person.opens or USUAL_OPENS),
        closes=time.fromisoformat(person.closes or USUAL_CLOSES),
        days_off=days_off,
        hours_known=person.opens is not None,
    )


def lives(pair: Pair, booking: Booking) -> tuple[Lived, Lived]:
    """Where the two lived when this hour was found, and live now."""
    around = booking.start_at.date()
    return (
        Lived(pair.person.first_name, booking.person_zone, work_week(pair.person, around)),
        Lived(pair.partner.first_name, booking.partner_zone, work_week(pair.partner, around)),
    )


def reader(
    person: Person, mail: Mail, around: date, *, planning: bool = False
) -> tuple[WorkWeek, MailHours, tuple[Span, ...]]:
    """What decides when this person may be mailed, in the order in which `cycle.mail_window` takes it.

    With `planning`, automatic replies without an end say nothing about next week, and are left out.
    """
    away = dated_away(person) if planning else _away(person)
    return work_week(person, around), MailHours.of(mail), away


def dated_away(person: Person) -> tuple[Span, ...]:
    """When automatic replies say that this person is away, without those that are on without an end."""
    return tuple(span for span in _away(person) if span.end - span.start < LONGEST_LEAVE)


def away_without_end(person: Person) -> bool:
    """Whether automatic replies are on that do not say when this person is back."""
    return dated_away(person) != _away(person)


def _away(person: Person) -> tuple[Span, ...]:
    return tuple(Span(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in person.away)


def stale(person: Person, now: datetime, after: timedelta) -> bool:
    """Whether the mailbox was last read longer than `after` ago."""
    return person.directory_read_at is None or now - person.directory_read_at > after
