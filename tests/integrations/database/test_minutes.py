"""Bookings take places in their organizer's minute, letters in their sender's; held up, they take another."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from cycle.workdays import Span
from integrations.database.check_ins import BOOKINGS_A_MINUTE, add_booking
from integrations.database.connection import Database
from integrations.database.letters import LETTERS_A_MINUTE, keep_to_minute, plan_letter
from integrations.database.tables import Booking, CheckInRow, Letter, PolicyRow

NOW = datetime(2030, 2, 4, 9, 0, 20, tzinfo=UTC)
NINE = NOW.replace(second=0)
MINUTE = timedelta(minutes=1)
SERVICE = "checkins@meadow.example"


async def a_check_in(database: Database) -> str:
    async with database.transaction() as session:
        session.add(PolicyRow(id="policy", name="Quarterly", starts_on=NOW.date()))
        await session.flush()
        row = CheckInRow(
            person_id="ann",
            partner_id="mara",
            period=1,
            due_on=NOW.date(),
            policy_id="policy",
            policy_revision=1,
            opened_at=NOW,
        )
        session.add(row)
        await session.flush()
        return row.id


async def book(database: Database, check_in_id: str, organizer: str = SERVICE, times: int = 1) -> None:
    async with database.transaction() as session:
        for _ in range(times):
            await add_booking(session, check_in_id, Span(NOW, NOW + MINUTE), "Europe/Berlin", organizer, [], NOW)
            await session.flush()


async def minutes(database: Database) -> Counter[tuple[str, datetime | None]]:
    async with database.reading() as session:
        return Counter((row.organizer, row.minute) for row in await session.scalars(select(Booking)))


async def test_sixty_bookings_of_an_organizer_share_a_minute_and_the_next_ones_wait(company: Database) -> None:
    check_in_id = await a_check_in(company)
    await book(company, check_in_id, times=BOOKINGS_A_MINUTE + 3)
    await book(company, check_in_id, "oid-mara")
    assert await minutes(company) == {(SERVICE, NINE): 60, (SERVICE, NINE + MINUTE): 3, ("oid-mara", NINE): 1}


async def test_many_who_book_at_once_never_take_one_place_too_many(company: Database) -> None:
    check_in_id = await a_check_in(company)
    await book(company, check_in_id, times=BOOKINGS_A_MINUTE - 4)
    others = [await another(company, number) for number in range(10)]
    await asyncio.gather(*(book(company, each) for each in others))
    assert await minutes(company) == {(SERVICE, NINE): 60, (SERVICE, NINE + MINUTE): 6}


async def another(database: Database, number: int) -> str:
    async with database.transaction() as session:
        row = CheckInRow(
            person_id="otto",
            partner_id="mara",
            period=1,
            due_on=NOW.date() + timedelta(days=number),
            policy_id="policy",
            policy_revision=1,
            opened_at=NOW,
        )
        session.add(row)
        await session.flush()
        return row.id


# Letters


async def a_letter(database: Database, at: datetime = NINE) -> str:
    async with database.transaction() as session:
        return (await plan_letter(session, "ann", [], True, [SERVICE, "more@meadow.example"], at)).id


async def keeps(database: Database, letter_id: str, now: datetime) -> bool:
    async with database.transaction() as session:
        return await keep_to_minute(session, await session.get_one(Letter, letter_id), now)


async def place(database: Database, letter_id: str) -> tuple[str, datetime]:
    async with database.reading() as session:
        letter = await session.get_one(Letter, letter_id)
        return letter.sender, letter.minute


async def test_a_letter_leaves_in_its_minute_and_not_before(company: Database) -> None:
    letter = await a_letter(company)
    assert not await keeps(company, letter, NINE - timedelta(seconds=1))
    assert await keeps(company, letter, NINE + timedelta(seconds=59))
    assert await place(company, letter) == (SERVICE, NINE)


async def test_a_letter_that_was_held_up_leaves_at_once_where_there_is_room(company: Database) -> None:
    letter = await a_letter(company)
    later = NINE + timedelta(hours=1, seconds=30)
    assert await keeps(company, letter, later)
    assert await place(company, letter) == (SERVICE, later.replace(second=0))


async def test_letters_that_an_outage_held_up_are_spread_anew_and_stay_with_their_sender(company: Database) -> None:
    letters = [await a_letter(company, NINE + number * MINUTE) for number in range(LETTERS_A_MINUTE + 5)]
    back = NINE + timedelta(hours=1)
    leave = await asyncio.gather(*(keeps(company, each, back) for each in letters))
    assert sum(leave) == LETTERS_A_MINUTE
    places = Counter([await place(company, each) for each in letters])
    assert places == {(SERVICE, back): LETTERS_A_MINUTE, (SERVICE, back + MINUTE): 5}
