"""What a directory told is saved once a person, and who holds whose check-ins has a history."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from cycle.mail_window import MailHours
from cycle.policy import Mail
from cycle.workdays import Span
from integrations.database.connection import Database
from integrations.database.people import (
    NewPerson,
    partner_of,
    person_by_oid,
    reader,
    save_people,
    set_manager,
    stale,
    work_week,
)
from integrations.database.tables import CheckInRow, Person, PolicyRow, Reporting

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)


def told(name: str, manager: str | None = None, **changes: object) -> NewPerson:
    person = NewPerson(
        oid=f"oid-{name}",
        mail=f"{name}@meadow.example",
        name=name.title(),
        zone="Europe/Berlin",
        country="DE",
        hired_on=date(2028, 3, 1),
        weekdays=frozenset({4, 0, 1}),
        opens=time(8, 30),
        closes=time(15),
        away=((NOW, NOW + DAY),),
        manager_mail=f"{manager}@meadow.example" if manager else None,
    )
    return replace(person, **changes)  # type: ignore[arg-type]


async def save(database: Database, *people: NewPerson, at: datetime = NOW) -> None:
    async with database.transaction() as session:
        await save_people(session, people, at)


async def ids(database: Database) -> dict[str, str]:
    async with database.reading() as session:
        return {person.name: person.id for person in await session.scalars(select(Person))}


async def lines(database: Database) -> list[tuple[str, str, date, date | None]]:
    names = {person_id: name for name, person_id in (await ids(database)).items()}
    async with database.reading() as session:
        rows = await session.scalars(select(Reporting).order_by(Reporting.since, Reporting.id))
        return [(names[row.person_id], names[row.partner_id], row.since, row.until) for row in rows]


async def found(database: Database, oid: str) -> Person:
    async with database.reading() as session:
        person = await person_by_oid(session, oid)
    assert person is not None
    return person


async def test_people_are_saved_with_their_hours_and_whom_they_report_to(database: Database) -> None:
    # The manager may come after their people in the file.
    await save(database, told("ann", "mara"), told("mara"))
    ann = await found(database, "oid-ann")
    assert (ann.weekdays, ann.opens, ann.closes) == ([0, 1, 4], "08:30", "15:00")
    assert (ann.hired_on, ann.directory_read_at) == (date(2028, 3, 1), NOW)
    assert ann.away == [[NOW.isoformat(), (NOW + DAY).isoformat()]]
    assert await lines(database) == [("Ann", "Mara", TODAY, None)]
    async with database.reading() as session:
        assert await person_by_oid(session, "oid-nobody") is None


async def test_the_same_person_told_again_is_updated_and_keeps_their_id(database: Database) -> None:
    await save(database, told("ann", "mara"), told("mara"))
    before = await ids(database)
    await save(database, told("ann", "mara", mail="ann.berg@meadow.example", zone="Asia/Singapore", opens=None))
    assert await ids(database) == before
    ann = await found(database, "oid-ann")
    assert (ann.mail, ann.zone, ann.opens) == ("ann.berg@meadow.example", "Asia/Singapore", None)
    assert await lines(database) == [("Ann", "Mara", TODAY, None)]


async def test_a_new_manager_closes_the_former_line_and_opens_another(database: Database) -> None:
    await save(database, told("ann", "mara"), told("mara"), told("otto"))
    later = NOW + 10 * DAY
    await save(database, told("ann", "otto"), at=later)
    assert await lines(database) == [
        ("Ann", "Mara", TODAY, later.date()),
        ("Ann", "Otto", later.date(), None),
    ]
    people = await ids(database)
    async with database.reading() as session:
        assert await partner_of(session, people["Ann"], later.date() - DAY) == people["Mara"]
        assert await partner_of(session, people["Ann"], later.date()) == people["Otto"]
        assert await partner_of(session, people["Ann"], TODAY - DAY) == people["Mara"]


async def test_a_manager_taken_away_leaves_nobody(database: Database) -> None:
    await save(database, told("ann", "mara"), told("mara"))
    await save(database, told("ann"), at=NOW + DAY)
    people = await ids(database)
    async with database.reading() as session:
        assert await partner_of(session, people["Ann"], TODAY + DAY) is None
    assert await lines(database) == [("Ann", "Mara", TODAY, TODAY + DAY)]


async def test_an_override_wins_over_the_directory_and_outlives_its_changes(company: Database) -> None:
    async with company.transaction() as session:
        await set_manager(session, "ann", "mara", NOW)
        session.add(Reporting(person_id="ann", partner_id="hale", source="override", since=TODAY))
    async with company.transaction() as session:
        assert await partner_of(session, "ann", TODAY) == "hale"
        await set_manager(session, "ann", "otto", NOW + DAY)
    async with company.reading() as session:
        assert await partner_of(session, "ann", TODAY + 2 * DAY) == "hale"
        assert await partner_of(session, "mara", TODAY) is None


async def test_the_same_manager_again_writes_nothing(company: Database) -> None:
    for n in range(3):
        async with company.transaction() as session:
            await set_manager(session, "ann", "mara", NOW + n * DAY)
    assert await lines(company) == [("Ann", "Mara", TODAY, None)]


@pytest.mark.parametrize("opens", [None, time(8, 30)])
async def test_a_mailbox_that_never_told_its_hours_is_taken_to_work_from_nine_to_five(
    database: Database, opens: time | None
) -> None:
    closes = time(15) if opens else None
    await save(database, told("ann", weekdays=frozenset({0}) if opens else None, opens=opens, closes=closes))
    week = work_week(await found(database, "oid-ann"), TODAY)
    assert week.hours == ((time(8, 30), time(15)) if opens else (time(9), time(17)))
    assert week.hours_known is (opens is not None)
    assert week.weekdays == (frozenset({0}) if opens else frozenset(range(5)))
    assert date(2030, 10, 3) in week.days_off
    assert date(2031, 1, 1) in week.days_off


async def test_automatic_replies_without_an_end_say_nothing_about_a_later_week(database: Database) -> None:
    for_ever = (NOW, NOW + timedelta(days=4000))
    await save(database, told("ann", away=((NOW, NOW + DAY), for_ever)))
    ann = await found(database, "oid-ann")
    assert reader(ann, Mail(), TODAY)[1:] == (MailHours(), (Span(NOW, NOW + DAY), Span(*for_ever)))
    assert reader(ann, Mail(), TODAY, planning=True)[2] == (Span(NOW, NOW + DAY),)


async def test_a_mailbox_is_read_again_once_it_was_read_long_ago(company: Database, database: Database) -> None:
    await save(database, told("ben"))
    ben = await found(database, "oid-ben")
    assert not stale(ben, NOW + timedelta(hours=12), timedelta(hours=12))
    assert stale(ben, NOW + timedelta(hours=12, minutes=1), timedelta(hours=12))
    assert stale(await found(company, "oid-ann"), NOW, timedelta(hours=12))


async def test_workdays_are_counted_back_over_new_year_without_christmas(company: Database) -> None:
    async with company.transaction() as session:
        await save_people(session, [told("nils", weekdays=frozenset(range(5)))], NOW)
        nils = await person_by_oid(session, "oid-nils")
        assert nils is not None
        week = work_week(nils, date(2031, 1, 3))
    assert not any(week.works_on(date(2030, 12, day)) for day in (25, 26))
    assert not any(week.works_on(date(year, 1, 1)) for year in (2031, 2032))


async def test_with_another_manager_what_was_to_come_with_the_former_is_cancelled_and_the_past_stands(
    company: Database, owed: Callable[[Database], Awaitable[list[str]]]
) -> None:
    policy = {"policy_id": "policy", "policy_revision": 1, "opened_at": NOW}
    async with company.transaction() as session:
        session.add(PolicyRow(id="policy", name="Quarterly", starts_on=TODAY))
        await session.flush()
        await set_manager(session, "ann", "mara", NOW)
        for period, state in enumerate(("held", "ended", "booked"), start=1):
            row = CheckInRow(
                id=state,
                person_id="ann",
                partner_id="mara",
                period=period,
                due_on=TODAY + period * DAY,
                state=state,
                **policy,
            )
            session.add(row)
    async with company.transaction() as session:
        await set_manager(session, "ann", "otto", NOW + DAY)
    async with company.reading() as session:
        states = {row.id: row.state for row in await session.scalars(select(CheckInRow))}
    assert states == {"held": "held", "ended": "ended", "booked": "cancelled"}
    assert "CheckIn/booked" in await owed(company)
