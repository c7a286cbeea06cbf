"""Leave as several sources tell it comes to one, and wakes what it concerns; holidays are those of the place."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from cycle.leave import Leave
from cycle.policy import Policy
from cycle.workdays import Span
from integrations.database.connection import Database
from integrations.database.leaves import note_leave, note_spans, paused_until, set_hold
from integrations.database.people import leaves_of, reader, work_week
from integrations.database.tables import Audit, Enrolment, Person, PolicyRow
from integrations.database.tables import Leave as LeaveRow

NOW = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
POLICY = Policy(name="Quarterly check-ins")
Owed = Callable[[Database], Awaitable[list[str]]]


def march(day: int) -> date:
    return date(2030, 3, day)


async def note(
    database: Database, source: str, *days: tuple[date, date], who: str = "ann", now: datetime = NOW
) -> bool:
    async with database.transaction() as session:
        return await note_leave(session, await session.get_one(Person, who), source, days, now)


async def leaves(database: Database, who: str = "ann") -> list[tuple[date, date]]:
    async with database.reading() as session:
        return [(each.first, each.last) for each in leaves_of(await session.get_one(Person, who))]


async def enrol(database: Database, who: str = "ann") -> None:
    async with database.transaction() as session:
        session.add(PolicyRow(id="policy", name=POLICY.name, starts_on=date(2030, 1, 7)))
        await session.flush()
        session.add(Enrolment(person_id=who, policy_id="policy", enrolled_at=NOW))


async def test_what_several_sources_tell_is_one_leave(company: Database) -> None:
    await note(company, "file", (march(11), march(15)))
    await note(company, "calendar", (march(13), march(22)))
    await note(company, "replies", (march(25), march(26)))
    assert await leaves(company) == [(march(11), march(26))], "over a weekend it goes on"
    await note(company, "calendar")
    assert await leaves(company) == [(march(11), march(15)), (march(25), march(26))]
    assert await leaves(company, "mara") == []


async def test_told_again_nothing_changes_and_nobody_is_woken(company: Database, owed: Owed) -> None:
    assert await note(company, "file", (march(11), march(15)))
    woken = await owed(company)
    assert "Postbox/ann" in woken
    assert not await note(company, "file", (march(11), march(15)))
    assert await owed(company) == woken


async def test_somebody_who_is_back_early_was_away_until_then(company: Database) -> None:
    await note(company, "file", (march(11), march(29)))
    await note(company, "file", now=datetime(2030, 3, 18, 9, tzinfo=UTC))
    assert await leaves(company) == [(march(11), march(17))]
    async with company.reading() as session:
        rows = (await session.scalars(select(LeaveRow))).all()
        assert [(row.first_day, row.last_day, row.known_on) for row in rows] == [(march(11), march(17), march(4))]


async def test_automatic_replies_without_dates_are_no_leave_but_no_hour_for_mail_either(company: Database) -> None:
    for_ever = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC))
    async with company.transaction() as session:
        await note_spans(session, await session.get_one(Person, "ann"), "replies", [for_ever], None, NOW)
    assert await leaves(company) == []


async def test_a_cycle_rests_until_the_first_hour_for_mail_after_the_leave(company: Database) -> None:
    await note(company, "file", (march(4), march(8)))
    async with company.reading() as session:
        assert await paused_until(session, "ann", POLICY, NOW) == datetime(2030, 3, 11, 8, 30, tzinfo=UTC)
        assert await paused_until(session, "mara", POLICY, NOW) is None
        assert await paused_until(session, "ann", POLICY, NOW - timedelta(days=3)) is None
        assert await paused_until(session, "ann", POLICY, NOW + timedelta(days=7)) is None


async def test_a_hold_rests_until_it_is_released_and_both_are_on_record(company: Database, owed: Owed) -> None:
    await enrol(company)
    for held in (True, True, False):
        async with company.transaction() as session:
            await set_hold(session, "ann", held, "hale", NOW)
        async with company.reading() as session:
            assert bool(await paused_until(session, "ann", POLICY, NOW)) is held
    assert {"DevelopmentCycle/ann", "Postbox/ann"} <= set(await owed(company))
    async with company.reading() as session:
        rows = (await session.scalars(select(Audit).order_by(Audit.id))).all()
    assert [row.did for row in rows] == ["held a cycle", "released a cycle"]


async def test_whoever_is_not_enrolled_cannot_be_held(company: Database) -> None:
    with pytest.raises(LookupError):
        async with company.transaction() as session:
            await set_hold(session, "otto", True, "hale", NOW)


def person(**facts: object) -> Person:
    return Person(name="Ann", mail="ann@x.example", oid="o", zone="Europe/Berlin", away=[], **facts)


def test_days_of_leave_are_no_workdays() -> None:
    ann = person(leave=[["2030-03-11", "2030-03-15", "2030-03-01"]])
    week = work_week(ann, march(4))
    assert not week.works_on(march(13))
    assert week.works_on(march(18))
    assert work_week(ann, march(4), with_leave=False).works_on(march(13))
    assert not reader(ann, POLICY.mail, march(4))[0].works_on(march(13))
    assert leaves_of(ann) == (Leave(march(11), march(15), march(1)),)


def test_of_a_leave_of_years_one_year_ahead_is_known_so_that_a_workday_is_found() -> None:
    ann = person(leave=[["2030-01-01", "2033-01-01", "2029-12-01"]])
    week = work_week(ann, march(4))
    assert not week.works_on(date(2031, 3, 4))
    assert week.works_on(date(2031, 3, 5))


def test_holidays_are_those_of_the_country_and_of_its_part() -> None:
    all_saints, unity = date(2030, 11, 1), date(2030, 10, 3)
    germany, bavaria, singapore = (
        work_week(person(country=country, subdivision=part), unity)
        for country, part in (("DE", None), ("DE", "BY"), ("SG", "BY"))
    )
    assert not germany.works_on(unity)
    assert germany.works_on(all_saints)
    assert not bavaria.works_on(all_saints)
    assert not bavaria.works_on(unity)
    assert singapore.works_on(unity)
    assert singapore.works_on(all_saints)
