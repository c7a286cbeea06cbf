"""A sender that refused us gets no letter for an hour, and then the next one."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from cycle.sentences import Sentence
from integrations.database.connection import Database
from integrations.database.needs_a_hand import ask_for_a_hand
from integrations.database.senders import (
    LINE,
    PASSED_OVER_FOR,
    in_use,
    let_go_of_former,
    note_refusal,
    note_that_it_works,
    pass_nobody_over,
)
from integrations.database.tables import Letter, NeedsAHand, Refusal

NOW = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)
POOL = ("one", "two", "three")


async def in_turn(database: Database, now: datetime) -> Sequence[str]:
    async with database.reading() as session:
        return await in_use(session, POOL, now)


async def refuse(database: Database, sender: str, now: datetime = NOW) -> None:
    async with database.transaction() as session:
        await note_refusal(session, sender, now)


async def lines(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(NeedsAHand.key).where(NeedsAHand.mended_at.is_(None))))


async def test_who_refused_is_passed_over_for_an_hour_and_then_asked_first(company: Database) -> None:
    assert await in_turn(company, NOW) == ["one", "two", "three"]
    await refuse(company, "two")
    assert await in_turn(company, NOW + PASSED_OVER_FOR - timedelta(minutes=1)) == ["one", "three"]
    assert await in_turn(company, NOW + PASSED_OVER_FOR) == ["two", "one", "three"]
    await refuse(company, "two", NOW + PASSED_OVER_FOR)
    assert await in_turn(company, NOW + PASSED_OVER_FOR) == ["one", "three"], "it refused again"
    for each in POOL:
        await refuse(company, each)
    assert await in_turn(company, NOW) == []


async def test_many_letters_that_are_refused_at_once_are_one_refusal(company: Database) -> None:
    await asyncio.gather(*(refuse(company, "two") for _ in range(8)))
    async with company.reading() as session:
        assert [row.sender for row in await session.scalars(select(Refusal))] == ["two"]


async def test_who_sends_again_is_as_good_as_new_and_its_line_is_struck_out(company: Database) -> None:
    for each in ("one", "two"):
        await refuse(company, each)
        async with company.transaction() as session:
            await ask_for_a_hand(session, f"{LINE}{each}", Sentence("It is gone."), NOW)
    async with company.transaction() as session:
        await note_that_it_works(session, "two", NOW)
        await note_that_it_works(session, "three", NOW)
    assert await in_turn(company, NOW) == ["two", "three"]
    assert await lines(company) == [f"{LINE}one"]


async def test_once_somebody_says_that_it_is_mended_the_next_letter_asks(company: Database) -> None:
    await refuse(company, "three")
    async with company.transaction() as session:
        await pass_nobody_over(session, NOW)
    assert await in_turn(company, NOW) == ["three", "one", "two"]


async def test_of_former_senders_those_with_letters_are_known_and_nothing_else_of_them(company: Database) -> None:
    await refuse(company, "former")
    async with company.transaction() as session:
        await ask_for_a_hand(session, f"{LINE}former", Sentence("It is gone."), NOW)
        await ask_for_a_hand(session, f"{LINE}one", Sentence("It is gone."), NOW)
        for sender, state, minute in (
            ("one", "drafted", NOW),
            ("former", "drafted", NOW - timedelta(days=9)),
            ("lately", "sent", NOW - timedelta(days=1)),
            ("long ago", "sent", NOW - timedelta(days=9)),
        ):
            session.add(
                Letter(recipient_id="ann", counted=True, sender=sender, state=state, minute=minute, made_at=minute)
            )
    async with company.transaction() as session:
        assert set(await let_go_of_former(session, POOL, NOW)) == {"former", "lately"}
    assert await lines(company) == [f"{LINE}one"]
    async with company.reading() as session:
        assert (await session.scalars(select(Refusal))).all() == []
