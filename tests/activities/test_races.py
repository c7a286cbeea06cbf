"""Where PostgreSQL lets two write at a time: what somebody says on a page is not overwritten by a step under way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.calendar import Calendar
from activities.check_ins import CheckIns
from activities.meeting_changes import MeetingChanges
from activities.moment import Moment
from cycle.policy import Policy
from integrations.database.check_ins import check_in, lock_check_in
from integrations.database.connection import Database, open_database
from integrations.database.excuses import excuse
from integrations.database.handovers import pass_on
from integrations.database.tables import (
    Booking,
    CheckInRow,
    OutcomeAnswer,
    Person,
    PolicyRevision,
    PolicyRow,
    Table,
)
from integrations.graph.calendars import Calendars, EventFacts

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 3, 14, 9, 0, tzinfo=UTC)
END = datetime(2030, 3, 14, 9, 45, tzinfo=UTC)


class AnOutlook:
    """A calendar that has the one event, at whatever hour it is said to stand."""

    def __init__(self) -> None:
        self.start = START

    async def find_event(self, _organizer: str, _key: str) -> EventFacts:
        return EventFacts("event", "1", "1", self.start, END, False, {}, None)

    async def get_event(self, organizer: str, _event_id: str) -> EventFacts | None:
        return None


@pytest.fixture
async def database(postgres_url: str, keys: tuple[str, ...]) -> AsyncIterator[Database]:
    made = open_database(postgres_url, keys)
    async with made.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    async with made.transaction() as session:
        for name in ("ann", "mara"):
            session.add(Person(id=name, oid=name, mail=f"{name}@meadow.example", name=name, zone="Europe/Berlin"))
        session.add(PolicyRow(id="policy", name="Quarterly", starts_on=date(2030, 1, 7)))
        await session.flush()
        document = Policy(name="Quarterly").model_dump(mode="json")
        session.add(PolicyRevision(policy_id="policy", number=1, document=document, made_at=MONDAY))
    yield made
    await made.close()


async def a_talk(database: Database, state: str, booking: str) -> None:
    async with database.transaction() as session:
        session.add(
            CheckInRow(
                id="c",
                person_id="ann",
                partner_id="mara",
                period=1,
                due_on=START.date(),
                state=state,
                policy_id="policy",
                policy_revision=1,
                opened_at=MONDAY,
            )
        )
        await session.flush()
        session.add(
            Booking(
                check_in_id="c",
                no=1,
                start_at=START,
                end_at=END,
                zone="Europe/Berlin",
                organizer="s",
                state=booking,
                transaction_id="t",
                event_id="event" if booking == "booked" else None,
                reasons=[],
                made_at=MONDAY,
            )
        )


async def state_of(database: Database) -> str:
    async with database.reading() as session:
        return (await session.get_one(CheckInRow, "c")).state


async def until_somebody_waits(session: AsyncSession) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(2000):
        if await session.scalar(waiting):
            return
        # Within one transaction PostgreSQL would give the same answer again.
        await session.rollback()
    raise AssertionError("nobody waits for the one who writes")


async def excused_before(database: Database, step: Callable[[], Awaitable[None]]) -> None:
    """Takes the step while Ann's "not this time" is being committed."""
    async with database.transaction() as session:
        assert await excuse(session, "c", "ann", MONDAY)
        await session.flush()
        stepping = asyncio.ensure_future(step())
        async with database.reading() as other:
            await until_somebody_waits(other)
    await stepping


async def test_a_booking_that_is_written_meanwhile_leaves_the_check_in_excused(database: Database) -> None:
    await a_talk(database, "due", "intended")
    calendar = Calendar(database, cast(Calendars, AnOutlook()), "https://perennial.example")
    await excused_before(database, lambda: calendar.book(Moment("c", MONDAY)))
    assert await state_of(database) == "excused"


async def test_an_event_found_deleted_meanwhile_leaves_the_check_in_excused(database: Database) -> None:
    await a_talk(database, "booked", "booked")
    changes = MeetingChanges(database, cast(Calendars, AnOutlook()))

    async def look() -> None:
        await changes.changed("c", MONDAY)

    await excused_before(database, look)
    assert await state_of(database) == "excused"


async def test_a_conclusion_drawn_meanwhile_leaves_the_check_in_excused(database: Database) -> None:
    await a_talk(database, "booked", "booked")
    async with database.transaction() as session:
        session.add(OutcomeAnswer(check_in_id="c", person_id="mara", booking_no=1, said="moved", said_at=MONDAY))
    steps = CheckIns(database, cast(Any, None), cast(Any, None))
    await excused_before(database, lambda: steps.conclude(Moment("c", MONDAY)))
    assert await state_of(database) == "excused"


async def test_a_talk_that_is_asked_about_meanwhile_is_not_called_off_with_the_manager(database: Database) -> None:
    await a_talk(database, "booked", "booked")

    async def another_manager() -> None:
        async with database.transaction() as session:
            await pass_on(session, "ann", "mara", None, MONDAY)

    async with database.transaction() as session:
        (await lock_check_in(session, "c")).state = "ended"
        await session.flush()
        passing_on = asyncio.ensure_future(another_manager())
        async with database.reading() as other:
            await until_somebody_waits(other)
    await passing_on
    assert await state_of(database) == "ended"


async def test_a_talk_that_was_concluded_while_the_page_was_read_is_not_excused(database: Database) -> None:
    await a_talk(database, "booked", "booked")
    async with database.transaction() as session:
        await check_in(session, "c")
        async with database.transaction() as other:
            (await other.get_one(CheckInRow, "c")).state = "held"
        assert not await excuse(session, "c", "ann", MONDAY)
    assert await state_of(database) == "held"
